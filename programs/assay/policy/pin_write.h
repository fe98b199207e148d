/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pin_write.h - a policy that asks for what was found.
 */
#pragma once

#include "found.h"

/* What goes into the policy, and why the rest does not. */
struct pin {
    const char *type;
    unsigned pinned;                 /* sets: bit n for enum pin_item n */
    const char *left_out[PIN_COUNT]; /* why; NULL: not worth a word */
};

/* Chooses by type, --pin and what there is. ASSAY_NOT_TRUSTED (what the policy
 * needs, or --pin names, is not proven), ASSAY_INVALID (--pin leaves out what
 * the type needs, or names what it has not). */
ASSAY_MUST_CHECK enum assay_code
pin_choose(const struct options *o, const char *type, const struct found *f,
           struct pin *out, struct assay_error *err);
/* The policy, complete and read back. *out is initialised here. */
ASSAY_MUST_CHECK enum assay_code
pin_write(const struct options *o, const struct found *f, const struct pin *p,
          bool toml, struct assay_buf *out, struct assay_error *err);
