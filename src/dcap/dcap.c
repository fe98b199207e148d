/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The table `steps` is the whole verification: which check needs which others
 * to have passed, and who judges it.
 */
#include "dcap/dcap.h"

#include "dcap/judge.h"

#define AFTER(id) ASSAY_CHECK_BIT(id)

static const struct step {
    enum assay_check_id id;
    assay_check_set after; /* checks that must have passed (those that apply) */
    void (*judge)(struct assay_dcap_run *r, enum assay_check_id id);
} steps[] = {
#define STEP(id, after, judge) {ASSAY_CHECK_##id, after, judge}
    STEP(ROOT_CA, 0, assay_judge_root),
    STEP(PCK_CHAIN, AFTER(ROOT_CA), assay_judge_pck_chain),
    STEP(PCK_CHAIN_DATES, AFTER(PCK_CHAIN), assay_judge_pck_chain_dates),
    STEP(ROOT_CRL, AFTER(ROOT_CA), assay_judge_root_crl),
    STEP(ROOT_CRL_DATES, AFTER(ROOT_CRL), assay_judge_root_crl_dates),
    STEP(PCK_CRL, AFTER(PCK_CHAIN), assay_judge_pck_crl),
    STEP(PCK_CRL_DATES, AFTER(PCK_CRL), assay_judge_pck_crl_dates),
    STEP(PCK_CA_NOT_REVOKED, AFTER(PCK_CHAIN) | AFTER(ROOT_CRL),
         assay_judge_ca_revocation),
    STEP(PCK_NOT_REVOKED, AFTER(PCK_CHAIN) | AFTER(PCK_CRL),
         assay_judge_pck_revocation),
    STEP(TCB_SIGNER, AFTER(ROOT_CA), assay_judge_tcb_signer),
    STEP(TCB_SIGNER_DATES, AFTER(TCB_SIGNER), assay_judge_tcb_signer_dates),
    STEP(TCB_SIGNER_NOT_REVOKED, AFTER(TCB_SIGNER) | AFTER(ROOT_CRL),
         assay_judge_tcb_signer_revocation),
    STEP(TCB_INFO, AFTER(TCB_SIGNER), assay_judge_tcb_info),
    STEP(TCB_INFO_DATES, AFTER(TCB_INFO), assay_judge_tcb_info_dates),
    STEP(QE_SIGNER, AFTER(ROOT_CA), assay_judge_qe_signer),
    STEP(QE_SIGNER_DATES, AFTER(QE_SIGNER), assay_judge_qe_signer_dates),
    STEP(QE_SIGNER_NOT_REVOKED, AFTER(QE_SIGNER) | AFTER(ROOT_CRL),
         assay_judge_qe_signer_revocation),
    STEP(QE_IDENTITY, AFTER(QE_SIGNER), assay_judge_qe_identity),
    STEP(QE_IDENTITY_DATES, AFTER(QE_IDENTITY), assay_judge_qe_identity_dates),
    STEP(QE_REPORT_SIGNATURE, AFTER(PCK_CHAIN),
         assay_judge_qe_report_signature),
    STEP(QE_REPORT, AFTER(QE_REPORT_SIGNATURE) | AFTER(QE_IDENTITY),
         assay_judge_qe_report),
    STEP(ATTESTATION_KEY, AFTER(QE_REPORT_SIGNATURE),
         assay_judge_attestation_key),
    STEP(QUOTE_SIGNATURE, AFTER(ATTESTATION_KEY), assay_judge_quote_signature),
    STEP(TCB_INFO_MATCH, AFTER(PCK_CHAIN) | AFTER(TCB_INFO),
         assay_judge_tcb_info_match),
    STEP(TDX_MODULE, AFTER(QUOTE_SIGNATURE) | AFTER(TCB_INFO_MATCH),
         assay_judge_tdx_module),
    STEP(TCB_LEVEL,
         AFTER(QUOTE_SIGNATURE) | AFTER(TCB_INFO_MATCH) | AFTER(QE_REPORT) |
             AFTER(TDX_MODULE),
         assay_judge_tcb_level),
#undef STEP
};
#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))
_Static_assert(STEP_COUNT == ASSAY_CHECK_FIRST_POLICY,
               "each check of evidence has its step");

static void
run_steps(struct assay_dcap_run *r)
{
    for (size_t i = 0; i < STEP_COUNT; i++) {
        if (steps[i].id != ASSAY_CHECK_TDX_MODULE ||
            r->in->quote->tee_type == ASSAY_TEE_TDX) {
            assay_checks_expect(r->checks, steps[i].id, true);
        }
    }
    for (size_t i = 0; i < STEP_COUNT && r->err->code == ASSAY_OK; i++) {
        if (!assay_check_in(r->checks->applies, steps[i].id)) {
            continue;
        }
        if (assay_checks_have(r->checks, steps[i].after & r->checks->applies)) {
            steps[i].judge(r, steps[i].id);
        } else {
            assay_checks_wait(r->checks, steps[i].id, steps[i].after);
        }
    }
}

enum assay_code
assay_dcap_check(const struct assay_dcap_input *in, struct assay_checks *checks,
                 struct assay_dcap_result *out, struct assay_error *err)
{
    struct assay_dcap_run r = {.in = in, .checks = checks, .err = err};

    memset(out, 0, sizeof(*out));
    assay_dcap_read_chain(&r);
    if (err->code == ASSAY_OK) {
        run_steps(&r);
    }
    if (err->code == ASSAY_OK && assay_checks_have(checks, checks->applies)) {
        *out = r.reached;
    }
    assay_dcap_keep_issuers(&r);
    out->pck = r.pck;
    assay_chain_free(&r.chain);
    return err->code;
}
