/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay.c - questions, those who wait for them, and what all loops know.
 */
#include "relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "relay_answer.h"
#include "relay_state.h"

/* Heads beside the body: chains, and ours. */
#define ANSWER_HEAD_MAX_BYTES (128u * 1024u)

/* --- what all loops share ------------------------------------------------ */

struct relay *
relay_new(size_t cache_bytes)
{
    struct relay *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        return NULL;
    }
    r->good = relay_cache_new(cache_bytes, RELAY_REPLIES_MAX);
    r->bad = relay_cache_new(SIZE_MAX, RELAY_REMEMBERED);
    if (r->good == NULL || r->bad == NULL) {
        relay_free(r);
        return NULL;
    }
    return r;
}

void
relay_free(struct relay *r)
{
    if (r != NULL) {
        relay_cache_free(r->good);
        relay_cache_free(r->bad);
        free(r);
    }
}

const struct relay_counts *
relay_counts(const struct relay *r)
{
    return &r->counts;
}

void
relay_use(struct relay *r, size_t *cache_bytes, unsigned *replies)
{
    relay_cache_use(r->good, cache_bytes, replies);
}

const char *
relay_how_name(enum relay_how how)
{
    static const char *const names[RELAY_HOWS] = {
        [RELAY_HIT] = "hit",           [RELAY_FETCHED] = "fetched",
        [RELAY_JOINED] = "joined",     [RELAY_STALE] = "stale",
        [RELAY_RECALLED] = "recalled", [RELAY_REFUSED] = "refused",
        [RELAY_BUSY] = "busy",
    };

    return names[how];
}

/* Clocks of loops stand still while they work. */
static uint64_t
age_ms(const struct relay_reply *r, uint64_t now_ms)
{
    return now_ms > r->at_ms ? now_ms - r->at_ms : 0;
}

/* --- answers ------------------------------------------------------------- */

static void
answer_init(struct relay_answer *a, size_t body_max)
{
    *a = (struct relay_answer){.status = 0};
    assay_buf_init(&a->bytes, ANSWER_HEAD_MAX_BYTES + body_max);
    assay_error_clear(&a->why);
}

void
relay_answer_free(struct relay_answer *a)
{
    assay_buf_free(&a->bytes);
}

static void
end_answer(struct relay *r, struct relay_answer *a, unsigned status,
           enum relay_how how)
{
    a->status = status;
    a->how = how;
    if (a->bytes.failed) { /* half of one is worse than none */
        assay_buf_free(&a->bytes);
    }
    atomic_fetch_add(&r->counts.answers[how], 1);
}

static void
answer_reply(struct relay_loop *l, const struct relay_reply *reply,
             const struct relay_request *request, uint64_t now_ms,
             uint32_t max_age_s, enum relay_how how, struct relay_answer *a)
{
    answer_init(a, reply->body.len);
    snprintf(a->path, sizeof(a->path), "%s", reply->path);
    assay_buf_reserve(&a->bytes, reply->fields.len + reply->body.len + 1024);
    relay_put_reply(reply, request, age_ms(reply, now_ms), max_age_s,
                    how == RELAY_STALE, &a->bytes);
    end_answer(l->relay, a, 200, how);
}

static void
answer_failure(struct relay_loop *l, unsigned status,
               const struct relay_request *request, enum relay_how how,
               struct relay_answer *a)
{
    answer_init(a, 0);
    snprintf(a->path, sizeof(a->path), "%s", request->question.path);
    relay_put_failure(status, request, &a->bytes);
    end_answer(l->relay, a, status, how);
}

/* Without having asked anybody, as no answer can be had now: an old one, if
 * that is not what the failure speaks of. */
static void
answer_for_want(struct relay_loop *l, unsigned status,
                const struct relay_request *request, uint64_t now_ms,
                uint32_t max_age_s, enum relay_how how, struct relay_answer *a)
{
    struct relay_reply *old =
        status == 404 ? NULL
                      : relay_cache_get(l->relay->good, request->question.path);

    if (old != NULL && age_ms(old, now_ms) < RELAY_STALE_MAX_MS) {
        answer_reply(l, old, request, now_ms, max_age_s, RELAY_STALE, a);
    } else {
        answer_failure(l, status, request, how, a);
    }
    relay_reply_release(old);
}

static void
answer_refusal(struct relay_loop *l, const struct relay_request *request,
               struct relay_answer *a)
{
    answer_init(a, 0);
    if (request->status == 204) {
        relay_put_preflight(request, &a->bytes);
    } else {
        relay_put_refusal(request, &a->bytes);
    }
    end_answer(l->relay, a, request->status, RELAY_REFUSED);
}

/* --- calls --------------------------------------------------------------- */

bool
relay_recall(struct relay_loop *l, const struct relay_settings *settings,
             const struct relay_request *request, uint64_t now_ms,
             struct relay_answer *out)
{
    const char *path = request->question.path;
    struct relay_reply *r = relay_cache_get(l->relay->good, path);
    bool known =
        r != NULL && age_ms(r, now_ms) < (uint64_t)settings->max_age_s * 1000;

    if (known) {
        answer_reply(l, r, request, now_ms, settings->max_age_s, RELAY_HIT,
                     out);
    }
    relay_reply_release(r);
    if (known) {
        return true;
    }
    r = relay_cache_get(l->relay->bad, path);
    known =
        r != NULL && age_ms(r, now_ms) <
                         (r->status == 404 ? RELAY_ABSENT_MS : RELAY_FAILED_MS);
    if (known) {
        answer_for_want(l, r->status, request, now_ms, settings->max_age_s,
                        RELAY_RECALLED, out);
    }
    relay_reply_release(r);
    return known;
}

struct relay_call *
relay_ask(struct relay_loop *l, const struct relay_settings *settings,
          const struct assay_http1_head *head, struct relay_answer *out,
          relay_done *done, void *user)
{
    struct relay_request request;
    struct relay_call *c;

    relay_judge(head, settings->origins, &request);
    if (request.status != 200) {
        answer_refusal(l, &request, out);
        return NULL;
    }
    if (relay_recall(l, settings, &request, uv_now(l->uv), out)) {
        return NULL;
    }
    c = calloc(1, sizeof(*c));
    if (c != NULL) {
        c->request = request;
        c->max_age_s = settings->max_age_s;
        c->done = done;
        c->user = user;
        if (relay_join(l, settings, c)) {
            return c;
        }
        free(c);
    }
    answer_for_want(l, 503, &request, uv_now(l->uv), settings->max_age_s,
                    RELAY_BUSY, out);
    return NULL;
}

void
relay_tell(struct relay_loop *l, const struct relay_work *f,
           struct relay_call *c)
{
    uint64_t now_ms = uv_now(l->uv);
    struct relay_answer a;

    if (f->reply != NULL && f->reply->status == 200) {
        answer_reply(l, f->reply, &c->request, now_ms, c->max_age_s, c->how,
                     &a);
    } else if (f->reply != NULL) {
        answer_for_want(l, f->reply->status, &c->request, now_ms, c->max_age_s,
                        c->how, &a);
    } else {
        answer_for_want(l, 503, &c->request, now_ms, c->max_age_s, RELAY_BUSY,
                        &a);
    }
    a.why = f->why;
    c->done(c->user, &a);
    relay_answer_free(&a);
    free(c);
}
