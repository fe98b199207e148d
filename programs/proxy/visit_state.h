/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit_state.h - one client, for visit.c (what moves), visit_request.c (what
 * it asks) and wait.c (what is waited for).
 */
#pragma once

#include "forward.h"

/* What a visit waits for. */
enum wait {
    WAIT_FOREVER, /* for something that has a time limit of its own */
    WAIT_REQUEST, /* nothing of it has come */
    WAIT_HEAD,
    WAIT_BODY,
    WAIT_RESPONSE,
    WAIT_STREAM,
    WAIT_RAW,    /* behind a switch of protocols, for anything */
    WAIT_CLIENT, /* to take what was written */
    WAIT_LINGER, /* for the client's own end */
};

/* From the first octet of its head to the last of its answer. */
struct visit_request {
    struct assay_buf text; /* the head */
    size_t scanned;
    bool read; /* the head is; then: */
    void *held;
    struct admission admission;
    struct visit_body body;
    struct forward *forward;
    struct assay_http1_head head; /* last: its fields are not zeroed */
};

struct visit {
    struct visits *all;
    struct visit *next;
    struct visit **link;
    struct assay_stream *stream;
    struct visit_request *request; /* NULL: it is idle */
    struct assay_queue in;         /* what no request has taken yet */
    uv_timer_t timer;
    bool eof;       /* of the client */
    bool deaf;      /* nothing is read from it for now */
    bool over;      /* nothing more is said to it */
    bool ended;     /* and it was told so: shutdown */
    size_t held;    /* of all->translating */
    uint64_t taken; /* octets, in */
    uint64_t written;
    /* what is waited for */
    enum wait wait;
    uint64_t mark;
    uint64_t deadline_ms; /* of the loop; the timer may wake before it */
};

/* Moves what can be moved; it may be gone afterwards. */
void visit_turn(struct visit *v);
/* Gone at once; a request that is under way was given up by its client. */
void visit_close(struct visit *v);

/* visit_request.c: */
/* More of a head has come, or a request goes on; false if nothing has moved. */
bool visit_move_request(struct visit *v);
/* With a word of how it went. */
void visit_end_request(struct visit *v, enum visit_end how);
/* It has not sent all of its head in time. */
void visit_refuse_slow(struct visit *v);

/* Sets the timer for what is waited for now (wait.c). */
void visit_wait(struct visit *v);
