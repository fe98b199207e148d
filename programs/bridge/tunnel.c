/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tunnel.c - the life of a tunnel: what it waits for, and when it is over.
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

void
tunnel_end(struct tunnel *t)
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

/* Does the client know that nothing more comes? */
static bool
is_told(const struct tunnel *t)
{
    const struct down *d = &t->down;

    return d->deaf || (d->closed && d->control_at == d->control_len);
}

/* Each side has ended, and was told that the other one has. */
static bool
is_finished(const struct tunnel *t)
{
    bool up = t->up.shut || t->up.deaf;

    return t->up.done && !t->up.drops && up && is_told(t) && t->down.done;
}

/* --- waiting ------------------------------------------------------------- */

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

/* Reading finds the end of a side; who does not read has to be told of it, once
 * (it stays true). */
static int
events_of(bool reads, bool writes, bool left)
{
    int reading = reads ? UV_READABLE : left ? 0 : UV_DISCONNECT;

    return reading | (writes ? UV_WRITABLE : 0);
}

static void on_client(uv_poll_t *handle, int status, int events);
static void on_target(uv_poll_t *handle, int status, int events);

static void
wait_on(struct tunnel *t)
{
    int client =
        events_of(up_wants_client(t), down_wants_client(t), t->client_left);
    int target =
        events_of(down_wants_target(t), up_wants_target(t), t->target_left);

    t->client_events =
        poll_for(&t->client, t->client_events, client, on_client);
    t->target_events =
        poll_for(&t->target, t->target_events, target, on_target);
    tunnel_set_timer(t);
}

/* The client waits for the end of the connection behind its Close. */
static void
show_end(struct tunnel *t)
{
    if (t->up.done && is_told(t) && !t->down.shut) {
        t->down.shut = true;
        (void)shutdown(t->client_fd, SHUT_WR);
    }
}

void
tunnel_turn(struct tunnel *t, bool up, bool down)
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
        tunnel_end(t);
    } else {
        show_end(t);
        wait_on(t);
    }
}

/* An error is named by the call that it fails. What has come before it is still
 * delivered, as far as the other side takes it in time. */
static void
client_fails(struct tunnel *t)
{
    t->client_events = 0; /* libuv has stopped */
    t->client_left = true;
    up_turn(t);
    t->down.deaf = true;
    if (!t->up.done) {
        tunnel_say_why(t, TUNNEL_CLIENT_GONE);
    }
}

static void
target_fails(struct tunnel *t)
{
    t->target_events = 0;
    t->target_left = true;
    t->target_failed = true;
    up_loses_target(t);
    down_turn(t);
    if (!t->down.done) {
        tunnel_say_why(t, TUNNEL_TARGET_FAILED);
    }
}

static void
on_client(uv_poll_t *handle, int status, int events)
{
    struct tunnel *t = handle->data;

    if (status < 0) {
        client_fails(t);
    } else if ((events & UV_DISCONNECT) != 0) {
        t->client_left = true;
        t->moved_ms = uv_now(handle->loop);
    }
    tunnel_turn(t, (events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0);
}

static void
on_target(uv_poll_t *handle, int status, int events)
{
    struct tunnel *t = handle->data;

    if (status < 0) {
        target_fails(t);
    } else if ((events & UV_DISCONNECT) != 0) {
        t->target_left = true;
    }
    tunnel_turn(t, (events & UV_WRITABLE) != 0, (events & UV_READABLE) != 0);
}

/* --- life ---------------------------------------------------------------- */

static bool
init_poll(struct tunnel *t, uv_poll_t *handle, int fd)
{
    if (uv_poll_init(t->all->loop, handle, fd) != 0) {
        return false;
    }
    handle->data = t;
    t->handles++;
    return true;
}

/* False: not both of the descriptors can be waited for. */
static bool
init_handles(struct tunnel *t)
{
    (void)uv_timer_init(t->all->loop, &t->timer);
    t->timer.data = t;
    t->handles = 1;
    if (!init_poll(t, &t->client, t->client_fd)) {
        return false;
    }
    if (!init_poll(t, &t->target, t->target_fd)) {
        uv_close((uv_handle_t *)&t->client, on_closed);
        return false;
    }
    return true;
}

static void
link_tunnel(struct tunnel *t)
{
    struct tunnels *all = t->all;

    t->next = all->first;
    t->link = &all->first;
    if (t->next != NULL) {
        t->next->link = &t->next;
    }
    all->first = t;
    all->count++;
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
    if (!init_handles(t)) {
        uv_close((uv_handle_t *)&t->timer, on_closed);
        close(client);
        close(target);
        return false;
    }
    t->began_ms = t->moved_ms = t->heard_ms = uv_now(all->loop);
    link_tunnel(t);
    if (ahead_len > 0) {
        up_feed(t, ahead, ahead_len);
    }
    tunnel_turn(t, true, true);
    return true;
}

void
tunnels_drain(struct tunnels *all)
{
    for (struct tunnel *t = all->first, *next; t != NULL; t = next) {
        next = t->next;
        tunnel_close_client(t, ASSAY_WS_GOING_AWAY, TUNNEL_DRAINED);
        tunnel_turn(t, false, true);
    }
}

void
tunnels_cut(struct tunnels *all)
{
    while (all->first != NULL) {
        tunnel_say_why(all->first, TUNNEL_DRAINED);
        tunnel_end(all->first);
    }
}
