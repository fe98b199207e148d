/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * client_state.h - the client of an attested session from inside. Used by
 * client*.c only.
 */
#pragma once

#include "atls/reply.h"
#include "atls/tls.h"
#include "atls/wire.h"

struct assay_client {
    struct assay_client_options o;
    char name[ASSAY_SERVER_NAME_MAX_BYTES + 1];
    const struct assay_wire_rule *wire;
    struct assay_tls *tls;
    enum assay_client_state state;
    struct assay_error error;
    bool peer_failed;
    bool truncated;
    bool in_message;
    struct assay_queue plain;
    struct assay_reply_reader reader;
    struct assay_reply_evidence evidence;
    struct assay_collateral_need need;
    const struct assay_collateral *collateral; /* borrowed */
    struct assay_evaluations seen;
    struct assay_buf certificate;
    struct assay_verdict *verdict;
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
/* ASSAY_INVALID for a clock that shows less than collateral has proven. */
void assay_client_check_clock(const struct assay_client_options *o,
                              struct assay_now now, struct assay_error *err);
/* The nonce of the next request, and when it was issued. */
void assay_client_take_nonce(struct assay_client *c, struct assay_now now,
                             const uint8_t nonce[ASSAY_NONCE_BYTES]);
