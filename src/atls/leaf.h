/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * leaf.h - a server's certificate that is looked at later, without a session.
 */
#pragma once

#include "assay/session.h"

#define ASSAY_LEAF_MAX_BYTES (64u * 1024u) /* DER */

/* Why this cannot be the certificate of a server of that name at that time,
 * as a session would see it, chain apart; NULL: it can. Static text. */
const char *assay_leaf_fault(const struct assay_ctx *ctx,
                             struct assay_slice der, const char *server_name,
                             int64_t now_s);
