/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_work.c - what is asked of sources, on libuv's threads.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "relay_state.h"

static void start_waiting(struct relay_loop *l);

static void
fetch_free(struct relay_work *f)
{
    relay_reply_release(f->reply);
    free((char *)f->from.list);
    free((char *)f->from.ca_file);
    free(f);
}

/* Another loop may have had the same question answered meanwhile. */
static struct relay_reply *
look_again(const struct relay_work *f)
{
    struct relay_cache *const caches[] = {f->relay->good, f->relay->bad};

    for (size_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++) {
        struct relay_reply *r = relay_cache_get(caches[i], f->question.path);

        if (r != NULL && r->at_ms > f->asked_ms) {
            return r;
        }
        relay_reply_release(r);
    }
    return NULL;
}

static void
work(uv_work_t *w)
{
    struct relay_work *f = w->data;

    f->reply = look_again(f);
    if (f->reply != NULL || atomic_load(&f->cancel)) {
        return;
    }
    atomic_fetch_add(&f->relay->counts.fetches, 1);
    f->reply = relay_fetch(&f->question, &f->from, &f->cancel, &f->why);
    if (f->reply == NULL || f->reply->status != 200) {
        atomic_fetch_add(&f->relay->counts.failures, 1);
    }
    if (f->reply != NULL) {
        relay_cache_put(
            f->reply->status == 200 ? f->relay->good : f->relay->bad, f->reply);
    }
}

static void
unlink_fetch(struct relay_work *f)
{
    struct relay_work **at = &f->loop->fetches;

    while (*at != f) {
        at = &(*at)->next;
    }
    *at = f->next;
    f->loop->count--;
    f->loop->running -= f->running;
}

/* Whoever is told may cancel others, ask again, or free the loop. */
static void
after_work(uv_work_t *w, int status)
{
    struct relay_work *f = w->data;

    (void)status; /* of one that was cancelled, and has no reply */
    f->ended = true;
    while (f->calls != NULL) {
        struct relay_call *c = f->calls;

        f->calls = c->next;
        relay_tell(f->loop, f, c);
    }
    if (f->loop != NULL) {
        struct relay_loop *l = f->loop;

        unlink_fetch(f);
        start_waiting(l);
    }
    fetch_free(f);
}

/* As many as may run. */
static void
start_waiting(struct relay_loop *l)
{
    for (struct relay_work *f = l->fetches;
         f != NULL && l->running < RELAY_RUNNING_MAX; f = f->next) {
        if (!f->running) {
            f->running = true;
            l->running++;
            (void)uv_queue_work(l->uv, &f->work, work, after_work);
        }
    }
}

static struct relay_work *
fetch_new(struct relay_loop *l, const struct relay_settings *settings,
          const struct relay_question *q)
{
    struct relay_work *f = calloc(1, sizeof(*f));
    const char *ca_file = settings->sources.ca_file;

    if (f == NULL) {
        return NULL;
    }
    f->work.data = f;
    f->relay = l->relay;
    f->loop = l;
    f->question = *q;
    f->asked_ms = uv_hrtime() / 1000000;
    f->from.timeout_ms = settings->sources.timeout_ms;
    f->from.list = strdup(settings->sources.list);
    f->from.ca_file = ca_file != NULL ? strdup(ca_file) : NULL;
    atomic_init(&f->cancel, false);
    assay_error_clear(&f->why);
    if (f->from.list == NULL || (ca_file != NULL && f->from.ca_file == NULL)) {
        fetch_free(f);
        return NULL;
    }
    return f;
}

static void
enlist(struct relay_loop *l, struct relay_work *f)
{
    struct relay_work **at = &l->fetches;

    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = f;
    l->count++;
}

static struct relay_work *
find(const struct relay_loop *l, const char *path)
{
    struct relay_work *f = l->fetches;

    while (f != NULL && (f->ended || strcmp(f->question.path, path) != 0)) {
        f = f->next;
    }
    return f;
}

bool
relay_join(struct relay_loop *l, const struct relay_settings *settings,
           struct relay_call *c)
{
    const struct relay_question *q = &c->request.question;
    struct relay_work *f = find(l, q->path);

    c->how = f != NULL ? RELAY_JOINED : RELAY_FETCHED;
    if (f == NULL && l->count < RELAY_FETCHES_MAX) {
        f = fetch_new(l, settings, q);
        if (f != NULL) {
            enlist(l, f);
        }
    }
    if (f == NULL || f->waiting == RELAY_WAITERS_MAX) {
        return false;
    }
    c->fetch = f;
    c->next = f->calls;
    f->calls = c;
    f->waiting++;
    start_waiting(l);
    return true;
}

/* A question that nobody has yet asked a source is forgotten with its last
 * call. */
void
relay_cancel(struct relay_call *c)
{
    struct relay_call **at;
    struct relay_work *f;

    if (c == NULL) {
        return;
    }
    f = c->fetch;
    at = &f->calls;
    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
    f->waiting--;
    free(c);
    if (f->calls == NULL && !f->running) {
        unlink_fetch(f);
        fetch_free(f);
    }
}

/* --- a loop's part ------------------------------------------------------- */

struct relay_loop *
relay_loop_new(uv_loop_t *loop, struct relay *r)
{
    struct relay_loop *l = calloc(1, sizeof(*l));

    if (l != NULL) {
        l->uv = loop;
        l->relay = r;
    }
    return l;
}

static void
abandon(struct relay_work *f)
{
    while (f->calls != NULL) {
        struct relay_call *c = f->calls;

        f->calls = c->next;
        free(c);
    }
    f->loop = NULL;
    if (!f->running) {
        fetch_free(f);
    } else if (!f->ended) {
        atomic_store(&f->cancel, true);
        (void)uv_cancel((uv_req_t *)&f->work); /* if it has not begun */
    }
}

void
relay_loop_free(struct relay_loop *l)
{
    struct relay_work *f = l != NULL ? l->fetches : NULL;

    while (f != NULL) {
        struct relay_work *next = f->next;

        abandon(f);
        f = next;
    }
    free(l);
}
