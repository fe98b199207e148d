/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * model_send.h - the model's answers, as HTTP/1.1 on a stream.
 */
#pragma once

#include "io/stream.h"

/* length: NULL for a body that comes in chunks. */
void model_send_head(struct assay_stream *to, unsigned status, const char *type,
                     const size_t *length, bool keep_alive);
/* Of JSON, whole. */
void model_send_document(struct assay_stream *to, unsigned status,
                         const struct assay_buf *body, bool keep_alive);
void model_send_error(struct assay_stream *to, unsigned status,
                      const char *code, const char *message, bool keep_alive);
void model_send_chunk(struct assay_stream *to, struct assay_slice data,
                      bool last);
