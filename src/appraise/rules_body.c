/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rules_body.c - rules about what the quote reports: debug, attributes,
 * measurements.
 */
#include "appraise/rule.h"
#include "base/text.h"

static uint64_t
le64(struct assay_slice s)
{
    uint64_t v = 0;

    for (size_t i = 8; i > 0; i--) {
        v = v << 8 | s.ptr[i - 1];
    }
    return v;
}

bool
assay_rule_forbids_debug(const struct assay_rule_run *r)
{
    return !r->policy->allow_debug;
}

void
assay_rule_judge_debug(struct assay_rule_run *r, enum assay_check_id id)
{
    if (assay_rule_is_tdx(r)) {
        uint64_t under_debug = r->quote->td.td_attributes & ASSAY_TD_ATTR_TUD;

        if (under_debug != 0) {
            assay_checks_fail(r->checks, id,
                              "TD attributes have bits of a TD under debug "
                              "(0x%02x)",
                              (unsigned)under_debug);
            return;
        }
    } else if ((le64(r->quote->sgx.attributes) & ASSAY_SGX_FLAG_DEBUG) != 0) {
        assay_checks_fail(r->checks, id, "the enclave has the DEBUG attribute");
        return;
    }
    assay_checks_pass(r->checks, id);
}

bool
assay_rule_wants_sept(const struct assay_rule_run *r)
{
    return assay_rule_is_tdx(r) && r->policy->require_sept_ve_disable;
}

void
assay_rule_judge_sept(struct assay_rule_run *r, enum assay_check_id id)
{
    assay_checks_judge(
        r->checks, id,
        (r->quote->td.td_attributes & ASSAY_TD_ATTR_SEPT_VE_DISABLE) != 0
            ? NULL
            : "TD attributes bit 28 is not set");
}

bool
assay_rule_forbids_service_td(const struct assay_rule_run *r)
{
    return assay_rule_is_tdx(r) && !r->policy->allow_service_td;
}

void
assay_rule_judge_service_td(struct assay_rule_run *r, enum assay_check_id id)
{
    assay_checks_judge(r->checks, id,
                       assay_slice_is_zero(r->quote->td.mr_service_td)
                           ? NULL
                           : "MRSERVICETD is not zero");
}

static void
judge_mask(struct assay_rule_run *r, enum assay_check_id id,
           const struct assay_mask_rule *rule, uint64_t actual)
{
    if ((actual & rule->mask) == rule->value) {
        assay_checks_pass(r->checks, id);
        return;
    }
    assay_checks_fail(
        r->checks, id, "0x%016llx; with mask 0x%016llx it must be 0x%016llx",
        (unsigned long long)actual, (unsigned long long)rule->mask,
        (unsigned long long)rule->value);
}

bool
assay_rule_wants_td_attributes(const struct assay_rule_run *r)
{
    return r->policy->td_attributes.there;
}

void
assay_rule_judge_td_attributes(struct assay_rule_run *r, enum assay_check_id id)
{
    judge_mask(r, id, &r->policy->td_attributes, r->quote->td.td_attributes);
}

bool
assay_rule_wants_xfam(const struct assay_rule_run *r)
{
    return r->policy->xfam.there;
}

void
assay_rule_judge_xfam(struct assay_rule_run *r, enum assay_check_id id)
{
    judge_mask(r, id, &r->policy->xfam, r->quote->td.xfam);
}

bool
assay_rule_wants_tee_tcb_svn(const struct assay_rule_run *r)
{
    return r->policy->has_min_tee_tcb_svn;
}

void
assay_rule_judge_tee_tcb_svn(struct assay_rule_run *r, enum assay_check_id id)
{
    const uint8_t *have = r->quote->td.tee_tcb_svn.ptr;

    for (size_t i = 0; i < 16; i++) {
        if (have[i] < r->policy->min_tee_tcb_svn[i]) {
            assay_checks_fail(r->checks, id,
                              "byte %zu is %u, at least %u is required", i,
                              have[i], r->policy->min_tee_tcb_svn[i]);
        }
    }
    assay_checks_pass(r->checks, id);
}

bool
assay_rule_listed(const struct assay_value_set *set, struct assay_slice actual)
{
    for (size_t i = 0; i < set->count; i++) {
        struct assay_slice want = {set->bytes + i * set->size, set->size};

        if (assay_slice_equal(want, actual)) {
            return true;
        }
    }
    return false;
}

static void
judge_values(struct assay_rule_run *r, enum assay_check_id id,
             const struct assay_value_set *set, struct assay_slice actual)
{
    char have[2 * 48 + 1];

    if (assay_rule_listed(set, actual)) {
        assay_checks_pass(r->checks, id);
        return;
    }
    assay_hex_to(have, actual);
    assay_checks_fail(r->checks, id, "is %s, %s", have,
                      set->count == 1 ? "another value is required"
                                      : "which is not in the list");
}

/* Which register each row of checks.h is about. */
static struct assay_slice
register_of(const struct assay_td_report *td, enum assay_td_register reg)
{
    switch (reg) {
    case ASSAY_REG_MRTD:
        return td->mr_td;
    case ASSAY_REG_RTMR0:
    case ASSAY_REG_RTMR1:
    case ASSAY_REG_RTMR2:
    case ASSAY_REG_RTMR3:
        return td->rtmr[reg - ASSAY_REG_RTMR0];
    case ASSAY_REG_MR_SEAM:
        return td->mr_seam;
    case ASSAY_REG_MR_CONFIG_ID:
        return td->mr_config_id;
    case ASSAY_REG_MR_OWNER:
        return td->mr_owner;
    case ASSAY_REG_MR_OWNER_CONFIG:
        return td->mr_owner_config;
    case ASSAY_REG_COUNT:
        break;
    }
    return ASSAY_EMPTY;
}

void
assay_rule_judge_register(struct assay_rule_run *r, enum assay_check_id id)
{
    enum assay_td_register reg =
        (enum assay_td_register)(id - ASSAY_CHECK_MRTD);

    judge_values(r, id, &r->policy->td_register[reg],
                 register_of(&r->quote->td, reg));
}

bool
assay_rule_wants_mrenclave(const struct assay_rule_run *r)
{
    return r->policy->mrenclave.count > 0;
}

void
assay_rule_judge_mrenclave(struct assay_rule_run *r, enum assay_check_id id)
{
    judge_values(r, id, &r->policy->mrenclave, r->quote->sgx.mrenclave);
}

bool
assay_rule_wants_mrsigner(const struct assay_rule_run *r)
{
    return r->policy->mrsigner.count > 0;
}

void
assay_rule_judge_mrsigner(struct assay_rule_run *r, enum assay_check_id id)
{
    judge_values(r, id, &r->policy->mrsigner, r->quote->sgx.mrsigner);
}

bool
assay_rule_wants_isvprodid(const struct assay_rule_run *r)
{
    return r->policy->isvprodid.there;
}

void
assay_rule_judge_isvprodid(struct assay_rule_run *r, enum assay_check_id id)
{
    if (r->quote->sgx.isvprodid == r->policy->isvprodid.value) {
        assay_checks_pass(r->checks, id);
    } else {
        assay_checks_fail(r->checks, id, "is %u, %lld is required",
                          r->quote->sgx.isvprodid,
                          (long long)r->policy->isvprodid.value);
    }
}

bool
assay_rule_wants_isvsvn(const struct assay_rule_run *r)
{
    return r->policy->min_isvsvn.there;
}

void
assay_rule_judge_isvsvn(struct assay_rule_run *r, enum assay_check_id id)
{
    if (r->quote->sgx.isvsvn >= r->policy->min_isvsvn.value) {
        assay_checks_pass(r->checks, id);
    } else {
        assay_checks_fail(r->checks, id, "is %u, at least %lld is required",
                          r->quote->sgx.isvsvn,
                          (long long)r->policy->min_isvsvn.value);
    }
}

bool
assay_rule_wants_legacy_tcb(const struct assay_rule_run *r)
{
    return r->policy->legacy_mrseam.count > 0 ||
           r->policy->legacy_mrtmrs.count > 0;
}

/* No rule, or the value begins with one of these. */
static bool
begins(const struct assay_value_set *set, struct assay_slice value)
{
    return set->count == 0 ||
           (set->size <= value.len &&
            assay_rule_listed(set, (struct assay_slice){value.ptr, set->size}));
}

void
assay_rule_judge_legacy_tcb(struct assay_rule_run *r, enum assay_check_id id)
{
    const struct assay_td_report *td = &r->quote->td;

    if (!begins(&r->policy->legacy_mrseam, td->mr_seam)) {
        assay_checks_fail(r->checks, id,
                          "MRSEAM begins with none of min_tdx_tcb.mrseam");
    } else if (!begins(&r->policy->legacy_mrtmrs, td->rtmr[0])) {
        assay_checks_fail(r->checks, id,
                          "RTMR0 begins with none of min_tdx_tcb.mrtmrs");
    } else {
        assay_checks_pass(r->checks, id);
    }
}
