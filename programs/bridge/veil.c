/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * veil.c - the life of a veil: what it waits for, and how it ends.
 */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "veil_state.h"

void
veil_tell(const struct veil *v, enum veil_event event, const char *detail)
{
    if (v->all->told != NULL) {
        v->all->told(v->all->user, event, v->peer, detail);
    }
}

/* --- the end ------------------------------------------------------------- */

static void
on_closed(uv_handle_t *handle)
{
    struct veil *v = handle->data;

    if (--v->handles == 0) {
        free(v);
    }
}

/* Those that were made; with the last one it goes. */
static void
close_handles(struct veil *v)
{
    uv_handle_t *all[] = {(uv_handle_t *)&v->client, (uv_handle_t *)&v->plain,
                          (uv_handle_t *)&v->timer};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i]->data != NULL) {
            uv_close(all[i], on_closed);
        }
    }
}

/* Also what was made in part. */
static void
release(struct veil *v)
{
    veil_tls_free(&v->tls);
    certificate_drop(v->certificate);
    held_free(&v->up.held);
    held_free(&v->down.held);
    if (v->client_fd >= 0) {
        close(v->client_fd);
    }
    if (v->plain_fd >= 0) {
        close(v->plain_fd);
    }
}

static void
end(struct veil *v)
{
    struct veils *all = v->all;

    *v->link = v->next;
    if (v->next != NULL) {
        v->next->link = v->link;
    }
    all->count--;
    all->sealed_len = 0; /* never another's */
    release(v);
    close_handles(v);
    if (all->gone != NULL) {
        all->gone(all->user);
    }
}

static void
on_late(uv_timer_t *timer)
{
    end(timer->data);
}

void
veil_wait_for_end(struct veil *v)
{
    v->ending = true;
    (void)uv_timer_start(&v->timer, on_late, v->all->close_ms, 0);
}

static bool
is_finished(const struct veil *v)
{
    return v->up.done && (v->up.shut || v->up.deaf) &&
           (v->down.shut || v->down.deaf);
}

/* --- waiting ------------------------------------------------------------- */

static void on_client(uv_poll_t *handle, int status, int events);
static void on_plain(uv_poll_t *handle, int status, int events);

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

static int
client_events(const struct veil *v)
{
    bool read = !v->up.done && v->up.held.bytes == NULL;
    bool write = v->down.held.bytes != NULL;

    return (read ? UV_READABLE : 0) | (write ? UV_WRITABLE : 0);
}

/* What OpenSSL has still to give needs no event of the client, but room. */
static int
plain_events(const struct veil *v)
{
    bool read = v->ready && !v->down.done && !v->down.deaf &&
                v->down.held.bytes == NULL;
    bool write = v->up.held.bytes != NULL || v->up.pending;

    return (read ? UV_READABLE : 0) | (write ? UV_WRITABLE : 0) |
           (v->ending ? 0 : UV_DISCONNECT);
}

static void
wait_on(struct veil *v)
{
    v->client_events =
        poll_for(&v->client, v->client_events, client_events(v), on_client);
    v->plain_events =
        poll_for(&v->plain, v->plain_events, plain_events(v), on_plain);
}

/* --- events -------------------------------------------------------------- */

/* In TLS 1.3 the client has the last word, and the server nothing to say: its
 * request, behind that, would wait for an acknowledgement that waits for more
 * (RFC 896 and RFC 1122, section 4.2.3.2), 40 ms in all. */
static void
acknowledge(const struct veil *v)
{
    int on = 1;

    (void)setsockopt(v->client_fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

/* False: it has ended. */
static bool
shake(struct veil *v)
{
    enum veil_tls_result result = veil_tls_shake(&v->tls);

    veil_send_sealed(v);
    if (result == VEIL_TLS_ENDED || result == VEIL_TLS_FAILED || v->down.deaf ||
        v->broken) {
        veil_tell(v, VEIL_REFUSED,
                  result == VEIL_TLS_FAILED ? v->tls.fault
                                            : "the client went away");
        end(v);
        return false;
    }
    if (result == VEIL_TLS_ON) {
        v->ready = true;
        acknowledge(v);
        veil_tell(v, VEIL_READY, veil_tls_version(&v->tls));
    }
    return true;
}

static void
turn(struct veil *v, bool up, bool down)
{
    bool was_ready = v->ready;

    if (!v->ready && !shake(v)) {
        return;
    }
    if (v->ready && (up || !was_ready)) {
        veil_up(v);
        veil_send_sealed(v); /* what TLS says itself */
    }
    if (down || !was_ready) {
        veil_down(v);
    }
    if (v->broken || is_finished(v)) {
        end(v);
    } else {
        wait_on(v);
    }
}

/* status: an error is met by the call that it fails; libuv polls no more. */
static void
on_client(uv_poll_t *handle, int status, int events)
{
    struct veil *v = handle->data;

    if (status < 0) {
        v->client_events = 0;
        uv_poll_stop(handle);
    }
    turn(v, status < 0 || (events & UV_READABLE) != 0,
         status < 0 || (events & UV_WRITABLE) != 0);
}

static void
on_plain(uv_poll_t *handle, int status, int events)
{
    struct veil *v = handle->data;
    bool ends = status < 0 || (events & UV_DISCONNECT) != 0;

    if (ends && !v->ready) {
        veil_tell(v, VEIL_REFUSED, "given up in the handshake");
        end(v);
        return;
    }
    if (status < 0) {
        v->plain_events = 0;
        uv_poll_stop(handle);
    }
    if (ends && !v->ending) {
        veil_wait_for_end(v);
    }
    turn(v, status < 0 || (events & UV_WRITABLE) != 0,
         ends || (events & UV_READABLE) != 0);
}

/* --- life ---------------------------------------------------------------- */

static bool
init_poll(struct veil *v, uv_poll_t *handle, int fd)
{
    if (uv_poll_init(v->all->loop, handle, fd) != 0) {
        return false;
    }
    handle->data = v;
    v->handles++;
    return true;
}

static bool
init_handles(struct veil *v)
{
    (void)uv_timer_init(v->all->loop, &v->timer);
    v->timer.data = v;
    v->handles++;
    return init_poll(v, &v->client, v->client_fd) &&
           init_poll(v, &v->plain, v->plain_fd);
}

static void
free_handle(uv_handle_t *handle)
{
    free(handle);
}

/* The descriptor is taken over, also on failure. */
static struct assay_stream *
adopt(uv_loop_t *loop, int fd, const char *peer)
{
    uv_pipe_t *pipe = malloc(sizeof(*pipe));
    struct assay_stream *s;

    if (pipe == NULL || uv_pipe_init(loop, pipe, 0) != 0) {
        free(pipe);
        close(fd);
        return NULL;
    }
    if (uv_pipe_open(pipe, fd) != 0) {
        uv_close((uv_handle_t *)pipe, free_handle);
        close(fd);
        return NULL;
    }
    s = assay_stream_adopt((uv_stream_t *)pipe);
    if (s != NULL) {
        assay_stream_set_peer(s, peer);
    }
    return s;
}

/* The plain end, or NULL. */
static struct assay_stream *
begin(struct veil *v)
{
    int pair[2];

    if (v->client_fd < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                   pair) != 0) {
        return NULL;
    }
    v->plain_fd = pair[0];
    if (!veil_tls_open(&v->tls, v->certificate) || !init_handles(v)) {
        close(pair[1]);
        return NULL;
    }
    return adopt(v->all->loop, pair[1], v->peer);
}

static void
enlist(struct veil *v)
{
    struct veils *all = v->all;

    v->next = all->first;
    v->link = &all->first;
    if (v->next != NULL) {
        v->next->link = &v->next;
    }
    all->first = v;
    all->count++;
}

struct assay_stream *
veil_open(struct veils *all, struct certificate *c, struct assay_stream *client)
{
    struct veil *v = calloc(1, sizeof(*v));
    struct assay_stream *plain;

    if (v == NULL) {
        assay_stream_close(client);
        return NULL;
    }
    v->all = all;
    v->certificate = certificate_hold(c);
    snprintf(v->peer, sizeof(v->peer), "%s", assay_stream_peer(client));
    v->client_fd = assay_stream_release(client);
    v->plain_fd = -1;
    v->tls.fd = v->client_fd;
    v->tls.sink = veil_take_sealed;
    v->tls.user = v;
    plain = begin(v);
    if (plain == NULL) {
        release(v);
        if (v->handles == 0) {
            free(v);
        } else {
            close_handles(v);
        }
        return NULL;
    }
    enlist(v);
    wait_on(v);
    return plain;
}

void
veils_cut(struct veils *all)
{
    while (all->first != NULL) {
        end(all->first);
    }
}
