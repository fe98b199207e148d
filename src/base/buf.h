/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * buf.h - appending to a buffer that has a maximum.
 */
#pragma once

#include "assay/bytes.h"

/* Room for n more bytes, or NULL (and b->failed) if the maximum or memory
 * does not allow it. The bytes count as used. */
uint8_t *assay_buf_extend(struct assay_buf *b, size_t n);
/* So that n more bytes can be appended without growing on the way. Never
 * fails: what cannot be had now is asked for again when it is needed. */
void assay_buf_reserve(struct assay_buf *b, size_t n);
void assay_buf_add(struct assay_buf *b, struct assay_slice s);
void assay_buf_add_u8(struct assay_buf *b, uint8_t v);
void assay_buf_add_le16(struct assay_buf *b, uint16_t v);
void assay_buf_add_le32(struct assay_buf *b, uint32_t v);
void assay_buf_add_le64(struct assay_buf *b, uint64_t v);
void assay_buf_add_text(struct assay_buf *b, const char *text);
void assay_buf_printf(struct assay_buf *b, const char *fmt, ...)
    ASSAY_PRINTF(2, 3);
/* ASSAY_OK, or why appending failed (ASSAY_TOO_LARGE or ASSAY_NO_MEMORY),
 * with `what` in the message. */
enum assay_code assay_buf_check(const struct assay_buf *b, const char *what,
                                struct assay_error *err);
