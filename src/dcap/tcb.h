/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tcb.h - which TCB levels a platform reaches, and what they come to
 * (Intel DCAP quote verification library of 2026).
 */
#pragma once

#include "collateral/qe_identity.h"
#include "collateral/tcb_info.h"
#include "pki/sgx_extension.h"

/* A level that was matched. */
struct assay_tcb_match {
    enum assay_tcb_status status; /* NONE: there is no such part */
    int64_t tcb_date_s;
    const struct assay_json *doc; /* where the advisories stand */
    uint32_t advisories;          /* node, or ASSAY_JSON_NONE */
    bool has_newer;               /* a level above this one exists ... */
    int64_t newer_s;              /* ... and the earliest tcbDate of those */
};

struct assay_tcb_evaluation {
    const char *fault;            /* NULL, or why no level was reached */
    enum assay_tcb_status status; /* platform, module and QE together */
    struct assay_tcb_match platform;
    struct assay_tcb_match module;
    struct assay_tcb_match qe;
};

struct assay_tcb_input {
    const struct assay_tcb_info *info;
    const struct assay_qe_identity *identity;
    const struct assay_sgx_extension *pck;
    uint16_t qe_isvsvn;
};

/* tee_tcb_svn: 16 octets for TDX (at launch, or of the module that runs now),
 * NULL for SGX. */
void assay_tcb_evaluate(const struct assay_tcb_input *in,
                        const uint8_t *tee_tcb_svn,
                        struct assay_tcb_evaluation *out);

/* Platform status and the worst of module and QE, as one (Intel's table). */
enum assay_tcb_status assay_tcb_converge(enum assay_tcb_status platform,
                                         enum assay_tcb_status module,
                                         enum assay_tcb_status qe);

/* Status at launch and now, as one: TD relaunch advice. */
enum assay_tcb_status assay_tcb_relaunch(enum assay_tcb_status launch,
                                         enum assay_tcb_status current);
