/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_state.h - one request that is not ours, from inside. Used by
 * forward*.c only.
 */
#pragma once

#include "forward.h"
#include "heads.h"

#define GATHER_MAX_BYTES (16u * 1024u) /* what a record of TLS takes */
#define HEAD_USUAL_BYTES 1024u         /* more is for the few */

struct forward {
    const struct forward_options *options;
    struct assay_server *session;
    const char *peer;
    struct exchange *exchange; /* NULL where none is needed any more */
    enum forward_state state;
    bool pipe;            /* it asks for the pipe */
    bool raw;             /* protocols were switched; `request` is gone */
    bool body_sent;       /* in raw: the client has said goodbye */
    bool answered;        /* in raw: the backend has closed its side */
    uint64_t body_len;    /* of the request, so far */
    struct assay_buf out; /* of the answer, for one record of TLS */
    bool encouraged;      /* an interim answer was passed on */
    bool begun;           /* the answer has */
    unsigned status;
    struct response_plan plan;
    uint64_t answer_len; /* payload */
    uint64_t started_ms;
    struct assay_http1_head request; /* slices into the session's head; last,
                                        for its fields are not zeroed */
};

/* Says in the log what was asked and how it ended (forward_log.c). */
void forward_log(const struct forward *f, const char *end);
/* Warns of a failure of the backend, or of the pipe's target: of many, now and
 * then. */
void forward_warn(const struct forward *f, const char *event,
                  const struct assay_error *why);

/* forward_answer.c: */
/* One step towards the client; false when there is nothing to do for now. */
bool forward_move_response(struct forward *f, size_t *room, bool last);
/* Hands what was gathered to the session. */
void forward_flush(struct forward *f);
/* Our own answer, or a cut if there is another one already. */
void forward_refuse(struct forward *f, const struct assay_refusal *why);
void forward_refuse_request(struct forward *f, const struct assay_error *err);

/* forward_pipe.c: */
/* A connection to the target. NULL: no memory. */
struct exchange *forward_ask_target(const struct forward *f,
                                    const struct forward_client *client,
                                    void (*changed)(void *user), void *user);
/* Switches once the target is there. Why not, or NULL: it has, or waits. */
const struct assay_refusal *forward_open_pipe(struct forward *f);

/* forward_raw.c: */
/* Behind a 101 that was passed on. */
void forward_switch(struct forward *f);
/* What can be moved, both ways, at most `room` bytes towards the client. */
void forward_move_raw(struct forward *f, size_t room);
