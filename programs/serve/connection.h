/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * connection.h - clients: each a stream, the session over it, and whatever its
 * request waits for.
 */
#pragma once

#include "assay/session.h"
#include "clients.h"
#include "daemon/crowd.h"
#include "forward.h"
#include "io/stream.h"
#include "quotes.h"

struct connection; /* opaque */
struct site;

/* What the connections of one loop have in common. A reload changes what comes
 * from the site, between two events. */
struct connections {
    uv_loop_t *loop;
    const struct log *log;
    const struct assay_ctx *ctx;
    struct site *site; /* each connection holds the one it began with */
    const struct assay_tls_identity *identity;
    struct requests requests;
    struct quotes quotes;
    struct clients *clients; /* who must attest; NULL: nobody */
    struct backend backend;
    struct backend pipe; /* the target of pipes */
    struct forward_options forward;
    uint32_t header_ms; /* for the handshake, and for a head */
    uint32_t idle_ms;   /* between two requests */
    uint32_t body_ms;   /* a client's pause in a body, ours or its own */
    uint32_t backend_ms;
    uint32_t client_ms;       /* for collateral of a client's evidence */
    uint32_t upgrade_idle_ms; /* silence behind a switch of protocols */
    /* The number has changed. */
    void (*counted)(void *user);
    void *user;
    /* kept by connection.c */
    struct crowd crowd;
    struct connection *first;
    unsigned count;
    bool draining;
};

/* Takes over an accepted stream. */
void connection_open(struct connections *all, struct assay_stream *stream);
/* Something has changed for all of them: each does what follows from it. */
void connections_renew(struct connections *all);
/* No further requests: what is idle closes now, what is under way behind its
 * answer. */
void connections_drain(struct connections *all);
/* All of them, and what waits for the backend, at once. */
void connections_cut(struct connections *all);
