/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * server_admit.c - which clients are let through to the backend, and what is
 * known of them.
 */
#include <stdio.h>

#include "atls/server_state.h"

/* --- who is let through ------------------------------------------------- */

static const struct assay_refusal *
admission_refusal(const struct assay_server *s, struct assay_now now)
{
    static const struct assay_refusal required = {
        .status = 403,
        .code = "client_attestation_required",
        .message = "this server serves only clients that have proven "
                   "themselves",
        .hint = "answer the client_nonce_hex of a quote reply with evidence, "
                "by POST " ASSAY_WIRE_CLIENT_PATH,
    };
    static const struct assay_refusal stale = {
        .status = 403,
        .code = "client_evidence_stale",
        .message = "the client's evidence is older than this server accepts",
        .hint = "ask for " ASSAY_WIRE_PATH " anew and answer its nonce",
    };

    if (!s->trusted) {
        return &required;
    }
    return assay_appraisal_is_stale(s->of_clients.policy, s->facts.attested_ms,
                                    now.mono_ms, ASSAY_CLIENT_EVIDENCE_GRACE_S)
               ? &stale
               : NULL;
}

void
assay_server_admit(struct assay_server *s, struct assay_now now)
{
    const struct assay_refusal *why;
    struct assay_error err;

    if (s->state != ASSAY_SERVER_ADMIT) {
        return;
    }
    assay_error_clear(&err);
    why = admission_refusal(s, now);
    if (why != NULL) {
        assay_server_answer_error(s, why, s->body.done && s->keep_alive, &err);
    } else {
        s->state = ASSAY_SERVER_REQUEST;
    }
    if (assay_server_resume(s, &err) == ASSAY_OK && s->eof) {
        assay_server_eof(s); /* what had come before it may not be all */
    }
}

/* --- asking ------------------------------------------------------------- */

const struct assay_verdict *
assay_server_client_verdict(const struct assay_server *s)
{
    return s->client.verdict;
}

struct assay_session_facts
assay_server_facts(const struct assay_server *s)
{
    struct assay_session_facts f = s->facts;

    memcpy(f.exporter, s->exporter, sizeof(f.exporter));
    if (assay_tls_ready(s->tls)) {
        (void)snprintf(f.tls_version, sizeof(f.tls_version), "%s",
                       assay_tls_version(s->tls));
        (void)snprintf(f.tls_cipher, sizeof(f.tls_cipher), "%s",
                       assay_tls_cipher(s->tls));
    }
    return f;
}
