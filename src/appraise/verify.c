/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * verify.c - the main flow: evidence, endorsements, policy and time to a
 * verdict.
 */
#include "assay/verify.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "appraise/advisories.h"
#include "appraise/rules.h"

struct assay_verifier {
    const struct assay_ctx *ctx;
    struct assay_facts *facts;
    _Atomic int64_t newest_s;
};

enum assay_code
assay_verifier_new(const struct assay_ctx *ctx, uint32_t max_platforms,
                   struct assay_verifier **out, struct assay_error *err)
{
    struct assay_verifier *v = calloc(1, sizeof(*v));

    *out = NULL;
    assay_error_clear(err);
    if (v == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "verifier: out of memory");
    }
    v->ctx = ctx;
    atomic_init(&v->newest_s, 0);
    if (assay_facts_new(ctx, max_platforms, &v->facts, err) != ASSAY_OK) {
        free(v);
        return err->code;
    }
    *out = v;
    return ASSAY_OK;
}

void
assay_verifier_free(struct assay_verifier *v)
{
    if (v != NULL) {
        assay_facts_free(v->facts);
        free(v);
    }
}

int64_t
assay_verifier_newest_date(const struct assay_verifier *v)
{
    return atomic_load(&v->newest_s);
}

/* Collateral that stood every check tells the time: it was not later than now
 * when its issuer dated it. */
static void
learn_date(struct assay_verifier *verifier, const struct assay_checks *checks,
           const struct assay_collateral *c)
{
    static const assay_check_set all =
        ASSAY_CHECK_BIT(ROOT_CRL) | ASSAY_CHECK_BIT(ROOT_CRL_DATES) |
        ASSAY_CHECK_BIT(PCK_CRL) | ASSAY_CHECK_BIT(PCK_CRL_DATES) |
        ASSAY_CHECK_BIT(TCB_SIGNER) | ASSAY_CHECK_BIT(TCB_SIGNER_DATES) |
        ASSAY_CHECK_BIT(TCB_SIGNER_NOT_REVOKED) | ASSAY_CHECK_BIT(TCB_INFO) |
        ASSAY_CHECK_BIT(TCB_INFO_DATES) | ASSAY_CHECK_BIT(QE_SIGNER) |
        ASSAY_CHECK_BIT(QE_SIGNER_DATES) |
        ASSAY_CHECK_BIT(QE_SIGNER_NOT_REVOKED) | ASSAY_CHECK_BIT(QE_IDENTITY) |
        ASSAY_CHECK_BIT(QE_IDENTITY_DATES);
    const int64_t dates[] = {
        c->tcb_info.issue_s,
        c->qe_identity.issue_s,
        c->pck_crl.crl.this_update_s,
        c->root_crl.crl.this_update_s,
    };
    int64_t known = atomic_load(&verifier->newest_s);

    if (!assay_checks_have(checks, all)) {
        return;
    }
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        while (dates[i] > known && !atomic_compare_exchange_weak(
                                       &verifier->newest_s, &known, dates[i])) {
            /* another thread was faster; `known` is what it has learnt */
        }
        known = atomic_load(&verifier->newest_s);
    }
}

/* Years 1970 to 9999: what dates in certificates and JSON can be compared
 * with, and no difference of two overflows. */
#define TIME_MAX_S INT64_C(253402300799)

static void
check_input(const struct assay_verify_input *in, struct assay_error *err)
{
    const struct {
        const void *ptr;
        const char *name;
    } inputs[] = {
        {in->quote, "quote"},
        {in->collateral, "collateral"},
        {in->root, "root"},
        {in->policy, "policy"},
    };

    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        if (inputs[i].ptr == NULL) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "verify: no %s was given", inputs[i].name);
        }
    }
    if (in->now_s < 0 || in->now_s > TIME_MAX_S) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "verify: the time is not between the years 1970 and 9999");
    }
}

static void
check_together(const struct assay_verify_input *in, struct assay_error *err)
{
    if (in->policy->compose_file != NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "verify: the policy's compose_file was not given");
    }
    if (in->event_log != NULL &&
        assay_quote_view(in->quote)->tee_type != ASSAY_TEE_TDX) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "verify: an event log was given for a quote that is not "
                   "from TDX");
    }
}

/* What passed its dates all the same, passed by the policy's grace. */
static void
take_staleness(const struct assay_verify_input *in,
               struct assay_verdict_facts *f)
{
    for (size_t i = 0; i < assay_collateral_item_count(in->collateral); i++) {
        struct assay_collateral_item item =
            assay_collateral_item(in->collateral, i);

        if (!item.certificate && item.expires_s < in->now_s &&
            (!f->collateral_stale ||
             item.expires_s < f->collateral_stale_since_s)) {
            f->collateral_stale = true;
            f->collateral_stale_since_s = item.expires_s;
        }
    }
}

/* What the quote and its collateral say, as far as it is authentic. */
static void
take_facts(const struct assay_verify_input *in,
           const struct assay_dcap_result *dcap, struct assay_verdict *v)
{
    struct assay_verdict_facts *f = &v->facts;

    f->tdx = assay_quote_view(in->quote)->tee_type == ASSAY_TEE_TDX;
    f->root_intel = assay_root_is_intel(in->root);
    f->verified_at_s = in->now_s;
    if (assay_checks_have(&v->checks, ASSAY_CHECK_BIT(PCK_CHAIN))) {
        f->has_fmspc = true;
        memcpy(f->fmspc, dcap->pck.fmspc, sizeof(f->fmspc));
    }
    if (assay_checks_have(&v->checks, ASSAY_CHECK_BIT(TCB_INFO) |
                                          ASSAY_CHECK_BIT(QE_IDENTITY))) {
        f->has_evaluation = true;
        f->tcb_evaluation_data_number = in->collateral->tcb_info.evaluation;
        f->qe_identity_evaluation_data_number =
            in->collateral->qe_identity.evaluation;
    }
    if (dcap->status == ASSAY_TCB_NONE) {
        return;
    }
    take_staleness(in, f);
    f->tcb_status = dcap->status;
    f->platform_status = dcap->launch.platform.status;
    f->tdx_module_status = dcap->launch.module.status;
    f->qe_status = dcap->launch.qe.status;
    if (dcap->has_current) {
        f->launch_status = dcap->launch.status;
        f->current_status = dcap->current.status;
    }
}

static void
take_part(struct assay_verdict *v, enum assay_tcb_part part,
          const struct assay_tcb_match *m)
{
    struct assay_verdict_facts *f = &v->facts;

    if (m->status == ASSAY_TCB_NONE) {
        return;
    }
    v->part[part] = (struct assay_verdict_part){m->status, m->tcb_date_s};
    if (!f->has_tcb_date || m->tcb_date_s < f->tcb_date_s) {
        f->has_tcb_date = true;
        f->tcb_date_s = m->tcb_date_s;
    }
}

static void
take_parts(const struct assay_dcap_result *dcap, struct assay_verdict *v)
{
    if (dcap->status == ASSAY_TCB_NONE) {
        return;
    }
    take_part(v, ASSAY_PART_PLATFORM, &dcap->launch.platform);
    take_part(v, ASSAY_PART_MODULE, &dcap->launch.module);
    take_part(v, ASSAY_PART_QE, &dcap->launch.qe);
    if (dcap->has_current) {
        const struct assay_tcb_evaluation *now = &dcap->current;
        int64_t date = now->platform.tcb_date_s;

        if (now->module.status != ASSAY_TCB_NONE &&
            now->module.tcb_date_s < date) {
            date = now->module.tcb_date_s;
        }
        v->part[ASSAY_PART_CURRENT] =
            (struct assay_verdict_part){now->status, date};
    }
}

enum assay_code
assay_verify(struct assay_verifier *verifier,
             const struct assay_verify_input *in, struct assay_verdict **out,
             struct assay_error *err)
{
    struct assay_verdict *v = NULL;
    struct assay_dcap_result dcap;

    *out = NULL;
    assay_error_clear(err);
    check_input(in, err);
    if (err->code == ASSAY_OK) {
        check_together(in, err);
    }
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    v = calloc(1, sizeof(*v));
    if (v == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "verdict: out of memory");
    }
    const struct assay_dcap_input evidence = {
        .ctx = verifier->ctx,
        .facts = verifier->facts,
        .quote = assay_quote_view(in->quote),
        .collateral = in->collateral,
        .root = in->root,
        .now_s = in->now_s,
        .collateral_grace_s = in->policy->collateral_grace_s,
    };
    const struct assay_rules_input rules = {
        .ctx = verifier->ctx,
        .policy = in->policy,
        .quote = evidence.quote,
        .collateral = in->collateral,
        .dcap = &dcap,
        .now_s = in->now_s,
        .event_log = in->event_log,
        .app_compose = in->app_compose,
        .vm_config = in->vm_config,
        .binding = in->binding,
        .stored = in->stored,
        .seen = in->seen,
    };

    if (assay_dcap_check(&evidence, &v->checks, &dcap, err) == ASSAY_OK) {
        take_facts(in, &dcap, v);
        take_parts(&dcap, v);
        assay_advisories_collect(&dcap, v, err);
    }
    if (err->code != ASSAY_OK ||
        assay_rules_judge(&rules, v, err) != ASSAY_OK) {
        assay_verdict_free(v);
        return err->code;
    }
    learn_date(verifier, &v->checks, in->collateral);
    assay_verdict_close(v);
    *out = v;
    return ASSAY_OK;
}
