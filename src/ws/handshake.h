/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * handshake.h - how an HTTP/1.1 connection becomes a WebSocket (RFC 6455,
 * section 4), for both ends; no I/O. Heads are read and ended by http1/http1.h.
 *
 * No extension is offered or accepted. A head handed in here is alive together
 * with the buffer it was read from.
 */
#pragma once

#include "crypto/crypto.h"
#include "http1/http1.h"

#define ASSAY_WS_NONCE_BYTES 16u /* section 4.1; a key is its base64 */
#define ASSAY_WS_OFFERS_MAX  32u /* subprotocols, so that comparing is cheap */

/* --- server -------------------------------------------------------------- */

/* What to answer to this request (sections 4.2.1, 4.2.2 and 4.4):
 *   101  a WebSocket may begin;
 *   405  the method is not GET;
 *   426  no upgrade to WebSocket was asked for, or not in version 13;
 *   400  HTTP/1.0, an empty Host, a body, Connection does not name "Upgrade",
 *        a key or version that is missing, there twice or ill-formed,
 *        subprotocols that are no tokens, there twice or more than
 *        ASSAY_WS_OFFERS_MAX.
 *
 * *why is a static sentence for people; "" with 101. What else a request must
 * be, such as the right target and Origin, is the caller's affair. */
unsigned assay_ws_judge_request(const struct assay_http1_head *h,
                                const char **why);

/* The subprotocols of a request that was judged to be good, in the client's
 * order. Set h and the rest to zero; the fields are not to be touched. */
struct assay_ws_offers {
    const struct assay_http1_head *h;
    size_t field;
    struct assay_slice rest;
};
/* The next one, a token as it was sent; false behind the last one. */
bool assay_ws_offers_next(struct assay_ws_offers *o, struct assay_slice *offer);
/* The first one offered (compared exactly) that is among supported; empty if
 * there is none, which is no reason to refuse. */
struct assay_slice assay_ws_choose(const struct assay_http1_head *h,
                                   const char *const *supported, size_t count);

/* Appends the head of the answer 101 to a request that was judged to be good,
 * but for its end: the caller may add fields, then assay_http1_put_end().
 * protocol: what was chosen, or empty. ASSAY_INVALID (a protocol that was not
 * offered; the request is not good), ASSAY_CRYPTO, ASSAY_TOO_LARGE,
 * ASSAY_NO_MEMORY; then nothing is appended. */
ASSAY_MUST_CHECK enum assay_code assay_ws_put_accept(
    const struct assay_ctx *ctx, const struct assay_http1_head *h,
    struct assay_slice protocol, struct assay_buf *to, struct assay_error *err);
/* Appends the fields that a refusal with this status must have: Allow with
 * 405, Upgrade, Connection and Sec-WebSocket-Version with 426; else none.
 * ASSAY_TOO_LARGE, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_ws_put_refusal_fields(unsigned status, struct assay_buf *to,
                            struct assay_error *err);

/* --- client -------------------------------------------------------------- */

/* What a client asks for; borrowed. */
struct assay_ws_request {
    struct assay_slice target; /* path and query */
    struct assay_slice host;   /* for the field Host */
    /* 16 random octets, new for each connection. */
    uint8_t nonce[ASSAY_WS_NONCE_BYTES];
    const char *const *protocols; /* tokens, each once, the best one first */
    size_t protocol_count;        /* may be 0 */
};

/* Appends the head of the request but for its end: the caller may add fields
 * (Origin, Authorization), then assay_http1_put_end(). ASSAY_INVALID (something
 * that the reader of the other side would refuse), ASSAY_TOO_LARGE,
 * ASSAY_NO_MEMORY; then nothing is appended. */
ASSAY_MUST_CHECK enum assay_code
assay_ws_put_request(const struct assay_ws_request *r, struct assay_buf *to,
                     struct assay_error *err);
/* Is this the answer to that request with which a WebSocket begins (section
 * 4.1)? *chosen is the subprotocol, one of r's, or NULL if the server took
 * none. ASSAY_NETWORK (another status than 101), ASSAY_MALFORMED (Upgrade,
 * Connection or Sec-WebSocket-Accept is not what it must be; a subprotocol or
 * an extension that was not offered), ASSAY_CRYPTO, ASSAY_NO_MEMORY; then
 * *chosen is NULL. */
ASSAY_MUST_CHECK enum assay_code
assay_ws_check_response(const struct assay_ctx *ctx,
                        const struct assay_ws_request *r,
                        const struct assay_http1_head *h, const char **chosen,
                        struct assay_error *err);
