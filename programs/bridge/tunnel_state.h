/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tunnel_state.h - the inside of a tunnel, for its two pumps.
 */
#pragma once

#include "held.h"
#include "tunnel.h"
#include "ws/ws.h"

_Static_assert(TUNNEL_BUFFER_BYTES <= HELD_MAX_BYTES,
               "what was read can be held");

/* Towards the target (pump_up.c). */
struct up {
    struct assay_ws_decoder decoder;
    struct held held;
    uint64_t total; /* octets that the target took */
    bool done;      /* nothing more comes from the client */
    bool shut;      /* and the target knows */
    bool deaf;      /* the target takes nothing more; what comes is dropped */
};

/* Towards the client (pump_down.c). */
struct down {
    struct held held; /* of a frame, with its header */
    /* of a frame that is spliced */
    struct pipe pipe;
    size_t in_pipe;
    uint8_t header[ASSAY_WS_HEADER_MAX_BYTES];
    uint8_t header_at;
    uint8_t header_len;
    bool bulk;      /* the last read was full */
    uint64_t total; /* octets of payload that it took, or that are held */
    bool done;      /* nothing more comes from the target */
    bool closed;    /* the Close is with the system */
    bool deaf;      /* the client takes nothing more */
    /* What goes between two frames. */
    uint8_t control[ASSAY_WS_CONTROL_FRAME_MAX_BYTES];
    uint8_t control_at;
    uint8_t control_len;
    bool ping_due;
    bool pong_due;
    uint8_t pong_len;
    uint8_t pong[ASSAY_WS_CONTROL_MAX_BYTES];
    uint16_t close_code; /* 0: none is due */
};

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
    unsigned handles; /* that are not closed yet */
    bool asked;       /* a Ping is not answered yet */
    enum tunnel_why why;
    struct up up;
    struct down down;
    uint64_t began_ms;
    uint64_t moved_ms;  /* payload, either way */
    uint64_t heard_ms;  /* anything of the client */
    uint64_t ending_ms; /* one side has ended; 0: none */
    tunnel_ended *ended;
    void *user;
};

/* The first reason counts. */
void tunnel_say_why(struct tunnel *t, enum tunnel_why why);
/* A Close with this code goes out behind what is on its way to the client. */
void tunnel_close_client(struct tunnel *t, unsigned code, enum tunnel_why why);

/* Reads of the client, as long as the target takes; and what it did not take.
 */
void up_turn(struct tunnel *t);
/* The same of octets that have been read. They are changed. */
void up_feed(struct tunnel *t, uint8_t *in, size_t len);
bool up_wants_client(const struct tunnel *t);
bool up_wants_target(const struct tunnel *t); /* to be writable */

void down_turn(struct tunnel *t);
bool down_wants_client(const struct tunnel *t); /* to be writable */
bool down_wants_target(const struct tunnel *t);
/* Octets of payload that the client took. */
uint64_t down_taken(const struct tunnel *t);
