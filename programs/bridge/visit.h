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

struct visit_report {
    const char *peer;            /* the client, "192.0.2.1:50000" */
    const char *target;          /* "" if none was read */
    const char *address;         /* what was connected to; "" if nothing */
    enum denial denial;          /* ADMITTED: there was a tunnel */
    const char *why;             /* more of a denial, or NULL */
    struct tunnel_report tunnel; /* if admitted */
    uint64_t ms;                 /* from the connection to its end */
};

/* Those of one loop. What it points to outlives them. */
struct visits {
    uv_loop_t *loop;
    const struct assay_ctx *ctx;
    const struct admission_rules *rules; /* for those who come from now on */
    const struct guard *guard;
    struct tunnels *tunnels;
    uint32_t head_ms;    /* for the whole request */
    uint32_t connect_ms; /* for look-up and connection */
    bool draining;
    struct places *places;
    /* The rules that admit a visit stay as long as it needs them. */
    void *(*hold)(void *user);
    void (*drop)(void *user, void *held);
    void (*ended)(void *user, const struct visit_report *report);
    void *user;
    struct visit *first; /* those that have no tunnel yet */
    unsigned count;      /* all of them */
};

/* The stream is taken over. */
void visit_open(struct visits *all, struct assay_stream *client);
/* Those that have no tunnel yet are told to come again; tunnels are drained. */
void visits_drain(struct visits *all);
void visits_cut(struct visits *all);
