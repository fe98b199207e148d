/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * seed_openssl.h - where OpenSSL's random octets come from.
 */
#pragma once

#include <stdbool.h>

#include <openssl/provider.h>

/* Before the first use of this library context: sees to a source, if OpenSSL
 * has none of its own for this platform, and that it works. False: there are no
 * random octets, and the context must not be used. *source, NULL or not, is
 * unloaded (OSSL_PROVIDER_unload()) before the context goes. */
bool assay_seed_start(OSSL_LIB_CTX *lib, OSSL_PROVIDER **source);
