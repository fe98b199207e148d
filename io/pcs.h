/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pcs.h - Intel's PCS, or a PCCS, is asked by libcurl.
 */
#pragma once

#include "assay/gather.h"
#include "io/ask.h"
#include "io/fetch.h"
#include "search/sources.h"

/* Every call of `answer` has a fetcher of its own, of these options, which must
 * outlive what is returned; its errors are those of assay_fetcher_new(). */
struct assay_ask assay_pcs_ask(const struct assay_fetch_options *fetch);
