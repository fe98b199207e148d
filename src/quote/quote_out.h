/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include "assay/quote.h"
#include "base/json_out.h"

/* Every field of a quote as one JSON object. */
void assay_quote_out(struct assay_json_out *o, const char *name,
                     const struct assay_quote_view *q);
