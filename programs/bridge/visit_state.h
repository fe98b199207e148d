/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit_state.h - the inside of a visit, for its steps.
 */
#pragma once

#include "base/buf.h"
#include "io/socket_name.h"
#include "visit.h"

enum stage {
    STAGE_HEAD,   /* its request comes */
    STAGE_DIAL,   /* its target is being connected to */
    STAGE_ANSWER, /* 101 is on its way */
    STAGE_RELAY,  /* somebody else is asked for its answer */
    STAGE_REPLY,  /* which is on its way */
    STAGE_LINGER, /* everything is answered, and its end waited for */
    STAGE_TUNNEL,
};

/* What is needed until there is a tunnel, which may last for days. */
struct handshake {
    struct assay_stream *client;
    struct assay_stream *target;
    int client_fd; /* of these two, for the tunnel; -1: none yet */
    int target_fd;
    struct assay_dial *dial;
    void *asked;                     /* of the relay */
    const struct visit_relay *relay; /* that is asked */
    size_t left;                     /* octets of the relay's answer */
    size_t counted;                  /* of it, in reply_bytes */
    uv_timer_t timer;
    struct assay_buf head; /* what has come: the request, and what is behind */
    size_t scanned;
    size_t used; /* octets of the request */
    struct admission admission;
    const char *guarded; /* an address was, and is not connected to */
    bool speaks_for;     /* others: a trusted proxy */
    bool is_head;        /* HEAD */
};

struct visit {
    struct visits *all;
    struct visit *next;
    struct visit **link;
    enum stage stage;
    struct handshake *hs; /* NULL once there is a tunnel */
    struct place place;
    void *held; /* what its admission points to */
    uint64_t came_ms;
    struct visit_report report;
    char peer[ASSAY_SOCKET_NAME_BYTES];
    char address[ASSAY_SOCKET_NAME_BYTES];
    char target[TARGET_TEXT_BYTES];
};

/* --- ends (visit.c) ------------------------------------------------------ */

/* Answers with why there is no tunnel, and goes. */
void visit_deny(struct visit *v, enum denial denial, const char *why);
/* All has been written: waits, for a moment, for the client's end, because one
 * that is still sending would lose the answer with a reset. */
void visit_linger(struct visit *v);
/* Gone at once. */
void visit_close(struct visit *v);
/* The rest is the tunnel's: all but the report is freed. */
void visit_pass_on(struct visit *v);
void visit_end(struct visit *v);

/* --- steps --------------------------------------------------------------- */

/* Something of its request has come (visit_request.c). */
void visit_read(struct visit *v, struct assay_slice data);
/* It is admitted (visit_connect.c). */
void visit_dial(struct visit *v);
/* 101 is with the system (visit_connect.c). */
void visit_begin_tunnel(struct visit *v);
/* It is for the relay (visit_relay.c). */
void visit_ask(struct visit *v, const struct assay_http1_head *head);
