/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * call.c - one exchange with an upstream: its connection, and what is sent.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "call_state.h"
#include "io/moment.h"
#include "upstream_state.h"

/* A head that is not whole yet, and all that a session holds back. */
#define IN_MAX_BYTES                                                           \
    (ASSAY_HTTP1_HEAD_MAX_BYTES + 2 * ASSAY_SESSION_PLAIN_MAX_BYTES)
#define CHUNK_LINE_BYTES 64u
/* What goes out in one piece with a head: a record of TLS, a system call, and
 * mostly the whole request. */
#define TOGETHER_MAX_BYTES (14u * 1024u)

/* --- the connection ----------------------------------------------------- */

void
call_drop_link(struct call *c)
{
    struct link *l = c->link;

    c->link = NULL;
    if (l != NULL) {
        upstream_drop(l);
    }
}

/* A server that has said goodbye is told nothing more; what it said counts. */
static void
put(struct call *c, struct assay_slice bytes)
{
    struct assay_error err;

    if (c->link == NULL || bytes.len == 0 ||
        assay_client_state(link_session(c->link)) == ASSAY_CLIENT_CLOSED) {
        return;
    }
    c->written += bytes.len;
    if (assay_client_write(link_session(c->link), bytes, &err) != ASSAY_OK) {
        call_fail_by(c, FAILURE_OUTAGE, "upstream_closed", &err);
        return;
    }
    assay_attested_flush(c->link->attested);
}

void
call_put_head(struct call *c)
{
    if (!c->head_waits || c->link == NULL) {
        return;
    }
    c->head_waits = false;
    if (c->request.failed) {
        call_fail_no_memory(c);
    } else {
        put(c, assay_buf_slice(&c->request));
    }
    if (!c->repeatable || c->repeated) {
        assay_buf_free(&c->request);
    }
}

static void
write_out(struct call *c, struct assay_slice bytes)
{
    if (call_wants_link(c) ||
        (c->head_waits && c->request.len + bytes.len <= TOGETHER_MAX_BYTES)) {
        assay_buf_add(&c->request, bytes);
        bytes.len = 0;
    }
    call_put_head(c);
    put(c, bytes);
}

/* Behind the end nothing can be written by mistake; but a switch of protocols
 * happens amid the message. */
static void
end_message(struct call *c)
{
    if (c->sent && c->link != NULL && c->upgrade.len == 0) {
        assay_client_end(link_session(c->link));
    }
}

void
call_use(struct call *c, struct link *l)
{
    c->link = l;
    c->proof = l->proof;
    c->has_proof = true;
    c->heard = 0;
    c->head_waits = true;
    if (c->sent) {
        call_put_head(c);
    }
    end_message(c);
    upstream_soon(c->up, c);
}

void
call_repeat(struct call *c)
{
    call_drop_link(c);
    c->repeated = true;
    c->has_proof = false;
    c->ended = false;
    c->eof = false;
    assay_error_clear(&c->broken);
    upstream_ask(c->up, c);
}

struct call *
call_new(struct upstream *upstream, const struct call_request *request,
         void (*changed)(void *user), void *user)
{
    struct call *c = malloc(sizeof(*c));

    if (c == NULL) {
        return NULL;
    }
    memset(c, 0, offsetof(struct call, head.field));
    c->up = upstream;
    c->waiting.what = c;
    c->soon.what = c;
    c->changed = changed;
    c->user = user;
    c->is_head = request->is_head;
    c->chunked = request->chunked;
    c->upgrade = request->upgrade;
    c->repeatable = request->repeatable;
    assay_error_clear(&c->broken);
    assay_queue_init(&c->in, IN_MAX_BYTES);
    assay_buf_init(&c->trailers, ASSAY_HTTP1_TRAILERS_MAX_BYTES);
    assay_buf_init(&c->request, 2 * ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_add(&c->request, request->head);
    if (c->request.failed) {
        call_free(c);
        return NULL;
    }
    upstream_ask(upstream, c);
    return c;
}

/* Both sides have said all that they had to say, and nothing else: what comes
 * next on this connection can only be the answer to what is asked next. */
static bool
may_be_used_again(const struct call *c)
{
    return c->state == CALL_DONE && !c->raw && c->sent && c->head.keep_alive &&
           !c->ended && assay_queue_len(&c->in) == 0 &&
           c->broken.code == ASSAY_OK;
}

void
call_free(struct call *c)
{
    struct link *l;

    if (c == NULL) {
        return;
    }
    l = c->link;
    c->link = NULL;
    list_leave(&c->waiting);
    list_leave(&c->soon);
    if (l != NULL && may_be_used_again(c)) {
        upstream_give(l);
    } else if (l != NULL) {
        upstream_drop(l);
    }
    upstream_show(c->up);
    assay_queue_free(&c->in);
    assay_buf_free(&c->request);
    assay_buf_free(&c->trailers);
    free(c);
}

/* --- what the owner sees ------------------------------------------------ */

enum call_state
call_state(const struct call *c)
{
    return c->state;
}

const struct failure *
call_failure(const struct call *c)
{
    return &c->failure;
}

const struct proof *
call_proof(const struct call *c)
{
    return c->has_proof ? &c->proof : NULL;
}

bool
call_wants_link(const struct call *c)
{
    return c->state == CALL_WAITING && c->link == NULL;
}

bool
call_may_say_more(const struct call *c)
{
    bool switches = c->upgrade.len > 0 && c->state != CALL_BODY;

    return c->state != CALL_DONE && c->state != CALL_FAILED &&
           (!c->sent || switches);
}

static size_t
queued(const struct call *c)
{
    return c->link != NULL ? assay_attested_queued(c->link->attested) : 0;
}

uint64_t
call_progress(const struct call *c)
{
    return c->received + c->written - queued(c);
}

size_t
call_room(const struct call *c)
{
    size_t waits = queued(c);

    if (c->link == NULL || c->state == CALL_FAILED) {
        return 0;
    }
    return waits < CALL_QUEUE_MAX_BYTES ? CALL_QUEUE_MAX_BYTES - waits : 0;
}

bool
call_is_flushed(const struct call *c)
{
    return queued(c) == 0 && !c->head_waits;
}

void
call_send(struct call *c, struct assay_slice payload)
{
    struct assay_buf chunk;

    if (c->raw || !c->chunked) {
        write_out(c, payload);
        return;
    }
    assay_buf_init(&chunk, payload.len + CHUNK_LINE_BYTES);
    assay_http1_put_chunk(&chunk, payload);
    if (chunk.failed) {
        call_fail_no_memory(c);
    } else {
        write_out(c, assay_buf_slice(&chunk));
    }
    assay_buf_free(&chunk);
}

static void
send_last_chunk(struct call *c, struct assay_slice trailers)
{
    struct assay_buf last;

    assay_buf_init(&last, trailers.len + CHUNK_LINE_BYTES);
    assay_http1_put_last_chunk(&last, trailers);
    if (last.failed) {
        call_fail_no_memory(c);
    } else {
        write_out(c, assay_buf_slice(&last));
    }
    assay_buf_free(&last);
}

void
call_send_end(struct call *c, struct assay_slice trailers)
{
    if (c->raw && c->link != NULL) {
        assay_client_close(link_session(c->link));
        assay_attested_flush(c->link->attested);
    } else if (!c->raw && c->chunked) {
        send_last_chunk(c, trailers);
    }
    call_put_head(c);
    c->sent = true;
    end_message(c);
}

/* --- what the owner takes ----------------------------------------------- */

struct assay_slice
call_read(struct call *c)
{
    struct assay_slice all = assay_queue_slice(&c->in);

    if (c->state == CALL_RAW) {
        return all;
    }
    return (struct assay_slice){all.ptr,
                                c->state == CALL_BODY ? c->payload : 0};
}

void
call_taken(struct call *c, size_t n)
{
    assay_queue_take(&c->in, n);
    if (c->state != CALL_RAW) {
        c->payload -= n;
        if (c->payload > 0) {
            return;
        }
        assay_queue_take(&c->in, c->frame);
        c->frame = 0;
    }
    call_advance(c);
    call_look_soon(c);
}

void
call_head_taken(struct call *c)
{
    bool switched = c->head.status == 101;
    bool interim = c->head.status < 200 && !switched;

    assay_queue_take(&c->in, c->head_len);
    c->interim += interim ? c->head_len : 0;
    c->head_len = 0;
    c->scanned = 0;
    c->state = switched ? CALL_RAW : interim ? CALL_WAITING : CALL_BODY;
    if (switched) {
        call_switch(c);
    } else if (!interim) {
        assay_http1_body_init(&c->body, &c->head, UINT64_MAX);
        c->body.trailers = &c->trailers;
    }
    call_advance(c);
    call_look_soon(c);
}
