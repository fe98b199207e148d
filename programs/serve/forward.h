/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward.h - one request that is not ours: from the session to the backend,
 * and what comes back.
 */
#pragma once

#include "assay/session.h"
#include "backend.h"
#include "daemon/log.h"
#include "requests.h"

struct forward; /* opaque */

struct forward_options {
    struct backend *backend; /* without an address: there is none */
    struct backend *pipe;    /* likewise */
    const struct log *log;
    struct requests *requests; /* who is told about each */
    uint64_t max_body;         /* of a request, bytes */
    const char *upgrades;      /* protocols that may be switched to, a list */
};

/* Whose request it is. */
struct forward_client {
    const char *peer;  /* as streams name it */
    const char *local; /* the end that it connected to */
    bool trusted;      /* a proxy that speaks for others */
};

/* For a session in the state REQUEST; it goes on with it in RAW, where both
 * sides have agreed to switch protocols. `changed` as with exchanges. The
 * options and what the client names must outlive it. NULL: no memory. */
struct forward *forward_new(const struct forward_options *options,
                            struct assay_server *session,
                            const struct forward_client *client,
                            void (*changed)(void *user), void *user);
/* Before assay_server_respond_end(). Logs how it went. NULL is fine. */
void forward_free(struct forward *f);

enum forward_state {
    FORWARD_GOING,
    FORWARD_DONE, /* answered whole: assay_server_respond_end() is due */
    FORWARD_CUT,  /* the answer cannot be finished: the client must see that */
};

/* Moves what can be moved, both ways, at most `room` bytes towards the client.
 * last: nothing is to come on this connection behind this answer. */
enum forward_state forward_move(struct forward *f, size_t room, bool last);
/* Its session has closed in good order. Is what the client sent behind a switch
 * of protocols still on its way to the backend? */
bool forward_lingers(struct forward *f);
/* In DONE: may the connection stay open? */
bool forward_keep(const struct forward *f);
/* Is it the client who is waited for (a body that has not come whole)? */
bool forward_wants_client(const struct forward *f);
/* Grows whenever the backend has moved anything. */
uint64_t forward_progress(const struct forward *f);
/* Gives up: 408 or 504, or a cut if the answer has begun; then move on. */
void forward_timeout(struct forward *f);
