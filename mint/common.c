/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * common.c - see common.h.
 */
#include "mint/common.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"

void
mint_put_hex(uint8_t *to, size_t n, const char *hex, const char *field,
             struct assay_error *err)
{
    struct assay_error own;

    assay_error_clear(&own);
    if (assay_hex_decode(assay_slice_of(hex), to, n, field, &own) != ASSAY_OK) {
        (void)assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "mint: %s",
                         own.msg);
    }
}

void
mint_add_hex(struct assay_buf *b, const char *hex, const char *field,
             struct assay_error *err)
{
    size_t n = strlen(hex) / 2;
    uint8_t none[1];
    uint8_t *to = n > 0 ? assay_buf_extend(b, n) : none;

    if (to != NULL) {
        mint_put_hex(to, n, hex, field, err);
    }
}

void
mint_apply_patch(uint8_t *bytes, size_t len, const struct mint_patch *patch,
                 struct assay_error *err)
{
    if (patch->flip == 0) {
        return;
    }
    if (patch->at >= len) {
        (void)assay_fail(err, ASSAY_INVALID, patch->at,
                         "mint: patch at %zu, but there are %zu bytes",
                         patch->at, len);
        return;
    }
    bytes[patch->at] ^= patch->flip;
}

void
mint_patch_buf(struct assay_buf *b, const struct mint_patch *patch,
               struct assay_error *err)
{
    if (!b->failed) {
        mint_apply_patch(b->ptr, b->len, patch, err);
    }
}

void
mint_buf_fail(struct assay_buf *b, const struct assay_buf *because_of)
{
    if (because_of->failed && !b->failed) {
        b->failed = true;
        b->no_memory = because_of->no_memory;
    }
}

enum assay_code
mint_check(const struct assay_buf *b, const char *what, struct assay_error *err)
{
    return err->code != ASSAY_OK ? err->code : assay_buf_check(b, what, err);
}
