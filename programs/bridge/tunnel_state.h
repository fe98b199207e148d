/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tunnel_state.h - the inside of a tunnel, for its two pumps.
 */
#pragma once

#include "held.h"
#include "throttle.h"
#include "tunnel.h"
#include "ws/ws.h"

_Static_assert(TUNNEL_BUFFER_BYTES <= HELD_MAX_BYTES,
               "what was read can be held");

/* Of what one side still says when nobody listens any more, this much is read
 * and dropped: unread, it would be answered by a reset, which takes back what
 * the other side has not read yet. */
#define TUNNEL_DROP_MAX_BYTES (4u * 1024u * 1024u)

/* Towards the target (pump_up.c). */
struct up {
    struct assay_ws_decoder decoder;
    struct held held;
    struct throttle throttle;
    uint64_t total;   /* octets that the target took */
    uint32_t dropped; /* octets */
    bool done;        /* nothing more of the client's is for the target */
    bool drops;       /* what the client says is dropped, to its end */
    bool shut;        /* the target knows that it is done */
    bool deaf;        /* the target takes nothing more; what comes is dropped */
};

/* Towards the client (pump_down.c). */
struct down {
    struct held held; /* of a frame, with its header */
    /* of a frame that is spliced */
    struct pipe pipe;
    size_t in_pipe;
    struct throttle throttle;
    uint64_t total;   /* octets of payload that it took, or that are held */
    uint32_t dropped; /* octets */
    uint8_t header[ASSAY_WS_HEADER_MAX_BYTES];
    uint8_t header_at;
    uint8_t header_len;
    bool bulk;   /* the last read was full */
    bool done;   /* nothing more comes from the target */
    bool closed; /* the Close is with the system; what comes is dropped */
    bool shut;   /* and so is the end of the connection */
    bool deaf;   /* the client takes nothing more; what comes is dropped */
    /* What goes between two frames. */
    uint8_t control[ASSAY_WS_CONTROL_FRAME_MAX_BYTES];
    uint8_t control_at;
    uint8_t control_len;
    bool ping_due;
    bool pong_due;
    uint8_t pong_len;
    uint8_t pong[ASSAY_WS_CONTROL_MAX_BYTES];
    uint16_t close_code; /* ASSAY_WS_NO_CODE: a Close without; 0: none is due */
};

/* A side whose end has come need not have been read to its end: the other side
 * may take nothing. */
struct tunnel {
    struct tunnels *all;
    struct tunnel *next;
    struct tunnel **link; /* what points here */
    uv_poll_t client;
    uv_poll_t target;
    uv_timer_t timer;
    int client_fd;
    int target_fd;
    int client_events; /* what is being polled for */
    int target_events;
    uint8_t handles;    /* that are not closed yet */
    bool asked;         /* a Ping is not answered yet */
    bool client_left;   /* its end has come */
    bool target_left;   /* its end has come */
    bool target_failed; /* and was a reset */
    uint16_t echo;      /* of the client's Close: what answers it; 0: none */
    enum tunnel_why why;
    struct up up;
    struct down down;
    uint64_t began_ms;
    uint64_t moved_ms;  /* payload, either way; or the client's end */
    uint64_t heard_ms;  /* anything of the client */
    uint64_t ending_ms; /* one side has ended; 0: none */
    tunnel_ended *ended;
    void *user;
};

/* The first reason counts. */
void tunnel_say_why(struct tunnel *t, enum tunnel_why why);
/* A Close with this code goes out behind what is on its way to the client. */
void tunnel_close_client(struct tunnel *t, unsigned code, enum tunnel_why why);
/* Moves what can be moved after something has happened: to the target, to the
 * client. The tunnel may be gone then. */
void tunnel_turn(struct tunnel *t, bool up, bool down);
/* Gone at once. */
void tunnel_end(struct tunnel *t);

/* When the time comes for something (tunnel_limits.c). */
void tunnel_set_timer(struct tunnel *t);

/* Reads of the client, as long as the target takes; and what it did not take.
 */
void up_turn(struct tunnel *t);
/* The same of octets that have been read. They are changed. */
void up_feed(struct tunnel *t, uint8_t *in, size_t len);
bool up_wants_client(const struct tunnel *t);
bool up_wants_target(const struct tunnel *t); /* to be writable */
/* Would read the client if it had not read too much of late. */
bool up_waits(const struct tunnel *t);
/* The client is not there any more. */
void up_loses_client(struct tunnel *t);
/* The target takes nothing more. */
void up_loses_target(struct tunnel *t);

void down_turn(struct tunnel *t);
bool down_wants_client(const struct tunnel *t); /* to be writable */
bool down_wants_target(const struct tunnel *t);
bool down_waits(const struct tunnel *t); /* as up_waits() */
/* Octets of payload that the client took. */
uint64_t down_taken(const struct tunnel *t);

/* Payload went to the target, or to the client. Only the loop's own thread
 * counts, so it need not be done in one step. */
static inline void
count_more(uint64_t *total, _Atomic uint64_t *all, size_t n)
{
    *total += n;
    atomic_store_explicit(all,
                          atomic_load_explicit(all, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static inline void
count_up(struct tunnel *t, size_t n)
{
    count_more(&t->up.total, &t->all->up, n);
}

static inline void
count_down(struct tunnel *t, size_t n)
{
    count_more(&t->down.total, &t->all->down, n);
}
