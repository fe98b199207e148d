/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * judge.h - the judges of the single checks, one function each. A judge runs
 * only after the checks that it rests on have passed (dcap.c: steps).
 */
#pragma once

#include "dcap/dcap.h"
#include "dcap/issuers.h"

struct assay_dcap_run {
    const struct assay_dcap_input *in;
    struct assay_checks *checks;
    struct assay_error *err;
    struct assay_chain chain;         /* owns bytes; see below for its parts */
    struct assay_cert pck_cert;       /* read, not yet authentic */
    struct assay_signed pck_seal;     /* of the PCK certificate */
    struct assay_sgx_extension pck;   /* likewise */
    struct assay_issuer_pair issuers; /* likewise: CA and root of the PCK */
    struct assay_slice issuers_text;  /* to remember them by; or empty */
    struct assay_dcap_result reached; /* handed out if all is well */
};

/* pck_chain.c: reads the PCK chain that belongs to the quote into the run. */
void assay_dcap_read_chain(struct assay_dcap_run *r);
/* Remembers CA and root, once they are traced to the trusted root. */
void assay_dcap_keep_issuers(struct assay_dcap_run *r);

/* Did this key sign what the seal says? NULL if so, else why not. A failure
 * of the library is in r->err and ends the run: until then nothing passes. */
const char *assay_signature_fault(struct assay_dcap_run *r,
                                  enum assay_fact_kind kind,
                                  struct assay_slice key,
                                  const struct assay_signed *seal);

/* endorsements.c */
void assay_judge_root(struct assay_dcap_run *r, enum assay_check_id id);
void assay_judge_pck_chain(struct assay_dcap_run *r, enum assay_check_id id);
void assay_judge_pck_chain_dates(struct assay_dcap_run *r,
                                 enum assay_check_id id);
void assay_judge_root_crl(struct assay_dcap_run *r, enum assay_check_id id);
void assay_judge_pck_crl(struct assay_dcap_run *r, enum assay_check_id id);
void assay_judge_root_crl_dates(struct assay_dcap_run *r,
                                enum assay_check_id id);
void assay_judge_pck_crl_dates(struct assay_dcap_run *r,
                               enum assay_check_id id);
void assay_judge_ca_revocation(struct assay_dcap_run *r,
                               enum assay_check_id id);
void assay_judge_pck_revocation(struct assay_dcap_run *r,
                                enum assay_check_id id);
void assay_judge_tcb_signer(struct assay_dcap_run *r, enum assay_check_id id);
void assay_judge_tcb_signer_dates(struct assay_dcap_run *r,
                                  enum assay_check_id id);
void assay_judge_tcb_signer_revocation(struct assay_dcap_run *r,
                                       enum assay_check_id id);
void assay_judge_qe_signer(struct assay_dcap_run *r, enum assay_check_id id);
void assay_judge_qe_signer_dates(struct assay_dcap_run *r,
                                 enum assay_check_id id);
void assay_judge_qe_signer_revocation(struct assay_dcap_run *r,
                                      enum assay_check_id id);
void assay_judge_tcb_info(struct assay_dcap_run *r, enum assay_check_id id);
void assay_judge_tcb_info_dates(struct assay_dcap_run *r,
                                enum assay_check_id id);
void assay_judge_qe_identity(struct assay_dcap_run *r, enum assay_check_id id);
void assay_judge_qe_identity_dates(struct assay_dcap_run *r,
                                   enum assay_check_id id);

/* evidence.c */
void assay_judge_qe_report_signature(struct assay_dcap_run *r,
                                     enum assay_check_id id);
void assay_judge_qe_report(struct assay_dcap_run *r, enum assay_check_id id);
void assay_judge_attestation_key(struct assay_dcap_run *r,
                                 enum assay_check_id id);
void assay_judge_quote_signature(struct assay_dcap_run *r,
                                 enum assay_check_id id);
void assay_judge_tcb_info_match(struct assay_dcap_run *r,
                                enum assay_check_id id);
void assay_judge_tdx_module(struct assay_dcap_run *r, enum assay_check_id id);
void assay_judge_tcb_level(struct assay_dcap_run *r, enum assay_check_id id);
