/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward.c - one request that was read: its life, and what is asked of the
 * provider's server.
 */
#include "forward.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "daemon/upgrade.h"
#include "forward_state.h"

bool
forward_is_read(const struct forward *f)
{
    return visit_body_is_done(f->client.body);
}

/* What is gathered does not count, for nobody would tell when it has left: it
 * is bounded by itself, and waits in the stream before more is taken. */
size_t
forward_room(const struct forward *f)
{
    size_t waits = assay_stream_queued(f->client.stream);

    return waits < FORWARD_QUEUE_MAX_BYTES ? FORWARD_QUEUE_MAX_BYTES - waits
                                           : 0;
}

/* --- towards the server --------------------------------------------------- */

/* Behind the last of the body: its trailers, if any. */
static void
end_request(struct forward *f)
{
    struct assay_error err;
    struct assay_buf trailers;

    assay_error_clear(&err);
    assay_buf_init(&trailers, 2 * ASSAY_HTTP1_TRAILERS_MAX_BYTES);
    if (heads_put_trailers(&trailers,
                           assay_buf_slice(&f->client.body->trailers),
                           forward_is_ours, &err) == ASSAY_OK) {
        call_send_end(f->call, assay_buf_slice(&trailers));
        f->body_sent = true;
    } else {
        forward_refuse(f, REFUSED_BUSY);
    }
    assay_buf_free(&trailers);
}

static bool
check_body(struct forward *f)
{
    const struct assay_error *err = &f->client.body->error;

    if (err->code == ASSAY_TOO_LARGE) {
        forward_refuse(f, REFUSED_LARGE);
    } else if (err->code != ASSAY_OK) {
        forward_refuse_saying(f, REFUSED_BODY, err->msg, NULL);
    }
    return err->code == ASSAY_OK;
}

static void
move_request(struct forward *f)
{
    while (f->state == FORWARD_GOING && !f->body_sent) {
        struct assay_slice body = visit_body_read(f->client.body);
        size_t room = call_room(f->call);

        if (!check_body(f)) {
            return;
        }
        if (body.len == 0 && forward_is_read(f) && room > 0) {
            end_request(f);
        }
        body.len = body.len < room ? body.len : room;
        if (body.len == 0) {
            return;
        }
        call_send(f->call, body);
        visit_body_taken(f->client.body, body.len);
    }
}

static void
move_up(struct forward *f)
{
    if (f->translation != NULL) {
        if (check_body(f)) {
            forward_move_translated(f);
        }
    } else {
        move_request(f);
    }
}

enum forward_state
forward_move(struct forward *f)
{
    if (f->state == FORWARD_GOING && !f->raw) {
        move_up(f);
    }
    while (f->state == FORWARD_GOING && !f->raw && f->call != NULL &&
           forward_move_response(f)) {
    }
    if (f->state == FORWARD_GOING && f->raw) {
        forward_move_raw(f);
    }
    if (f->out.len > 0 || f->out.failed) {
        forward_flush(f); /* also where it is cut: what has come, has come */
    }
    return f->state;
}

/* --- making --------------------------------------------------------------- */

/* Doing it twice is as good as once (RFC 9110, section 9.2.2). */
static bool
is_idempotent(struct assay_slice method)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE",
                                          "OPTIONS"};

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (assay_slice_is(method, methods[i])) {
            return true;
        }
    }
    return false;
}

void
forward_call(struct forward *f, uint64_t translated_length)
{
    const struct visits *all = f->client.all;
    const struct assay_http1_head *h = f->client.head;
    bool translated = f->translation != NULL;
    struct forward_request_head r = {
        .head = h,
        .admission = f->client.admission,
        .upgrade = translated ? ASSAY_EMPTY : upgrade_asked(h, all->upgrades),
        .translated = translated,
        .length = translated_length,
    };
    struct upstream *upstream =
        all->upstream(all->user, f->client.admission->route.provider);
    struct assay_error err;
    struct assay_buf head;

    assay_error_clear(&err);
    assay_buf_init(&head, 2 * ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_reserve(&head, HEAD_USUAL_BYTES);
    if (forward_put_request(&head, &r, &err) == ASSAY_OK && upstream != NULL) {
        const struct call_request request = {
            .head = assay_buf_slice(&head),
            .is_head = assay_slice_is(h->method, "HEAD"),
            .chunked = !translated && h->framing == ASSAY_HTTP1_CHUNKED,
            .upgrade = r.upgrade,
            .repeatable = is_idempotent(h->method) &&
                          h->framing != ASSAY_HTTP1_CHUNKED &&
                          h->content_length == 0,
        };

        f->call = call_new(upstream, &request, f->changed, f->user);
    }
    assay_buf_free(&head);
    if (err.code != ASSAY_OK && err.code != ASSAY_NO_MEMORY) {
        forward_refuse_saying(f, REFUSED_HEAD, err.msg, NULL);
    } else if (f->call == NULL) {
        forward_refuse(f, REFUSED_BUSY);
    }
}

static void
start(struct forward *f)
{
    const struct admission *a = f->client.admission;

    if (a->refusal != REFUSAL_NONE) {
        forward_refuse(f, a->refusal);
    } else if (f->client.all->draining) {
        forward_refuse(f, REFUSED_STOPPING);
    } else if (a->preflight) {
        forward_preflight(f);
    } else if (a->route.kind == ROUTE_OWN) {
        forward_page(f);
    } else if (f->client.head->content_length >
               f->client.all->limits.max_body) {
        forward_refuse(f, REFUSED_LARGE);
    } else if (a->route.kind == ROUTE_TRANSLATED) {
        forward_translate(f);
    } else {
        forward_call(f, 0);
    }
}

struct forward *
forward_new(const struct forward_client *client, void (*changed)(void *user),
            void *user)
{
    struct forward *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        return NULL;
    }
    f->client = *client;
    f->changed = changed;
    f->user = user;
    f->started_ms = uv_now(client->all->loop);
    assay_buf_init(&f->out, GATHER_MAX_BYTES);
    start(f);
    return f;
}

void
forward_free(struct forward *f)
{
    if (f != NULL) {
        call_free(f->call);
        forward_translate_free(f);
        assay_buf_free(&f->out);
        free(f);
    }
}

void
forward_report(const struct forward *f, struct visit_report *r)
{
    const struct proof *p = f->call != NULL ? call_proof(f->call) : NULL;

    p = p != NULL ? p : &f->proof;
    r->status = f->status;
    r->code = f->code;
    r->ms = uv_now(f->client.all->loop) - f->started_ms;
    r->first_ms = f->first_ms;
    r->bytes_in = f->client.body->len;
    r->bytes_out = f->answer_len;
    r->evidence = p->evidence;
    r->tcb = p->tcb;
    r->translated = f->translation != NULL;
}

/* --- waiting -------------------------------------------------------------- */

bool
forward_keep(const struct forward *f)
{
    return f->plan.keep && !f->cut_told;
}

bool
forward_was_cut(const struct forward *f)
{
    return f->cut_told;
}

bool
forward_is_raw(const struct forward *f)
{
    return f->raw;
}

/* It waits for the server to want its body (100 Continue). */
static bool
client_may_wait(const struct forward *f)
{
    return f->client.head->expect_continue && f->client.body->len == 0 &&
           !f->encouraged;
}

enum forward_wait
forward_waits_for(struct forward *f)
{
    bool waits = f->call != NULL && !f->raw && !f->body_sent &&
                 f->translation == NULL && !client_may_wait(f) &&
                 call_room(f->call) > 0 &&
                 visit_body_read(f->client.body).len == 0;

    if (f->call == NULL || waits) {
        return FORWARD_FOR_CLIENT;
    }
    if (call_wants_link(f->call)) {
        return FORWARD_FOR_LINK;
    }
    return f->begun ? FORWARD_FOR_STREAM : FORWARD_FOR_RESPONSE;
}

uint64_t
forward_progress(const struct forward *f)
{
    return f->call != NULL ? call_progress(f->call) : 0;
}

void
forward_timeout(struct forward *f)
{
    const struct refusal_row *row = refusal_row(REFUSED_SILENCE);
    struct failure silent;

    if (forward_waits_for(f) == FORWARD_FOR_CLIENT) {
        forward_refuse(f, REFUSED_SLOW);
    } else if (f->translation != NULL) {
        failure_set(&silent, FAILURE_TIMEOUT, row->code, "%s", row->message);
        forward_translate_end(f, &silent);
        forward_flush(f);
    } else {
        forward_refuse(f, REFUSED_SILENCE);
    }
}
