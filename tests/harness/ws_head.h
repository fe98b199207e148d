/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ws_head.h - heads of a handshake from lines.
 */
#pragma once

#include <stdio.h>

#include "harness/ctx.h"
#include "harness/http1.h"
#include "harness/unit.h"
#include "ws/handshake.h"

/* RFC 6455, section 1.3 */
#define WS_NONCE  "the sample nonce"
#define WS_KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define WS_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/* The head, whose slices point into the text. */
static inline void
ws_head(const char *row, const char *text, bool request,
        struct assay_http1_head *h)
{
    struct assay_slice in = assay_slice_of(text);
    struct assay_error err;
    size_t used;

    if (http1_read_pieces(request ? NULL : "GET", in, in.len, 1, h, &used,
                          &err) != ASSAY_OK ||
        used == 0) {
        fail_msg("row \"%s\": no head: %s", row, err.msg);
    }
}
