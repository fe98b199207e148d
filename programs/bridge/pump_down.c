/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pump_down.c - from the target to the client's frames.
 *
 * A frame goes out whole before anything else: from memory, header and payload
 * in one, or, where reads come in full, header from memory and payload through
 * a pipe of the kernel's.
 */
#define _GNU_SOURCE /* splice */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tunnel_state.h"

#define TURNS_MAX 8u /* frames of one tunnel until others get theirs */

enum flow {
    FLOW_ON,      /* all of it went */
    FLOW_BLOCKED, /* the other side does not take, or give, more for now */
    FLOW_ENDED,
};

static bool
is_blocked(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

/* --- towards the client -------------------------------------------------- */

static enum flow
client_fails(struct tunnel *t)
{
    tunnel_say_why(t, TUNNEL_CLIENT_GONE);
    up_loses_client(t);
    return FLOW_ENDED;
}

static enum flow
send_some(struct tunnel *t, const uint8_t *bytes, uint8_t *at, uint8_t len,
          int flags)
{
    while (*at < len) {
        ssize_t n = send(t->client_fd, bytes + *at, (size_t)(len - *at),
                         MSG_NOSIGNAL | flags);

        if (n >= 0) {
            *at = (uint8_t)(*at + n);
        } else if (is_blocked()) {
            return FLOW_BLOCKED;
        } else if (errno != EINTR) {
            return client_fails(t);
        }
    }
    return FLOW_ON;
}

static enum flow
splice_out(struct tunnel *t)
{
    struct down *d = &t->down;

    while (d->in_pipe > 0) {
        ssize_t n = splice(d->pipe.out, NULL, t->client_fd, NULL, d->in_pipe,
                           SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

        if (n > 0) {
            d->in_pipe -= (size_t)n;
            count_down(t, (size_t)n);
            t->moved_ms = uv_now(t->all->loop);
        } else if (n < 0 && is_blocked()) {
            return FLOW_BLOCKED;
        } else if (n == 0 || errno != EINTR) {
            return client_fails(t);
        }
    }
    pipes_give_back(&t->all->pipes, &d->pipe, true);
    return FLOW_ON;
}

static enum flow
send_held(struct tunnel *t)
{
    bool failed;

    if (t->down.held.bytes == NULL ||
        held_send(&t->down.held, t->client_fd, &failed)) {
        return FLOW_ON;
    }
    return failed ? client_fails(t) : FLOW_BLOCKED;
}

/* The frame that has begun. */
static enum flow
finish_frame(struct tunnel *t)
{
    struct down *d = &t->down;
    enum flow flow = send_held(t);

    if (flow == FLOW_ON && d->header_at < d->header_len) {
        flow = send_some(t, d->header, &d->header_at, d->header_len, MSG_MORE);
    }
    if (flow == FLOW_ON && d->in_pipe > 0) {
        flow = splice_out(t);
    }
    return flow;
}

/* --- control frames ------------------------------------------------------ */

/* For whoever looks at a client's log; an end that is as it should be needs no
 * words. */
static struct assay_slice
reason_of(const struct tunnel *t)
{
    return t->why == TUNNEL_CLOSED ? ASSAY_EMPTY
                                   : assay_slice_of(tunnel_why_name(t->why));
}

/* The Close is the last one. */
static void
next_control(struct tunnel *t)
{
    struct down *d = &t->down;

    d->control_at = 0;
    d->control_len = 0;
    if (d->closed) {
        return;
    }
    if (d->pong_due) {
        d->pong_due = false;
        d->control_len = (uint8_t)assay_ws_put_control(
            d->control, ASSAY_WS_PONG,
            (struct assay_slice){d->pong, d->pong_len}, NULL);
    } else if (d->ping_due) {
        d->ping_due = false;
        d->control_len = (uint8_t)assay_ws_put_control(
            d->control, ASSAY_WS_PING, ASSAY_EMPTY, NULL);
    } else if (d->close_code != 0) {
        d->closed = true;
        d->control_len = (uint8_t)assay_ws_put_close(d->control, d->close_code,
                                                     reason_of(t), NULL);
    }
}

static enum flow
send_controls(struct tunnel *t)
{
    struct down *d = &t->down;
    enum flow flow;

    do {
        flow = send_some(t, d->control, &d->control_at, d->control_len, 0);
        if (flow == FLOW_ON) {
            next_control(t);
        }
    } while (flow == FLOW_ON && d->control_len > 0);
    return flow;
}

/* --- from the target ----------------------------------------------------- */

/* A client that has sent a Close gets its own code back (section 5.5.1), unless
 * something went wrong behind it. */
static enum flow
target_ends(struct tunnel *t, bool failed)
{
    t->down.done = true;
    if (failed || t->target_failed) {
        tunnel_close_client(t, ASSAY_WS_INTERNAL, TUNNEL_TARGET_FAILED);
    } else {
        tunnel_close_client(t, t->echo != 0 ? t->echo : ASSAY_WS_NORMAL,
                            TUNNEL_CLOSED);
    }
    return FLOW_ENDED;
}

/* After a read or splice that gave n octets. */
static enum flow
took(struct tunnel *t, ssize_t n)
{
    uint64_t now = uv_now(t->all->loop);

    if (n > 0) {
        t->down.bulk = (size_t)n >= TUNNEL_READ_BYTES;
        t->moved_ms = now;
        throttle_take(&t->down.throttle, t->all->limits.rate, now, (size_t)n);
        return FLOW_ON;
    }
    if (n < 0 && is_blocked()) {
        t->down.bulk = false;
        return FLOW_BLOCKED;
    }
    return target_ends(t, n < 0);
}

/* Header and payload side by side, so that one call sends them. */
static enum flow
copy_frame(struct tunnel *t)
{
    struct down *d = &t->down;
    uint8_t *payload = t->all->buffer + ASSAY_WS_HEADER_MAX_BYTES;
    uint8_t header[ASSAY_WS_HEADER_MAX_BYTES];
    size_t max = throttle_read_max(t->all->limits.rate, TUNNEL_READ_BYTES);
    enum flow flow;
    size_t got;
    size_t len;
    ssize_t n;

    do {
        n = recv(t->target_fd, payload, max, 0);
    } while (n < 0 && errno == EINTR);
    flow = took(t, n);
    if (flow != FLOW_ON) {
        return flow;
    }
    len = assay_ws_put_header(header, ASSAY_WS_BINARY, true, (uint64_t)n, NULL);
    payload -= len;
    assay_copy(payload, (struct assay_slice){header, len});
    len += (size_t)n;
    got = (size_t)n;
    do {
        n = send(t->client_fd, payload, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && !is_blocked()) {
        return client_fails(t);
    }
    n = n < 0 ? 0 : n;
    count_down(t, got);
    if ((size_t)n < len && !held_add(&d->held, payload + n, len - (size_t)n)) {
        return client_fails(t); /* a frame in part can be ended no more */
    }
    return d->held.bytes == NULL ? FLOW_ON : FLOW_BLOCKED;
}

static enum flow
splice_frame(struct tunnel *t)
{
    struct down *d = &t->down;
    size_t max = throttle_read_max(t->all->limits.rate, PIPE_BYTES);
    enum flow flow;
    ssize_t n;

    do {
        n = splice(t->target_fd, NULL, d->pipe.in, NULL, max,
                   SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    } while (n < 0 && errno == EINTR);
    flow = took(t, n);
    if (flow != FLOW_ON) {
        pipes_give_back(&t->all->pipes, &d->pipe, true);
        return flow;
    }
    d->in_pipe = (size_t)n;
    d->header_at = 0;
    d->header_len = (uint8_t)assay_ws_put_header(d->header, ASSAY_WS_BINARY,
                                                 true, (uint64_t)n, NULL);
    return finish_frame(t);
}

static enum flow
next_frame(struct tunnel *t)
{
    struct down *d = &t->down;

    if (d->bulk && pipes_take(&t->all->pipes, &d->pipe)) {
        return splice_frame(t);
    }
    return copy_frame(t);
}

/* Nobody is there any more whom it could be told. False: nothing more for now.
 */
static bool
drop(struct tunnel *t)
{
    struct down *d = &t->down;
    ssize_t n = recv(t->target_fd, t->all->buffer, TUNNEL_READ_BYTES, 0);

    if (n < 0 && is_blocked()) {
        return false;
    }
    if (n > 0) {
        d->dropped += (uint32_t)n;
    }
    d->done = n == 0 || (n < 0 && errno != EINTR) ||
              d->dropped >= TUNNEL_DROP_MAX_BYTES;
    return !d->done;
}

static bool
drops(const struct tunnel *t)
{
    return t->down.closed || t->down.deaf;
}

/* But for how much was read of late. */
static bool
may_read(const struct tunnel *t)
{
    return !t->down.done && !drops(t) && !down_wants_client(t);
}

static bool
is_early(const struct tunnel *t)
{
    return throttle_due(&t->down.throttle, t->all->limits.rate) >
           uv_now(t->all->loop);
}

void
down_turn(struct tunnel *t)
{
    enum flow flow = FLOW_ON;
    unsigned turns = 0;

    while (flow == FLOW_ON && !t->down.deaf) {
        flow = finish_frame(t);
        if (flow == FLOW_ON) {
            flow = send_controls(t);
        }
        if (flow != FLOW_ON || !may_read(t) || is_early(t) ||
            turns++ == TURNS_MAX) {
            break;
        }
        flow = next_frame(t);
        if (flow == FLOW_ENDED && !t->down.deaf) {
            flow = FLOW_ON; /* the Close */
        }
    }
    while (drops(t) && !t->down.done && turns++ < TURNS_MAX && drop(t)) {
    }
}

uint64_t
down_taken(const struct tunnel *t)
{
    const struct down *d = &t->down;
    uint64_t held = d->held.len - d->held.at; /* with its header, if at all */

    return d->total > held ? d->total - held : 0;
}

/* Has something begun that the client does not take? */
bool
down_wants_client(const struct tunnel *t)
{
    const struct down *d = &t->down;

    return !d->deaf && (d->held.bytes != NULL || d->header_at < d->header_len ||
                        d->in_pipe > 0 || d->control_at < d->control_len);
}

bool
down_wants_target(const struct tunnel *t)
{
    return (drops(t) && !t->down.done) || (may_read(t) && !is_early(t));
}

bool
down_waits(const struct tunnel *t)
{
    return may_read(t) && is_early(t);
}
