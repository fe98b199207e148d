/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * failure.h - why a request gets no answer of its upstream, as its client is
 * told: an error of OpenAI's shape, and a status that its SDKs read right (they
 * retry 408, 409, 429 and 5xx, unless x-should-retry says otherwise).
 */
#pragma once

#include "io/attested.h"

enum failure_kind {
    FAILURE_NONE,
    FAILURE_REFUSED, /* the upstream did not prove itself: 403, not to be
                        retried */
    FAILURE_OUTAGE,  /* it, or collateral, cannot be had for now: 503 */
    FAILURE_TIMEOUT, /* 504 */
    FAILURE_REPLY,   /* its response cannot be read: 502 */
    FAILURE_REQUEST, /* the request cannot be passed on: 400 */
};

#define FAILURE_CODE_MAX_BYTES    64u
#define FAILURE_MESSAGE_MAX_BYTES 768u

struct failure {
    enum failure_kind kind;
    char code[FAILURE_CODE_MAX_BYTES]; /* "tcb_status_not_allowed" */
    char message[FAILURE_MESSAGE_MAX_BYTES];
    unsigned retry_after_s; /* 0: nothing is said */
};

/* What became of a session. peer: as struct assay_attested_events has it;
 * phase: in which it ended; verdict: the last one, if that is what failed; or
 * NULL. A refusal's message begins "Attestation verification failed: TEE not
 * trusted". */
void failure_of_session(struct failure *f, const struct assay_error *why,
                        bool peer, enum assay_attested_phase phase,
                        const struct assay_verdict *verdict,
                        unsigned retry_after_s);
void failure_set(struct failure *f, enum failure_kind kind, const char *code,
                 const char *fmt, ...) ASSAY_PRINTF(4, 5);
/* 403 ...; static. */
unsigned failure_status(enum failure_kind kind);
/* {"error":{"message","type","param","code"}}, appended; param may be NULL. */
void failure_put_error(const char *message, const char *type, const char *param,
                       const char *code, struct assay_buf *to);
/* The same of a failure; type "attestation_error" of a refusal. */
void failure_put_json(const struct failure *f, struct assay_buf *to);
