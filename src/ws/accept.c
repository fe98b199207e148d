/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * accept.c - the proof that a server has read the key.
 */
#include "ws/accept.h"

#include "base/text.h"

/* RFC 6455, section 1.3. */
static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

enum assay_code
assay_ws_accept(const struct assay_ctx *ctx, struct assay_slice key,
                char out[ASSAY_WS_ACCEPT_CHARS], struct assay_error *err)
{
    struct assay_slice parts[] = {key, assay_slice_of(guid)};
    uint8_t digest[ASSAY_SHA1_BYTES];
    struct assay_buf text;

    if (assay_digest(ctx, ASSAY_SHA1, parts, 2, digest, err) != ASSAY_OK) {
        return err->code;
    }
    assay_buf_init(&text, ASSAY_WS_ACCEPT_CHARS);
    assay_base64_encode(&text, ASSAY_SLICE(digest));
    if (assay_buf_check(&text, "Sec-WebSocket-Accept", err) == ASSAY_OK) {
        assay_copy(out, assay_buf_slice(&text));
    }
    assay_buf_free(&text);
    return err->code;
}
