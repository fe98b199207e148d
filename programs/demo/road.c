/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * road.c - see road.h. A trip is two connections; what one gives, the other
 * gets, and a slow one holds the other back.
 */
#include "road.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "io/dial.h"
#include "io/listen.h"

struct end {
    struct trip *trip;
    struct assay_stream *stream;
    bool said_all;
};

struct trip {
    struct road *road;
    struct trip *next;
    struct assay_dial *dial;
    struct end front;
    struct end back;
};

struct road {
    uv_loop_t *loop;
    struct assay_listener *listener;
    bool leads;
    struct assay_address to;
    struct trip *trips;
    unsigned count;
};

static void
trip_free(struct trip *t)
{
    if (t->dial != NULL) {
        assay_dial_cancel(t->dial);
    }
    assay_stream_close(t->front.stream);
    assay_stream_close(t->back.stream);
    t->road->count--;
    free(t);
}

static void
trip_end(struct trip *t)
{
    struct trip **at = &t->road->trips;

    while (*at != t) {
        at = &(*at)->next;
    }
    *at = t->next;
    trip_free(t);
}

static struct end *
other_end(struct end *e)
{
    return e == &e->trip->front ? &e->trip->back : &e->trip->front;
}

static void
on_data(void *user, struct assay_slice data)
{
    struct end *e = user;
    struct assay_stream *to = other_end(e)->stream;

    assay_stream_write(to, data);
    if (assay_stream_queued(to) > 0) {
        assay_stream_read(e->stream, false);
    }
}

static void
on_drained(void *user)
{
    assay_stream_read(other_end(user)->stream, true);
}

static void
on_eof(void *user)
{
    struct end *e = user;

    e->said_all = true;
    if (other_end(e)->said_all) {
        trip_end(e->trip);
    } else {
        assay_stream_shutdown(other_end(e)->stream);
    }
}

static void
on_failed(void *user, const struct assay_error *err)
{
    struct end *e = user;

    (void)err;
    trip_end(e->trip);
}

static void
listen_to(struct end *e)
{
    static const struct assay_stream_events events = {.data = on_data,
                                                      .eof = on_eof,
                                                      .drained = on_drained,
                                                      .failed = on_failed,
                                                      .drained_if_waited =
                                                          true};

    assay_stream_tell(e->stream, &events, e);
    assay_stream_read(e->stream, true);
}

static void
on_reached(void *user, struct assay_stream *stream,
           const struct assay_error *err)
{
    struct trip *t = user;

    (void)err;
    t->dial = NULL;
    t->back.stream = stream;
    if (stream == NULL) {
        trip_end(t);
        return;
    }
    listen_to(&t->front);
    listen_to(&t->back);
}

static void
on_accepted(void *user, struct assay_stream *stream)
{
    struct road *r = user;
    const struct assay_dial_options options = {.to = r->to};
    struct trip *t =
        r->leads && r->count < ROAD_TRIPS_MAX ? calloc(1, sizeof(*t)) : NULL;

    if (t == NULL) {
        assay_stream_close(stream);
        return;
    }
    t->road = r;
    t->next = r->trips;
    r->trips = t;
    r->count++;
    t->front = (struct end){.trip = t, .stream = stream};
    t->back = (struct end){.trip = t};
    t->dial = assay_dial_start(r->loop, &options, on_reached, t);
    if (t->dial == NULL) {
        trip_end(t);
    }
}

void
road_lead(struct road *r, const struct assay_address *to)
{
    while (r->trips != NULL) {
        struct trip *t = r->trips;

        r->trips = t->next;
        trip_free(t);
    }
    r->leads = to != NULL;
    if (to != NULL) {
        r->to = *to;
    }
}

enum assay_code
road_new(uv_loop_t *loop, struct road **out, struct assay_error *err)
{
    static const struct assay_address any = {.host = "127.0.0.1", .port = "0"};
    struct road *r = calloc(1, sizeof(*r));

    *out = NULL;
    assay_error_clear(err);
    if (r == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "out of memory");
    }
    r->loop = loop;
    if (assay_listen(loop, &any, 0, on_accepted, r, &r->listener, err) !=
        ASSAY_OK) {
        free(r);
        return err->code;
    }
    *out = r;
    return ASSAY_OK;
}

void
road_free(struct road *r)
{
    if (r != NULL) {
        road_lead(r, NULL);
        assay_listener_close(r->listener);
        free(r);
    }
}

const char *
road_address(const struct road *r)
{
    return assay_listener_address(r->listener);
}
