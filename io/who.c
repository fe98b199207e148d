/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * who.c - see who.h.
 */
#include "io/who.h"

#include <sys/random.h>

#include "base/bytes.h"
#include "crypto/crypto.h"

_Static_assert(ASSAY_WHO_DIGEST_BYTES == ASSAY_SHA256_BYTES, "its digest");

bool
assay_who_init(struct assay_who *w, const struct assay_ctx *ctx)
{
    w->ctx = ctx;
    return getrandom(w->key, sizeof(w->key), 0) == (ssize_t)sizeof(w->key);
}

bool
assay_who_digest(const struct assay_who *w, struct assay_slice name,
                 uint8_t out[ASSAY_WHO_DIGEST_BYTES])
{
    struct assay_slice parts[2] = {ASSAY_SLICE(w->key), name};
    struct assay_error err;

    assay_error_clear(&err);
    return assay_digest(w->ctx, ASSAY_SHA256, parts, 2, out, &err) == ASSAY_OK;
}
