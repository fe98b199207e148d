/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * server.c - judging and answering a request for a WebSocket (RFC 6455,
 * sections 4.2 and 4.4).
 */
#include "http1/chars.h"
#include "http1/fields.h"
#include "ws/accept.h"
#include "ws/handshake.h"

#define KEY      "Sec-WebSocket-Key"
#define PROTOCOL "Sec-WebSocket-Protocol"
#define VERSION  "Sec-WebSocket-Version"

#define KEY_CHARS 24u /* base64 of ASSAY_WS_NONCE_BYTES */

/* --- subprotocols -------------------------------------------------------- */

bool
assay_ws_offers_next(struct assay_ws_offers *o, struct assay_slice *offer)
{
    while (!assay_http1_list_next(&o->rest, offer)) {
        while (o->field < o->h->field_count &&
               !assay_slice_is_nocase(o->h->field[o->field].name, PROTOCOL)) {
            o->field++;
        }
        if (o->field == o->h->field_count) {
            return false;
        }
        o->rest = o->h->field[o->field++].value;
    }
    return true;
}

static bool
is_offered(const struct assay_http1_head *h, struct assay_slice protocol)
{
    struct assay_ws_offers o = {.h = h};
    struct assay_slice offer;

    while (assay_ws_offers_next(&o, &offer)) {
        if (assay_slice_equal(offer, protocol)) {
            return true;
        }
    }
    return false;
}

struct assay_slice
assay_ws_choose(const struct assay_http1_head *h, const char *const *supported,
                size_t count)
{
    struct assay_ws_offers o = {.h = h};
    struct assay_slice offer;

    while (assay_ws_offers_next(&o, &offer)) {
        for (size_t i = 0; i < count; i++) {
            if (assay_slice_is(offer, supported[i])) {
                return offer;
            }
        }
    }
    return ASSAY_EMPTY;
}

/* Tokens, each once, and at least one where there is the field. */
static const char *
judge_offers(const struct assay_http1_head *h)
{
    struct assay_slice seen[ASSAY_WS_OFFERS_MAX];
    struct assay_ws_offers o = {.h = h};
    struct assay_slice offer;
    size_t count = 0;

    while (assay_ws_offers_next(&o, &offer)) {
        if (!assay_http1_all(offer, ASSAY_HTTP1_TOKEN)) {
            return PROTOCOL " is no list of tokens";
        }
        for (size_t i = 0; i < count; i++) {
            if (assay_slice_equal(offer, seen[i])) {
                return PROTOCOL " names one twice";
            }
        }
        if (count == ASSAY_WS_OFFERS_MAX) {
            return PROTOCOL " names too many";
        }
        seen[count++] = offer;
    }
    if (count == 0 && assay_http1_count(h, PROTOCOL) > 0) {
        return PROTOCOL " is empty";
    }
    return NULL;
}

/* --- judging ------------------------------------------------------------- */

/* Base64 of 16 octets, as section 4.1 has it: with its padding, and the bits
 * that stand for nothing zero. */
static bool
is_key(struct assay_slice key)
{
    static const char last[] = "AQgw"; /* of which the low 4 bits are 0 */

    if (key.len != KEY_CHARS || key.ptr[KEY_CHARS - 1] != '=' ||
        key.ptr[KEY_CHARS - 2] != '=' ||
        memchr(last, key.ptr[KEY_CHARS - 3], sizeof(last) - 1) == NULL) {
        return false;
    }
    for (size_t i = 0; i < KEY_CHARS - 3; i++) {
        uint8_t c = key.ptr[i];

        if (!assay_is_letter(c) && !assay_is_digit(c) && c != '+' && c != '/') {
            return false;
        }
    }
    return true;
}

/* What makes a request for a WebSocket a bad one; NULL if nothing does. */
static const char *
find_fault(const struct assay_http1_head *h)
{
    if (h->minor == 0) {
        return "a WebSocket needs HTTP/1.1";
    }
    if (h->host.len == 0) { /* HTTP allows that, a ws URI has one */
        return "Host is empty";
    }
    if (h->framing == ASSAY_HTTP1_CHUNKED || h->content_length > 0) {
        return "a WebSocket begins with a request without a body";
    }
    if (!assay_http1_has_token(h, "Connection", "upgrade")) {
        return "Connection does not name Upgrade";
    }
    if (assay_http1_count(h, VERSION) != 1) {
        return VERSION " is not there once";
    }
    if (assay_http1_count(h, KEY) != 1) {
        return KEY " is not there once";
    }
    if (!is_key(assay_http1_get(h, KEY))) {
        return KEY " is not the base64 of 16 octets";
    }
    return judge_offers(h);
}

unsigned
assay_ws_judge_request(const struct assay_http1_head *h, const char **why)
{
    if (!assay_slice_is(h->method, "GET")) {
        *why = "a WebSocket begins with GET";
        return 405;
    }
    if (!assay_http1_has_token(h, "Upgrade", "websocket")) {
        *why = "no upgrade to a WebSocket was asked for";
        return 426;
    }
    *why = find_fault(h);
    if (*why != NULL) {
        return 400;
    }
    if (!assay_slice_is(assay_http1_get(h, VERSION), "13")) {
        *why = VERSION " is not 13";
        return 426;
    }
    *why = "";
    return 101;
}

/* --- answering ----------------------------------------------------------- */

static enum assay_code
put_field(struct assay_buf *to, const char *name, struct assay_slice value,
          struct assay_error *err)
{
    return assay_http1_put_field(to, assay_slice_of(name), value, err);
}

static enum assay_code
put_text(struct assay_buf *to, const char *name, const char *value,
         struct assay_error *err)
{
    return put_field(to, name, assay_slice_of(value), err);
}

enum assay_code
assay_ws_put_accept(const struct assay_ctx *ctx,
                    const struct assay_http1_head *h,
                    struct assay_slice protocol, struct assay_buf *to,
                    struct assay_error *err)
{
    char accept[ASSAY_WS_ACCEPT_CHARS];
    struct assay_slice value = {(const uint8_t *)accept, sizeof(accept)};
    struct assay_slice reason = assay_slice_of(assay_http1_reason(101));
    size_t before = to->len;
    const char *why;

    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (assay_ws_judge_request(h, &why) != 101) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "request: %s",
                          why);
    }
    if (protocol.len > 0 && !is_offered(h, protocol)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "subprotocol: was not offered");
    }
    if (assay_ws_accept(ctx, assay_http1_get(h, KEY), accept, err) ==
            ASSAY_OK &&
        assay_http1_put_status(to, 101, reason, err) == ASSAY_OK) {
        put_text(to, "Upgrade", "websocket", err);
        put_text(to, "Connection", "Upgrade", err);
        put_field(to, "Sec-WebSocket-Accept", value, err);
    }
    if (protocol.len > 0) {
        put_field(to, PROTOCOL, protocol, err);
    }
    if (err->code != ASSAY_OK) {
        to->len = before;
    }
    return err->code;
}

enum assay_code
assay_ws_put_refusal_fields(unsigned status, struct assay_buf *to,
                            struct assay_error *err)
{
    size_t before = to->len;

    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (status == 405) {
        put_text(to, "Allow", "GET", err);
    } else if (status == 426) {
        put_text(to, "Upgrade", "websocket", err);
        put_text(to, "Connection", "Upgrade", err);
        put_text(to, VERSION, "13", err);
    }
    if (err->code != ASSAY_OK) {
        to->len = before;
    }
    return err->code;
}
