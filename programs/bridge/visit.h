/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit.h - one client, from its connection to its end: request, look-up,
 * connection to the target, answer, tunnel.
 */
#pragma once

#include "admission.h"
#include "io/dial.h"
#include "places.h"
#include "tunnel.h"

/* Of the request with its fields. */
#define VISIT_HEAD_MAX_BYTES (16u * 1024u)

/* Of answers of a relay that clients have yet to take, beside small ones: of
 * one loop's, in all. */
#define VISIT_REPLIES_MAX_BYTES (64u * 1024u * 1024u)
#define VISIT_REPLY_SMALL_BYTES (128u * 1024u)

struct visit_report {
    const char *peer;            /* the client, "192.0.2.1:50000"; of one behind
                                    a proxy the port may be 0 */
    const char *target;          /* "" if none was read */
    const char *address;         /* what was connected to; "" if nothing */
    enum denial denial;          /* ADMITTED: there was a tunnel */
    const char *why;             /* more of a denial, or NULL */
    struct tunnel_report tunnel; /* if admitted */
    unsigned relayed;            /* status, if the relay has answered; else 0 */
    const char *how;             /* what the relay says of that */
    uint64_t ms;                 /* from the connection to its end */
};

struct visit; /* opaque */

/* Who answers requests that are for something else than a tunnel. */
struct visit_relay {
    bool (*is_asked)(const struct assay_http1_head *head);
    /* The answer is given by visit_relayed(): either in here, and then this
     * returns NULL, or later, from the loop. NULL without one: it cannot be
     * had. The head is gone afterwards. */
    void *(*ask)(void *user, const struct assay_http1_head *head,
                 struct visit *v);
    void (*cancel)(void *asked); /* it is wanted no more */
    void *user;
};
/* Of a visit that has asked: the user of its visit_relay. */
void *visit_relay_user(const struct visit *v);
/* status, how: for the report; how is static. bytes: the whole answer, behind
 * which the connection is closed; copied. Empty: there is no memory for one,
 * and so it is where too much is on its way to others. */
void visit_relayed(struct visit *v, unsigned status, const char *how,
                   struct assay_slice bytes);

/* Those of one loop. What it points to outlives them. */
struct visits {
    uv_loop_t *loop;
    const struct assay_ctx *ctx;
    const struct admission_rules *rules; /* for those who come from now on */
    const struct guard *guard;
    struct tunnels *tunnels;
    uint32_t head_ms;            /* for the whole request, and for
                                    some of a relay's answer */
    uint32_t connect_ms;         /* for look-up and connection */
    const char *trust_forwarded; /* as forwarded_for.h has it; NULL: nobody */
    bool target_proxy; /* targets are told of clients: PROXY, version 2 */
    bool draining;
    const struct visit_relay *relay; /* NULL: there is none */
    struct places *places;
    /* The rules that admit a visit stay as long as it needs them. */
    void *(*hold)(void *user);
    void (*drop)(void *user, void *held);
    void (*ended)(void *user, const struct visit_report *report);
    void *user;
    size_t reply_bytes;  /* of answers, large ones, on their way */
    struct visit *first; /* those that have no tunnel yet */
    unsigned count;      /* all of them */
};

/* The stream is taken over. */
void visit_open(struct visits *all, struct assay_stream *client);
/* Those that have no tunnel yet are told to come again; tunnels are drained. */
void visits_drain(struct visits *all);
void visits_cut(struct visits *all);
