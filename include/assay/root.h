/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * root.h - the trust anchor. It is always an argument: nothing is trusted by
 * default, and collateral never brings its own root.
 */
#pragma once

#include "assay/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

struct assay_ctx;  /* assay/verify.h */
struct assay_root; /* opaque, immutable */

/* Intel SGX Root CA, pinned by public key; static, never freed. */
ASSAY_API const struct assay_root *assay_root_intel(void);

/* Another root: one P-256 CA certificate, PEM or DER, which must be
 * self-signed. Verdicts under it say `"root": "custom"` (unless it is
 * Intel's own). *out is freed with assay_root_free().
 * ASSAY_TRUNCATED, ASSAY_MALFORMED, ASSAY_UNSUPPORTED, ASSAY_TOO_LARGE,
 * ASSAY_INVALID (not a self-signed CA), ASSAY_NO_MEMORY, ASSAY_CRYPTO. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_root_parse(const struct assay_ctx *ctx, struct assay_slice certificate,
                 struct assay_root **out, struct assay_error *err);
ASSAY_API void assay_root_free(struct assay_root *r); /* NULL is fine */
ASSAY_API bool assay_root_is_intel(const struct assay_root *r);
/* SHA-256 of its certificate, DER. */
ASSAY_API void assay_root_sha256(const struct assay_root *r, uint8_t out[32]);

#ifdef __cplusplus
}
#endif
