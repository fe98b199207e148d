/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pump_up.c - from the client's frames to the target.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/error.h"
#include "tunnel_state.h"

#define TURNS_MAX 8u  /* reads of one tunnel until others get theirs */
#define PIECES    64u /* of payload in one write */

/* Pieces of payload in the buffer of the loop, on their way to the target. */
struct pieces {
    struct iovec list[PIECES];
    int count;
    size_t len;
};

/* --- writing ------------------------------------------------------------ */

/* What it has sent is read to its end. */
void
up_loses_target(struct tunnel *t)
{
    t->up.deaf = true;
    held_free(&t->up.held);
}

/* A reset that writing finds is none to reading any more, but an end. */
static void
target_fails(struct tunnel *t)
{
    t->target_failed = errno != EPIPE;
    up_loses_target(t);
}

static void
hold(struct tunnel *t, const void *bytes, size_t len)
{
    if (!held_add(&t->up.held, bytes, len)) {
        t->up.deaf = true;
        tunnel_close_client(t, ASSAY_WS_INTERNAL, TUNNEL_NO_MEMORY);
    }
}

/* What was not taken of pieces of which `sent` octets were. */
static void
hold_rest(struct tunnel *t, const struct pieces *p, size_t sent)
{
    for (int i = 0; i < p->count && !t->up.deaf; i++) {
        size_t len = p->list[i].iov_len;
        size_t skip = sent < len ? sent : len;

        sent -= skip;
        if (skip < len) {
            hold(t, (const uint8_t *)p->list[i].iov_base + skip, len - skip);
        }
    }
}

static void
write_pieces(struct tunnel *t, struct pieces *p)
{
    struct msghdr m = {.msg_iov = p->list, .msg_iovlen = (size_t)p->count};
    ssize_t n = 0;

    if (p->len > 0 && !t->up.deaf) {
        do {
            n = sendmsg(t->target_fd, &m, MSG_NOSIGNAL);
        } while (n < 0 && errno == EINTR);
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            target_fails(t);
        } else {
            n = n < 0 ? 0 : n;
            count_up(t, (size_t)n);
            hold_rest(t, p, (size_t)n);
        }
    }
    p->count = 0;
    p->len = 0;
}

static void
take_payload(struct tunnel *t, struct pieces *p, struct assay_slice payload)
{
    if (payload.len == 0 || t->up.deaf) {
        return;
    }
    t->moved_ms = t->heard_ms;
    if (t->up.held.bytes != NULL) {
        hold(t, payload.ptr, payload.len);
        return;
    }
    p->list[p->count++] = (struct iovec){
        .iov_base = (void *)(uintptr_t)payload.ptr, .iov_len = payload.len};
    p->len += payload.len;
    if (p->count == PIECES) {
        write_pieces(t, p);
    }
}

/* --- reading ------------------------------------------------------------ */

static void
take_event(struct tunnel *t, struct pieces *p, const struct assay_ws_event *e)
{
    switch (e->kind) {
    case ASSAY_WS_GOT_DATA:
        take_payload(t, p, e->payload);
        break;
    case ASSAY_WS_GOT_PING: /* the newest is answered (section 5.5.3) */
        t->down.pong_due = true;
        t->down.pong_len = (uint8_t)e->payload.len;
        assay_copy(t->down.pong, e->payload);
        break;
    case ASSAY_WS_GOT_CLOSE:
        t->up.done = true;
        t->echo = e->code;
        tunnel_say_why(t, TUNNEL_CLOSED);
        break;
    case ASSAY_WS_GOT_PONG:
    case ASSAY_WS_NOTHING:
        break;
    }
}

void
up_feed(struct tunnel *t, uint8_t *in, size_t len)
{
    struct pieces p = {.count = 0};
    struct assay_ws_event e = {.kind = ASSAY_WS_GOT_DATA};
    struct assay_error err;
    size_t used;

    assay_error_clear(&err);
    while (e.kind != ASSAY_WS_NOTHING && !t->up.done) {
        if (assay_ws_feed(&t->up.decoder, in, len, &used, &e, &err) !=
            ASSAY_OK) {
            t->up.done = true;
            t->up.drops = true;
            tunnel_close_client(t, t->up.decoder.close_code,
                                TUNNEL_CLIENT_WRONG);
            break;
        }
        take_event(t, &p, &e);
        in += used;
        len -= used;
    }
    write_pieces(t, &p);
}

void
up_loses_client(struct tunnel *t)
{
    t->up.done = true;
    t->up.drops = false;
    t->down.deaf = true;
}

/* What a client says that was told to go. */
static void
drop(struct tunnel *t, size_t len)
{
    t->up.dropped += (uint32_t)len;
    t->up.drops = t->up.dropped < TUNNEL_DROP_MAX_BYTES;
}

static void
take(struct tunnel *t, uint8_t *in, size_t len)
{
    uint64_t now = uv_now(t->all->loop);

    t->heard_ms = now;
    t->asked = false;
    throttle_take(&t->up.throttle, t->all->limits.rate, now, len);
    up_feed(t, in, len);
}

/* Its end without a Close: nobody is there who would read one. */
static void
client_ends(struct tunnel *t, bool failed)
{
    if (t->up.drops && !failed) {
        t->up.drops = false; /* it may read why */
        return;
    }
    tunnel_say_why(t, TUNNEL_CLIENT_GONE);
    up_loses_client(t);
}

/* False: there is nothing more for now. */
static bool
read_client(struct tunnel *t)
{
    size_t max = throttle_read_max(t->all->limits.rate, TUNNEL_READ_BYTES);
    uint8_t *in = t->all->buffer;
    ssize_t n = recv(t->client_fd, in, max, 0);

    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return false;
    }
    if (n < 0 && errno == EINTR) {
        return true;
    }
    if (n <= 0) {
        client_ends(t, n < 0);
        return false;
    }
    if (t->up.drops) {
        drop(t, (size_t)n);
    } else {
        take(t, in, (size_t)n);
    }
    return (size_t)n == max;
}

static void
send_held(struct tunnel *t)
{
    size_t before = t->up.held.at;
    size_t len = t->up.held.len;
    bool failed;

    if (t->up.held.bytes == NULL) {
        return;
    }
    if (held_send(&t->up.held, t->target_fd, &failed)) {
        count_up(t, len - before);
    } else {
        count_up(t, t->up.held.at - before);
    }
    if (failed) {
        target_fails(t);
    } else if (t->up.held.at != before || t->up.held.bytes == NULL) {
        t->moved_ms = uv_now(t->all->loop);
        t->heard_ms = t->moved_ms; /* it was not listened to */
    }
}

void
up_turn(struct tunnel *t)
{
    unsigned turns = 0;

    send_held(t);
    while (up_wants_client(t) && turns++ < TURNS_MAX && read_client(t)) {
    }
    if (t->up.done && t->up.held.bytes == NULL && !t->up.shut) {
        t->up.shut = true;
        (void)shutdown(t->target_fd, SHUT_WR);
    }
}

/* But for how much was read of late. */
static bool
may_read(const struct tunnel *t)
{
    return !t->up.done && t->up.held.bytes == NULL;
}

static bool
is_early(const struct tunnel *t)
{
    return throttle_due(&t->up.throttle, t->all->limits.rate) >
           uv_now(t->all->loop);
}

bool
up_wants_client(const struct tunnel *t)
{
    return t->up.drops || (may_read(t) && !is_early(t));
}

bool
up_waits(const struct tunnel *t)
{
    return may_read(t) && is_early(t);
}

bool
up_wants_target(const struct tunnel *t)
{
    return t->up.held.bytes != NULL;
}
