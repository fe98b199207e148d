/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward.h - one request that was read: whoever answers it, a server behind a
 * call or ourselves, and how that gets to the client.
 */
#pragma once

#include "visit.h"
#include "visit_body.h"

/* What may wait for a client that does not read, before its source has to. */
#define FORWARD_QUEUE_MAX_BYTES (64u * 1024u)

struct forward; /* opaque */

/* Whose request it is; all of it outlives the forward. */
struct forward_client {
    struct visits *all;
    struct assay_stream *stream;
    uint64_t *written; /* octets, to that */
    size_t *held;      /* of visits.translating; as forward_weight() says at
                          least, and less when the caller sees to it */
    const struct assay_http1_head *head;
    const struct admission *admission;
    struct visit_body *body;
};

/* `changed` as with calls. NULL: no memory. */
struct forward *forward_new(const struct forward_client *client,
                            void (*changed)(void *user), void *user);
void forward_free(struct forward *f); /* NULL is fine */
/* Bytes that its translation holds, if it is translated; and what waits for a
 * client, where that is more than usual. (forward_weight.c) */
size_t forward_weight(const struct forward *f);
size_t forward_weight_queued(const struct assay_stream *client);
/* As far as it has come; the caller says whose it was, and how it has ended. */
void forward_report(const struct forward *f, struct visit_report *r);

enum forward_state {
    FORWARD_GOING,
    FORWARD_DONE, /* answered whole: another request may follow, if keep */
    FORWARD_CUT,  /* the answer cannot be finished: the client must see that */
};

/* Moves what can be moved, both ways. */
enum forward_state forward_move(struct forward *f);
/* In DONE: may the connection stay open? */
bool forward_keep(const struct forward *f);
/* In DONE: an answer told of what had broken it off. */
bool forward_was_cut(const struct forward *f);
/* Protocols were switched. */
bool forward_is_raw(const struct forward *f);

/* Who is waited for. */
enum forward_wait {
    FORWARD_FOR_CLIENT,   /* for more of its body */
    FORWARD_FOR_LINK,     /* for a connection: that has a limit of its own */
    FORWARD_FOR_RESPONSE, /* of the server */
    FORWARD_FOR_STREAM,   /* for more of it */
};
enum forward_wait forward_waits_for(struct forward *f);
/* Grows whenever the server has moved anything. */
uint64_t forward_progress(const struct forward *f);
/* Gives up: 408 or 504, or a cut if the answer has begun; then move on. */
void forward_timeout(struct forward *f);
