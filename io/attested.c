/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * attested.c - an attested session on a real connection: its phases, and bytes
 * both ways. What it needs of others is in attested_needs.c.
 *
 * assay_attested_advance() looks at the session's state and does what it needs
 * next; every event of the outside ends in it.
 */
#include "io/attested_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "io/moment.h"

/* Nothing is read above these: ciphertext that the session did not take yet,
 * and bytes that the peer does not take from us. */
#define HELD_MAX   (256u * 1024u)
#define QUEUED_MAX (1024u * 1024u)

const char *
assay_attested_phase_name(enum assay_attested_phase p)
{
    static const char *const names[] = {"connect",    "handshake", "quote",
                                        "collateral", "appraise",  "evidence",
                                        "open"};

    return names[p];
}

static int64_t
clock_us(void)
{
    return (int64_t)(uv_hrtime() / 1000);
}

/* --- ending ------------------------------------------------------------- */

static void
free_memory(uv_handle_t *timer)
{
    struct assay_attested *a = timer->data;

    assay_client_free(a->session);
    assay_supplied_release(a->supplied);
    assay_buf_free(&a->held);
    free(a);
}

/* Lets go of everything outside. */
static void
detach(struct assay_attested *a)
{
    a->ended = true;
    (void)uv_timer_stop(&a->timer);
    if (a->dial != NULL) {
        assay_dial_cancel(a->dial);
        a->dial = NULL;
    }
    if (a->call != NULL) {
        assay_supply_cancel(a->call);
        a->call = NULL;
    }
    if (a->quote != NULL) {
        assay_quoter_cancel(a->quote);
        a->quote = NULL;
    }
    assay_stream_close(a->stream);
    a->stream = NULL;
}

/* As far as it gets. A raw stream whose owner has not ended it was cut: its end
 * must not look like one. */
static void
say_goodbye(struct assay_attested *a)
{
    if (!a->ended && a->session != NULL && a->stream != NULL &&
        assay_client_state(a->session) != ASSAY_CLIENT_RAW) {
        assay_client_close(a->session);
        assay_attested_flush(a);
    }
}

void
assay_attested_cut(struct assay_attested *a)
{
    if (a != NULL) {
        detach(a);
        uv_close((uv_handle_t *)&a->timer, free_memory);
    }
}

void
assay_attested_close(struct assay_attested *a)
{
    if (a != NULL) {
        say_goodbye(a);
        assay_attested_cut(a);
    }
}

void
assay_attested_fail(struct assay_attested *a, const struct assay_error *err,
                    bool peer)
{
    if (a->ended) {
        return;
    }
    if (a->phase < ASSAY_PHASE_COUNT) { /* how long it lasted until then */
        a->phase_us[a->phase] = clock_us() - a->phase_began_us;
    }
    if (a->session != NULL) {
        assay_client_abort(a->session, err);
        assay_attested_flush(a); /* the alert */
    }
    detach(a);
    a->events.failed(a->user, err, peer);
}

/* --- phases ------------------------------------------------------------- */

static void
on_timeout(uv_timer_t *timer)
{
    struct assay_attested *a = timer->data;
    struct assay_error err;

    assay_error_clear(&err);
    assay_fail(&err, ASSAY_TIMEOUT, ASSAY_NO_OFFSET,
               "%s: no end of the phase '%s' within %.1f s",
               a->session_options.server_name,
               assay_attested_phase_name(a->phase),
               (double)a->o.phase_ms / 1000.0);
    assay_attested_fail(a, &err, false);
}

void
assay_attested_enter(struct assay_attested *a, enum assay_attested_phase phase)
{
    int64_t now_us = clock_us();

    if (a->phase < ASSAY_PHASE_COUNT && a->phase != phase) {
        a->phase_us[a->phase] = now_us - a->phase_began_us;
    }
    a->phase = phase;
    a->phase_began_us = now_us;
    if (phase == ASSAY_PHASE_COUNT) {
        (void)uv_timer_stop(&a->timer);
    } else if (phase != ASSAY_PHASE_CONNECT) { /* which dial.c limits */
        (void)uv_timer_start(&a->timer, on_timeout, a->o.phase_ms, 0);
    }
}

/* --- bytes -------------------------------------------------------------- */

void
assay_attested_flush(struct assay_attested *a)
{
    struct assay_slice out;

    if (a->session == NULL || a->stream == NULL) {
        return;
    }
    out = assay_client_output(a->session);
    if (out.len > 0) {
        assay_stream_write(a->stream, out);
        assay_client_sent(a->session, out.len);
    }
}

size_t
assay_attested_queued(const struct assay_attested *a)
{
    return a->stream != NULL ? assay_stream_queued(a->stream) : 0;
}

static size_t
untaken(const struct assay_attested *a)
{
    return a->held.len + a->fresh.len;
}

bool
assay_attested_is_quiet(const struct assay_attested *a)
{
    return !a->ended && !a->peer_closed && a->session != NULL &&
           assay_client_state(a->session) == ASSAY_CLIENT_OPEN &&
           assay_client_read(a->session).len == 0 && untaken(a) == 0 &&
           assay_stream_is_quiet(a->stream);
}

/* A connection that waits has no buffer. */
static void
let_go(struct assay_attested *a, size_t used)
{
    if (a->held.len == 0) {
        a->fresh.ptr += used;
        a->fresh.len -= used;
        return;
    }
    memmove(a->held.ptr, a->held.ptr + used, a->held.len - used);
    a->held.len -= used;
    if (a->held.len == 0) {
        assay_buf_free(&a->held);
    }
}

/* Into the session as far as it takes it; the octets that it took. A failure
 * of the session is this one's. */
static size_t
feed(struct assay_attested *a)
{
    struct assay_slice in =
        a->held.len > 0 ? assay_buf_slice(&a->held) : a->fresh;
    struct assay_error err;
    size_t used = 0;

    if (in.len == 0) {
        return 0;
    }
    if (assay_client_feed(a->session, in, &used, &err) != ASSAY_OK) {
        assay_attested_flush(a);
        assay_attested_fail(a, &err, assay_client_peer_failed(a->session));
        return 0;
    }
    let_go(a, used);
    return used;
}

static void
set_reading(struct assay_attested *a)
{
    bool on = untaken(a) < HELD_MAX && assay_attested_queued(a) < QUEUED_MAX;

    if (a->stream != NULL && on != a->reading) {
        a->reading = on;
        assay_stream_read(a->stream, on);
    }
}

static void
hold(struct assay_attested *a, struct assay_slice data)
{
    struct assay_error err;

    assay_error_clear(&err);
    assay_buf_add(&a->held, data);
    if (assay_buf_check(&a->held, "connection", &err) != ASSAY_OK) {
        assay_attested_fail(a, &err, false);
    }
}

static void
on_data(void *user, struct assay_slice data)
{
    struct assay_attested *a = user;

    if (a->held.len > 0) {
        hold(a, data);
    } else {
        a->fresh = data;
    }
    assay_attested_advance(a);
    data = a->fresh;
    a->fresh = ASSAY_EMPTY;
    if (!a->ended && data.len > 0) {
        hold(a, data);
    }
}

static void
on_eof(void *user)
{
    struct assay_attested *a = user;

    a->peer_closed = true;
    assay_attested_advance(a);
}

static void
on_drained(void *user)
{
    struct assay_attested *a = user;

    if (a->phase == ASSAY_PHASE_COUNT && a->events.drained != NULL) {
        a->events.drained(a->user);
    }
    if (!a->ended) {
        set_reading(a);
    }
}

static void
on_stream_failed(void *user, const struct assay_error *err)
{
    assay_attested_fail(user, err, false);
}

/* --- the flow ----------------------------------------------------------- */

void
assay_attested_tell_open(struct assay_attested *a)
{
    assay_attested_enter(a, ASSAY_PHASE_COUNT);
    if (a->events.open != NULL) {
        a->events.open(a->user);
    }
}

static void
tell_open_session(struct assay_attested *a)
{
    if (assay_client_read(a->session).len > 0 && a->events.data != NULL) {
        a->events.data(a->user);
    }
    if (!a->ended && !a->told_read_done &&
        assay_client_state(a->session) == ASSAY_CLIENT_RAW &&
        assay_client_read_done(a->session) && a->events.read_done != NULL) {
        a->told_read_done = true;
        a->events.read_done(a->user);
    }
    if (!a->ended && a->session != NULL && !a->told_closed &&
        assay_client_state(a->session) == ASSAY_CLIENT_CLOSED &&
        a->events.closed != NULL) {
        a->told_closed = true;
        a->events.closed(a->user);
    }
}

/* What the session's state calls for. */
static void
act(struct assay_attested *a)
{
    switch (assay_client_state(a->session)) {
    case ASSAY_CLIENT_HANDSHAKE:
        break;
    case ASSAY_CLIENT_QUOTE:
        if (a->phase == ASSAY_PHASE_HANDSHAKE) {
            assay_attested_enter(a, ASSAY_PHASE_QUOTE);
        }
        break;
    case ASSAY_CLIENT_NEED_COLLATERAL:
        if (a->call == NULL) {
            assay_attested_find_collateral(a);
        }
        break;
    case ASSAY_CLIENT_APPRAISE: /* passed through at once */
    case ASSAY_CLIENT_NEED_EVIDENCE:
    case ASSAY_CLIENT_EVIDENCE:
        break;
    case ASSAY_CLIENT_OPEN:
        if (a->phase == ASSAY_PHASE_EVIDENCE) { /* which was accepted */
            assay_attested_tell_open(a);
        }
        if (!a->ended) {
            tell_open_session(a);
        }
        break;
    case ASSAY_CLIENT_RAW:
    case ASSAY_CLIENT_CLOSED:
        tell_open_session(a);
        break;
    case ASSAY_CLIENT_FAILED:
        assay_attested_fail(a, assay_client_error(a->session),
                            assay_client_peer_failed(a->session));
        break;
    }
}

/* Feeds and acts until the session takes no more: a reader who makes room in
 * it gets what is held here, too. Callbacks may close the connection: the
 * memory outlives this turn of the loop, so `ended` can be asked. */
void
assay_attested_advance(struct assay_attested *a)
{
    size_t waiting;
    size_t fed;

    if (a->ended) {
        return;
    }
    do {
        fed = feed(a);
        if (a->ended) {
            return;
        }
        if (a->peer_closed && untaken(a) == 0) {
            assay_client_eof(a->session);
        }
        assay_attested_flush(a);
        waiting = assay_client_read(a->session).len;
        act(a);
        if (a->ended) {
            return;
        }
    } while (untaken(a) > 0 &&
             (fed > 0 || assay_client_read(a->session).len < waiting));
    set_reading(a);
}

void
assay_attested_resume(struct assay_attested *a)
{
    assay_attested_advance(a);
}

/* --- beginning ---------------------------------------------------------- */

static void
start_session(struct assay_attested *a)
{
    static const struct assay_stream_events events = {
        .data = on_data,
        .eof = on_eof,
        .drained = on_drained,
        .failed = on_stream_failed,
    };
    uint8_t nonce[ASSAY_NONCE_BYTES];
    struct assay_error err;

    assay_random_bytes(nonce, sizeof(nonce));
    if (assay_client_new(&a->session_options, assay_now(), nonce, &a->session,
                         &err) != ASSAY_OK) {
        assay_attested_fail(a, &err, false);
        return;
    }
    assay_attested_enter(a, ASSAY_PHASE_HANDSHAKE);
    assay_stream_tell(a->stream, &events, a);
    assay_attested_flush(a);
    set_reading(a);
}

static void
on_dialed(void *user, struct assay_stream *stream,
          const struct assay_error *err)
{
    struct assay_attested *a = user;

    a->dial = NULL;
    if (stream == NULL) {
        assay_attested_fail(a, err, false);
        return;
    }
    a->stream = stream;
    (void)snprintf(a->peer, sizeof(a->peer), "%s", assay_stream_peer(stream));
    start_session(a);
}

struct assay_attested *
assay_attested_new(uv_loop_t *loop,
                   const struct assay_attested_options *options,
                   const struct assay_attested_events *events, void *user)
{
    struct assay_attested *a = calloc(1, sizeof(*a));

    if (a == NULL) {
        return NULL;
    }
    a->loop = loop;
    a->o = *options;
    a->session_options = *options->session;
    a->dial_options = *options->dial;
    a->events = *events;
    a->user = user;
    if (a->o.phase_ms == 0) {
        a->o.phase_ms = ASSAY_ATTESTED_PHASE_MS;
    }
    assay_buf_init(&a->held, 4 * (size_t)HELD_MAX);
    if (uv_timer_init(loop, &a->timer) != 0) {
        free(a);
        return NULL;
    }
    a->timer.data = a;
    a->phase = ASSAY_PHASE_COUNT;
    assay_attested_enter(a, ASSAY_PHASE_CONNECT);
    a->dial = assay_dial_start(loop, &a->dial_options, on_dialed, a);
    if (a->dial == NULL) {
        assay_attested_close(a);
        return NULL;
    }
    return a;
}

/* --- asking ------------------------------------------------------------- */

struct assay_client *
assay_attested_session(struct assay_attested *a)
{
    return a->session;
}

enum assay_code
assay_attested_reattest(struct assay_attested *a, struct assay_error *err)
{
    uint8_t nonce[ASSAY_NONCE_BYTES];

    assay_random_bytes(nonce, sizeof(nonce));
    if (assay_client_reattest(a->session, assay_now(), nonce, err) ==
        ASSAY_OK) {
        assay_attested_enter(a, ASSAY_PHASE_QUOTE);
        assay_attested_flush(a);
    }
    return err->code;
}

enum assay_attested_phase
assay_attested_phase(const struct assay_attested *a)
{
    return a->phase;
}

int64_t
assay_attested_phase_us(const struct assay_attested *a,
                        enum assay_attested_phase p)
{
    return a->phase_us[p];
}

enum assay_origin
assay_attested_origin(const struct assay_attested *a)
{
    return assay_supplied_origin(a->supplied);
}

const struct assay_collateral *
assay_attested_collateral(const struct assay_attested *a)
{
    return a->supplied != NULL ? assay_supplied_collateral(a->supplied) : NULL;
}

const char *
assay_attested_peer(const struct assay_attested *a)
{
    return a->peer;
}
