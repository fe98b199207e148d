/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * setup.h - what is read and written once: certificate, key, ready file.
 */
#pragma once

#include "assay/session.h"
#include "options.h"

/* From files, or made here; --cert-out is written. */
ASSAY_MUST_CHECK enum assay_code setup_identity(const struct options *o,
                                                const struct assay_ctx *ctx,
                                                struct assay_tls_identity **out,
                                                struct assay_error *err);

/* {"address", "pid", "certificate_sha256", "quotes"}, if --ready-file; without
 * the certificate where identity is NULL. */
ASSAY_MUST_CHECK enum assay_code
setup_ready(const struct options *o, const char *address,
            const struct assay_tls_identity *identity, const char *quotes,
            struct assay_error *err);
