/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * certificate_openssl.h - the inside of a certificate, for veil_tls_openssl.c.
 */
#pragma once

#include <stdatomic.h>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "certificate.h"

struct certificate {
    atomic_uint holders;
    SSL_CTX *settings;  /* of TLS, with chain and key */
    BIO_METHOD *socket; /* how its connections read and write */
    int64_t until_s;
};

/* veil_tls_openssl.c: a BIO's data is its struct veil_tls. NULL: no memory. */
BIO_METHOD *veil_tls_method(void);
