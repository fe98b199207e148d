/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_toml.h - a pinned policy as TOML.
 */
#pragma once

#include "assay/bytes.h"
#include "base/json.h"

/* Appends an object of strings, numbers, booleans, lists of these, and objects
 * of no objects: keys first, then tables; names are bare keys. Null, and what
 * is nested more deeply, is ASSAY_UNSUPPORTED. Errors of the buffer. */
ASSAY_MUST_CHECK enum assay_code policy_toml_write(const struct assay_json *j,
                                                   struct assay_buf *out,
                                                   struct assay_error *err);
