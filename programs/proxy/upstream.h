/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upstream.h - one provider, for one loop: attested connections to it, of which
 * some are always ready, so that no request waits for a quote.
 *
 * A connection in here is open: its evidence was trusted, and is younger than
 * the policy's interval, or is asked for anew before anything is sent.
 */
#pragma once

#include <stdatomic.h>

#include "daemon/log.h"
#include "failure.h"
#include "io/attested.h"
#include "provider.h"

/* What a connection has proven, as its client is told. */
#define PROOF_EVIDENCE_BYTES 16u
struct proof {
    char tcb[48];                            /* "UpToDate" */
    char evidence[PROOF_EVIDENCE_BYTES + 1]; /* hex: how the nonce begins, as
                                                in the name of the bundle */
    char measurement[97];                    /* MRTD; "" if there is none */
    int64_t attested_ms;                     /* mono_ms of struct assay_now */
    bool partial; /* which software runs is left open; see proof.h */
};

struct upstream_options {
    uv_loop_t *loop;
    const struct assay_ctx *ctx;
    struct assay_verifier *verifier;
    struct assay_seen *seen; /* or NULL */
    const struct log *log;
    unsigned warm;          /* connections that wait for a request, at least */
    unsigned max_links;     /* in all */
    unsigned max_requests;  /* of one connection; then it is closed */
    uint32_t max_age_ms;    /* likewise */
    uint32_t idle_ms;       /* beyond `warm`, one that waits so long is closed;
                               each is, or was used, before the server's limit:
                               see keep_alive_ms */
    uint32_t keep_alive_ms; /* none waits for longer without anything said */
    uint32_t connect_ms;
    uint32_t attest_ms; /* of each phase behind that */
    uint32_t wait_ms;   /* of a request, for a connection */
    bool keep_evidence; /* for `judged`, to store it */
    /* Each verdict, and each failure to come to one, while the session can be
     * asked. why->code is ASSAY_OK if it is trusted; then proof is set. May be
     * NULL. */
    void (*judged)(void *user, const struct provider *provider,
                   struct assay_attested *a, const struct proof *proof,
                   const struct assay_error *why, bool peer);
    void *user;
    /* Of each search for collateral that begins and has ended: it may outlast
     * the upstream, and uses provider, ctx, verifier and seen until then. Or
     * NULL. */
    void (*begun)(void *owner);
    void (*ended)(void *owner);
    void *owner;
};

/* Others may read them. */
struct upstream_gauges {
    _Atomic uint64_t idle;
    _Atomic uint64_t busy;
    _Atomic uint64_t attesting; /* connecting, and asking anew */
    _Atomic uint64_t waiting;   /* requests without a connection */
    _Atomic uint64_t attested;  /* verdicts that were trusted, ever */
    _Atomic uint64_t refused;   /* that were not */
    _Atomic uint64_t failed;    /* that could not be had */
    _Atomic uint64_t requests;  /* that were given a connection, ever */
};

struct upstream; /* opaque */

/* The provider must outlive it; the options are copied. NULL: no memory. */
struct upstream *upstream_new(const struct provider *provider,
                              const struct upstream_options *options);
/* No new connections; those that wait are closed, the busy ones behind their
 * requests. */
void upstream_drain(struct upstream *u);
/* With all of its connections, at once; no call may be left (call.h). NULL is
 * fine. */
void upstream_free(struct upstream *u);
const struct upstream_gauges *upstream_gauges(const struct upstream *u);
const struct provider *upstream_provider(const struct upstream *u);
/* No connection of it is in use, and nobody waits. */
bool upstream_is_idle(const struct upstream *u);
