/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_forms.h - a JSON policy written as TOML, and whether two policies are
 * the same.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "harness/unit.h"
#include "policy/policy.h"

/* Appends a value; false if TOML has none such. JSON's strings (our tests have
 * no escaped slash) and numbers are spelled as in TOML. */
static inline bool
toml_of_value(const struct assay_json *j, uint32_t node, struct assay_buf *out)
{
    enum assay_json_type type = assay_json_type(j, node);
    bool object = type == ASSAY_JSON_OBJECT;
    bool good = true;

    if (type != ASSAY_JSON_ARRAY && !object) {
        assay_buf_add(out, assay_json_span(j, node));
        return type != ASSAY_JSON_NULL;
    }
    assay_buf_add_text(out, object ? "{" : "[");
    for (uint32_t c = assay_json_first(j, node); c != ASSAY_JSON_NONE;
         c = assay_json_next(j, c)) {
        if (object) {
            assay_buf_add(out, assay_json_span(j, c));
            assay_buf_add_text(out, " = ");
        }
        good =
            toml_of_value(j, object ? assay_json_value(j, c) : c, out) && good;
        if (assay_json_next(j, c) != ASSAY_JSON_NONE) {
            assay_buf_add_text(out, ", ");
        }
    }
    assay_buf_add_text(out, object ? "}" : "]");
    return good;
}

/* A JSON object as TOML, member by member; false if it is none or TOML cannot
 * say it. The buffer is initialised here and freed by the caller. */
static inline bool
toml_of_json(struct assay_slice json, struct assay_buf *out)
{
    static const struct assay_json_limits limits = {4u << 20, 64, 1u << 20};
    struct assay_json *j = NULL;
    struct assay_error err;
    bool good;

    assay_buf_init(out, 8u << 20);
    assay_error_clear(&err);
    if (assay_json_parse(json, &limits, "json", &j, &err) != ASSAY_OK) {
        return false;
    }
    good = assay_json_type(j, ASSAY_JSON_ROOT) == ASSAY_JSON_OBJECT;
    for (uint32_t c = assay_json_first(j, ASSAY_JSON_ROOT);
         good && c != ASSAY_JSON_NONE; c = assay_json_next(j, c)) {
        assay_buf_add(out, assay_json_span(j, c));
        assay_buf_add_text(out, " = ");
        good = toml_of_value(j, assay_json_value(j, c), out);
        assay_buf_add_text(out, "\n");
    }
    assay_json_free(j);
    return good;
}

static inline bool
same_string(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static inline bool
same_set(const struct assay_value_set *a, const struct assay_value_set *b)
{
    return a->count == b->count &&
           (a->count == 0 ||
            (a->size == b->size &&
             memcmp(a->bytes, b->bytes, a->count * a->size) == 0));
}

static inline bool
same_strings(const struct assay_string_list *a,
             const struct assay_string_list *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++) {
        same = strcmp(a->item[i], b->item[i]) == 0;
    }
    return same;
}

static inline bool
same_number(struct assay_number_rule a, struct assay_number_rule b)
{
    return a.there == b.there && a.value == b.value;
}

static inline bool
same_mask(struct assay_mask_rule a, struct assay_mask_rule b)
{
    return a.there == b.there && a.mask == b.mask && a.value == b.value;
}

/* Ends the test unless both policies say the same. */
static inline void
check_same_policy(const char *row, const struct assay_policy *a,
                  const struct assay_policy *b)
{
    CHECK(row, a->tee == b->tee && a->dstack == b->dstack);
    CHECK(row, a->partial == b->partial);
    CHECK(row,
          a->disable_runtime_verification == b->disable_runtime_verification);
    CHECK(row, a->allowed_status == b->allowed_status);
    CHECK(row, same_number(a->grace_period_s, b->grace_period_s));
    CHECK(row, same_number(a->min_evaluation, b->min_evaluation));
    CHECK(row, same_number(a->min_tcb_date_s, b->min_tcb_date_s));
    CHECK(row, same_strings(&a->denied_advisories, &b->denied_advisories));
    CHECK(row, same_strings(&a->accepted_advisories, &b->accepted_advisories));
    CHECK(row, same_number(a->max_collateral_age_s, b->max_collateral_age_s));
    CHECK(row, a->collateral_grace_s == b->collateral_grace_s);
    CHECK(row, a->warns_of_rollback == b->warns_of_rollback);
    CHECK(row, same_strings(&a->pccs_url, &b->pccs_url));
    CHECK(row, a->cache_collateral == b->cache_collateral);
    CHECK(row, same_string(a->trusted_root, b->trusted_root));
    CHECK(row, same_string(a->ca_file, b->ca_file));
    CHECK(row, a->allow_debug == b->allow_debug);
    CHECK(row, a->allow_service_td == b->allow_service_td);
    CHECK(row, a->require_sept_ve_disable == b->require_sept_ve_disable);
    CHECK(row, same_mask(a->td_attributes, b->td_attributes));
    CHECK(row, same_mask(a->xfam, b->xfam));
    CHECK(row, a->has_min_tee_tcb_svn == b->has_min_tee_tcb_svn);
    CHECK(row, memcmp(a->min_tee_tcb_svn, b->min_tee_tcb_svn, 16) == 0);
    CHECK(row, same_set(&a->legacy_mrseam, &b->legacy_mrseam));
    CHECK(row, same_set(&a->legacy_mrtmrs, &b->legacy_mrtmrs));
    for (size_t i = 0; i < ASSAY_REG_COUNT; i++) {
        CHECK(row, same_set(&a->td_register[i], &b->td_register[i]));
    }
    CHECK(row, same_set(&a->mrenclave, &b->mrenclave));
    CHECK(row, same_set(&a->mrsigner, &b->mrsigner));
    CHECK(row, same_number(a->isvprodid, b->isvprodid));
    CHECK(row, same_number(a->min_isvsvn, b->min_isvsvn));
    CHECK(row, same_set(&a->os_image_hash, &b->os_image_hash));
    CHECK(row, same_set(&a->compose_hash, &b->compose_hash));
    CHECK(row, same_string(a->compose_file, b->compose_file));
    CHECK(row, same_string(a->app_compose, b->app_compose));
    CHECK(row, a->certificate_event == b->certificate_event);
    CHECK(row, a->wire_count == b->wire_count);
    CHECK(row,
          memcmp(a->wire, b->wire, sizeof(a->wire[0]) * a->wire_count) == 0);
    CHECK(row, a->reattestation_interval_s == b->reattestation_interval_s);
    CHECK(row, a->staple == b->staple);
    CHECK(row, a->accept_self_signed_certs == b->accept_self_signed_certs);
}
