/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * link.h - one attested connection of an upstream: who has it, and since when.
 * Used by upstream*.c, link.c and call*.c only.
 */
#pragma once

#include "http1/http1.h"
#include "upstream.h"
#include "upstream_list.h"

enum link_state {
    LINK_ATTESTING, /* at first, and when it is asked anew */
    LINK_IDLE,      /* open, and nobody's */
    LINK_BUSY,      /* a call has it */
    LINK_STATES,
};

struct call;

struct link {
    struct upstream *up;
    struct assay_attested *attested;
    enum link_state state;
    struct list_item item; /* of those in its state */
    struct call *call;     /* BUSY */
    struct proof proof;
    bool was_open;     /* it has proven itself before */
    bool last;         /* this request is its last one */
    unsigned requests; /* that it has had */
    unsigned round;    /* of failures, when it was asked for evidence */
    /* As struct upstream_options has them, or less where its server said so;
     * 0: no limit. */
    unsigned max_requests;
    uint32_t keep_alive_ms;
    /* mono_ms of struct assay_now */
    int64_t born_ms; /* it was open for the first time */
    int64_t said_ms; /* something was last said on it */
    int64_t used_ms; /* its last request ended; or it was born */
};

/* ATTESTING from here on. NULL: no memory. */
struct link *link_new(struct upstream *u);
/* Closes it; its call, if it has one, must have let go of it. */
void link_free(struct link *l);
void link_set_state(struct link *l, enum link_state state);
/* What its server says, with a response, of how long it may stay. */
void link_learn(struct link *l, const struct assay_http1_head *response);
struct assay_client *link_session(const struct link *l);
