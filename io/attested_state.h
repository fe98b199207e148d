/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * attested_state.h - an attested connection from inside. Used by attested*.c
 * only.
 */
#pragma once

#include "base/buf.h"
#include "io/attested.h"

struct assay_attested {
    uv_loop_t *loop;
    uv_timer_t timer; /* of the phase */
    struct assay_attested_options o;
    struct assay_client_options session_options;
    struct assay_dial_options dial_options;
    struct assay_attested_events events;
    void *user;
    struct assay_dial *dial;
    struct assay_stream *stream;
    struct assay_client *session;
    struct assay_supply_call *call;
    struct assay_supplied *supplied;
    struct assay_quoter_call *quote; /* for evidence of this side */
    /* Ciphertext that the session did not take yet: held, and behind it what
     * has just come, while its callback lasts. One of them is empty. */
    struct assay_buf held;
    struct assay_slice fresh;
    enum assay_attested_phase phase;
    int64_t phase_began_us;
    int64_t phase_us[ASSAY_PHASE_COUNT];
    bool reading;
    bool peer_closed; /* TCP end of stream */
    bool told_read_done;
    bool told_closed;
    bool ended; /* closed by the owner, or failed */
    char peer[ASSAY_HOST_MAX_BYTES + 16];
};

/* For good, and tells so; does nothing if it has ended. */
void assay_attested_fail(struct assay_attested *a,
                         const struct assay_error *err, bool peer);
/* A phase that is entered again (re-attestation) is timed anew. */
void assay_attested_enter(struct assay_attested *a,
                          enum assay_attested_phase phase);
/* Does what the session's state calls for; every event ends in it. */
void assay_attested_advance(struct assay_attested *a);
void assay_attested_tell_open(struct assay_attested *a);

/* In NEED_COLLATERAL: finds it, appraises, and finds evidence of this side
 * where the server requires that (attested_needs.c). */
void assay_attested_find_collateral(struct assay_attested *a);
