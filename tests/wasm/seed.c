/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * seed.c - random octets for tests that call OpenSSL themselves, outside of a
 * context of ours (which seeds itself): the same source, before main().
 */
#include <stdlib.h>

#include "crypto/seed_openssl.h"

__attribute__((constructor)) static void
seed(void)
{
    OSSL_PROVIDER *all = OSSL_PROVIDER_load(NULL, "default");
    OSSL_PROVIDER *source = NULL;

    if (all == NULL || !assay_seed_start(NULL, &source)) {
        abort();
    }
}
