/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tunnel.c - the life of a tunnel: what it waits for, and how it ends.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tunnel_state.h"

const char *
tunnel_why_name(enum tunnel_why why)
{
    static const char *const names[TUNNEL_WHYS] = {
        [TUNNEL_CLOSED] = "closed",
        [TUNNEL_CLIENT_GONE] = "client_gone",
        [TUNNEL_CLIENT_WRONG] = "protocol_error",
        [TUNNEL_TARGET_FAILED] = "target_failed",
        [TUNNEL_IDLE] = "idle",
        [TUNNEL_UNANSWERED] = "ping_unanswered",
        [TUNNEL_TOO_OLD] = "lifetime",
        [TUNNEL_CLOSE_TIMEOUT] = "close_timeout",
        [TUNNEL_DRAINED] = "drained",
        [TUNNEL_NO_MEMORY] = "no_memory",
    };

    return names[why];
}

void
tunnel_say_why(struct tunnel *t, enum tunnel_why why)
{
    if (t->ending_ms == 0) {
        t->ending_ms = uv_now(t->all->loop);
        t->why = why;
    }
}

void
tunnel_close_client(struct tunnel *t, unsigned code, enum tunnel_why why)
{
    tunnel_say_why(t, why);
    if (t->down.close_code == 0) {
        t->down.close_code = (uint16_t)code;
    }
}

/* --- the end ------------------------------------------------------------- */

static void
on_closed(uv_handle_t *handle)
{
    struct tunnel *t = handle->data;

    if (--t->handles == 0) {
        free(t);
    }
}

/* While what is held is still known. */
static struct tunnel_report
make_report(const struct tunnel *t)
{
    return (struct tunnel_report){
        .why = t->why,
        .code = t->down.closed ? t->down.close_code : 0,
        .up = t->up.total,
        .down = down_taken(t),
        .ms = uv_now(t->all->loop) - t->began_ms,
    };
}

static void
end(struct tunnel *t)
{
    struct down *d = &t->down;
    struct tunnel_report report = make_report(t);

    *t->link = t->next;
    if (t->next != NULL) {
        t->next->link = t->link;
    }
    t->all->count--;
    uv_close((uv_handle_t *)&t->client, on_closed);
    uv_close((uv_handle_t *)&t->target, on_closed);
    uv_close((uv_handle_t *)&t->timer, on_closed);
    close(t->client_fd);
    close(t->target_fd);
    pipes_give_back(&t->all->pipes, &d->pipe, d->in_pipe == 0);
    held_free(&t->up.held);
    held_free(&d->held);
    t->ended(t->user, &report);
}

/* Each side has ended, and was told that the other one has. */
static bool
is_finished(const struct tunnel *t)
{
    const struct down *d = &t->down;
    bool up = t->up.shut || t->up.deaf;
    bool told = d->closed && d->control_at == d->control_len;

    return t->up.done && up && (told || d->deaf);
}

/* --- waiting ------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static uint64_t
soonest(uint64_t a, uint64_t since, uint32_t within)
{
    uint64_t b = within > 0 ? since + within : UINT64_MAX;

    return a < b ? a : b;
}

/* When to look again. A tunnel that ends has one limit more, and no other. */
static uint64_t
deadline(const struct tunnel *t)
{
    const struct tunnel_limits *l = &t->all->limits;
    uint64_t at = UINT64_MAX;

    if (t->ending_ms != 0) {
        return soonest(at, t->ending_ms, l->close_ms);
    }
    at = soonest(at, t->began_ms, l->life_ms);
    at = soonest(at, t->moved_ms, l->idle_ms);
    return soonest(at, t->heard_ms, t->asked ? 2 * l->ping_ms : l->ping_ms);
}

/* One that wakes too early is set again then: cheaper than with every octet. */
static void
set_timer(struct tunnel *t)
{
    uint64_t now = uv_now(t->all->loop);
    uint64_t at = deadline(t);
    uint64_t left = at > now ? at - now : 0;

    if (at != UINT64_MAX && (!uv_is_active((uv_handle_t *)&t->timer) ||
                             uv_timer_get_due_in(&t->timer) > left)) {
        uv_timer_start(&t->timer, on_timer, left, 0);
    }
}

static int
poll_for(uv_poll_t *handle, int had, int events, uv_poll_cb on)
{
    if (events == had) {
        return had;
    }
    if (events == 0) {
        uv_poll_stop(handle);
    } else {
        (void)uv_poll_start(handle, events, on);
    }
    return events;
}

static void on_client(uv_poll_t *handle, int status, int events);
static void on_target(uv_poll_t *handle, int status, int events);

static void
wait_on(struct tunnel *t)
{
    int client = (up_wants_client(t) ? UV_READABLE : 0) |
                 (down_wants_client(t) ? UV_WRITABLE : 0);
    int target = (down_wants_target(t) ? UV_READABLE : 0) |
                 (up_wants_target(t) ? UV_WRITABLE : 0);

    t->client_events =
        poll_for(&t->client, t->client_events, client, on_client);
    t->target_events =
        poll_for(&t->target, t->target_events, target, on_target);
    set_timer(t);
}

/* Behind whatever happened. */
static void
turn(struct tunnel *t, bool up, bool down)
{
    if (up) {
        up_turn(t);
    }
    if (down || t->down.pong_due || t->down.close_code != 0 ||
        t->down.ping_due) {
        down_turn(t);
    }
    if (t->up.done && !t->up.shut) {
        up_turn(t); /* what the way down has ended */
    }
    if (is_finished(t)) {
        end(t);
    } else {
        wait_on(t);
    }
}

/* status: an error is met, and named, by the call that it fails. */
static void
on_client(uv_poll_t *handle, int status, int events)
{
    turn(handle->data, status < 0 || (events & UV_READABLE) != 0,
         status < 0 || (events & UV_WRITABLE) != 0);
}

static void
on_target(uv_poll_t *handle, int status, int events)
{
    turn(handle->data, status < 0 || (events & UV_WRITABLE) != 0,
         status < 0 || (events & UV_READABLE) != 0);
}

/* --- limits -------------------------------------------------------------- */

static bool
is_past(uint64_t now, uint64_t since, uint32_t within)
{
    return within > 0 && now - since >= within;
}

/* The client has waited long enough for the target's last words. */
static void
give_up(struct tunnel *t)
{
    if (t->why == TUNNEL_CLOSED && t->down.close_code == 0) {
        t->down.done = true;
        tunnel_close_client(t, ASSAY_WS_NORMAL, TUNNEL_CLOSED);
        down_turn(t);
    }
    if (!t->down.closed || !t->up.shut) {
        t->why = TUNNEL_CLOSE_TIMEOUT;
    }
    end(t);
}

static void
look(struct tunnel *t)
{
    const struct tunnel_limits *l = &t->all->limits;
    uint64_t now = uv_now(t->all->loop);

    if (is_past(now, t->began_ms, l->life_ms)) {
        tunnel_close_client(t, ASSAY_WS_GOING_AWAY, TUNNEL_TOO_OLD);
    } else if (is_past(now, t->moved_ms, l->idle_ms)) {
        tunnel_close_client(t, ASSAY_WS_GOING_AWAY, TUNNEL_IDLE);
    } else if (t->asked && is_past(now, t->heard_ms, 2 * l->ping_ms)) {
        t->down.deaf = true;
        t->up.done = true;
        tunnel_say_why(t, TUNNEL_UNANSWERED);
    } else if (!t->asked && is_past(now, t->heard_ms, l->ping_ms)) {
        t->asked = true;
        t->down.ping_due = true;
    }
    turn(t, false, false);
}

static void
on_timer(uv_timer_t *timer)
{
    struct tunnel *t = timer->data;

    if (t->ending_ms == 0) {
        look(t);
    } else if (is_past(uv_now(t->all->loop), t->ending_ms,
                       t->all->limits.close_ms)) {
        give_up(t);
    } else {
        set_timer(t);
    }
}

/* --- life ---------------------------------------------------------------- */

static void
init_handles(struct tunnel *t)
{
    uv_loop_t *loop = t->all->loop;

    (void)uv_poll_init(loop, &t->client, t->client_fd);
    (void)uv_poll_init(loop, &t->target, t->target_fd);
    (void)uv_timer_init(loop, &t->timer);
    t->client.data = t;
    t->target.data = t;
    t->timer.data = t;
    t->handles = 3;
}

bool
tunnel_open(struct tunnels *all, int client, int target, uint8_t *ahead,
            size_t ahead_len, tunnel_ended *ended, void *user)
{
    struct tunnel *t = calloc(1, sizeof(*t));

    if (t == NULL) {
        close(client);
        close(target);
        return false;
    }
    t->all = all;
    t->client_fd = client;
    t->target_fd = target;
    t->ended = ended;
    t->user = user;
    t->down.pipe = (struct pipe){.in = -1, .out = -1};
    assay_ws_decoder_init(&t->up.decoder, ASSAY_WS_SERVER, UINT64_MAX,
                          UINT64_MAX);
    init_handles(t);
    t->began_ms = t->moved_ms = t->heard_ms = uv_now(all->loop);
    t->next = all->first;
    t->link = &all->first;
    if (t->next != NULL) {
        t->next->link = &t->next;
    }
    all->first = t;
    all->count++;
    if (ahead_len > 0) {
        up_feed(t, ahead, ahead_len);
    }
    turn(t, true, true);
    return true;
}

void
tunnels_drain(struct tunnels *all)
{
    for (struct tunnel *t = all->first, *next; t != NULL; t = next) {
        next = t->next;
        tunnel_close_client(t, ASSAY_WS_GOING_AWAY, TUNNEL_DRAINED);
        turn(t, false, true);
    }
}

void
tunnels_cut(struct tunnels *all)
{
    while (all->first != NULL) {
        tunnel_say_why(all->first, TUNNEL_DRAINED);
        end(all->first);
    }
}
