/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include "base/json.h"
#include "policy/policy.h"

/* A policy with the defaults of docs/policy.md and no rule of its own. */
enum assay_code assay_policy_new(enum assay_tee tee, struct assay_policy **out,
                                 struct assay_error *err);

/* Where a member stands and what it is called, while it is read. */
struct assay_member_place {
    const struct assay_json *doc;
    uint32_t node;    /* the value */
    const char *path; /* "policy.min_tdx_tcb.tcb_date" */
    struct assay_error *err;
};

/* Failure of a member, ASSAY_INVALID at the value's place. */
void assay_member_fail(const struct assay_member_place *at, const char *fmt,
                       ...) ASSAY_PRINTF(2, 3);
bool assay_member_bool(const struct assay_member_place *at);
struct assay_number_rule
assay_member_integer(const struct assay_member_place *at, int64_t max);
struct assay_number_rule assay_member_date(const struct assay_member_place *at);
char *assay_member_string(const struct assay_member_place *at);
void assay_member_strings(const struct assay_member_place *at,
                          struct assay_string_list *out);
/* A hex string or a list of them, each of `size` bytes. */
void assay_member_values(const struct assay_member_place *at, size_t size,
                         struct assay_value_set *out);
void assay_member_hex(const struct assay_member_place *at, uint8_t *out,
                      size_t size);

/* The name in a NULL-terminated list that is nearest to a misspelt one; NULL
 * if none is near. */
const char *assay_nearest(struct assay_slice name, const char *const *names);
