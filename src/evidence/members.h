/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * members.h - which members a bundle has (docs/formats.md, "Evidence bundles").
 */
#pragma once

#include "base/json.h"

/* Each member is known and of its type, and all that are needed are there; of
 * collateral and events it is the names only. ASSAY_MALFORMED (no bundle),
 * ASSAY_UNSUPPORTED (another format), ASSAY_INVALID, ASSAY_MISSING. */
ASSAY_MUST_CHECK enum assay_code
assay_evidence_check_members(const struct assay_json *j,
                             struct assay_error *err);
/* The value at a path of names with dots between, "claims.policy.text"; ""
 * is the bundle. ASSAY_JSON_NONE if it is not there. */
uint32_t assay_evidence_find(const struct assay_json *j, const char *path);
