/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * system_roots.c - where the TLS roots of the system are.
 */
#include "io/system_roots.h"

#include <stdlib.h>

#define SYSTEM_ROOTS "/etc/ssl/certs/ca-certificates.crt"

const char *
assay_system_roots(bool *named)
{
    const char *of_environment = getenv("SSL_CERT_FILE");

    *named = of_environment != NULL;
    return *named ? of_environment : SYSTEM_ROOTS;
}
