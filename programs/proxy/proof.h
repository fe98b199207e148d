/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * proof.h - how much a verdict says.
 */
#pragma once

#include "assay/verdict.h"

/* Does it leave open which software runs, or some of it? */
bool proof_is_partial(const struct assay_verdict *v);
/* What the policy leaves open of the software, and what was pinned; "" if there
 * is nothing to say. Lives as long as the verdict. */
const char *proof_note(const struct assay_verdict *v);
