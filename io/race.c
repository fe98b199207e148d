/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * race.c - connecting to whichever of several addresses answers first.
 */
#include "io/race.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/socket_name.h"

struct attempt {
    uv_tcp_t *tcp; /* NULL: not begun, or over */
    uv_connect_t connect;
    struct assay_race *race;
    struct sockaddr_storage address;
    int status; /* why it failed */
};

struct assay_race {
    uv_loop_t *loop;
    uv_timer_t next;
    assay_raced *done;
    void *user;
    size_t count;
    size_t begun;
    size_t pending; /* begun, and not yet over */
    size_t held;    /* requests that libuv will still answer */
    bool over;
    bool timer_closed;
    struct attempt attempts[];
};

/* --- what people read --------------------------------------------------- */

/* For each attempt that is still trying, or each that has failed. */
static void
describe(const struct assay_race *r, bool trying, char *out, size_t out_size)
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < r->begun && n < out_size; i++) {
        const struct attempt *a = &r->attempts[i];
        char host[ASSAY_SOCKET_NAME_BYTES];
        char why[80] = "";
        int printed;

        if (trying != (a->tcp != NULL)) {
            continue;
        }
        assay_socket_host((const struct sockaddr *)&a->address, host,
                          sizeof(host));
        if (!trying) {
            uv_strerror_r(a->status, why, sizeof(why));
        }
        printed = snprintf(out + n, out_size - n, "%s(%s)%s%s",
                           n > 0 ? ", " : "", host, trying ? "" : ": ", why);
        n += printed > 0 ? (size_t)printed : 0;
    }
}

void
assay_race_trying(const struct assay_race *r, char *out, size_t out_size)
{
    describe(r, true, out, out_size);
}

/* --- the end ------------------------------------------------------------ */

static void
free_when_idle(struct assay_race *r)
{
    if (r->over && r->timer_closed && r->held == 0) {
        free(r);
    }
}

static void
on_timer_closed(uv_handle_t *timer)
{
    struct assay_race *r = timer->data;

    r->timer_closed = true;
    free_when_idle(r);
}

static void
free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void
give_up(struct attempt *a)
{
    if (a->tcp != NULL) {
        uv_close((uv_handle_t *)a->tcp, free_handle);
        a->tcp = NULL;
    }
}

void
assay_race_cancel(struct assay_race *r)
{
    if (r == NULL || r->over) {
        return;
    }
    r->over = true;
    for (size_t i = 0; i < r->begun; i++) {
        give_up(&r->attempts[i]);
    }
    uv_close((uv_handle_t *)&r->next, on_timer_closed);
}

static bool
is_own_fault(const struct assay_race *r)
{
    bool own = false;

    for (size_t i = 0; i < r->begun; i++) {
        int status = r->attempts[i].status;

        own = own || status == UV_EMFILE || status == UV_ENFILE ||
              status == UV_ENOMEM || status == UV_ENOBUFS;
    }
    return own;
}

static void
finish(struct assay_race *r, uv_tcp_t *winner)
{
    char tried[200] = "";
    struct assay_stream *stream = NULL;
    bool own = is_own_fault(r);

    if (winner != NULL) {
        stream = assay_stream_adopt((uv_stream_t *)winner);
        if (stream == NULL) {
            snprintf(tried, sizeof(tried), "out of memory");
            own = true;
        }
    } else {
        describe(r, false, tried, sizeof(tried));
    }
    assay_race_cancel(r); /* the losers, and the timer */
    r->done(r->user, stream, own, tried);
}

/* --- trying ------------------------------------------------------------- */

static void begin_next(struct assay_race *r);

static void
on_next(uv_timer_t *timer)
{
    begin_next(timer->data);
}

static void
on_connected(uv_connect_t *req, int status)
{
    struct attempt *a = req->data;
    struct assay_race *r = a->race;

    r->held--;
    if (r->over) {
        free_when_idle(r);
        return;
    }
    r->pending--;
    if (status == 0) {
        uv_tcp_t *winner = a->tcp;

        a->tcp = NULL; /* handed to the stream */
        finish(r, winner);
        return;
    }
    a->status = status;
    give_up(a);
    begin_next(r);
}

/* False and a->status if not even that works (no route, no descriptor). */
static bool
begin(struct assay_race *r, struct attempt *a)
{
    int rc;

    a->race = r;
    a->connect.data = a;
    a->status = UV_ENOMEM;
    a->tcp = malloc(sizeof(*a->tcp));
    if (a->tcp == NULL) {
        return false;
    }
    uv_tcp_init(r->loop, a->tcp); /* never fails: it opens nothing yet */
    rc = uv_tcp_connect(&a->connect, a->tcp,
                        (const struct sockaddr *)&a->address, on_connected);
    if (rc != 0) {
        a->status = rc;
        give_up(a);
        return false;
    }
    r->pending++;
    r->held++;
    return true;
}

/* The next address that can be tried at all; the end, if none is left. */
static void
begin_next(struct assay_race *r)
{
    while (r->begun < r->count) {
        if (begin(r, &r->attempts[r->begun++])) {
            uv_timer_start(&r->next, on_next, ASSAY_RACE_NEXT_MS, 0);
            return;
        }
    }
    uv_timer_stop(&r->next);
    if (r->pending == 0) {
        finish(r, NULL);
    }
}

struct assay_race *
assay_race_start(uv_loop_t *loop, const struct sockaddr_storage *addresses,
                 size_t count, assay_raced *done, void *user)
{
    struct assay_race *r =
        calloc(1, sizeof(*r) + count * sizeof(struct attempt));

    if (r == NULL) {
        return NULL;
    }
    r->loop = loop;
    r->done = done;
    r->user = user;
    r->count = count;
    for (size_t i = 0; i < count; i++) {
        r->attempts[i].address = addresses[i];
    }
    uv_timer_init(loop, &r->next); /* never fails */
    r->next.data = r;
    /* From the loop: a refusal may be known at once. */
    uv_timer_start(&r->next, on_next, 0, 0);
    return r;
}
