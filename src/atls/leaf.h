/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * leaf.h - a server's certificate that is looked at later, without a session.
 */
#pragma once

#include "assay/session.h"

#define ASSAY_LEAF_MAX_BYTES (64u * 1024u) /* DER */

/* *fault: why this cannot be the certificate of a server of that name at that
 * time, as a session would see it, chain apart; NULL: it can. Static text,
 * which begins with the member of a bundle that is to blame. ASSAY_NO_MEMORY.
 */
ASSAY_MUST_CHECK enum assay_code
assay_leaf_check(const struct assay_ctx *ctx, struct assay_slice der,
                 const char *server_name, int64_t now_s, const char **fault,
                 struct assay_error *err);
