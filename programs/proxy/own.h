/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * own.h - answers of our own: pages, refusals, failures; to whom they go is
 * said by the request.
 */
#pragma once

#include "admission.h"
#include "failure.h"

#define OWN_ANSWER_MAX_BYTES (8u * 1024u * 1024u)

/* All are appended whole. origin: of the page that may read it, or empty; keep:
 * the connection stays open behind it. */
struct own_to {
    const struct assay_http1_head *request;
    struct assay_slice origin;
    bool keep;
};

/* message, param: as refusal_put_json() takes them. status: 0, or in the place
 * of the usual one. */
void own_put_refusal(struct assay_buf *to, const struct own_to *for_whom,
                     enum refusal r, unsigned status, const char *message,
                     const char *param);
void own_put_failure(struct assay_buf *to, const struct own_to *for_whom,
                     const struct failure *f);
/* status: 200, or 503 of a proxy that has nothing to offer. */
void own_put_page(struct assay_buf *to, const struct own_to *for_whom,
                  enum own_page page, unsigned status, struct assay_slice body);
/* To whoever asks whether a page may ask. */
void own_put_preflight(struct assay_buf *to, const struct own_to *for_whom);

/* The fields by which a page may read what follows; nothing without one. */
void own_put_cors(struct assay_buf *to, struct assay_slice origin,
                  struct assay_error *err);
