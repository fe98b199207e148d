/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * member_tcb.c - members on the health of the platform.
 */
#include <stdlib.h>

#include "base/ascii.h"
#include "policy/parse.h"

#define ADVISORY_MAX_BYTES 64u /* as of TCB info */

/* The list has two names; only one of them may be used. */
void
assay_member_statuses(const struct assay_member_place *at,
                      struct assay_policy *p)
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

/* Capitals, digits and dashes; and Intel's have five digits at least. */
static bool
is_advisory(struct assay_slice id)
{
    static const char intel[] = "INTEL-SA-";
    const size_t len = sizeof(intel) - 1;
    bool is_intel = id.len >= len && memcmp(id.ptr, intel, len) == 0;

    if (id.len == 0 || id.len > ADVISORY_MAX_BYTES ||
        (is_intel && id.len < len + 5)) {
        return false;
    }
    for (size_t i = is_intel ? len : 0; i < id.len; i++) {
        uint8_t c = id.ptr[i];

        if (!assay_is_digit(c) &&
            (is_intel || (c != '-' && (c < 'A' || c > 'Z')))) {
            return false;
        }
    }
    return true;
}

void
assay_member_advisories(const struct assay_member_place *at,
                        struct assay_string_list *out)
{
    assay_member_strings(at, out);
    for (size_t i = 0; i < out->count && at->err->code == ASSAY_OK; i++) {
        if (!is_advisory(assay_slice_of(out->item[i]))) {
            assay_member_fail(at,
                              "'%.40s' is no advisory's ID, like "
                              "INTEL-SA-00615",
                              out->item[i]);
        }
    }
}

/* A rule that two members can set is set by one of them: neither wins over
 * the other without a word. */
void
assay_member_set_once(const struct assay_member_place *at,
                      struct assay_number_rule *to,
                      struct assay_number_rule rule)
{
    if (to->there) {
        assay_member_fail(at, "another member sets the same rule");
    }
    *to = rule;
}

/* Of the first octets of a measurement; all of a list have one length. */
static void
read_prefixes(const struct assay_member_place *at, struct assay_value_set *out)
{
    uint32_t first = assay_json_type(at->doc, at->node) == ASSAY_JSON_ARRAY
                         ? assay_json_first(at->doc, at->node)
                         : at->node;
    size_t digits = assay_json_string(at->doc, first).len;

    if (assay_json_type(at->doc, first) == ASSAY_JSON_STRING &&
        (digits < 2 || digits > 96 || digits % 2 != 0)) {
        assay_member_fail(at, "must be 2 to 96 hex digits, an even number");
        return;
    }
    assay_member_values(at, digits / 2, out);
}

/* What older clients called a minimum: a comparison of the first octets. It is
 * had only by asking for it by its true name. */
static void
read_legacy(const struct assay_member_place *at, uint32_t object,
            struct assay_value_set *out)
{
    uint32_t asked = assay_json_member(at->doc, object, "legacy_prefix_match");

    if (assay_json_type(at->doc, asked) != ASSAY_JSON_TRUE) {
        assay_member_fail(at, "compares first octets and is no minimum; use "
                              "tee_tcb_svn, or add legacy_prefix_match = true");
        return;
    }
    read_prefixes(at, out);
}

static void
read_tcb_part(const struct assay_member_place *at, struct assay_slice name,
              uint32_t object, struct assay_policy *p)
{
    static const char *const names[] = {
        "tee_tcb_svn", "tcb_evaluation_data_number", "tcb_date", NULL};

    if (assay_slice_is(name, "tee_tcb_svn")) {
        assay_member_hex(at, p->min_tee_tcb_svn, sizeof(p->min_tee_tcb_svn));
        p->has_min_tee_tcb_svn = true;
    } else if (assay_slice_is(name, "tcb_evaluation_data_number")) {
        assay_member_set_once(at, &p->min_evaluation,
                              assay_member_integer(at, UINT32_MAX));
    } else if (assay_slice_is(name, "tcb_date")) {
        assay_member_set_once(at, &p->min_tcb_date_s, assay_member_date(at));
    } else if (assay_slice_is(name, "mrseam")) {
        read_legacy(at, object, &p->legacy_mrseam);
    } else if (assay_slice_is(name, "mrtmrs")) {
        read_legacy(at, object, &p->legacy_mrtmrs);
    } else if (assay_slice_is(name, "legacy_prefix_match")) {
        (void)assay_member_bool(at);
    } else {
        assay_member_unknown(at, name, names);
    }
}

/* The form of a Codex provider: per-byte minimum of TEE_TCB_SVN, and the two
 * minima that the policy itself has too. */
void
assay_member_min_tdx_tcb(const struct assay_member_place *at,
                         struct assay_policy *p)
{
    if (assay_json_type(at->doc, at->node) != ASSAY_JSON_OBJECT ||
        assay_json_count(at->doc, at->node) == 0) {
        assay_member_fail(at, "must be an object that is not empty");
        return;
    }
    for (uint32_t n = assay_json_first(at->doc, at->node);
         n != ASSAY_JSON_NONE && at->err->code == ASSAY_OK;
         n = assay_json_next(at->doc, n)) {
        char path[ASSAY_MEMBER_PATH];
        struct assay_member_place part = assay_member_part(at, n, path);

        read_tcb_part(&part, assay_json_string(at->doc, n), at->node, p);
    }
    if (assay_json_count(at->doc, at->node) == 1 &&
        assay_json_member(at->doc, at->node, "legacy_prefix_match") !=
            ASSAY_JSON_NONE) {
        assay_member_fail(at, "asks for nothing: legacy_prefix_match is how "
                              "mrseam and mrtmrs are compared");
    }
}
