/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pool.c - connections to the backend that wait for their next request.
 */
#include "pool.h"

#include <stdlib.h>

struct pool_entry {
    struct pool *pool;
    struct pool_entry *newer;
    struct pool_entry *older;
    struct assay_stream *stream;
    uint64_t since_ms;
};

/* Out of the list, which hands its stream over. */
static struct assay_stream *
unlink_entry(struct pool_entry *e)
{
    struct pool *p = e->pool;
    struct assay_stream *s = e->stream;

    if (e->newer != NULL) {
        e->newer->older = e->older;
    } else {
        p->newest = e->older;
    }
    if (e->older != NULL) {
        e->older->newer = e->newer;
    } else {
        p->oldest = e->newer;
    }
    p->count--;
    free(e);
    return s;
}

static void
drop(struct pool_entry *e)
{
    assay_stream_close(unlink_entry(e));
}

/* --- what ends one ------------------------------------------------------ */

static void
on_data(void *user, struct assay_slice data)
{
    (void)data;
    drop(user);
}

static void
on_eof(void *user)
{
    drop(user);
}

static void
on_failed(void *user, const struct assay_error *err)
{
    (void)err;
    drop(user);
}

static void
on_timer(uv_timer_t *timer)
{
    struct pool *p = timer->data;
    struct pool_entry *e = p->oldest;
    uint64_t now = uv_now(p->loop);

    while (e != NULL && now - e->since_ms >= p->idle_ms) {
        struct pool_entry *newer = e->newer;

        drop(e);
        e = newer;
    }
    if (e != NULL) {
        uv_timer_start(timer, on_timer, p->idle_ms - (now - e->since_ms), 0);
    }
}

/* False: no memory for a timer. */
static bool
watch(struct pool *p)
{
    if (p->timer == NULL) {
        p->timer = malloc(sizeof(*p->timer));
        if (p->timer == NULL) {
            return false;
        }
        uv_timer_init(p->loop, p->timer);
        p->timer->data = p;
    }
    if (!uv_is_active((uv_handle_t *)p->timer)) {
        uv_timer_start(p->timer, on_timer, p->idle_ms, 0);
    }
    return true;
}

/* --- giving and taking -------------------------------------------------- */

void
pool_give(struct pool *p, struct assay_stream *s)
{
    static const struct assay_stream_events events = {
        .data = on_data, .eof = on_eof, .failed = on_failed};
    struct pool_entry *e = p->max > 0 ? calloc(1, sizeof(*e)) : NULL;

    if (e == NULL || !watch(p)) {
        free(e);
        assay_stream_close(s);
        return;
    }
    if (p->count == p->max) {
        drop(p->oldest);
    }
    *e = (struct pool_entry){p, NULL, p->newest, s, uv_now(p->loop)};
    if (e->older != NULL) {
        e->older->newer = e;
    } else {
        p->oldest = e;
    }
    p->newest = e;
    p->count++;
    assay_stream_tell(s, &events, e);
    assay_stream_read(s, true);
}

struct assay_stream *
pool_take(struct pool *p, uint32_t limit_ms)
{
    struct pool_entry *e = p->newest;

    while (e != NULL && uv_now(p->loop) - e->since_ms < limit_ms) {
        struct pool_entry *older = e->older;
        struct assay_stream *s = unlink_entry(e);

        /* What came since the loop last looked. */
        if (assay_stream_is_quiet(s)) {
            return s;
        }
        assay_stream_close(s);
        e = older;
    }
    return NULL;
}

static void
on_closed(uv_handle_t *timer)
{
    free(timer);
}

void
pool_clear(struct pool *p)
{
    struct pool_entry *e = p->newest;

    while (e != NULL) {
        struct pool_entry *older = e->older;

        drop(e);
        e = older;
    }
    if (p->timer != NULL) {
        uv_close((uv_handle_t *)p->timer, on_closed);
        p->timer = NULL;
    }
}
