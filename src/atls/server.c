/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * server.c - the server of an attested session: TLS, and the requests for
 * evidence among those for the backend.
 */
#include <stdlib.h>

#include "assay/session.h"
#include "atls/reply.h"
#include "atls/request.h"
#include "atls/tls.h"
#include "atls/wire.h"

#define PLAIN_MAX_BYTES                                                        \
    (ASSAY_SESSION_PLAIN_MAX_BYTES + 2 * ASSAY_TLS_RECORD_MAX_BYTES)
#define OWN_RESPONSE_MAX_BYTES (ASSAY_REPLY_BODY_MAX_BYTES + 4096u)

struct assay_server {
    const struct assay_ctx *ctx;
    struct assay_tls *tls;
    enum assay_server_state state;
    struct assay_error error;
    struct assay_queue plain;
    uint8_t exporter[ASSAY_EXPORTER_BYTES];
    /* of the request that is being read or handled */
    bool have_head;
    bool head_only; /* HEAD: an answer has no body */
    size_t scanned;
    struct assay_buf head; /* octets, with the empty line */
    struct assay_http1_body body;
    struct assay_buf quote_request; /* payload of a request for evidence */
    size_t payload;                 /* decoded, at the front of `plain` */
    size_t frame;                   /* octets behind it that go with it */
    bool keep_alive;
    uint8_t report_data[64];
};

const char *
assay_server_state_name(enum assay_server_state s)
{
    switch (s) {
    case ASSAY_SERVER_HANDSHAKE:
        return "handshake";
    case ASSAY_SERVER_IDLE:
        return "idle";
    case ASSAY_SERVER_QUOTE:
        return "quote";
    case ASSAY_SERVER_REQUEST:
        return "request";
    case ASSAY_SERVER_CLOSED:
        return "closed";
    case ASSAY_SERVER_FAILED:
        return "failed";
    }
    return "unknown";
}

enum assay_code
assay_server_new(const struct assay_ctx *ctx,
                 const struct assay_tls_identity *identity,
                 struct assay_server **out, struct assay_error *err)
{
    struct assay_server *s = NULL;

    *out = NULL;
    assay_error_clear(err);
    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "session: out of memory");
    }
    s->ctx = ctx;
    assay_error_clear(&s->error);
    assay_queue_init(&s->plain, PLAIN_MAX_BYTES);
    assay_buf_init(&s->head, ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_init(&s->quote_request, ASSAY_WIRE_REQUEST_MAX_BYTES);
    if (assay_tls_server_new(ctx, identity, &s->tls, err) != ASSAY_OK) {
        assay_server_free(s);
        return err->code;
    }
    *out = s;
    return ASSAY_OK;
}

void
assay_server_free(struct assay_server *s)
{
    if (s != NULL) {
        assay_tls_free(s->tls);
        assay_queue_free(&s->plain);
        assay_buf_free(&s->head);
        assay_buf_free(&s->quote_request);
        free(s);
    }
}

/* --- ending ------------------------------------------------------------- */

static enum assay_code
fail(struct assay_server *s, const struct assay_error *why)
{
    if (s->state != ASSAY_SERVER_FAILED) {
        s->state = ASSAY_SERVER_FAILED;
        s->error = *why;
        assay_queue_free(&s->plain);
    }
    return s->error.code;
}

void
assay_server_close(struct assay_server *s)
{
    if (s->state != ASSAY_SERVER_FAILED) {
        assay_tls_close(s->tls);
        s->state = ASSAY_SERVER_CLOSED;
        assay_queue_free(&s->plain);
    }
}

/* The end of one request: its body must have been read to the end, or nobody
 * knows where the next one begins. */
static void
end_request(struct assay_server *s, bool keep)
{
    bool whole = s->body.done && s->payload == 0;

    s->have_head = false;
    s->head_only = false;
    s->scanned = 0;
    s->head.len = 0;
    s->quote_request.len = 0;
    assay_queue_take(&s->plain, s->frame);
    s->frame = 0;
    if (keep && whole && s->keep_alive) {
        s->state = ASSAY_SERVER_IDLE;
    } else {
        assay_server_close(s);
    }
}

static void
answer(struct assay_server *s, struct assay_buf *response,
       struct assay_error *err)
{
    if (assay_buf_check(response, "response", err) == ASSAY_OK) {
        (void)!assay_tls_write(s->tls, assay_buf_slice(response), err);
    }
    assay_buf_free(response);
}

/* Our own refusal, which ends the connection: what stands behind a request
 * that was refused is not looked at. */
static void
answer_error(struct assay_server *s, unsigned status, const char *code,
             const char *message, bool keep, struct assay_error *err)
{
    struct assay_buf response;

    assay_buf_init(&response, OWN_RESPONSE_MAX_BYTES);
    assay_reply_write_error(status, code, message, "",
                            status == 405 ? "POST" : NULL, keep, &response);
    if (s->head_only && !response.failed) {
        response.len = assay_slice_find(assay_buf_slice(&response), "\r\n\r\n");
        response.len += 4;
    }
    answer(s, &response, err);
    if (err->code == ASSAY_OK) {
        end_request(s, keep);
    }
}

/* --- reading requests --------------------------------------------------- */

/* A head that cannot be read. */
static void
refuse_head(struct assay_server *s, const struct assay_error *why,
            struct assay_error *err)
{
    unsigned status = assay_http1_refusal(assay_queue_slice(&s->plain), why);

    s->keep_alive = false;
    answer_error(s, status, "bad_request", why->msg, false, err);
}

static void
take_head(struct assay_server *s, struct assay_error *err)
{
    struct assay_http1_head head;
    struct assay_request_class c;
    struct assay_error sub;
    size_t used = 0;

    assay_error_clear(&sub);
    if (assay_http1_request(assay_queue_slice(&s->plain), &s->scanned, &head,
                            &used, &sub) != ASSAY_OK) {
        refuse_head(s, &sub, err);
        return;
    }
    if (used == 0) {
        return;
    }
    c = assay_request_classify(&head);
    assay_http1_body_init(&s->body, &head, UINT64_MAX);
    s->keep_alive = head.keep_alive;
    s->have_head = true;
    s->head_only = assay_slice_is(head.method, "HEAD");
    assay_buf_add(&s->head,
                  (struct assay_slice){assay_queue_slice(&s->plain).ptr, used});
    if (assay_buf_check(&s->head, "request", err) != ASSAY_OK) {
        return;
    }
    assay_queue_take(&s->plain, used);
    if (c.refuse != 0) {
        answer_error(s, c.refuse, c.code, c.message,
                     s->body.done && head.keep_alive, err);
    } else if (!c.ours) {
        s->state = ASSAY_SERVER_REQUEST;
    } else if (head.expect_continue) {
        (void)!assay_tls_write(
            s->tls, assay_slice_of("HTTP/1.1 100 Continue\r\n\r\n"), err);
    }
}

/* Decodes on until there is payload to be taken, or no more input. */
static void
decode_body(struct assay_server *s, struct assay_error *err)
{
    while (!s->body.done && s->payload == 0) {
        struct assay_slice in = assay_queue_slice(&s->plain);
        struct assay_slice data = ASSAY_EMPTY;
        size_t before;
        size_t used = 0;

        if (assay_http1_body_feed(&s->body, in, &used, &data, err) !=
                ASSAY_OK ||
            used == 0) {
            return;
        }
        before = data.len > 0 ? (size_t)(data.ptr - in.ptr) : used;
        assay_queue_take(&s->plain, before);
        s->payload = data.len;
        s->frame = used - before - data.len;
    }
}

static void
take_payload(struct assay_server *s, size_t n)
{
    n = n < s->payload ? n : s->payload;
    assay_queue_take(&s->plain, n);
    s->payload -= n;
    if (s->payload == 0) {
        assay_queue_take(&s->plain, s->frame);
        s->frame = 0;
    }
}

/* The body of a request for evidence, then what it asks. */
static void
take_quote_request(struct assay_server *s, struct assay_error *err)
{
    struct assay_error sub;
    uint8_t nonce[32];

    assay_error_clear(&sub);
    do {
        decode_body(s, &sub);
        assay_buf_add(
            &s->quote_request,
            (struct assay_slice){assay_queue_slice(&s->plain).ptr, s->payload});
        take_payload(s, s->payload);
    } while (sub.code == ASSAY_OK && !s->body.done &&
             !s->quote_request.failed && assay_queue_len(&s->plain) > 0);
    (void)!assay_buf_check(&s->quote_request, "quote request", &sub);
    if (sub.code == ASSAY_OK && !s->body.done) {
        return;
    }
    if (sub.code == ASSAY_OK) {
        (void)!assay_wire_nonce(assay_buf_slice(&s->quote_request), nonce,
                                &sub);
    }
    if (sub.code == ASSAY_NO_MEMORY) {
        *err = sub;
    } else if (sub.code != ASSAY_OK) {
        answer_error(s, 400, "bad_request", sub.msg,
                     s->body.done && s->keep_alive, err);
    } else if (assay_wire_bind(s->ctx, nonce, s->exporter, s->report_data,
                               err) == ASSAY_OK) {
        s->state = ASSAY_SERVER_QUOTE;
    }
}

/* As far as the plaintext leads. */
static void
step(struct assay_server *s, struct assay_error *err)
{
    if (s->state == ASSAY_SERVER_HANDSHAKE && assay_tls_ready(s->tls) &&
        assay_tls_exporter(s->tls, s->exporter, err) == ASSAY_OK) {
        s->state = ASSAY_SERVER_IDLE;
    }
    while (s->state == ASSAY_SERVER_IDLE && err->code == ASSAY_OK &&
           assay_queue_len(&s->plain) > 0) {
        size_t before = assay_queue_len(&s->plain);

        if (!s->have_head) {
            take_head(s, err);
        } else {
            take_quote_request(s, err);
        }
        if (assay_queue_len(&s->plain) == before) {
            break; /* needs more */
        }
    }
    if (s->state == ASSAY_SERVER_REQUEST && err->code == ASSAY_OK) {
        decode_body(s, err);
    }
}

static size_t
room(const struct assay_server *s)
{
    size_t waiting = assay_queue_len(&s->plain);

    return waiting < ASSAY_SESSION_PLAIN_MAX_BYTES
               ? ASSAY_SESSION_PLAIN_MAX_BYTES - waiting
               : 0;
}

enum assay_code
assay_server_feed(struct assay_server *s, struct assay_slice in, size_t *used,
                  struct assay_error *err)
{
    *used = 0;
    assay_error_clear(err);
    if (s->state == ASSAY_SERVER_FAILED) {
        *err = s->error;
        return err->code;
    }
    if (s->state == ASSAY_SERVER_CLOSED) {
        *used = in.len;
        return ASSAY_OK;
    }
    while (err->code == ASSAY_OK && *used < in.len && room(s) > 0 &&
           s->state != ASSAY_SERVER_CLOSED) {
        struct assay_slice rest = {in.ptr + *used, in.len - *used};
        size_t n = 0;

        if (assay_tls_feed(s->tls, rest, &n, &s->plain, room(s), err) ==
            ASSAY_OK) {
            step(s, err);
        }
        *used += n;
        if (n == 0 || assay_tls_goodbye(s->tls)) {
            break;
        }
    }
    if (err->code != ASSAY_OK) {
        return fail(s, err);
    }
    if (assay_tls_goodbye(s->tls)) {
        assay_server_eof(s);
        *err = s->error;
    }
    return err->code;
}

void
assay_server_eof(struct assay_server *s)
{
    struct assay_error why;

    /* A client that has asked may close its side and wait for the answer. */
    if (s->state == ASSAY_SERVER_QUOTE ||
        (s->state == ASSAY_SERVER_REQUEST && s->body.done)) {
        s->keep_alive = false;
        return;
    }
    if (s->state == ASSAY_SERVER_IDLE && !s->have_head &&
        assay_queue_len(&s->plain) == 0) {
        assay_server_close(s);
        return;
    }
    if (s->state == ASSAY_SERVER_CLOSED) {
        return;
    }
    assay_error_clear(&why);
    assay_fail(&why, ASSAY_NETWORK, ASSAY_NO_OFFSET,
               "the client closed the connection in state %s",
               assay_server_state_name(s->state));
    (void)fail(s, &why);
}

/* --- evidence ----------------------------------------------------------- */

void
assay_server_report_data(const struct assay_server *s, uint8_t out[64])
{
    memset(out, 0, 64);
    if (s->state == ASSAY_SERVER_QUOTE) {
        memcpy(out, s->report_data, 64);
    }
}

/* On to what the client has sent meanwhile. */
static enum assay_code
resume(struct assay_server *s, struct assay_error *err)
{
    if (err->code == ASSAY_OK) {
        step(s, err);
    }
    return err->code == ASSAY_OK ? ASSAY_OK : fail(s, err);
}

static enum assay_code
refuse(struct assay_error *err, const struct assay_server *s, const char *what)
{
    return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                      "session: cannot %s in state %s", what,
                      assay_server_state_name(s->state));
}

enum assay_code
assay_server_give_quote(struct assay_server *s,
                        const struct assay_quote_reply *reply,
                        struct assay_error *err)
{
    struct assay_buf response;

    assay_error_clear(err);
    if (s->state != ASSAY_SERVER_QUOTE) {
        return refuse(err, s, "give a quote");
    }
    assay_buf_init(&response, OWN_RESPONSE_MAX_BYTES);
    if (assay_reply_write(reply, s->report_data, &response, err) != ASSAY_OK) {
        assay_buf_free(&response);
        return err->code; /* the caller may still refuse the quote */
    }
    answer(s, &response, err);
    if (err->code == ASSAY_OK) {
        end_request(s, true);
    }
    return resume(s, err);
}

void
assay_server_refuse_quote(struct assay_server *s, unsigned status,
                          const char *code, const char *message)
{
    struct assay_error err;

    if (s->state == ASSAY_SERVER_QUOTE) {
        assay_error_clear(&err);
        answer_error(s, status, code, message, s->keep_alive, &err);
        (void)!resume(s, &err);
    }
}

/* --- requests for the backend ------------------------------------------- */

struct assay_slice
assay_server_request_head(const struct assay_server *s)
{
    return s->state == ASSAY_SERVER_REQUEST ? assay_buf_slice(&s->head)
                                            : ASSAY_EMPTY;
}

struct assay_slice
assay_server_request_body(const struct assay_server *s)
{
    struct assay_slice all = assay_queue_slice(&s->plain);

    if (s->state != ASSAY_SERVER_REQUEST || s->payload == 0) {
        return ASSAY_EMPTY;
    }
    return (struct assay_slice){all.ptr, s->payload};
}

void
assay_server_body_taken(struct assay_server *s, size_t n)
{
    struct assay_error err;

    if (s->state == ASSAY_SERVER_REQUEST) {
        assay_error_clear(&err);
        take_payload(s, n);
        decode_body(s, &err);
        if (err.code != ASSAY_OK) {
            (void)fail(s, &err);
        }
    }
}

bool
assay_server_body_done(const struct assay_server *s)
{
    return s->state == ASSAY_SERVER_REQUEST && s->body.done;
}

enum assay_code
assay_server_respond(struct assay_server *s, struct assay_slice plain,
                     struct assay_error *err)
{
    assay_error_clear(err);
    if (s->state != ASSAY_SERVER_REQUEST) {
        return refuse(err, s, "respond");
    }
    return assay_tls_write(s->tls, plain, err);
}

void
assay_server_respond_end(struct assay_server *s, bool keep)
{
    struct assay_error err;

    if (s->state == ASSAY_SERVER_REQUEST) {
        assay_error_clear(&err);
        end_request(s, keep);
        (void)!resume(s, &err);
    }
}

/* --- asking ------------------------------------------------------------- */

enum assay_server_state
assay_server_state(const struct assay_server *s)
{
    return s->state;
}

const struct assay_error *
assay_server_error(const struct assay_server *s)
{
    return &s->error;
}

struct assay_slice
assay_server_output(const struct assay_server *s)
{
    return assay_queue_slice(assay_tls_output(s->tls));
}

void
assay_server_sent(struct assay_server *s, size_t n)
{
    struct assay_queue *out = assay_tls_output(s->tls);

    assay_queue_take(out, n);
    /* Between requests a session holds no room for the last answer. */
    if (s->state == ASSAY_SERVER_IDLE && assay_queue_len(out) == 0) {
        assay_queue_free(out);
    }
}
