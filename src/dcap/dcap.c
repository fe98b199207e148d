/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The table `steps` is the whole verification: which check needs which others
 * to have passed, and who judges it.
 */
#include "dcap/dcap.h"

#include <stdio.h>

#include "base/timestamp.h"

struct run {
    const struct assay_dcap_input *in;
    struct assay_checks *checks;
    struct assay_error *err;
    struct assay_chain chain;         /* PCK, its CA, root */
    struct assay_sgx_extension pck;   /* read, not yet authentic */
    struct assay_dcap_result reached; /* handed out if all is well */
};

/* Did this key sign what the seal says? On a failure of the library the run
 * ends by err; until then nothing passes. */
static const char *
signature_fault(struct run *r, enum assay_fact_kind kind,
                struct assay_slice key, const struct assay_signed *seal)
{
    bool good = false;

    if (assay_facts_signed(r->in->facts, kind, key, seal, &good, r->err) !=
        ASSAY_OK) {
        return "the signature could not be checked";
    }
    return good ? NULL : "the signature is wrong";
}

static const char *
cert_signature_fault(struct run *r, enum assay_fact_kind kind,
                     const struct assay_cert *child,
                     const struct assay_cert *issuer)
{
    struct assay_signed seal;

    if (assay_signed_cert(r->in->ctx, child, &seal, r->err) != ASSAY_OK) {
        return "the signature could not be checked";
    }
    return signature_fault(r, kind, issuer->key, &seal);
}

/* The certificate is the trusted one, or carries its key and is self-signed
 * (a root that was reissued). */
static const char *
root_fault(struct run *r, const struct assay_cert *cert)
{
    const struct assay_root *root = r->in->root;
    uint8_t digest[ASSAY_SHA256_BYTES];
    const char *fault = assay_cert_role_fault(cert, ASSAY_ROLE_ROOT);

    if (fault == NULL) {
        fault = assay_cert_link_fault(cert, cert);
    }
    if (fault != NULL) {
        return fault;
    }
    if (assay_sha256(r->in->ctx, cert->der, digest, r->err) != ASSAY_OK) {
        return "the digest could not be computed";
    }
    if (memcmp(digest, root->der_sha256, sizeof(digest)) == 0) {
        return NULL;
    }
    if (!assay_slice_equal(cert->key, ASSAY_SLICE(root->key))) {
        return root->intel ? "the chain ends in a root that is not Intel's"
                           : "the chain ends in another root";
    }
    return cert_signature_fault(r, ASSAY_FACT_ENDORSEMENT, cert, cert);
}

static void
judge_root(struct run *r, enum assay_check_id id)
{
    assay_checks_judge(r->checks, id, root_fault(r, &r->chain.cert[2]));
}

/* A certificate plays its role and its issuer signed it. */
static void
judge_issued(struct run *r, enum assay_check_id id, const char *who,
             enum assay_cert_role role, enum assay_fact_kind kind,
             const struct assay_cert *cert, const struct assay_cert *issuer)
{
    const char *fault = assay_cert_role_fault(cert, role);

    if (fault == NULL) {
        fault = assay_cert_link_fault(cert, issuer);
    }
    if (fault == NULL) {
        fault = cert_signature_fault(r, kind, cert, issuer);
    }
    if (fault != NULL) {
        assay_checks_fail(r->checks, id, "%s: %s", who, fault);
    } else {
        assay_checks_pass(r->checks, id);
    }
}

static void
judge_pck_chain(struct run *r, enum assay_check_id id)
{
    const struct assay_cert *c = r->chain.cert;

    judge_issued(r, id, "CA certificate", ASSAY_ROLE_PCK_CA,
                 ASSAY_FACT_ENDORSEMENT, &c[1], &c[2]);
    judge_issued(r, id, "PCK certificate", ASSAY_ROLE_PCK, ASSAY_FACT_PCK,
                 &c[0], &c[1]);
}

/* RFC 5280 section 4.1.2.5: both ends belong to the period. */
static void
judge_period(struct run *r, enum assay_check_id id, const char *what,
             int64_t from_s, int64_t to_s, int64_t grace_s)
{
    int64_t now = r->in->now_s;
    char date[ASSAY_TIME_TEXT];

    if (now < from_s) {
        assay_time_format(from_s, date);
        assay_checks_fail(r->checks, id, "%s is not valid before %s", what,
                          date);
    } else if (now > to_s) {
        assay_time_format(to_s, date);
        if (now - to_s > grace_s) {
            assay_checks_fail(r->checks, id, "%s expired on %s", what, date);
            return;
        }
        assay_checks_note(r->checks, id,
                          "%s expired on %s, used within "
                          "collateral_grace_secs",
                          what, date);
        assay_checks_pass(r->checks, id);
    } else {
        assay_checks_pass(r->checks, id);
    }
}

static void
judge_cert_period(struct run *r, enum assay_check_id id, const char *what,
                  const struct assay_cert *cert)
{
    judge_period(r, id, what, cert->not_before_s, cert->not_after_s, 0);
}

static void
judge_pck_chain_dates(struct run *r, enum assay_check_id id)
{
    judge_cert_period(r, id, "PCK certificate", &r->chain.cert[0]);
    judge_cert_period(r, id, "CA certificate", &r->chain.cert[1]);
    judge_cert_period(r, id, "root certificate", &r->chain.cert[2]);
}

static const char *
crl_fault(struct run *r, const struct assay_collateral_crl *c,
          const struct assay_cert *issuer)
{
    if (!assay_slice_equal(c->crl.issuer, issuer->subject)) {
        return "it is the list of another issuer";
    }
    if (!c->crl.has_number || c->crl.aki.len == 0) {
        return "it lacks a CRL number or an authority key identifier";
    }
    if (!assay_slice_equal(c->crl.aki, issuer->ski)) {
        return "it names another issuer key";
    }
    return signature_fault(r, ASSAY_FACT_ENDORSEMENT, issuer->key, &c->seal);
}

static void
judge_root_crl(struct run *r, enum assay_check_id id)
{
    assay_checks_judge(
        r->checks, id,
        crl_fault(r, &r->in->collateral->root_crl, &r->chain.cert[2]));
}

static void
judge_pck_crl(struct run *r, enum assay_check_id id)
{
    assay_checks_judge(
        r->checks, id,
        crl_fault(r, &r->in->collateral->pck_crl, &r->chain.cert[1]));
}

static void
judge_crl_period(struct run *r, enum assay_check_id id, const char *what,
                 const struct assay_crl *crl)
{
    judge_period(r, id, what, crl->this_update_s, crl->next_update_s,
                 r->in->collateral_grace_s);
}

static void
judge_root_crl_dates(struct run *r, enum assay_check_id id)
{
    judge_crl_period(r, id, "root CA CRL", &r->in->collateral->root_crl.crl);
}

static void
judge_pck_crl_dates(struct run *r, enum assay_check_id id)
{
    judge_crl_period(r, id, "PCK CRL", &r->in->collateral->pck_crl.crl);
}

static void
judge_revocation(struct run *r, enum assay_check_id id,
                 const struct assay_crl *crl, const struct assay_cert *cert)
{
    assay_checks_judge(r->checks, id,
                       assay_crl_revokes(crl, cert->serial)
                           ? "its serial number is on the CRL"
                           : NULL);
}

static void
judge_ca_revocation(struct run *r, enum assay_check_id id)
{
    judge_revocation(r, id, &r->in->collateral->root_crl.crl,
                     &r->chain.cert[1]);
}

static void
judge_pck_revocation(struct run *r, enum assay_check_id id)
{
    judge_revocation(r, id, &r->in->collateral->pck_crl.crl, &r->chain.cert[0]);
}

/* A signer's chain is two certificates; its root is usually the very one of
 * the PCK chain. */
static void
judge_signer(struct run *r, enum assay_check_id id,
             const struct assay_collateral_signer *s)
{
    const struct assay_cert *c = s->chain.cert;

    if (!assay_slice_equal(c[1].der, r->chain.cert[2].der)) {
        const char *fault = root_fault(r, &c[1]);

        if (fault != NULL) {
            assay_checks_fail(r->checks, id, "root of the signer: %s", fault);
            return;
        }
    }
    judge_issued(r, id, "signer", ASSAY_ROLE_TCB_SIGNER, ASSAY_FACT_ENDORSEMENT,
                 &c[0], &c[1]);
}

static void
judge_signer_dates(struct run *r, enum assay_check_id id,
                   const struct assay_collateral_signer *s)
{
    judge_cert_period(r, id, "signer", &s->chain.cert[0]);
    judge_cert_period(r, id, "root of the signer", &s->chain.cert[1]);
}

static void
judge_tcb_signer(struct run *r, enum assay_check_id id)
{
    judge_signer(r, id, &r->in->collateral->tcb_signer);
}

static void
judge_tcb_signer_dates(struct run *r, enum assay_check_id id)
{
    judge_signer_dates(r, id, &r->in->collateral->tcb_signer);
}

static void
judge_tcb_signer_revocation(struct run *r, enum assay_check_id id)
{
    judge_revocation(r, id, &r->in->collateral->root_crl.crl,
                     &r->in->collateral->tcb_signer.chain.cert[0]);
}

static void
judge_qe_signer(struct run *r, enum assay_check_id id)
{
    judge_signer(r, id, &r->in->collateral->qe_signer);
}

static void
judge_qe_signer_dates(struct run *r, enum assay_check_id id)
{
    judge_signer_dates(r, id, &r->in->collateral->qe_signer);
}

static void
judge_qe_signer_revocation(struct run *r, enum assay_check_id id)
{
    judge_revocation(r, id, &r->in->collateral->root_crl.crl,
                     &r->in->collateral->qe_signer.chain.cert[0]);
}

static void
judge_tcb_info(struct run *r, enum assay_check_id id)
{
    const struct assay_collateral *c = r->in->collateral;

    assay_checks_judge(r->checks, id,
                       signature_fault(r, ASSAY_FACT_ENDORSEMENT,
                                       c->tcb_signer.chain.cert[0].key,
                                       &c->tcb_info.json.seal));
}

static void
judge_tcb_info_dates(struct run *r, enum assay_check_id id)
{
    const struct assay_tcb_info *t = &r->in->collateral->tcb_info;

    judge_period(r, id, "TCB info", t->issue_s, t->next_update_s,
                 r->in->collateral_grace_s);
}

static void
judge_qe_identity(struct run *r, enum assay_check_id id)
{
    const struct assay_collateral *c = r->in->collateral;

    assay_checks_judge(r->checks, id,
                       signature_fault(r, ASSAY_FACT_ENDORSEMENT,
                                       c->qe_signer.chain.cert[0].key,
                                       &c->qe_identity.json.seal));
}

static void
judge_qe_identity_dates(struct run *r, enum assay_check_id id)
{
    const struct assay_qe_identity *q = &r->in->collateral->qe_identity;

    judge_period(r, id, "QE identity", q->issue_s, q->next_update_s,
                 r->in->collateral_grace_s);
}

static void
seal(struct run *r, struct assay_slice bytes, struct assay_slice signature,
     struct assay_signed *out)
{
    assay_copy(out->signature, signature);
    (void)assay_sha256(r->in->ctx, bytes, out->digest, r->err);
}

static void
judge_qe_report_signature(struct run *r, enum assay_check_id id)
{
    const struct assay_quote_view *q = r->in->quote;
    struct assay_signed s;

    seal(r, q->qe_report.raw, q->qe_report_signature, &s);
    assay_checks_judge(
        r->checks, id,
        signature_fault(r, ASSAY_FACT_QE_REPORT, r->chain.cert[0].key, &s));
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

static void
judge_qe_report(struct run *r, enum assay_check_id id)
{
    assay_checks_judge(
        r->checks, id,
        qe_report_fault(r->in->quote, &r->in->collateral->qe_identity));
}

/* QE report data starts with SHA-256(attestation key, authentication data). */
static void
judge_attestation_key(struct run *r, enum assay_check_id id)
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

static void
judge_quote_signature(struct run *r, enum assay_check_id id)
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

static void
judge_tcb_info_match(struct run *r, enum assay_check_id id)
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

static void
judge_tdx_module(struct run *r, enum assay_check_id id)
{
    assay_checks_judge(
        r->checks, id,
        tdx_module_fault(&r->in->quote->td, &r->in->collateral->tcb_info));
}

static void
judge_tcb_level(struct run *r, enum assay_check_id id)
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

#define AFTER(id) ASSAY_CHECK_BIT(id)

static const struct step {
    enum assay_check_id id;
    uint64_t after; /* checks that must have passed (those that apply) */
    void (*judge)(struct run *r, enum assay_check_id id);
} steps[] = {
#define STEP(id, after, judge) {ASSAY_CHECK_##id, after, judge}
    STEP(ROOT_CA, 0, judge_root),
    STEP(PCK_CHAIN, AFTER(ROOT_CA), judge_pck_chain),
    STEP(PCK_CHAIN_DATES, AFTER(PCK_CHAIN), judge_pck_chain_dates),
    STEP(ROOT_CRL, AFTER(ROOT_CA), judge_root_crl),
    STEP(ROOT_CRL_DATES, AFTER(ROOT_CRL), judge_root_crl_dates),
    STEP(PCK_CRL, AFTER(PCK_CHAIN), judge_pck_crl),
    STEP(PCK_CRL_DATES, AFTER(PCK_CRL), judge_pck_crl_dates),
    STEP(PCK_CA_NOT_REVOKED, AFTER(PCK_CHAIN) | AFTER(ROOT_CRL),
         judge_ca_revocation),
    STEP(PCK_NOT_REVOKED, AFTER(PCK_CHAIN) | AFTER(PCK_CRL),
         judge_pck_revocation),
    STEP(TCB_SIGNER, AFTER(ROOT_CA), judge_tcb_signer),
    STEP(TCB_SIGNER_DATES, AFTER(TCB_SIGNER), judge_tcb_signer_dates),
    STEP(TCB_SIGNER_NOT_REVOKED, AFTER(TCB_SIGNER) | AFTER(ROOT_CRL),
         judge_tcb_signer_revocation),
    STEP(TCB_INFO, AFTER(TCB_SIGNER), judge_tcb_info),
    STEP(TCB_INFO_DATES, AFTER(TCB_INFO), judge_tcb_info_dates),
    STEP(QE_SIGNER, AFTER(ROOT_CA), judge_qe_signer),
    STEP(QE_SIGNER_DATES, AFTER(QE_SIGNER), judge_qe_signer_dates),
    STEP(QE_SIGNER_NOT_REVOKED, AFTER(QE_SIGNER) | AFTER(ROOT_CRL),
         judge_qe_signer_revocation),
    STEP(QE_IDENTITY, AFTER(QE_SIGNER), judge_qe_identity),
    STEP(QE_IDENTITY_DATES, AFTER(QE_IDENTITY), judge_qe_identity_dates),
    STEP(QE_REPORT_SIGNATURE, AFTER(PCK_CHAIN), judge_qe_report_signature),
    STEP(QE_REPORT, AFTER(QE_REPORT_SIGNATURE) | AFTER(QE_IDENTITY),
         judge_qe_report),
    STEP(ATTESTATION_KEY, AFTER(QE_REPORT_SIGNATURE), judge_attestation_key),
    STEP(QUOTE_SIGNATURE, AFTER(ATTESTATION_KEY), judge_quote_signature),
    STEP(TCB_INFO_MATCH, AFTER(PCK_CHAIN) | AFTER(TCB_INFO),
         judge_tcb_info_match),
    STEP(TDX_MODULE, AFTER(QUOTE_SIGNATURE) | AFTER(TCB_INFO_MATCH),
         judge_tdx_module),
    STEP(TCB_LEVEL,
         AFTER(QUOTE_SIGNATURE) | AFTER(TCB_INFO_MATCH) | AFTER(QE_REPORT) |
             AFTER(TDX_MODULE),
         judge_tcb_level),
#undef STEP
};
#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))
_Static_assert(STEP_COUNT == ASSAY_CHECK_FIRST_POLICY,
               "each check of evidence has its step");

static void
run_steps(struct run *r)
{
    for (size_t i = 0; i < STEP_COUNT; i++) {
        if (steps[i].id != ASSAY_CHECK_TDX_MODULE ||
            r->in->quote->tee_type == ASSAY_TEE_TDX) {
            assay_checks_expect(r->checks, steps[i].id, true);
        }
    }
    for (size_t i = 0; i < STEP_COUNT && r->err->code == ASSAY_OK; i++) {
        if ((r->checks->applies & (UINT64_C(1) << steps[i].id)) == 0) {
            continue;
        }
        if (assay_checks_have(r->checks, steps[i].after & r->checks->applies)) {
            steps[i].judge(r, steps[i].id);
        } else {
            assay_checks_wait(r->checks, steps[i].id, steps[i].after);
        }
    }
}

/* The quote's own chain, or for certification data that has none (types 1 to
 * 4) the one that came with the collateral. */
static void
read_chain(struct run *r)
{
    const struct assay_quote_view *q = r->in->quote;
    struct assay_slice pem = r->in->collateral->pck_chain;

    if (q->cert_type == ASSAY_CERT_PCK_CHAIN) {
        pem = q->cert_data;
    } else if (pem.len == 0) {
        assay_fail(r->err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                   "quote: has no PCK chain (certification data type %u), and "
                   "the collateral brings none",
                   (unsigned)q->cert_type);
        return;
    }
    if (assay_chain_parse(pem, 3, "PCK chain", &r->chain, r->err) != ASSAY_OK) {
        return;
    }
    if (r->chain.cert[0].sgx_extension.len == 0) {
        assay_fail(r->err, ASSAY_MALFORMED, ASSAY_NO_OFFSET,
                   "PCK chain: the leaf has no SGX extension");
    } else if (assay_sgx_extension_parse(r->chain.cert[0].sgx_extension,
                                         &r->pck, r->err) != ASSAY_OK) {
        assay_error_prefix(r->err, "PCK certificate");
    }
}

enum assay_code
assay_dcap_check(const struct assay_dcap_input *in, struct assay_checks *checks,
                 struct assay_dcap_result *out, struct assay_error *err)
{
    struct run r = {.in = in, .checks = checks, .err = err};

    memset(out, 0, sizeof(*out));
    read_chain(&r);
    if (err->code == ASSAY_OK) {
        run_steps(&r);
    }
    if (err->code == ASSAY_OK && assay_checks_have(checks, checks->applies)) {
        *out = r.reached;
    }
    out->pck = r.pck;
    assay_chain_free(&r.chain);
    return err->code;
}
