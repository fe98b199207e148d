/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_json.c - a bundle for people and programs: what it holds, and what a
 * verdict over it means.
 */
#include "appraise/verdict.h"
#include "base/json_out.h"
#include "collateral/collateral.h"
#include "evidence/evidence.h"
#include "policy/policy.h"
#include "quote/quote_out.h"

enum assay_code
assay_evidence_to_json(const struct assay_evidence *e, struct assay_buf *out,
                       struct assay_error *err)
{
    const struct assay_evidence_view *v = &e->view;
    struct assay_json_out o;

    assay_error_clear(err);
    assay_json_out_init(&o, out, false);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_text(&o, "format", ASSAY_EVIDENCE_FORMAT);
    assay_evidence_out_claims(&o, v);
    assay_evidence_out_session(&o, v);
    assay_evidence_out_offer(&o, v, err);
    assay_collateral_out_items(&o, "collateral", v->collateral);
    assay_quote_out(&o, "quote", assay_quote_view(v->quote));
    assay_json_out_close(&o, '}');
    return assay_buf_check(out, "evidence", err);
}

/* --- with a verdict --------------------------------------------------------
 */

static void
out_claim_rows(struct assay_json_out *o, const struct assay_evidence *e,
               const struct assay_evidence_options *options,
               const struct assay_verdict *v)
{
    struct assay_evidence_claim claims[ASSAY_EVIDENCE_CLAIMS_MAX];
    size_t count = assay_evidence_claims(e, options, v, claims);

    assay_json_out_open(o, "not_proven", '[');
    for (size_t i = 0; i < count; i++) {
        assay_json_out_open(o, NULL, '{');
        assay_json_out_text(o, "member", claims[i].member);
        assay_json_out_text(o, "why", claims[i].why);
        assay_json_out_close(o, '}');
    }
    assay_json_out_close(o, ']');
}

/* "Fresh" is what a program may ask for; a bundle never is. */
static void
out_evidence(struct assay_json_out *o, const struct assay_evidence *e,
             const struct assay_evidence_options *options,
             const struct assay_verdict *v)
{
    assay_json_out_open(o, "evidence", '{');
    assay_json_out_text(o, "format", ASSAY_EVIDENCE_FORMAT);
    assay_json_out_bool(o, "proves_session", false);
    assay_json_out_text(o, "session", assay_evidence_session(v));
    assay_json_out_text(o, "time",
                        options->has_time ? "given by the verifier"
                                          : "claimed, not proven");
    assay_json_out_text(o, "policy",
                        options->policy->claimed
                            ? "claimed by the bundle's author"
                            : "given by the verifier");
    assay_json_out_text(o, "collateral",
                        options->collateral != NULL ? "given by the verifier"
                                                    : "of the bundle");
    assay_evidence_out_claims(o, &e->view);
    out_claim_rows(o, e, options, v);
    assay_json_out_close(o, '}');
}

enum assay_code
assay_evidence_verdict_to_json(const struct assay_evidence *e,
                               const struct assay_evidence_options *options,
                               const struct assay_verdict *v,
                               struct assay_buf *out, struct assay_error *err)
{
    struct assay_json_out o;

    assay_error_clear(err);
    assay_json_out_init(&o, out, false);
    assay_json_out_open(&o, NULL, '{');
    assay_verdict_out(&o, v, e->view.quote,
                      options->collateral != NULL ? options->collateral
                                                  : e->view.collateral);
    out_evidence(&o, e, options, v);
    assay_json_out_close(&o, '}');
    return assay_buf_check(out, "verdict", err);
}
