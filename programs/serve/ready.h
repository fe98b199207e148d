/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ready.h - what every mode does between opening its doors and serving.
 */
#pragma once

#include "assay/session.h"
#include "daemon/log.h"
#include "options.h"

/* From here on there are no files but those of the settings, and no programs.
 * What sandbox_enter() says. */
ASSAY_MUST_CHECK enum assay_code ready_close_in(const struct options *o,
                                                const struct log *log,
                                                struct assay_error *err);

/* NULL: left out. */
struct ready {
    const char *address;
    const char *admin;
    const struct assay_tls_identity *identity;
    const char *quotes;
};
/* {"address", "admin", "pid", "certificate_sha256", "quotes"}, if --ready-file.
 */
ASSAY_MUST_CHECK enum assay_code ready_say(const struct options *o,
                                           const struct ready *r,
                                           struct assay_error *err);
