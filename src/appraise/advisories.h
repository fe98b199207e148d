/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include "appraise/verdict.h"
#include "dcap/dcap.h"

/* Copies the advisories of all matched levels into the verdict: those of the
 * answer first, sorted and each once, then those that only the running module
 * has. err: ASSAY_NO_MEMORY. */
void assay_advisories_collect(const struct assay_dcap_result *dcap,
                              struct assay_verdict *v, struct assay_error *err);
