/* Target functions: assay_ws_judge_request assay_ws_put_accept
 * assay_ws_check_response assay_ws_put_request */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A head, of a request or of an answer. A request is judged to a status; one
 * that is good is answered, and a client that had sent it takes the answer, and
 * its request, written by that client, is good again. No answer changes more
 * than it says.
 */
#include "base/text.h"
#include "harness/fuzz.h"
#include "ws/handshake.h"

#define IN_MAX (1u << 14)

static const char *const offered[] = {"binary", "chat", "x"};

/* What the client had asked whose request this is; protocols: room for its
 * offers, which the caller frees. */
static void
ask(const struct assay_http1_head *h, char *protocols[ASSAY_WS_OFFERS_MAX],
    struct assay_ws_request *r)
{
    struct assay_ws_offers o = {.h = h};
    struct assay_slice offer;
    struct assay_buf nonce;
    struct assay_error err;

    memset(r, 0, sizeof(*r));
    r->target = h->target;
    r->host = h->host;
    r->protocols = (const char *const *)protocols;
    while (assay_ws_offers_next(&o, &offer)) {
        PROMISE(r->protocol_count < ASSAY_WS_OFFERS_MAX);
        PROMISE(offer.len > 0);
        protocols[r->protocol_count] = calloc(1, offer.len + 1);
        PROMISE(protocols[r->protocol_count] != NULL);
        assay_copy(protocols[r->protocol_count++], offer);
    }
    assay_buf_init(&nonce, ASSAY_WS_NONCE_BYTES);
    assay_error_clear(&err);
    PROMISE(assay_base64_decode(assay_http1_get(h, "Sec-WebSocket-Key"), false,
                                &nonce, "key", &err) == ASSAY_OK);
    PROMISE(nonce.len == ASSAY_WS_NONCE_BYTES);
    assay_copy(r->nonce, assay_buf_slice(&nonce));
    assay_buf_free(&nonce);
}

static void
read_head(bool request, struct assay_buf *text, struct assay_http1_head *h)
{
    struct assay_error err;
    size_t scanned = 0;
    size_t used;

    assay_error_clear(&err);
    assay_http1_put_end(text);
    PROMISE(!text->failed);
    PROMISE((request
                 ? assay_http1_request(assay_buf_slice(text), &scanned, h,
                                       &used, &err)
                 : assay_http1_response(assay_buf_slice(text), "GET", &scanned,
                                        h, &used, &err)) == ASSAY_OK);
    PROMISE(used == text->len);
}

/* The answer with this protocol is taken by who asked. */
static void
check_answer(const struct assay_http1_head *h, const struct assay_ws_request *r,
             struct assay_slice protocol)
{
    struct assay_http1_head answer;
    struct assay_error err;
    struct assay_buf text;
    const char *chosen;

    assay_error_clear(&err);
    assay_buf_init(&text, FUZZ_OUT_MAX);
    PROMISE(assay_ws_put_accept(fuzz_ctx(), h, protocol, &text, &err) ==
            ASSAY_OK);
    read_head(false, &text, &answer);
    PROMISE(answer.status == 101 && answer.upgrade);
    PROMISE(assay_ws_check_response(fuzz_ctx(), r, &answer, &chosen, &err) ==
            ASSAY_OK);
    PROMISE((chosen != NULL) == (protocol.len > 0));
    PROMISE(chosen == NULL || assay_slice_is(protocol, chosen));
    assay_buf_free(&text);
}

static void
check_good(const struct assay_http1_head *h)
{
    char *protocols[ASSAY_WS_OFFERS_MAX];
    struct assay_slice chosen = assay_ws_choose(h, offered, 3);
    struct assay_http1_head again;
    struct assay_ws_request r;
    struct assay_error err;
    struct assay_buf text;
    const char *why;

    ask(h, protocols, &r);
    check_answer(h, &r, ASSAY_EMPTY);
    if (chosen.len > 0) {
        check_answer(h, &r, chosen);
    }
    assay_error_clear(&err);
    assay_buf_init(&text, FUZZ_OUT_MAX);
    PROMISE(assay_ws_put_request(&r, &text, &err) == ASSAY_OK);
    /* the fields that we add may be too much for a head */
    if (text.len + 2 <= ASSAY_HTTP1_HEAD_MAX_BYTES) {
        read_head(true, &text, &again);
        PROMISE(assay_ws_judge_request(&again, &why) == 101);
        PROMISE(assay_slice_equal(assay_ws_choose(&again, offered, 3), chosen));
    }
    assay_buf_free(&text);
    for (size_t i = 0; i < r.protocol_count; i++) {
        free(protocols[i]);
    }
}

static void
check_refused(const struct assay_http1_head *h, unsigned status)
{
    struct assay_error err;
    struct assay_buf text;

    PROMISE(status == 400 || status == 405 || status == 426);
    assay_error_clear(&err);
    assay_buf_init(&text, FUZZ_OUT_MAX);
    assay_buf_add_text(&text, "x");
    PROMISE(assay_ws_put_accept(fuzz_ctx(), h, ASSAY_EMPTY, &text, &err) ==
            ASSAY_INVALID);
    PROMISE(assay_slice_is(assay_buf_slice(&text), "x"));
    assay_error_clear(&err);
    PROMISE(assay_ws_put_refusal_fields(status, &text, &err) == ASSAY_OK);
    PROMISE((text.len > 1) == (status != 400));
    assay_buf_free(&text);
}

static void
fuzz_request(struct assay_slice in)
{
    struct assay_http1_head h;
    struct assay_error err;
    size_t scanned = 0;
    const char *why = NULL;
    unsigned status;
    size_t used;

    assay_error_clear(&err);
    if (assay_http1_request(in, &scanned, &h, &used, &err) != ASSAY_OK ||
        used == 0) {
        return;
    }
    status = assay_ws_judge_request(&h, &why);
    PROMISE(why != NULL && (status == 101) == (why[0] == '\0'));
    if (status == 101) {
        check_good(&h);
    } else {
        check_refused(&h, status);
    }
}

/* The nonce of RFC 6455, section 1.3. */
static void
fuzz_response(struct assay_slice in)
{
    struct assay_ws_request r = {.protocols = offered, .protocol_count = 3};
    const char *chosen = offered[0];
    struct assay_http1_head h;
    struct assay_error err;
    size_t scanned = 0;
    enum assay_code code;
    size_t used;

    memcpy(r.nonce, "the sample nonce", sizeof(r.nonce));
    assay_error_clear(&err);
    if (assay_http1_response(in, "GET", &scanned, &h, &used, &err) !=
            ASSAY_OK ||
        used == 0) {
        return;
    }
    code = assay_ws_check_response(fuzz_ctx(), &r, &h, &chosen, &err);
    fuzz_check_error(&err, code, 0);
    PROMISE(code == ASSAY_OK || code == ASSAY_MALFORMED ||
            code == ASSAY_NETWORK);
    PROMISE((code == ASSAY_NETWORK) == (h.status != 101));
    PROMISE(code == ASSAY_OK || chosen == NULL);
    if (code == ASSAY_OK) {
        PROMISE(h.upgrade);
        PROMISE(assay_slice_is(assay_http1_get(&h, "Sec-WebSocket-Accept"),
                               "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        PROMISE((chosen != NULL) ==
                (assay_http1_count(&h, "Sec-WebSocket-Protocol") == 1));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};

    if (size > IN_MAX) {
        return 0;
    }
    fuzz_request(in);
    fuzz_response(in);
    return 0;
}
