/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_verify.c - a bundle before the rules of a live session, and what
 * they leave unproven of it.
 */
#include "atls/leaf.h"
#include "atls/wire.h"
#include "collateral/collateral.h"
#include "evidence/evidence.h"
#include "policy/policy.h"

/* --- the author's policy -------------------------------------------------- */

enum assay_code
assay_evidence_policy(const struct assay_evidence *e, struct assay_policy **out,
                      struct assay_error *err)
{
    const struct assay_evidence_view *v = &e->view;
    struct assay_policy *p = NULL;

    *out = NULL;
    (void)!(v->policy_is_toml ? assay_policy_parse_toml(v->policy, &p, err)
                              : assay_policy_parse(v->policy, &p, err));
    if (p != NULL && assay_policy_compose_file(p) != NULL) {
        if (v->compose_file.len == 0) {
            assay_fail(err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                       "compose_file is not in the bundle");
        } else {
            (void)!assay_policy_set_compose_file(e->ctx, p, v->compose_file,
                                                 err);
        }
    }
    if (p == NULL || err->code != ASSAY_OK) {
        assay_policy_free(p);
        assay_error_prefix(err, "evidence: claims.policy");
        return err->code;
    }
    p->claimed = true;
    *out = p;
    return ASSAY_OK;
}

/* --- judging -------------------------------------------------------------- */

/* What a session would not have got past: its wire, then its certificate. */
static void
find_fault(const struct assay_evidence *e, const struct assay_policy *p,
           const char **fault, struct assay_error *err)
{
    const struct assay_evidence_view *v = &e->view;

    *fault = "session.wire: the policy does not allow this one";
    for (size_t i = 0; i < assay_policy_wire_count(p); i++) {
        if (assay_policy_wire(p, i) == v->wire) {
            *fault = NULL;
        }
    }
    if (*fault == NULL && !assay_policy_accepts_self_signed(p)) {
        (void)!assay_leaf_check(e->ctx, v->certificate, v->server_name,
                                v->time_s, fault, err);
    }
}

enum assay_code
assay_evidence_verify(struct assay_verifier *verifier,
                      const struct assay_evidence *e,
                      const struct assay_evidence_options *o,
                      struct assay_verdict **out, struct assay_error *err)
{
    const struct assay_evidence_view *v = &e->view;
    struct assay_binding binding = {.wire = v->wire};
    struct assay_stored stored = {.fault = NULL};
    const struct assay_verify_input in = {
        .quote = v->quote,
        .collateral = o->collateral != NULL ? o->collateral : v->collateral,
        .root = o->root,
        .policy = o->policy,
        .now_s = o->has_time ? o->now_s : v->time_s,
        .event_log = v->event_log,
        .app_compose = v->app_compose,
        .vm_config = v->vm_config,
        .binding = &binding,
        .stored = &stored,
        .seen = o->seen,
    };

    *out = NULL;
    assay_error_clear(err);
    if (o->policy != NULL) { /* or assay_verify() says so */
        find_fault(e, o->policy, &stored.fault, err);
    }
    if (err->code != ASSAY_OK ||
        assay_wire_rule(v->wire)->report_data(e->ctx, v->nonce, v->exporter,
                                              binding.report_data,
                                              err) != ASSAY_OK ||
        assay_sha256(e->ctx, v->certificate, binding.certificate_sha256, err) !=
            ASSAY_OK) {
        return err->code;
    }
    return assay_verify(verifier, &in, out, err);
}

/* --- what is left --------------------------------------------------------- */

/* A row that the verdict does not have was not checked. */
static enum assay_outcome
outcome_of(const struct assay_verdict *v, const char *name)
{
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        if (strcmp(c.name, name) == 0) {
            return c.outcome;
        }
    }
    return ASSAY_NOT_CHECKED;
}

const char *
assay_evidence_session(const struct assay_verdict *v)
{
    switch (outcome_of(v, "report_data")) {
    case ASSAY_PASSED:
        return "consistent; only the two ends can know";
    case ASSAY_FAILED:
        return "not consistent with the quote";
    default:
        return "not checked: the quote is not proven to be genuine";
    }
}

size_t
assay_evidence_claims(
    const struct assay_evidence *e, const struct assay_evidence_options *o,
    const struct assay_verdict *v,
    struct assay_evidence_claim out[ASSAY_EVIDENCE_CLAIMS_MAX])
{
    const struct assay_evidence_view *view = &e->view;
    bool self_signed = assay_policy_accepts_self_signed(o->policy);
    const struct {
        bool left;
        struct assay_evidence_claim claim;
    } rows[] = {
        {true,
         {"claims.time", o->has_time ? "yours was used, but for the certificate"
                                     : "all dates were compared with it"}},
        {true,
         {"claims.server_name",
          self_signed ? "the policy accepts any certificate"
                      : "compared with the names of the certificate, no more"}},
        {true,
         {"claims.policy", o->policy->claimed ? "used, for want of yours"
                                              : "yours was used instead"}},
        {true, {"claims.root_sha256", "never used"}},
        {true, {"claims.verdict", "never used"}},
        {outcome_of(v, "certificate_event") != ASSAY_PASSED,
         {"session.certificate", "no event is proven to announce it"}},
        {view->wire != ASSAY_WIRE_V2,
         {"session.exporter", "this wire does not bind it"}},
        {view->event_log != NULL,
         {"event_log", "of entries that are no runtime events only the digest "
                       "is measured"}},
        {o->collateral != NULL, {"collateral", "yours was used instead"}},
        {o->collateral == NULL && view->collateral->pck_chain.len > 0 &&
             assay_quote_view(view->quote)->cert_type == ASSAY_CERT_PCK_CHAIN,
         {"collateral.pck_certificate_chain", "the quote brings its own"}},
        {view->app_compose.len > 0 &&
             assay_verdict_workload(v)->compose_hash.ptr == NULL,
         {"app_compose", "no hash of it is proven"}},
        {view->vm_config.len > 0,
         {"vm_config", "the host's word, but for what MRCONFIGID measures"}},
    };
    size_t count = 0;

    _Static_assert(sizeof(rows) / sizeof(rows[0]) <= ASSAY_EVIDENCE_CLAIMS_MAX,
                   "room for every claim");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].left) {
            out[count++] = rows[i].claim;
        }
    }
    return count;
}
