/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_state.h - a relay from inside. Used by relay.c and relay_work.c only.
 *
 * A call waits for a fetch. Calls with the same question wait for one fetch.
 */
#pragma once

#include "relay.h"
#include "relay_cache.h"

struct relay {
    struct relay_cache *good;
    struct relay_cache *bad; /* failures push no collateral out */
    struct relay_counts counts;
};

struct relay_loop {
    uv_loop_t *uv;
    struct relay *relay;
    struct relay_work *fetches; /* in the order in which they began to wait */
    unsigned count;
    unsigned running;
};

struct relay_call {
    struct relay_work *fetch; /* what it waits for */
    struct relay_call *next;
    enum relay_how how;
    struct relay_request request;
    uint32_t max_age_s;
    relay_done *done;
    void *user;
};

struct relay_work {
    uv_work_t work;
    struct relay *relay;
    struct relay_loop *loop; /* NULL: it has gone */
    struct relay_work *next;
    struct relay_call *calls;
    unsigned waiting;
    bool running;
    bool ended;
    /* While it runs these are its thread's, but for `cancel`. */
    atomic_bool cancel;
    struct relay_question question;
    struct relay_sources from; /* own copies */
    uint64_t asked_ms;
    struct relay_reply *reply; /* NULL: there is not even a failure */
    struct assay_error why;
};

/* relay.c: an answer from what is known. False: a source has to be asked. */
bool relay_recall(struct relay_loop *l, const struct relay_settings *settings,
                  const struct relay_request *request, uint64_t now_ms,
                  struct relay_answer *out);
/* The answer to a call whose fetch has ended; it is told and freed. */
void relay_tell(struct relay_loop *l, const struct relay_work *f,
                struct relay_call *c);

/* relay_work.c: the call waits for the fetch that is under way, or for a new
 * one. False: there may be none. */
bool relay_join(struct relay_loop *l, const struct relay_settings *settings,
                struct relay_call *c);
