/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tunnel.h - a WebSocket and a TCP connection, and what goes from one to the
 * other. See ADR 32.
 */
#pragma once

#include <stdatomic.h>
#include <uv.h>

#include "assay/bytes.h"
#include "pipes.h"

/* What one read takes at most, and so what a tunnel may have to hold of each
 * direction. */
#define TUNNEL_READ_BYTES (64u * 1024u)
/* Room before it for the header of a frame. */
#define TUNNEL_BUFFER_BYTES (TUNNEL_READ_BYTES + 16u)

/* Why a tunnel has ended. */
enum tunnel_why {
    TUNNEL_CLOSED,        /* both have said that they end */
    TUNNEL_CLIENT_GONE,   /* its connection ended without a Close */
    TUNNEL_CLIENT_WRONG,  /* it broke the protocol */
    TUNNEL_TARGET_FAILED, /* its connection was reset */
    TUNNEL_IDLE,
    TUNNEL_UNANSWERED, /* the client did not answer a Ping */
    TUNNEL_TOO_OLD,
    TUNNEL_CLOSE_TIMEOUT, /* somebody did not end in time */
    TUNNEL_DRAINED,
    TUNNEL_NO_MEMORY,
    TUNNEL_WHYS,
};
const char *tunnel_why_name(enum tunnel_why why); /* "idle", ... */

struct tunnel_report {
    enum tunnel_why why;
    unsigned code; /* of the Close that was sent, 1005 if that had none; 0: no
                      Close */
    uint64_t up;   /* octets of payload that the target took */
    uint64_t down; /* octets of payload that the client took */
    uint64_t ms;   /* from the 101 on */
};

struct tunnel_limits { /* 0: none */
    uint32_t rate;     /* octets per second, each way on its own */
    uint32_t idle_ms;  /* no payload either way */
    uint32_t ping_ms;  /* silence of the client before it is asked; and then
                          again until it is given up */
    uint32_t life_ms;
    uint32_t close_ms; /* from the first end to the last */
};

struct tunnel; /* opaque */

/* Those of one loop. */
struct tunnels {
    uv_loop_t *loop;
    struct tunnel_limits limits;
    uint8_t buffer[TUNNEL_BUFFER_BYTES]; /* what is read lands here */
    struct pipes pipes;
    struct tunnel *first;
    unsigned count;
    /* Octets of payload that went through, for others to read. */
    _Atomic uint64_t up;
    _Atomic uint64_t down;
};

/* Once, from the loop or from tunnel_open(); the tunnel is gone. */
typedef void tunnel_ended(void *user, const struct tunnel_report *report);

/* Both sockets are connected, do not block, and are taken over, also on
 * failure. `ahead`: what the client has sent behind its request; it is changed.
 * The client has its 101. False: no memory, or nothing that can be waited for;
 * `ended` is not called. */
bool tunnel_open(struct tunnels *all, int client, int target, uint8_t *ahead,
                 size_t ahead_len, tunnel_ended *ended, void *user);
/* Says 1001 to all clients; tunnels end when both sides have, or after
 * close_ms. */
void tunnels_drain(struct tunnels *all);
/* At once. */
void tunnels_cut(struct tunnels *all);
