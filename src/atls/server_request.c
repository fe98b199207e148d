/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * server_request.c - one request after the other: head, body, answer.
 */
#include "atls/request.h"
#include "atls/server_state.h"

#define REFUSAL_MAX_BYTES (32u * 1024u)

/* --- answers of our own ------------------------------------------------- */

/* Its body must have been read to the end, or nobody knows where the next
 * request begins. */
static bool
body_is_read(const struct assay_server *s)
{
    return s->body.done && s->payload == 0;
}

/* Makes room for the next request. */
static void
forget_request(struct assay_server *s)
{
    s->have_head = false;
    s->head_only = false;
    s->scanned = 0;
    s->head.len = 0;
    assay_buf_free(&s->content);
    s->of_client = false;
    s->piping = false;
    assay_error_clear(&s->body_error);
    assay_buf_free(&s->trailers);
    assay_queue_take(&s->plain, s->frame);
    s->frame = 0;
}

void
assay_server_end_request(struct assay_server *s, bool keep)
{
    bool whole = body_is_read(s);

    forget_request(s);
    if (keep && whole && s->keep_alive) {
        s->state = ASSAY_SERVER_IDLE;
    } else {
        assay_server_close(s);
    }
}

static void
keep_text(char *to, size_t room, struct assay_slice text)
{
    size_t n = text.len < room ? text.len : room - 1;

    assay_copy(to, (struct assay_slice){text.ptr, n});
    to[n] = '\0';
}

/* Whose request it is, for logs. */
static void
remember(struct assay_server *s, struct assay_slice method,
         struct assay_slice target)
{
    size_t query = assay_slice_find(target, "?");

    target.len = query == ASSAY_NO_OFFSET ? target.len : query;
    keep_text(s->method, sizeof(s->method), method);
    keep_text(s->path, sizeof(s->path), target);
}

const struct assay_server_answered *
assay_server_answered(const struct assay_server *s)
{
    return &s->answered;
}

void
assay_server_answer(struct assay_server *s, unsigned status,
                    struct assay_buf *response, struct assay_error *err)
{
    struct assay_server_answered *a = &s->answered;
    size_t head = assay_slice_find(assay_buf_slice(response), "\r\n\r\n") + 4;

    if (assay_buf_check(response, "response", err) == ASSAY_OK &&
        assay_tls_write(s->tls, assay_buf_slice(response), err) == ASSAY_OK) {
        a->count++;
        a->status = status;
        a->body_len = response->len - head;
        memcpy(a->method, s->method, sizeof(a->method));
        memcpy(a->path, s->path, sizeof(a->path));
    }
    assay_buf_free(response);
}

void
assay_server_answer_error(struct assay_server *s,
                          const struct assay_refusal *why, bool keep,
                          struct assay_error *err)
{
    struct assay_buf response;

    assay_buf_init(&response, REFUSAL_MAX_BYTES);
    assay_reply_write_error(why, keep, &response);
    if (s->head_only && !response.failed) {
        response.len = assay_slice_find(assay_buf_slice(&response), "\r\n\r\n");
        response.len += 4;
    }
    assay_server_answer(s, why->status, &response, err);
    if (err->code == ASSAY_OK) {
        assay_server_end_request(s, keep);
    }
}

/* --- heads -------------------------------------------------------------- */

/* A head that cannot be read ends the connection: what stands behind it is not
 * looked at. */
static void
refuse_head(struct assay_server *s, const struct assay_error *sub,
            struct assay_error *err)
{
    const struct assay_refusal why = {
        .status = assay_http1_refusal(assay_queue_slice(&s->plain), sub),
        .code = "bad_request",
        .message = sub->msg,
    };

    s->keep_alive = false;
    remember(s, ASSAY_EMPTY, ASSAY_EMPTY);
    assay_server_answer_error(s, &why, false, err);
}

/* A request for us, whose body is read here. */
static void
begin_ours(struct assay_server *s, const struct assay_http1_head *head,
           bool of_client, struct assay_error *err)
{
    const struct assay_refusal *why =
        of_client ? assay_server_client_refusal(s) : NULL;

    if (why != NULL) {
        assay_server_answer_error(s, why, false, err);
        return;
    }
    s->of_client = of_client;
    assay_buf_init(&s->content, of_client ? ASSAY_WIRE_CLIENT_EVIDENCE_MAX_BYTES
                                          : ASSAY_WIRE_REQUEST_MAX_BYTES);
    if (head->expect_continue) {
        (void)!assay_tls_write(
            s->tls, assay_slice_of("HTTP/1.1 100 Continue\r\n\r\n"), err);
    }
}

void
assay_server_limit_head(struct assay_server *s, size_t max)
{
    s->head_max = max;
}

/* Octets of the next head; 0 if it is not there yet. */
static size_t
read_head(struct assay_server *s, struct assay_http1_head *head,
          struct assay_error *err)
{
    struct assay_slice in = assay_queue_slice(&s->plain);
    size_t used = 0;

    if (assay_http1_request(in, &s->scanned, head, &used, err) == ASSAY_OK &&
        (used > 0 ? used : in.len) > s->head_max) {
        assay_fail(err, ASSAY_TOO_LARGE, s->head_max,
                   "head: more than %zu bytes", s->head_max);
    }
    return used;
}

/* Who asks for a pipe without having asked for evidence trusts anybody. */
static const struct assay_refusal unproven = {
    .status = 403,
    .code = "evidence_not_asked",
    .message = "the pipe opens behind this server's evidence only",
    .hint = "ask for " ASSAY_WIRE_PATH " on this connection first, and judge "
            "the reply; assay pipe does",
};

void
assay_server_offer_pipe(struct assay_server *s)
{
    s->pipe = true;
}

bool
assay_server_wants_pipe(const struct assay_server *s)
{
    return s->state == ASSAY_SERVER_REQUEST && s->piping;
}

void
assay_server_take_head(struct assay_server *s, struct assay_error *err)
{
    ASSAY_HTTP1_UNSET struct assay_http1_head head;
    struct assay_request_class c;
    struct assay_error sub;
    size_t used;

    assay_error_clear(&sub);
    used = read_head(s, &head, &sub);
    if (sub.code != ASSAY_OK) {
        refuse_head(s, &sub, err);
        return;
    }
    if (used == 0) {
        return;
    }
    c = assay_request_classify(&head, s->pipe);
    remember(s, head.method, head.target);
    assay_http1_body_init(&s->body, &head, UINT64_MAX);
    s->body.trailers = &s->trailers;
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
        const struct assay_refusal why = {
            .status = c.refuse, .code = c.code, .message = c.message};

        assay_server_answer_error(s, &why, s->body.done && head.keep_alive,
                                  err);
    } else if (c.pipe && !s->proven) {
        assay_server_answer_error(s, &unproven, head.keep_alive, err);
    } else if (!c.ours || c.pipe) {
        s->piping = c.pipe;
        s->state = s->mutual ? ASSAY_SERVER_ADMIT : ASSAY_SERVER_REQUEST;
    } else {
        begin_ours(s, &head, c.of_client, err);
    }
}

/* --- bodies ------------------------------------------------------------- */

/* What stands behind a body that cannot be decoded is nothing to anybody. */
static void
spoil_body(struct assay_server *s, const struct assay_error *why,
           struct assay_error *err)
{
    if (why->code == ASSAY_NO_MEMORY) {
        *err = *why;
    } else {
        s->body_error = *why;
        s->body_error.offset = ASSAY_NO_OFFSET; /* in what happened to wait */
    }
}

void
assay_server_decode_body(struct assay_server *s, struct assay_error *err)
{
    while (!s->body.done && s->payload == 0 && s->body_error.code == ASSAY_OK) {
        struct assay_slice in = assay_queue_slice(&s->plain);
        struct assay_slice data = ASSAY_EMPTY;
        struct assay_error sub;
        size_t before;
        size_t used = 0;

        assay_error_clear(&sub);
        if (assay_http1_body_feed(&s->body, in, &used, &data, &sub) !=
            ASSAY_OK) {
            spoil_body(s, &sub, err);
            break;
        }
        if (used == 0) {
            return;
        }
        before = data.len > 0 ? (size_t)(data.ptr - in.ptr) : used;
        assay_queue_take(&s->plain, before);
        s->payload = data.len;
        s->frame = used - before - data.len;
    }
    if (s->body_error.code != ASSAY_OK) {
        assay_queue_free(&s->plain);
    }
}

void
assay_server_take_payload(struct assay_server *s, size_t n)
{
    n = n < s->payload ? n : s->payload;
    assay_queue_take(&s->plain, n);
    s->payload -= n;
    if (s->payload == 0) {
        assay_queue_take(&s->plain, s->frame);
        s->frame = 0;
    }
}

bool
assay_server_collect(struct assay_server *s, struct assay_error *sub,
                     struct assay_error *err)
{
    do {
        assay_server_decode_body(s, err);
        assay_buf_add(
            &s->content,
            (struct assay_slice){assay_queue_slice(&s->plain).ptr, s->payload});
        assay_server_take_payload(s, s->payload);
    } while (err->code == ASSAY_OK && s->body_error.code == ASSAY_OK &&
             !s->body.done && !s->content.failed &&
             assay_queue_len(&s->plain) > 0);
    *sub = s->body_error;
    if (assay_buf_check(&s->content, "request", sub) == ASSAY_NO_MEMORY) {
        *err = *sub;
    }
    return err->code == ASSAY_OK && (sub->code != ASSAY_OK || s->body.done);
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

    if (s->state == ASSAY_SERVER_RAW) {
        return all;
    }
    if (s->state != ASSAY_SERVER_REQUEST || s->payload == 0) {
        return ASSAY_EMPTY;
    }
    return (struct assay_slice){all.ptr, s->payload};
}

void
assay_server_body_taken(struct assay_server *s, size_t n)
{
    struct assay_error err;

    if (s->state == ASSAY_SERVER_RAW) {
        assay_server_raw_taken(s, n);
    } else if (s->state == ASSAY_SERVER_REQUEST) {
        assay_error_clear(&err);
        assay_server_take_payload(s, n);
        assay_server_decode_body(s, &err);
        if (err.code == ASSAY_OK && s->eof) {
            assay_server_eof(s); /* what had come before it may not be all */
        } else if (err.code != ASSAY_OK) {
            (void)assay_server_fail(s, &err);
        }
    }
}

bool
assay_server_body_done(const struct assay_server *s)
{
    return s->state == ASSAY_SERVER_RAW
               ? assay_tls_goodbye(s->tls)
               : s->state == ASSAY_SERVER_REQUEST && s->body.done;
}

struct assay_slice
assay_server_request_trailers(const struct assay_server *s)
{
    return s->state == ASSAY_SERVER_REQUEST && s->body.done
               ? assay_buf_slice(&s->trailers)
               : ASSAY_EMPTY;
}

const struct assay_error *
assay_server_body_error(const struct assay_server *s)
{
    return &s->body_error;
}

enum assay_code
assay_server_respond(struct assay_server *s, struct assay_slice plain,
                     struct assay_error *err)
{
    assay_error_clear(err);
    if (s->state != ASSAY_SERVER_REQUEST && s->state != ASSAY_SERVER_RAW) {
        return assay_server_refuse(err, s, "respond");
    }
    return assay_tls_write(s->tls, plain, err);
}

void
assay_server_respond_end(struct assay_server *s, bool keep)
{
    struct assay_error err;

    if (s->state == ASSAY_SERVER_RAW) {
        assay_server_raw_end(s);
    } else if (s->state == ASSAY_SERVER_REQUEST) {
        assay_error_clear(&err);
        assay_server_end_request(s, keep);
        (void)!assay_server_resume(s, &err);
    }
}

void
assay_server_switch(struct assay_server *s)
{
    bool whole = body_is_read(s);

    if (s->state != ASSAY_SERVER_REQUEST) {
        return;
    }
    forget_request(s);
    if (!whole) {
        assay_server_close(s);
        return;
    }
    assay_buf_free(&s->head); /* a raw session may last for days */
    s->state = ASSAY_SERVER_RAW;
    if (s->eof) {
        assay_server_eof(s);
    }
}
