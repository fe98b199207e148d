/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy.h - the policy from inside. A zero count or a false `has_` means that
 * the policy has no such rule.
 */
#pragma once

#include "assay/policy.h"

#define ASSAY_POLICY_LIST_MAX 64u

/* Values of which one must match. */
struct assay_value_set {
    size_t count;
    size_t size;    /* bytes of each value: 32 or 48 */
    uint8_t *bytes; /* count * size; owned */
};

struct assay_string_list {
    size_t count;
    char **item; /* NUL-terminated; owned */
};

struct assay_mask_rule { /* (actual & mask) == value */
    bool there;
    uint64_t mask;
    uint64_t value;
};

struct assay_number_rule {
    bool there;
    int64_t value;
};

/* What the event "New TLS Certificate" must say of the session's certificate.
 */
enum assay_certificate_event {
    ASSAY_CERTIFICATE_IF_PRESENT, /* nothing, or this certificate */
    ASSAY_CERTIFICATE_REQUIRED,
    ASSAY_CERTIFICATE_OFF, /* nothing, or this certificate; not even noted */
};

/* How the measurements of a policy were come by, if a tool wrote it. It is no
 * rule: it makes the verdict say so. */
enum assay_pinned_how {
    ASSAY_PINNED_SESSION,        /* an attested session */
    ASSAY_PINNED_UNVERIFIED_TLS, /* the same, but for the TLS certificate */
    ASSAY_PINNED_QUOTE,          /* evidence in files */
};
struct assay_pinned {
    char *from; /* what a person calls it; NULL: the policy was not pinned */
    int64_t at_s;
    enum assay_pinned_how how;
};
/* "session" ...; static storage. */
const char *assay_pinned_how_name(enum assay_pinned_how how);

/* Registers of a TD, in the order of struct assay_policy.td_register. */
enum assay_td_register {
    ASSAY_REG_MRTD,
    ASSAY_REG_RTMR0,
    ASSAY_REG_RTMR1,
    ASSAY_REG_RTMR2,
    ASSAY_REG_RTMR3,
    ASSAY_REG_MR_SEAM,
    ASSAY_REG_MR_CONFIG_ID,
    ASSAY_REG_MR_OWNER,
    ASSAY_REG_MR_OWNER_CONFIG,
    ASSAY_REG_COUNT,
};

struct assay_policy {
    enum assay_tee tee;
    bool dstack; /* type dstack_tdx: event log and compose rules */
    bool partial;
    bool disable_runtime_verification; /* dstack: see docs/policy.md */
    uint32_t allowed_status; /* set: bit n for enum assay_tcb_status n */
    struct assay_number_rule grace_period_s;
    struct assay_number_rule min_evaluation;
    struct assay_number_rule min_tcb_date_s;
    struct assay_string_list denied_advisories;
    struct assay_string_list accepted_advisories;
    struct assay_number_rule max_collateral_age_s;
    int64_t collateral_grace_s;
    bool warns_of_rollback; /* else it refuses */
    struct assay_string_list pccs_url;
    bool cache_collateral;
    char *trusted_root;
    char *ca_file;
    bool allow_debug;
    bool allow_service_td;
    bool require_sept_ve_disable;
    struct assay_mask_rule td_attributes;
    struct assay_mask_rule xfam;
    bool has_min_tee_tcb_svn;
    uint8_t min_tee_tcb_svn[16];
    /* min_tdx_tcb.mrseam and .mrtmrs with legacy_prefix_match: the first
     * octets of MRSEAM and of RTMR0; empty lists where there is no such rule.
     * A prefix may have 1 to 48 octets; `size` of the set is its length. */
    struct assay_value_set legacy_mrseam;
    struct assay_value_set legacy_mrtmrs;
    struct assay_value_set td_register[ASSAY_REG_COUNT];
    struct assay_value_set mrenclave;
    struct assay_value_set mrsigner;
    struct assay_number_rule isvprodid;
    struct assay_number_rule min_isvsvn;
    /* dstack_tdx; expected_bootchain is in td_register */
    struct assay_value_set os_image_hash; /* 32 */
    struct assay_value_set compose_hash;  /* 32; compose_file adds to it */
    char *compose_file;                   /* path, not yet read; or NULL */
    char *app_compose;                    /* compact JSON object; or NULL */
    enum assay_certificate_event certificate_event;
    /* session */
    enum assay_wire wire[ASSAY_WIRE_COUNT]; /* in the policy's order */
    size_t wire_count;                      /* at least 1 */
    int64_t reattestation_interval_s;       /* 0: never */
    bool staple;
    bool accept_self_signed_certs;
    bool claimed; /* came with evidence, from its author: never enough */
    struct assay_pinned pinned;
};

/* Does the policy name anything that identifies the workload (registers,
 * compose, image, enclave)? False where it says that none of it is checked. */
bool assay_policy_names_workload(const struct assay_policy *p);
