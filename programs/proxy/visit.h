/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit.h - clients: each a connection, on it one request after the other, each
 * of which is judged, and answered by a provider's server or by ourselves.
 */
#pragma once

#include "admission.h"
#include "budget.h"
#include "daemon/log.h"
#include "io/stream.h"
#include "upstream.h"

struct visit_limits {
    uint32_t head_ms;     /* for all of a request's head */
    uint32_t idle_ms;     /* between two requests */
    uint32_t body_ms;     /* a client's pause, in a body of its own or ours */
    uint32_t response_ms; /* a server's, before its response */
    uint32_t stream_ms;   /* and within it */
    uint32_t raw_ms;      /* anybody's, behind a switch of protocols */
    uint64_t max_body;    /* of a request, bytes */
    uint64_t max_translating; /* of all that are translated, bytes */
};

enum visit_end {
    VISIT_WHOLE,    /* answered, by a server or by ourselves */
    VISIT_CUT,      /* the answer could not be finished */
    VISIT_ABORTED,  /* the client did not wait for it */
    VISIT_SWITCHED, /* to another protocol, which has ended */
};

/* How a request has gone; gone itself after the call. */
struct visit_report {
    const char *peer;          /* "127.0.0.1:50000", "unix" */
    const char *provider;      /* "" if none was asked */
    struct assay_slice method; /* empty if it was not read */
    struct assay_slice path;   /* without query, and without the secret */
    unsigned status;           /* 0: none was sent */
    enum visit_end ended;
    const char *code;     /* of the error that was answered or met; "" */
    uint64_t ms;          /* from its head to its end */
    uint64_t first_ms;    /* to the head of its answer */
    uint64_t bytes_in;    /* of its body, as far as it was read */
    uint64_t bytes_out;   /* of its answer's */
    const char *evidence; /* "": nothing was proven */
    const char *tcb;
    bool translated;
    bool page; /* of ours, and nothing else was asked */
};

struct visit; /* opaque */

/* Those of one loop. What it points to outlives them; a reload may change what
 * it holds, for requests that come from then on. */
struct visits {
    uv_loop_t *loop;
    const struct log *log;
    const struct admission_rules *rules;
    struct visit_limits limits;
    const char *upgrades;       /* protocols that may be switched to, a list */
    struct budget *translating; /* shared by all loops */
    /* Rules and providers of now stay as long as a request needs them. */
    void *(*hold)(void *user);
    void (*drop)(void *user, void *held);
    /* This loop's, of one of the rules' providers; it stays while a call of it
     * does (upstream_is_idle()). NULL: no memory. */
    struct upstream *(*upstream)(void *user, const struct provider *p);
    /* The content of a page of ours, appended. Its status: 200 or 503. */
    unsigned (*page)(void *user, enum own_page page, struct assay_buf *body);
    void (*ended)(void *user, const struct visit_report *report); /* of each
                                                                     request */
    void (*counted)(void *user); /* `count` has changed */
    void *user;
    /* kept by visit.c */
    bool draining;
    struct visit *first;
    unsigned count;
};

/* The stream is taken over. */
void visit_open(struct visits *all, struct assay_stream *client);
/* No further requests: who is idle goes now, who waits for an answer behind it.
 */
void visits_drain(struct visits *all);
void visits_cut(struct visits *all);
