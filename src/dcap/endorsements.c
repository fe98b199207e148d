/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * endorsements.c - is what Intel (or a test root) has signed in order: the PCK
 * chain, the CRLs, TCB info and QE identity with their signers?
 */
#include "base/timestamp.h"
#include "dcap/judge.h"

const char *
assay_signature_fault(struct assay_dcap_run *r, enum assay_fact_kind kind,
                      struct assay_slice key, const struct assay_signed *seal)
{
    bool good = false;

    if (assay_facts_signed(r->in->facts, kind, key, seal, &good, r->err) !=
        ASSAY_OK) {
        return "the signature could not be checked";
    }
    return good ? NULL : "the signature is wrong";
}

/* The certificate is the trusted one, or carries its key and is self-signed
 * (a root that was reissued). */
static const char *
root_fault(struct assay_dcap_run *r, const struct assay_cert *cert,
           const uint8_t digest[ASSAY_SHA256_BYTES])
{
    const struct assay_root *root = r->in->root;
    const char *fault = assay_cert_role_fault(cert, ASSAY_ROLE_ROOT);
    struct assay_signed seal;

    if (fault == NULL) {
        fault = assay_cert_link_fault(cert, cert);
    }
    if (fault != NULL) {
        return fault;
    }
    if (memcmp(digest, root->der_sha256, ASSAY_SHA256_BYTES) == 0) {
        return NULL;
    }
    if (!assay_slice_equal(cert->key, ASSAY_SLICE(root->key))) {
        return root->intel ? "the chain ends in a root that is not Intel's"
                           : "the chain ends in another root";
    }
    if (assay_signed_cert(r->in->ctx, cert, &seal, r->err) != ASSAY_OK) {
        return "the signature could not be checked";
    }
    return assay_signature_fault(r, ASSAY_FACT_ENDORSEMENT, cert->key, &seal);
}

void
assay_judge_root(struct assay_dcap_run *r, enum assay_check_id id)
{
    assay_checks_judge(r->checks, id,
                       root_fault(r, &r->issuers.root, r->issuers.root_sha256));
}

/* A certificate plays its role and its issuer signed it. True if so. */
static bool
judge_issued(struct assay_dcap_run *r, enum assay_check_id id, const char *who,
             enum assay_cert_role role, enum assay_fact_kind kind,
             const struct assay_cert *cert, const struct assay_cert *issuer,
             const struct assay_signed *seal)
{
    const char *fault = assay_cert_role_fault(cert, role);

    if (fault == NULL) {
        fault = assay_cert_link_fault(cert, issuer);
    }
    if (fault == NULL) {
        fault = assay_signature_fault(r, kind, issuer->key, seal);
    }
    if (fault != NULL) {
        assay_checks_fail(r->checks, id, "%s: %s", who, fault);
    } else {
        assay_checks_pass(r->checks, id);
    }
    return fault == NULL;
}

/* A CA that is none is not asked what it signed: the memory of facts is for
 * keys that are traced to the root. */
void
assay_judge_pck_chain(struct assay_dcap_run *r, enum assay_check_id id)
{
    const struct assay_issuer_pair *i = &r->issuers;

    if (judge_issued(r, id, "CA certificate", ASSAY_ROLE_PCK_CA,
                     ASSAY_FACT_ENDORSEMENT, &i->ca, &i->root, &i->ca_seal)) {
        (void)judge_issued(r, id, "PCK certificate", ASSAY_ROLE_PCK,
                           ASSAY_FACT_PCK, &r->pck_cert, &i->ca, &r->pck_seal);
    }
}

/* RFC 5280 section 4.1.2.5: both ends belong to the period. */
static void
judge_period(struct assay_dcap_run *r, enum assay_check_id id, const char *what,
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
judge_cert_period(struct assay_dcap_run *r, enum assay_check_id id,
                  const char *what, const struct assay_cert *cert)
{
    judge_period(r, id, what, cert->not_before_s, cert->not_after_s, 0);
}

void
assay_judge_pck_chain_dates(struct assay_dcap_run *r, enum assay_check_id id)
{
    judge_cert_period(r, id, "PCK certificate", &r->pck_cert);
    judge_cert_period(r, id, "CA certificate", &r->issuers.ca);
    judge_cert_period(r, id, "root certificate", &r->issuers.root);
}

static const char *
crl_fault(struct assay_dcap_run *r, const struct assay_collateral_crl *c,
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
    return assay_signature_fault(r, ASSAY_FACT_ENDORSEMENT, issuer->key,
                                 &c->seal);
}

void
assay_judge_root_crl(struct assay_dcap_run *r, enum assay_check_id id)
{
    assay_checks_judge(
        r->checks, id,
        crl_fault(r, &r->in->collateral->root_crl, &r->issuers.root));
}

void
assay_judge_pck_crl(struct assay_dcap_run *r, enum assay_check_id id)
{
    assay_checks_judge(
        r->checks, id,
        crl_fault(r, &r->in->collateral->pck_crl, &r->issuers.ca));
}

static void
judge_crl_period(struct assay_dcap_run *r, enum assay_check_id id,
                 const char *what, const struct assay_crl *crl)
{
    judge_period(r, id, what, crl->this_update_s, crl->next_update_s,
                 r->in->collateral_grace_s);
}

void
assay_judge_root_crl_dates(struct assay_dcap_run *r, enum assay_check_id id)
{
    judge_crl_period(r, id, "root CA CRL", &r->in->collateral->root_crl.crl);
}

void
assay_judge_pck_crl_dates(struct assay_dcap_run *r, enum assay_check_id id)
{
    judge_crl_period(r, id, "PCK CRL", &r->in->collateral->pck_crl.crl);
}

static void
judge_revocation(struct assay_dcap_run *r, enum assay_check_id id,
                 const struct assay_crl *crl, const struct assay_cert *cert)
{
    assay_checks_judge(r->checks, id,
                       assay_crl_revokes(crl, cert->serial)
                           ? "its serial number is on the CRL"
                           : NULL);
}

void
assay_judge_ca_revocation(struct assay_dcap_run *r, enum assay_check_id id)
{
    const struct assay_crl *crl = &r->in->collateral->root_crl.crl;

    judge_revocation(r, id, crl, &r->issuers.ca);
    /* A root that revokes itself is a plea not to be trusted. */
    judge_revocation(r, id, crl, &r->issuers.root);
}

void
assay_judge_pck_revocation(struct assay_dcap_run *r, enum assay_check_id id)
{
    judge_revocation(r, id, &r->in->collateral->pck_crl.crl, &r->pck_cert);
}

/* A signer's chain is two certificates; its root is usually the very one of
 * the PCK chain. */
static void
judge_signer(struct assay_dcap_run *r, enum assay_check_id id,
             const struct assay_collateral_signer *s)
{
    const struct assay_cert *c = s->chain.cert;

    if (!assay_slice_equal(c[1].der, r->issuers.root.der)) {
        uint8_t digest[ASSAY_SHA256_BYTES];
        const char *fault = "the digest could not be computed";

        if (assay_sha256(r->in->ctx, c[1].der, digest, r->err) == ASSAY_OK) {
            fault = root_fault(r, &c[1], digest);
        }

        if (fault != NULL) {
            assay_checks_fail(r->checks, id, "root of the signer: %s", fault);
            return;
        }
    }
    (void)judge_issued(r, id, "signer", ASSAY_ROLE_TCB_SIGNER,
                       ASSAY_FACT_ENDORSEMENT, &c[0], &c[1], &s->seal);
}

static void
judge_signer_dates(struct assay_dcap_run *r, enum assay_check_id id,
                   const struct assay_collateral_signer *s)
{
    judge_cert_period(r, id, "signer", &s->chain.cert[0]);
    judge_cert_period(r, id, "root of the signer", &s->chain.cert[1]);
}

void
assay_judge_tcb_signer(struct assay_dcap_run *r, enum assay_check_id id)
{
    judge_signer(r, id, &r->in->collateral->tcb_signer);
}

void
assay_judge_tcb_signer_dates(struct assay_dcap_run *r, enum assay_check_id id)
{
    judge_signer_dates(r, id, &r->in->collateral->tcb_signer);
}

void
assay_judge_tcb_signer_revocation(struct assay_dcap_run *r,
                                  enum assay_check_id id)
{
    judge_revocation(r, id, &r->in->collateral->root_crl.crl,
                     &r->in->collateral->tcb_signer.chain.cert[0]);
}

void
assay_judge_qe_signer(struct assay_dcap_run *r, enum assay_check_id id)
{
    judge_signer(r, id, &r->in->collateral->qe_signer);
}

void
assay_judge_qe_signer_dates(struct assay_dcap_run *r, enum assay_check_id id)
{
    judge_signer_dates(r, id, &r->in->collateral->qe_signer);
}

void
assay_judge_qe_signer_revocation(struct assay_dcap_run *r,
                                 enum assay_check_id id)
{
    judge_revocation(r, id, &r->in->collateral->root_crl.crl,
                     &r->in->collateral->qe_signer.chain.cert[0]);
}

void
assay_judge_tcb_info(struct assay_dcap_run *r, enum assay_check_id id)
{
    const struct assay_collateral *c = r->in->collateral;

    assay_checks_judge(r->checks, id,
                       assay_signature_fault(r, ASSAY_FACT_ENDORSEMENT,
                                             c->tcb_signer.chain.cert[0].key,
                                             &c->tcb_info.json.seal));
}

void
assay_judge_tcb_info_dates(struct assay_dcap_run *r, enum assay_check_id id)
{
    const struct assay_tcb_info *t = &r->in->collateral->tcb_info;

    judge_period(r, id, "TCB info", t->issue_s, t->next_update_s,
                 r->in->collateral_grace_s);
}

void
assay_judge_qe_identity(struct assay_dcap_run *r, enum assay_check_id id)
{
    const struct assay_collateral *c = r->in->collateral;

    assay_checks_judge(r->checks, id,
                       assay_signature_fault(r, ASSAY_FACT_ENDORSEMENT,
                                             c->qe_signer.chain.cert[0].key,
                                             &c->qe_identity.json.seal));
}

void
assay_judge_qe_identity_dates(struct assay_dcap_run *r, enum assay_check_id id)
{
    const struct assay_qe_identity *q = &r->in->collateral->qe_identity;

    judge_period(r, id, "QE identity", q->issue_s, q->next_update_s,
                 r->in->collateral_grace_s);
}
