/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * parse.c - a policy from JSON. The table `members` is the schema.
 */
#include "policy/parse.h"

#include <stdio.h>
#include <stdlib.h>

static const struct assay_json_limits limits = {
    .max_bytes = ASSAY_POLICY_MAX_BYTES,
    .max_depth = 8,
    .max_nodes = 16u * 1024u,
};

/* The list has two names; only one of them may be used. */
static void
read_status_list(const struct assay_member_place *at, struct assay_policy *p)
{
    static const char *const names[] = {
#define X(code, name) name,
        ASSAY_TCB_STATUSES(X)
#undef X
            NULL,
    };
    struct assay_string_list list = {0, NULL};

    p->allowed_status = 0;
    if (assay_json_member(at->doc, ASSAY_JSON_ROOT, "allowed_tcb_status") !=
            ASSAY_JSON_NONE &&
        assay_json_member(at->doc, ASSAY_JSON_ROOT, "allowed_tdx_status") !=
            ASSAY_JSON_NONE) {
        assay_member_fail(at, "allowed_tcb_status and allowed_tdx_status are "
                              "the same rule");
        return;
    }
    if (assay_json_type(at->doc, at->node) != ASSAY_JSON_ARRAY) {
        assay_member_fail(at, "must be a list of TCB statuses");
        return;
    }
    assay_member_strings(at, &list);
    for (size_t i = 0; i < list.count; i++) {
        struct assay_slice name = assay_slice_of(list.item[i]);
        enum assay_tcb_status s = assay_tcb_status_parse(name);

        if (s == ASSAY_TCB_NONE) {
            const char *near = assay_nearest(name, names);

            assay_member_fail(at, "'%.40s' is no TCB status%s%s", list.item[i],
                              near != NULL ? "; meant " : "",
                              near != NULL ? near : "");
        }
        p->allowed_status |= 1u << s;
    }
    for (size_t i = 0; i < list.count; i++) {
        free(list.item[i]);
    }
    free(list.item);
}

static void
read_mask_rule(const struct assay_member_place *at, struct assay_mask_rule *out)
{
    static const char *const names[2] = {"mask", "value"};
    uint64_t *const to[2] = {&out->mask, &out->value};

    if (assay_json_type(at->doc, at->node) != ASSAY_JSON_OBJECT ||
        assay_json_count(at->doc, at->node) != 2) {
        assay_member_fail(at, "must be an object of mask and value");
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        struct assay_member_place part = *at;
        uint8_t bytes[8] = {0};

        part.node = assay_json_member(at->doc, at->node, names[i]);
        if (part.node == ASSAY_JSON_NONE) {
            assay_member_fail(at, "must be an object of mask and value");
            return;
        }
        assay_member_hex(&part, bytes, sizeof(bytes));
        *to[i] = 0;
        for (size_t b = sizeof(bytes); b > 0; b--) {
            *to[i] = *to[i] << 8 | bytes[b - 1];
        }
    }
    if ((out->value & ~out->mask) != 0) {
        assay_member_fail(at, "value has bits that mask leaves out");
    }
    out->there = true;
}

/* A rule that two members can set is set by one of them: neither wins over
 * the other without a word. */
static void
set_once(const struct assay_member_place *at, struct assay_number_rule *to,
         struct assay_number_rule rule)
{
    if (to->there) {
        assay_member_fail(at, "another member sets the same rule");
    }
    *to = rule;
}

/* The form of a Codex provider: per-byte minimum of TEE_TCB_SVN, and the two
 * minima that the policy itself has too. */
static void
read_min_tdx_tcb(const struct assay_member_place *at, struct assay_policy *p)
{
    if (assay_json_type(at->doc, at->node) != ASSAY_JSON_OBJECT ||
        assay_json_count(at->doc, at->node) == 0) {
        assay_member_fail(at, "must be an object that is not empty");
        return;
    }
    for (uint32_t n = assay_json_first(at->doc, at->node);
         n != ASSAY_JSON_NONE && at->err->code == ASSAY_OK;
         n = assay_json_next(at->doc, n)) {
        struct assay_slice name = assay_json_string(at->doc, n);
        struct assay_member_place part = *at;

        part.node = assay_json_value(at->doc, n);
        if (assay_slice_is(name, "tee_tcb_svn")) {
            part.path = "policy.min_tdx_tcb.tee_tcb_svn";
            assay_member_hex(&part, p->min_tee_tcb_svn, 16);
            p->has_min_tee_tcb_svn = true;
        } else if (assay_slice_is(name, "tcb_evaluation_data_number")) {
            part.path = "policy.min_tdx_tcb.tcb_evaluation_data_number";
            set_once(&part, &p->min_evaluation,
                     assay_member_integer(&part, UINT32_MAX));
        } else if (assay_slice_is(name, "tcb_date")) {
            part.path = "policy.min_tdx_tcb.tcb_date";
            set_once(&part, &p->min_tcb_date_s, assay_member_date(&part));
        } else {
            assay_member_fail(&part,
                              "unknown member '%.*s'; there are tee_tcb_svn, "
                              "tcb_evaluation_data_number, tcb_date",
                              (int)(name.len < 40 ? name.len : 40),
                              (const char *)name.ptr);
        }
    }
}

enum kind {
    KIND_TYPE, /* read before the others */
    KIND_BOOL,
    KIND_SECONDS, /* a rule: absent means none */
    KIND_GRACE,   /* seconds with a default */
    KIND_U32,
    KIND_U16,
    KIND_DATE,
    KIND_STATUSES,
    KIND_STRINGS,
    KIND_ADVISORIES,
    KIND_STRING,
    KIND_VALUES32,
    KIND_VALUES48,
    KIND_MASK,
    KIND_MIN_TDX_TCB,
};

#define SGX 1u
#define TDX 2u

static const struct {
    const char *name;
    enum kind kind;
    unsigned types; /* policy types that have it */
    size_t offset;  /* in struct assay_policy */
} members[] = {
#define MEMBER(name, kind, types, field)                                       \
    {#name, kind, types, offsetof(struct assay_policy, field)}
#define REGISTER(name, index)                                                  \
    MEMBER(name, KIND_VALUES48, TDX, td_register[ASSAY_REG_##index])
    MEMBER(type, KIND_TYPE, SGX | TDX, tee),
    MEMBER(allowed_tcb_status, KIND_STATUSES, SGX | TDX, allowed_status),
    MEMBER(allowed_tdx_status, KIND_STATUSES, TDX, allowed_status),
    MEMBER(grace_period, KIND_SECONDS, SGX | TDX, grace_period_s),
    MEMBER(min_tcb_evaluation_data_number, KIND_U32, SGX | TDX, min_evaluation),
    MEMBER(min_tcb_date, KIND_DATE, SGX | TDX, min_tcb_date_s),
    MEMBER(denied_advisories, KIND_STRINGS, SGX | TDX, denied_advisories),
    MEMBER(accepted_advisories, KIND_ADVISORIES, SGX | TDX,
           accepted_advisories),
    MEMBER(max_collateral_age_secs, KIND_SECONDS, SGX | TDX,
           max_collateral_age_s),
    MEMBER(collateral_grace_secs, KIND_GRACE, SGX | TDX, collateral_grace_s),
    MEMBER(pccs_url, KIND_STRINGS, SGX | TDX, pccs_url),
    MEMBER(cache_collateral, KIND_BOOL, SGX | TDX, cache_collateral),
    MEMBER(trusted_root, KIND_STRING, SGX | TDX, trusted_root),
    MEMBER(ca_file, KIND_STRING, SGX | TDX, ca_file),
    MEMBER(allow_debug, KIND_BOOL, SGX | TDX, allow_debug),
    MEMBER(allow_service_td, KIND_BOOL, TDX, allow_service_td),
    MEMBER(require_sept_ve_disable, KIND_BOOL, TDX, require_sept_ve_disable),
    MEMBER(td_attributes, KIND_MASK, TDX, td_attributes),
    MEMBER(xfam, KIND_MASK, TDX, xfam),
    MEMBER(min_tdx_tcb, KIND_MIN_TDX_TCB, TDX, min_tee_tcb_svn),
    REGISTER(mrtd, MRTD),
    REGISTER(rtmr0, RTMR0),
    REGISTER(rtmr1, RTMR1),
    REGISTER(rtmr2, RTMR2),
    REGISTER(rtmr3, RTMR3),
    REGISTER(mr_seam, MR_SEAM),
    REGISTER(mr_config_id, MR_CONFIG_ID),
    REGISTER(mr_owner, MR_OWNER),
    REGISTER(mr_owner_config, MR_OWNER_CONFIG),
    MEMBER(mrenclave, KIND_VALUES32, SGX, mrenclave),
    MEMBER(mrsigner, KIND_VALUES32, SGX, mrsigner),
    MEMBER(isvprodid, KIND_U16, SGX, isvprodid),
    MEMBER(min_isvsvn, KIND_U16, SGX, min_isvsvn),
    MEMBER(partial, KIND_BOOL, SGX | TDX, partial),
#undef REGISTER
#undef MEMBER
};
#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

static void
read_member(const struct assay_member_place *at, size_t row,
            struct assay_policy *p)
{
    void *to = (char *)p + members[row].offset;

    switch (members[row].kind) {
    case KIND_TYPE:
        break;
    case KIND_BOOL:
        *(bool *)to = assay_member_bool(at);
        break;
    case KIND_SECONDS:
        *(struct assay_number_rule *)to = assay_member_integer(at, INT32_MAX);
        break;
    case KIND_GRACE:
        *(int64_t *)to = assay_member_integer(at, INT32_MAX).value;
        break;
    case KIND_U32:
        set_once(at, to, assay_member_integer(at, UINT32_MAX));
        break;
    case KIND_U16:
        *(struct assay_number_rule *)to = assay_member_integer(at, UINT16_MAX);
        break;
    case KIND_DATE:
        set_once(at, to, assay_member_date(at));
        break;
    case KIND_STATUSES:
        read_status_list(at, p);
        break;
    case KIND_ADVISORIES:
        p->has_accepted_advisories = true;
        assay_member_strings(at, to);
        break;
    case KIND_STRINGS:
        assay_member_strings(at, to);
        break;
    case KIND_STRING:
        *(char **)to = assay_member_string(at);
        break;
    case KIND_VALUES32:
        assay_member_values(at, 32, to);
        break;
    case KIND_VALUES48:
        assay_member_values(at, 48, to);
        break;
    case KIND_MASK:
        read_mask_rule(at, to);
        break;
    case KIND_MIN_TDX_TCB:
        read_min_tdx_tcb(at, p);
        break;
    }
}

static void
fail_unknown(const struct assay_member_place *at, struct assay_slice name,
             unsigned type)
{
    const char *names[MEMBER_COUNT + 1];
    size_t count = 0;
    const char *near;

    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if ((members[i].types & type) != 0) {
            names[count++] = members[i].name;
        }
    }
    names[count] = NULL;
    near = assay_nearest(name, names);
    assay_member_fail(
        at, "unknown member '%.*s' for this type%s%s",
        (int)(name.len < 40 ? name.len : 40), (const char *)name.ptr,
        near != NULL ? "; the nearest is " : "", near != NULL ? near : "");
}

static void
read_members(const struct assay_json *doc, struct assay_policy *p,
             struct assay_error *err)
{
    unsigned type = p->tee == ASSAY_TEE_TDX ? TDX : SGX;

    for (uint32_t n = assay_json_first(doc, ASSAY_JSON_ROOT);
         n != ASSAY_JSON_NONE && err->code == ASSAY_OK;
         n = assay_json_next(doc, n)) {
        struct assay_slice name = assay_json_string(doc, n);
        struct assay_member_place at = {doc, assay_json_value(doc, n), "policy",
                                        err};
        char path[64];
        size_t row = 0;

        while (row < MEMBER_COUNT &&
               !(assay_slice_is(name, members[row].name) &&
                 (members[row].types & type) != 0)) {
            row++;
        }
        if (row == MEMBER_COUNT) {
            fail_unknown(&at, name, type);
            return;
        }
        (void)snprintf(path, sizeof(path), "policy.%s", members[row].name);
        at.path = path;
        read_member(&at, row, p);
    }
}

static enum assay_tee
read_type(const struct assay_json *doc, struct assay_error *err)
{
    uint32_t node = assay_json_member(doc, ASSAY_JSON_ROOT, "type");
    struct assay_member_place at = {doc, node, "policy.type", err};
    struct assay_slice type;

    if (assay_json_type(doc, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT) {
        assay_fail(err, ASSAY_INVALID, 0, "policy: not a JSON object");
        return ASSAY_TEE_SGX;
    }
    if (node == ASSAY_JSON_NONE) {
        assay_fail(err, ASSAY_INVALID, 0,
                   "policy.type: missing; it is \"tdx\" or \"sgx\"");
        return ASSAY_TEE_SGX;
    }
    type = assay_json_string(doc, node);
    if (assay_slice_is(type, "tdx")) {
        return ASSAY_TEE_TDX;
    }
    if (!assay_slice_is(type, "sgx")) {
        assay_member_fail(&at, "must be \"tdx\" or \"sgx\"");
    }
    return ASSAY_TEE_SGX;
}

static void
check_complete(const struct assay_policy *p, struct assay_error *err)
{
    if (p->partial || assay_policy_names_workload(p)) {
        return;
    }
    assay_fail(err, ASSAY_INVALID, 0,
               "policy: names nothing of the workload "
               "(%s); add what it must be, or \"partial\": true",
               p->tee == ASSAY_TEE_TDX ? "mrtd, rtmr0 to rtmr3, mr_config_id, "
                                         "mr_owner or mr_owner_config"
                                       : "mrenclave or mrsigner");
}

enum assay_code
assay_policy_parse(struct assay_slice json, struct assay_policy **out,
                   struct assay_error *err)
{
    struct assay_json *doc = NULL;
    struct assay_policy *p = NULL;
    enum assay_tee tee;

    *out = NULL;
    assay_error_clear(err);
    if (assay_json_parse(json, &limits, "policy", &doc, err) != ASSAY_OK) {
        return err->code;
    }
    tee = read_type(doc, err);
    if (err->code == ASSAY_OK && assay_policy_new(tee, &p, err) == ASSAY_OK) {
        read_members(doc, p, err);
    }
    if (err->code == ASSAY_OK) {
        check_complete(p, err);
    }
    assay_json_free(doc);
    if (err->code != ASSAY_OK) {
        assay_policy_free(p);
        return err->code;
    }
    *out = p;
    return ASSAY_OK;
}
