/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * signed_json.h - {"<body>":{...},"signature":"<128 hex>"}: Intel signs the
 * exact bytes of the body's value (PCS API version 4).
 */
#pragma once

#include "base/json.h"
#include "crypto/crypto.h"

/* Bytes somebody signed, by their digest; what src/dcap verifies. */
struct assay_signed {
    uint8_t digest[ASSAY_SHA256_BYTES];
    uint8_t signature[ASSAY_P256_SIG_BYTES];
};

struct assay_signed_json {
    struct assay_json *doc; /* borrows the text; owned */
    uint32_t body;          /* node of the signed object */
    struct assay_signed seal;
};

/* text must outlive *out. The two members and no others. Freed with
 * assay_signed_json_free() after ASSAY_OK. */
ASSAY_MUST_CHECK enum assay_code
assay_signed_json_parse(const struct assay_ctx *ctx, struct assay_slice text,
                        const char *body, struct assay_signed_json *out,
                        struct assay_error *err);
void assay_signed_json_free(struct assay_signed_json *j);
