/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tunnel_limits.c - what a tunnel has one timer for: its limits, Pings, and
 * reading on where it read too much.
 */
#include "tunnel_state.h"

static bool
is_past(uint64_t now, uint64_t since, uint32_t within)
{
    return within > 0 && now - since >= within;
}

/* How long nothing may move: not for long once the client has ended, and waits
 * behind a target that takes nothing. */
static uint32_t
idle_limit(const struct tunnel *t)
{
    const struct tunnel_limits *l = &t->all->limits;

    if (t->client_left && l->close_ms > 0 &&
        (l->idle_ms == 0 || l->close_ms < l->idle_ms)) {
        return l->close_ms;
    }
    return l->idle_ms;
}

/* The silence of a client that nobody listens to means nothing. */
static uint64_t
ping_limit(const struct tunnel *t)
{
    uint64_t ping = t->all->limits.ping_ms;

    if (!up_wants_client(t)) {
        return 0;
    }
    return t->asked ? 2 * ping : ping;
}

/* --- waiting ------------------------------------------------------------- */

static uint64_t
soonest(uint64_t a, uint64_t since, uint64_t within)
{
    uint64_t b = within > 0 ? since + within : UINT64_MAX;

    return a < b ? a : b;
}

/* When one that has read too much reads on. */
static uint64_t
resumption(const struct tunnel *t)
{
    uint32_t rate = t->all->limits.rate;
    uint64_t at = UINT64_MAX;

    if (up_waits(t)) {
        at = throttle_due(&t->up.throttle, rate);
    }
    if (down_waits(t)) {
        at = soonest(at, 0, throttle_due(&t->down.throttle, rate));
    }
    return at;
}

/* When to look again. A tunnel that ends has one limit more, and no other. */
static uint64_t
deadline(const struct tunnel *t)
{
    const struct tunnel_limits *l = &t->all->limits;
    uint64_t at = l->rate > 0 ? resumption(t) : UINT64_MAX;

    if (t->ending_ms != 0) {
        return soonest(at, t->ending_ms, l->close_ms);
    }
    at = soonest(at, t->began_ms, l->life_ms);
    at = soonest(at, t->moved_ms, idle_limit(t));
    return soonest(at, t->heard_ms, ping_limit(t));
}

static void on_timer(uv_timer_t *timer);

/* One that wakes too early is set again then: cheaper than with every octet. */
void
tunnel_set_timer(struct tunnel *t)
{
    uint64_t now = uv_now(t->all->loop);
    uint64_t at = deadline(t);
    uint64_t left = at > now ? at - now : 0;

    if (at != UINT64_MAX && (!uv_is_active((uv_handle_t *)&t->timer) ||
                             uv_timer_get_due_in(&t->timer) > left)) {
        uv_timer_start(&t->timer, on_timer, left, 0);
    }
}

/* --- looking ------------------------------------------------------------- */

/* Whoever has not ended by now has had its time. A client that has waited for
 * the target's last words is told that there are none. */
static void
give_up(struct tunnel *t)
{
    if (t->why == TUNNEL_CLOSED && t->down.close_code == 0) {
        tunnel_close_client(t, t->echo, TUNNEL_CLOSED);
        down_turn(t);
    }
    if (t->why == TUNNEL_CLOSED && (!t->down.closed || !t->up.shut)) {
        t->why = TUNNEL_CLOSE_TIMEOUT;
    }
    tunnel_end(t);
}

static void
lose_client(struct tunnel *t, enum tunnel_why why)
{
    tunnel_say_why(t, why);
    up_loses_client(t);
}

static void
look(struct tunnel *t)
{
    const struct tunnel_limits *l = &t->all->limits;
    uint64_t now = uv_now(t->all->loop);
    uint64_t ping = ping_limit(t);

    if (is_past(now, t->began_ms, l->life_ms)) {
        tunnel_close_client(t, ASSAY_WS_GOING_AWAY, TUNNEL_TOO_OLD);
    } else if (is_past(now, t->moved_ms, l->idle_ms)) {
        tunnel_close_client(t, ASSAY_WS_GOING_AWAY, TUNNEL_IDLE);
    } else if (ping > 0 && now - t->heard_ms >= ping && t->asked) {
        lose_client(t, TUNNEL_UNANSWERED);
    } else if (ping > 0 && now - t->heard_ms >= ping) {
        t->asked = true;
        t->down.ping_due = true;
    }
}

static void
on_timer(uv_timer_t *timer)
{
    struct tunnel *t = timer->data;
    const struct tunnel_limits *l = &t->all->limits;
    uint64_t now = uv_now(t->all->loop);

    if (t->ending_ms != 0 && is_past(now, t->ending_ms, l->close_ms)) {
        give_up(t);
        return;
    }
    if (t->ending_ms == 0 && t->client_left &&
        is_past(now, t->moved_ms, l->close_ms)) {
        tunnel_say_why(t, TUNNEL_CLIENT_GONE);
        tunnel_end(t);
        return;
    }
    if (t->ending_ms == 0) {
        look(t);
    }
    tunnel_turn(t, false, false);
}
