/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * seed.c - random octets for tests: of node:wasi, as the module has them of its
 * host. And for tests that call OpenSSL themselves, outside of a context of
 * ours (which seeds itself), the same source before main().
 */
#include <stdlib.h>
#include <unistd.h>

#include "crypto/host_random.h"
#include "crypto/seed_openssl.h"

#define PART_BYTES 256u /* what getentropy() gives at a time */

bool
assay_host_random(uint8_t *out, size_t n)
{
    for (size_t at = 0; at < n; at += PART_BYTES) {
        size_t left = n - at;

        if (getentropy(out + at, left < PART_BYTES ? left : PART_BYTES) != 0) {
            return false;
        }
    }
    return true;
}

__attribute__((constructor)) static void
seed(void)
{
    OSSL_PROVIDER *all = OSSL_PROVIDER_load(NULL, "default");
    OSSL_PROVIDER *source = NULL;

    if (all == NULL || !assay_seed_start(NULL, &source)) {
        abort();
    }
}
