/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * client_state.h - the client of an attested session from inside. Used by
 * client*.c only.
 */
#pragma once

#include "atls/appraisal.h"
#include "atls/reply.h"
#include "atls/tls.h"
#include "atls/wire.h"

#define ASSAY_CLIENT_REQUEST_MAX_BYTES                                         \
    1024u /* head; for a quote, all of it                                      \
           */

struct assay_client {
    struct assay_client_options o;
    char name[ASSAY_SERVER_NAME_MAX_BYTES + 1];
    const struct assay_wire_rule *wire;
    struct assay_tls *tls;
    enum assay_client_state state;
    struct assay_error error;
    bool peer_failed;
    bool appraised; /* what came for the nonce in use, trusted or not */
    bool truncated;
    bool in_message;
    bool said_bye; /* nothing more is written */
    struct assay_queue plain;
    struct assay_reply_reader reader;
    struct assay_appraisal server; /* of its evidence */
    struct assay_buf certificate;
    uint8_t report_data[64]; /* for evidence of our own */
    struct assay_session_facts facts;
    int64_t nonce_ms; /* when the nonce in use was issued */
};

/* For good: nothing but the alert goes out, nothing more comes in. peer: it was
 * reached and is to blame. Returns the code of the first failure. */
enum assay_code assay_client_fail(struct assay_client *c,
                                  const struct assay_error *why, bool peer);
/* A call that this state does not allow. */
enum assay_code assay_client_refuse(struct assay_error *err,
                                    const struct assay_client *c,
                                    const char *what);
/* The policy and what else judges the server. */
struct assay_requirement
assay_client_requirement(const struct assay_client_options *o);
/* The nonce of the next request, and when it was issued. */
void assay_client_take_nonce(struct assay_client *c, struct assay_now now,
                             const uint8_t nonce[ASSAY_NONCE_BYTES]);
/* Every condition is met. */
void assay_client_open(struct assay_client *c);
/* Nothing may follow the server's answer before the session is open. */
void assay_client_step_waiting(struct assay_client *c, struct assay_error *err);

/* --- evidence of our own: client_evidence.c ----------------------------- */

/* The server is trusted: OPEN, or what it wants of us first. */
ASSAY_MUST_CHECK enum assay_code assay_client_trust(struct assay_client *c,
                                                    struct assay_error *err);
/* The answer to our evidence, as it comes. */
void assay_client_step_evidence(struct assay_client *c,
                                struct assay_error *err);
