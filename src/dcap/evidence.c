/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence.c - is the quote in order: the QE report, the attestation key, the
 * quote's signature, and the TCB that it reports?
 */
#include "dcap/judge.h"

static void
seal(struct assay_dcap_run *r, struct assay_slice bytes,
     struct assay_slice signature, struct assay_signed *out)
{
    assay_copy(out->signature, signature);
    (void)assay_sha256(r->in->ctx, bytes, out->digest, r->err);
}

void
assay_judge_qe_report_signature(struct assay_dcap_run *r,
                                enum assay_check_id id)
{
    const struct assay_quote_view *q = r->in->quote;
    struct assay_signed s;

    seal(r, q->qe_report.raw, q->qe_report_signature, &s);
    assay_checks_judge(
        r->checks, id,
        assay_signature_fault(r, ASSAY_FACT_QE_REPORT, r->pck_cert.key, &s));
}

/* report[i] & mask[i] == value[i] */
static bool
masked_equal(struct assay_slice report, const uint8_t *mask,
             const uint8_t *value)
{
    for (size_t i = 0; i < report.len; i++) {
        if ((report.ptr[i] & mask[i]) != value[i]) {
            return false;
        }
    }
    return true;
}

static const char *
qe_report_fault(const struct assay_quote_view *q,
                const struct assay_qe_identity *id)
{
    const struct assay_sgx_report *qe = &q->qe_report;
    struct assay_slice miscselect = {qe->raw.ptr + 16, 4};

    if (id->tdx != (q->tee_type == ASSAY_TEE_TDX)) {
        return "the QE identity is that of the other TEE";
    }
    if (!masked_equal(miscselect, id->miscselect_mask, id->miscselect)) {
        return "MISCSELECT is not the QE's";
    }
    if (!masked_equal(qe->attributes, id->attributes_mask, id->attributes)) {
        return "ATTRIBUTES are not the QE's (a debug QE?)";
    }
    if (!assay_slice_equal(qe->mrsigner, ASSAY_SLICE(id->mrsigner))) {
        return "MRSIGNER is not Intel's";
    }
    if (qe->isvprodid != id->isvprodid) {
        return "ISVPRODID is not the QE's";
    }
    return NULL;
}

void
assay_judge_qe_report(struct assay_dcap_run *r, enum assay_check_id id)
{
    assay_checks_judge(
        r->checks, id,
        qe_report_fault(r->in->quote, &r->in->collateral->qe_identity));
}

/* QE report data starts with SHA-256(attestation key, authentication data). */
void
assay_judge_attestation_key(struct assay_dcap_run *r, enum assay_check_id id)
{
    const struct assay_quote_view *q = r->in->quote;
    const struct assay_slice parts[2] = {q->attestation_key, q->qe_auth_data};
    uint8_t digest[ASSAY_SHA256_BYTES];

    if (assay_digest(r->in->ctx, ASSAY_SHA256, parts, 2, digest, r->err) !=
        ASSAY_OK) {
        return;
    }
    assay_checks_judge(
        r->checks, id,
        memcmp(digest, q->qe_report.report_data.ptr, sizeof(digest)) == 0
            ? NULL
            : "the QE report names another key");
}

void
assay_judge_quote_signature(struct assay_dcap_run *r, enum assay_check_id id)
{
    const struct assay_quote_view *q = r->in->quote;
    struct assay_signed s;
    bool good = false;

    seal(r, q->signed_bytes, q->signature, &s);
    if (r->err->code == ASSAY_OK &&
        assay_facts_signed_once(r->in->facts, q->attestation_key, &s, &good,
                                r->err) == ASSAY_OK) {
        assay_checks_judge(r->checks, id,
                           good ? NULL : "the signature is wrong");
    }
}

void
assay_judge_tcb_info_match(struct assay_dcap_run *r, enum assay_check_id id)
{
    const struct assay_tcb_info *t = &r->in->collateral->tcb_info;
    const char *fault = NULL;

    if (t->tdx != (r->in->quote->tee_type == ASSAY_TEE_TDX)) {
        fault = "it is that of the other TEE";
    } else if (memcmp(t->fmspc, r->pck.fmspc, sizeof(t->fmspc)) != 0) {
        fault = "FMSPC differs from that of the PCK certificate";
    } else if (memcmp(t->pce_id, r->pck.pce_id, sizeof(t->pce_id)) != 0) {
        fault = "PCEID differs from that of the PCK certificate";
    }
    assay_checks_judge(r->checks, id, fault);
}

/* Module version 0 is described by tdxModule, later ones by an identity. */
static const char *
tdx_module_fault(const struct assay_td_report *td,
                 const struct assay_tcb_info *t)
{
    const struct assay_tdx_module *module = &t->module;
    uint8_t version = td->tee_tcb_svn.ptr[1];

    if (version > 0) {
        const struct assay_module_identity *id =
            assay_tcb_info_identity(t, version);

        if (id == NULL) {
            return "the TCB info knows no module of this version";
        }
        module = &id->module;
    }
    if (!assay_slice_equal(td->mr_signer_seam, ASSAY_SLICE(module->mrsigner))) {
        return "MRSIGNERSEAM is not that of the module";
    }
    if (!assay_slice_is_zero(td->seam_attributes) ||
        !assay_slice_equal(td->seam_attributes,
                           ASSAY_SLICE(module->attributes))) {
        return "SEAMATTRIBUTES are not zero";
    }
    return NULL;
}

void
assay_judge_tdx_module(struct assay_dcap_run *r, enum assay_check_id id)
{
    assay_checks_judge(
        r->checks, id,
        tdx_module_fault(&r->in->quote->td, &r->in->collateral->tcb_info));
}

void
assay_judge_tcb_level(struct assay_dcap_run *r, enum assay_check_id id)
{
    const struct assay_quote_view *q = r->in->quote;
    bool tdx = q->tee_type == ASSAY_TEE_TDX;
    struct assay_tcb_input in = {
        .info = &r->in->collateral->tcb_info,
        .identity = &r->in->collateral->qe_identity,
        .pck = &r->pck,
        .qe_isvsvn = q->qe_report.isvsvn,
    };
    struct assay_dcap_result *out = &r->reached;

    assay_tcb_evaluate(&in, tdx ? q->td.tee_tcb_svn.ptr : NULL, &out->launch);
    out->status = out->launch.status;
    assay_checks_judge(r->checks, id, out->launch.fault);
    if (tdx && q->td.tee_tcb_svn2.len > 0) {
        out->has_current = true;
        assay_tcb_evaluate(&in, q->td.tee_tcb_svn2.ptr, &out->current);
        if (out->current.fault != NULL) {
            assay_checks_fail(r->checks, id, "running now: %s",
                              out->current.fault);
        }
        out->status =
            assay_tcb_relaunch(out->launch.status, out->current.status);
    }
}
