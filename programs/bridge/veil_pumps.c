/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * veil_pumps.c - what goes through a veil: up to the plain end, down to the
 * client.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "veil_state.h"

#define TURNS_MAX 8u /* reads of one veil until others get theirs */

static bool
is_blocked(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

/* How much is taken; -1: it takes nothing any more. */
static ssize_t
send_now(int fd, const void *bytes, size_t len)
{
    ssize_t n;

    do {
        n = send(fd, bytes, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 && is_blocked() ? 0 : n;
}

static void
hold(struct veil *v, struct held *held, const uint8_t *bytes, size_t len)
{
    if (len > 0 && !held_add(held, bytes, len)) {
        v->broken = true;
    }
}

/* --- what is sealed ------------------------------------------------------ */

static void
client_fails(struct veil *v)
{
    v->down.deaf = true; /* what it has sent is read to its end */
    held_free(&v->down.held);
}

void
veil_send_sealed(struct veil *v)
{
    struct veils *all = v->all;
    ssize_t n = 0;

    if (all->sealed_len > 0 && !v->down.deaf) {
        if (v->down.held.bytes == NULL) {
            n = send_now(v->client_fd, all->sealed, all->sealed_len);
        }
        if (n < 0) {
            client_fails(v);
        } else {
            hold(v, &v->down.held, all->sealed + n,
                 all->sealed_len - (size_t)n);
        }
    }
    all->sealed_len = 0;
}

/* Records go out together, with one call. */
bool
veil_take_sealed(void *user, const void *bytes, size_t len)
{
    struct veil *v = user;
    struct veils *all = v->all;

    if (len > VEIL_SEALED_BYTES - all->sealed_len) {
        veil_send_sealed(v);
    }
    if (len > VEIL_SEALED_BYTES) {
        return false;
    }
    memcpy(all->sealed + all->sealed_len, bytes, len);
    all->sealed_len += len;
    return true;
}

/* --- up ------------------------------------------------------------------ */

static void
plain_end_fails(struct veil *v)
{
    v->up.deaf = true;
    held_free(&v->up.held);
}

static void
send_plain(struct veil *v, size_t len)
{
    const uint8_t *bytes = v->all->plain;
    ssize_t n;

    if (v->up.deaf || len == 0) {
        return;
    }
    n = send_now(v->plain_fd, bytes, len);
    if (n < 0) {
        plain_end_fails(v);
    } else {
        hold(v, &v->up.held, bytes + n, len - (size_t)n);
    }
}

static void
client_ends(struct veil *v, enum veil_tls_result result)
{
    v->up.done = true;
    if (result == VEIL_TLS_FAILED) {
        veil_tell(v, VEIL_BROKEN, v->tls.fault);
        veil_send_sealed(v); /* the alert */
        client_fails(v);
    }
}

/* As many records as there is room for, and no longer than there are some. */
static enum veil_tls_result
read_records(struct veil *v, size_t *len)
{
    enum veil_tls_result result = VEIL_TLS_ON;
    size_t n;

    *len = 0;
    while (result == VEIL_TLS_ON && *len < VEIL_READ_BYTES) {
        result = veil_tls_read(&v->tls, v->all->plain + *len,
                               VEIL_READ_BYTES - *len, &n);
        *len += n;
        v->up.pending = result == VEIL_TLS_ON && veil_tls_pending(&v->tls);
        if (result == VEIL_TLS_ON && !v->up.pending) {
            result = VEIL_TLS_WAITS;
        }
    }
    return result;
}

void
veil_up(struct veil *v)
{
    struct unveiling *up = &v->up;
    enum veil_tls_result result = VEIL_TLS_ON;
    unsigned turns = 0;
    bool failed = false;
    size_t len;

    if (up->held.bytes != NULL && !held_send(&up->held, v->plain_fd, &failed)) {
        if (!failed) {
            return;
        }
        plain_end_fails(v);
    }
    while (result == VEIL_TLS_ON && !v->broken && !up->done &&
           up->held.bytes == NULL && turns++ < TURNS_MAX) {
        result = read_records(v, &len);
        send_plain(v, len);
        if (result == VEIL_TLS_ENDED || result == VEIL_TLS_FAILED) {
            client_ends(v, result);
        }
    }
    if (up->done && up->held.bytes == NULL && !up->shut) {
        up->shut = true;
        (void)shutdown(v->plain_fd, SHUT_WR);
    }
}

/* --- down ---------------------------------------------------------------- */

static void
plain_end_ends(struct veil *v)
{
    v->down.done = true;
    veil_tls_close(&v->tls);
    veil_send_sealed(v);
}

/* False: there is nothing more for now. */
static bool
read_plain(struct veil *v)
{
    uint8_t *bytes = v->all->plain;
    ssize_t n;

    do {
        n = recv(v->plain_fd, bytes, VEIL_READ_BYTES, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && is_blocked()) {
        return false;
    }
    if (n <= 0) {
        plain_end_ends(v);
        return false;
    }
    if (!veil_tls_write(&v->tls, bytes, (size_t)n)) {
        v->broken = true;
    }
    veil_send_sealed(v);
    return (size_t)n == VEIL_READ_BYTES;
}

/* False: it is not all with the system. */
static bool
send_held(struct veil *v)
{
    struct held *h = &v->down.held;
    size_t before = h->at;
    bool failed;
    bool all;

    if (h->bytes == NULL) {
        return true;
    }
    all = held_send(h, v->client_fd, &failed);
    if (failed) {
        client_fails(v);
    } else if (v->ending && (all || h->at != before)) {
        veil_wait_for_end(v);
    }
    return all;
}

void
veil_down(struct veil *v)
{
    struct veiling *down = &v->down;
    unsigned turns = 0;

    while (send_held(v) && v->ready && !v->broken && !down->done &&
           !down->deaf && turns++ < TURNS_MAX && read_plain(v)) {
    }
    if (down->done && !down->deaf && down->held.bytes == NULL && !down->shut) {
        down->shut = true;
        (void)shutdown(v->client_fd, SHUT_WR);
    }
}
