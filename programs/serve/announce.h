/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * announce.h - telling the platform which certificate this TD shows.
 */
#pragma once

#include "assay/session.h"
#include "io/quoter.h"
#include "log.h"
#include "options.h"

/* Once, before anybody is let in: runs the loop until it is done. A platform
 * without such a call is a line in the log, unless it is required to have one.
 * What the quoter says. */
ASSAY_MUST_CHECK enum assay_code
announce_certificate(uv_loop_t *loop, struct assay_quoter *quoter,
                     const struct assay_tls_identity *identity,
                     enum announce how, const struct log *log,
                     struct assay_error *err);
