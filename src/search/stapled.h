/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * stapled.h - what a server has stapled to its quote, judged. Used by search.c
 * only.
 */
#pragma once

#include "search/search.h"

/* What was stapled, if it is sound on the quote, not older than the policy
 * allows (ASSAY_STAPLE_MAX_AGE_S by default), and of no evaluation that was
 * overtaken; else ASSAY_INVALID, or what the bundle's parser said. *out is NULL
 * unless ASSAY_OK. */
ASSAY_MUST_CHECK enum assay_code
assay_stapled_read(const struct assay_search_input *in,
                   struct assay_collateral **out, struct assay_error *err);
