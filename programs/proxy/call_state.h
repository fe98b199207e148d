/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * call_state.h - one exchange with an upstream, from inside. Used by call*.c,
 * link.c and upstream*.c only.
 */
#pragma once

#include "base/queue.h"
#include "call.h"
#include "link.h"

struct call {
    struct upstream *up;
    struct link *link;        /* NULL: it waits for one, or has lost it */
    struct list_item waiting; /* for one */
    struct list_item soon;    /* to be looked at from the loop */
    int64_t late_ms;          /* when it has waited for too long; mono_ms */
    void (*changed)(void *user);
    void *user;
    enum call_state state;
    struct failure failure;
    bool inside; /* of a step that tells its owner itself */
    bool is_head;
    bool chunked;
    struct assay_slice upgrade;
    bool raw; /* the protocol was switched */
    bool repeatable;
    bool repeated;
    struct assay_buf request; /* what goes out first, while it may have to */
    bool head_waits;          /* for what may go out with it */
    bool sent;                /* the whole request */
    bool has_proof;
    struct proof proof;
    uint64_t written;
    /* the response */
    struct assay_queue in;
    size_t scanned;
    bool ended;                /* the server has said its last, not all read */
    bool eof;                  /* and all was */
    struct assay_error broken; /* why it ended, if not by an orderly end */
    size_t head_len;           /* octets; in HEAD */
    size_t interim;            /* octets of heads before the final one */
    struct assay_http1_body body;
    struct assay_buf trailers;
    size_t payload; /* decoded, at the front of `in` */
    size_t frame;   /* octets behind it that go with it */
    uint64_t heard; /* octets from this connection */
    uint64_t received;
    struct assay_http1_head head; /* last: its fields are not zeroed */
};

/* --- for link.c and upstream*.c: from the loop, and may end in call_free() -
 */

void call_on_data(struct call *c);
/* Orderly, as its session can be asked. */
void call_on_end(struct call *c);
void call_on_broken(struct call *c, const struct assay_error *why);
void call_on_drained(struct call *c);
/* Its turn, asked for with upstream_soon(). */
void call_look(struct call *c);

/* --- the same, but its owner hears of it later --------------------------- */

/* This one is its own now, and a message was begun on it. */
void call_use(struct call *c, struct link *l);
void call_fail(struct call *c, const struct failure *why);
/* Not all of its request is out; or it is a stream behind a switch of
 * protocols, on which each message may be a request, or asks for one. */
bool call_may_say_more(const struct call *c);

/* --- between call*.c ------------------------------------------------------
 */

/* What goes out first, if it has not yet: the head, and what came with it. */
void call_put_head(struct call *c);
/* Where there is more to be had of the session, it is had from the loop
 * (call_events.c). */
void call_look_soon(struct call *c);
/* On to what has come meanwhile (call_answer.c). */
void call_advance(struct call *c);
/* Behind a 101 that was granted. */
void call_switch(struct call *c);
/* Would it take more of what the server says? */
bool call_wants_more(const struct call *c);
void call_fail_by(struct call *c, enum failure_kind kind, const char *code,
                  const struct assay_error *why);
void call_fail_no_memory(struct call *c);
/* The request once more, on another connection (call.c). */
void call_repeat(struct call *c);
/* Closes the connection. */
void call_drop_link(struct call *c);
