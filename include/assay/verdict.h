/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * verdict.h - the attestation result (RFC 9334): every check and how it went.
 */
#pragma once

#include "assay/bytes.h"
#include "assay/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

enum assay_outcome {
    ASSAY_NOT_CHECKED, /* not asked for, or its input was not authentic */
    ASSAY_PASSED,
    ASSAY_FAILED,
};

struct assay_check {
    const char *name;  /* "quote_signature"; static storage */
    const char *title; /* "the attestation key signed the quote"; static */
    enum assay_outcome outcome;
    bool required;      /* the verdict is trusted only if this one passed */
    const char *hint;   /* what to do when it fails; static storage */
    const char *detail; /* one line: expected and actual, or why it was not
                           checked; "" if there is nothing to add */
};

struct assay_verdict; /* opaque; independent of its inputs once made */

ASSAY_API void assay_verdict_free(struct assay_verdict *v); /* NULL is fine */

/* True only if every required check ran and passed. */
ASSAY_API bool assay_verdict_trusted(const struct assay_verdict *v);
/* Final status after convergence and TD relaunch; ASSAY_TCB_NONE where the
 * evidence is not genuine or the collateral does not prove it. */
ASSAY_API enum assay_tcb_status
assay_verdict_tcb_status(const struct assay_verdict *v);
/* One line on why: what failed first, or what was proven. */
ASSAY_API const char *assay_verdict_summary(const struct assay_verdict *v);
/* Name of the first required check that did not pass; NULL if trusted. */
ASSAY_API const char *assay_verdict_reason(const struct assay_verdict *v);

ASSAY_API size_t assay_verdict_check_count(const struct assay_verdict *v);
/* i below the count; slices live as long as the verdict. */
ASSAY_API struct assay_check assay_verdict_check(const struct assay_verdict *v,
                                                 size_t i);

/* The facts that the checks established. */
struct assay_verdict_facts {
    bool tdx;
    enum assay_tcb_status tcb_status;        /* the answer */
    enum assay_tcb_status platform_status;   /* SGX/TDX TCB level */
    enum assay_tcb_status tdx_module_status; /* NONE: SGX, or module 1.0 */
    enum assay_tcb_status qe_status;
    enum assay_tcb_status launch_status;  /* v5 types 3, 4: at launch */
    enum assay_tcb_status current_status; /* v5 types 3, 4: running now */
    bool has_tcb_date;
    int64_t tcb_date_s; /* oldest tcbDate among the matched levels */
    bool has_fmspc;
    uint8_t fmspc[6];
    bool has_evaluation;
    uint32_t tcb_evaluation_data_number;         /* of the TCB info */
    uint32_t qe_identity_evaluation_data_number; /* of the QE identity */
    /* Collateral that had run out was used, as collateral_grace_secs of the
     * policy allows; since when: the earliest nextUpdate that has passed. */
    bool collateral_stale;
    int64_t collateral_stale_since_s;
    bool root_intel;       /* false: a custom root was given */
    int64_t verified_at_s; /* the time that dates were compared with */
};
ASSAY_API struct assay_verdict_facts
assay_verdict_facts(const struct assay_verdict *v);
/* What the evidence proves of the workload, whatever the policy asks. Slices
 * live as long as the verdict; ptr is NULL where nothing is proven. */
struct assay_verdict_workload {
    struct assay_slice measurement;   /* MRTD (48) or MRENCLAVE (32) */
    struct assay_slice app_id;        /* by its event */
    struct assay_slice compose_hash;  /* 32 */
    const char *compose_proven_by;    /* "compose-hash event", "MRCONFIGID",
                                         "compose-hash event and MRCONFIGID" */
    const char *compose_form;         /* how the policy's app_compose matched:
                                         "offered text", ...; or NULL */
    struct assay_slice os_image_hash; /* 32; by its event */
    struct assay_slice key_provider;  /* JSON text as the TD measured it, up to
                                         ASSAY_KEY_PROVIDER_MAX_BYTES */
    struct assay_slice instance_id;   /* by its event; may be empty */
    struct assay_slice certificate;   /* 64 hex digits: of the last announced
                                         TLS certificate */
    bool has_event_log;               /* one was given, right or not */
    size_t events;
    size_t runtime_events; /* of RTMR3 */
};
#define ASSAY_KEY_PROVIDER_MAX_BYTES 1024u
ASSAY_API const struct assay_verdict_workload *
assay_verdict_workload(const struct assay_verdict *v);
/* Advisory IDs of all matched levels, sorted, without duplicates. */
ASSAY_API size_t assay_verdict_advisory_count(const struct assay_verdict *v);
ASSAY_API const char *assay_verdict_advisory(const struct assay_verdict *v,
                                             size_t i);

/* One JSON object as docs/verdict.md describes it, appended to out. The quote
 * and the collateral are those that were verified; either may be NULL. */
struct assay_quote;
struct assay_collateral;
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_verdict_to_json(const struct assay_verdict *v,
                      const struct assay_quote *q,
                      const struct assay_collateral *c, struct assay_buf *out,
                      struct assay_error *err);

#ifdef __cplusplus
}
#endif
