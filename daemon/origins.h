/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * origins.h - pages that may use a daemon, by their origins (RFC 6454).
 */
#pragma once

#include "assay/error.h"

/* Could a browser say each of these, which commas separate? One that it could
 * not would never be met, and nobody would know why. ASSAY_INVALID. */
ASSAY_MUST_CHECK enum assay_code origins_check(const char *list,
                                               struct assay_error *err);
