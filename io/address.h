/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * address.h - where to connect to or to listen, as people write it.
 */
#pragma once

#include <stdbool.h>

#include "assay/bytes.h"

#define ASSAY_HOST_MAX_BYTES 255u
#define ASSAY_PATH_MAX_BYTES 107u /* of a Unix socket */

struct assay_address {
    bool is_unix;
    char host[ASSAY_HOST_MAX_BYTES + 1]; /* name or IP, no brackets */
    char port[6];                        /* "0" to "65535" */
    char path[ASSAY_PATH_MAX_BYTES + 1]; /* if is_unix */
};

/* "HOST:PORT", "[IPV6]:PORT", "HOST" or "[IPV6]" with the default port (NULL:
 * a port must be there), "unix:PATH". ASSAY_INVALID. */
ASSAY_MUST_CHECK enum assay_code assay_address_parse(const char *text,
                                                     const char *default_port,
                                                     struct assay_address *out,
                                                     struct assay_error *err);
