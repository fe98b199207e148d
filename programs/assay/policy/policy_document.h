/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_document.h - a policy as the JSON that the library writes of it, which
 * is what lint, explain and diff look at: every member in one form.
 */
#pragma once

#include "assay/policy.h"
#include "base/json.h"

struct policy_document {
    struct assay_buf text[2];
    struct assay_json *all;   /* every member; null where there is no rule */
    struct assay_json *rules; /* those that are not as by default */
};

/* Zeroed or filled. Errors of assay_policy_to_json() and of the JSON reader. */
ASSAY_MUST_CHECK enum assay_code
policy_document_make(const struct assay_policy *p, struct policy_document *out,
                     struct assay_error *err);
void policy_document_free(struct policy_document *d);

/* Does the policy say something else than the default here? */
bool policy_document_sets(const struct policy_document *d,
                          struct assay_slice name);
/* A list's values, or the one that stands alone; nothing for null. Iterate with
 * policy_document_next(). */
uint32_t policy_document_first(const struct assay_json *j, uint32_t value);
uint32_t policy_document_next(const struct assay_json *j, uint32_t value,
                              uint32_t item);
