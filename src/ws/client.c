/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * client.c - asking for a WebSocket, and reading the answer (RFC 6455, section
 * 4.1).
 */
#include "base/text.h"
#include "http1/chars.h"
#include "http1/target.h"
#include "ws/accept.h"
#include "ws/handshake.h"

#define ACCEPT     "Sec-WebSocket-Accept"
#define EXTENSIONS "Sec-WebSocket-Extensions"
#define PROTOCOL   "Sec-WebSocket-Protocol"

/* --- asking -------------------------------------------------------------- */

static enum assay_code
check_protocols(const struct assay_ws_request *r, struct assay_error *err)
{
    if (r->protocol_count > ASSAY_WS_OFFERS_MAX) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "subprotocols: %zu, more than %u", r->protocol_count,
                          ASSAY_WS_OFFERS_MAX);
    }
    for (size_t i = 0; i < r->protocol_count; i++) {
        struct assay_slice p = assay_slice_of(r->protocols[i]);

        if (p.len == 0 || !assay_http1_all(p, ASSAY_HTTP1_TOKEN)) {
            return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                              "subprotocol %zu: no token", i);
        }
        for (size_t j = 0; j < i; j++) {
            if (assay_slice_is(p, r->protocols[j])) {
                return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                                  "subprotocol %zu: there twice", i);
            }
        }
    }
    return err->code;
}

static enum assay_code
put_field(struct assay_buf *to, const char *name, struct assay_slice value,
          struct assay_error *err)
{
    return assay_http1_put_field(to, assay_slice_of(name), value, err);
}

/* Known to be tokens. */
static void
put_protocols(const struct assay_ws_request *r, struct assay_buf *to)
{
    for (size_t i = 0; i < r->protocol_count; i++) {
        assay_buf_add_text(to, i == 0 ? PROTOCOL ": " : ", ");
        assay_buf_add_text(to, r->protocols[i]);
    }
    if (r->protocol_count > 0) {
        assay_buf_add_text(to, "\r\n");
    }
}

static void
put_key(const struct assay_ws_request *r, struct assay_buf *to)
{
    assay_buf_add_text(to, "Sec-WebSocket-Key: ");
    assay_base64_encode(to, ASSAY_SLICE(r->nonce));
    assay_buf_add_text(to, "\r\n");
}

enum assay_code
assay_ws_put_request(const struct assay_ws_request *r, struct assay_buf *to,
                     struct assay_error *err)
{
    size_t before = to->len;

    if (err->code != ASSAY_OK || check_protocols(r, err) != ASSAY_OK) {
        return err->code;
    }
    if (!assay_http1_host_is_good(r->host)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "host: no name or address");
    }
    if (assay_http1_put_request(to, assay_slice_of("GET"), r->target, err) ==
        ASSAY_OK) {
        put_field(to, "Host", r->host, err);
        put_field(to, "Upgrade", assay_slice_of("websocket"), err);
        put_field(to, "Connection", assay_slice_of("Upgrade"), err);
        put_field(to, "Sec-WebSocket-Version", assay_slice_of("13"), err);
        put_key(r, to);
        put_protocols(r, to);
        assay_buf_check(to, "request", err);
    }
    if (err->code != ASSAY_OK) {
        to->len = before;
    }
    return err->code;
}

/* --- the answer ---------------------------------------------------------- */

static enum assay_code
refuse(struct assay_error *err, const char *why)
{
    return assay_fail(err, ASSAY_MALFORMED, ASSAY_NO_OFFSET, "WebSocket: %s",
                      why);
}

/* Sec-WebSocket-Accept, once and for the key that was sent. */
static enum assay_code
check_accept(const struct assay_ctx *ctx, const struct assay_ws_request *r,
             const struct assay_http1_head *h, struct assay_error *err)
{
    char accept[ASSAY_WS_ACCEPT_CHARS];
    struct assay_slice want = {(const uint8_t *)accept, sizeof(accept)};
    struct assay_buf key;

    assay_buf_init(&key, 24);
    assay_base64_encode(&key, ASSAY_SLICE(r->nonce));
    if (assay_buf_check(&key, "Sec-WebSocket-Key", err) == ASSAY_OK &&
        assay_ws_accept(ctx, assay_buf_slice(&key), accept, err) == ASSAY_OK &&
        (assay_http1_count(h, ACCEPT) != 1 ||
         !assay_slice_equal(assay_http1_get(h, ACCEPT), want))) {
        refuse(err, ACCEPT " does not answer the key");
    }
    assay_buf_free(&key);
    return err->code;
}

static enum assay_code
find_chosen(const struct assay_ws_request *r, const struct assay_http1_head *h,
            const char **chosen, struct assay_error *err)
{
    size_t count = assay_http1_count(h, PROTOCOL);

    if (count == 0) {
        return ASSAY_OK;
    }
    for (size_t i = 0; count == 1 && i < r->protocol_count; i++) {
        if (assay_slice_is(assay_http1_get(h, PROTOCOL), r->protocols[i])) {
            *chosen = r->protocols[i];
            return ASSAY_OK;
        }
    }
    return refuse(err, PROTOCOL " was not offered");
}

enum assay_code
assay_ws_check_response(const struct assay_ctx *ctx,
                        const struct assay_ws_request *r,
                        const struct assay_http1_head *h, const char **chosen,
                        struct assay_error *err)
{
    *chosen = NULL;
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (h->status != 101) {
        return assay_fail(err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                          "WebSocket: the server answers with status %u",
                          h->status);
    }
    if (h->minor == 0) {
        return refuse(err, "the answer is of HTTP/1.0");
    }
    if (assay_http1_count(h, "Upgrade") != 1 ||
        !assay_slice_is_nocase(assay_http1_get(h, "Upgrade"), "websocket")) {
        return refuse(err, "Upgrade is not websocket");
    }
    if (!assay_http1_has_token(h, "Connection", "upgrade")) {
        return refuse(err, "Connection does not name Upgrade");
    }
    if (assay_http1_count(h, EXTENSIONS) > 0) {
        return refuse(err, "an extension was not offered");
    }
    if (check_accept(ctx, r, h, err) != ASSAY_OK) {
        return err->code;
    }
    return find_chosen(r, h, chosen, err);
}
