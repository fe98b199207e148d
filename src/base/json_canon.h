/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_canon.h - writing a parsed value anew in a form that is the same for
 * the same value, so that its hash means something.
 *
 * No white space. Strings as RFC 8785 escapes them: only '"', '\' and control
 * characters, these as \b \f \n \r \t or \u00xx. Integers from -2^63 to 2^64-1
 * as they stand; other numbers as doubles, with the fewest digits that read
 * back as the same: 0.001, 12.5, 1.0, 1e16, -2.5e-7. (This is how serde_json
 * writes them, not RFC 8785.)
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"

enum assay_json_order {
    ASSAY_JSON_AS_IT_STANDS,
    ASSAY_JSON_SORTED, /* members by the bytes of their names, at every level */
};

#define ASSAY_JSON_CANON_DEPTH 64u /* levels */

/* Appends. ASSAY_TOO_LARGE (to->max, more levels than that, or a number that
 * no double holds or of more than 1024 characters; offset: the value),
 * ASSAY_NO_MEMORY. `what` starts the message. After a failure *to ends with
 * some part of the value. */
ASSAY_MUST_CHECK enum assay_code
assay_json_canon(const struct assay_json *j, uint32_t node,
                 enum assay_json_order order, const char *what,
                 struct assay_buf *to, struct assay_error *err);
