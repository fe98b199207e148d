/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/trial.h"

#include <stdio.h>
#include <string.h>

/* What says of the collateral, whatever the quote and the time, that it holds
 * together: a source in the middle of an update may have a new CRL beside what
 * a revoked key has signed. */
static const char *const own_checks[] = {
    "root_ca_crl",
    "pck_crl",
    "tcb_signer",
    "tcb_signer_not_revoked",
    "tcb_info",
    "qe_signer",
    "qe_signer_not_revoked",
    "qe_identity",
};
#define OWN_COUNT (sizeof(own_checks) / sizeof(own_checks[0]))

/* How many of them had this outcome. */
static size_t
count(const struct assay_verdict *v, enum assay_outcome outcome)
{
    size_t n = 0;

    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        for (size_t k = 0; k < OWN_COUNT; k++) {
            n += strcmp(c.name, own_checks[k]) == 0 && c.outcome == outcome;
        }
    }
    return n;
}

void
assay_trial_run(struct assay_verifier *verifier, const struct assay_root *root,
                const struct assay_quote *quote,
                const struct assay_collateral *c, int64_t now_s,
                struct assay_trial *out)
{
    struct assay_verdict *v = NULL;
    struct assay_policy *p = NULL;
    struct assay_error ignored;
    struct assay_verify_input in = {
        .quote = quote,
        .collateral = c,
        .root = root,
        .now_s = now_s,
    };

    memset(out, 0, sizeof(*out));
    if (assay_policy_default((enum assay_tee)assay_quote_view(quote)->tee_type,
                             &p, &ignored) == ASSAY_OK) {
        in.policy = p;
        if (assay_verify(verifier, &in, &v, &ignored) == ASSAY_OK) {
            out->authentic = count(v, ASSAY_PASSED) == OWN_COUNT;
            out->forged = count(v, ASSAY_FAILED) > 0;
            out->sound = assay_verdict_tcb_status(v) != ASSAY_TCB_NONE;
            (void)snprintf(out->summary, sizeof(out->summary), "%.159s",
                           assay_verdict_summary(v));
        }
    }
    assay_verdict_free(v);
    assay_policy_free(p);
}
