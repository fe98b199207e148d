/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * proxy_header.h - the PROXY protocol of HAProxy, versions 1 and 2: what a
 * balancer says of a connection before the connection's own first byte. No I/O.
 */
#pragma once

#include "base/buf.h"
#include "io/socket_name.h"

/* Of version 1; of version 2 with all its TLVs. */
#define ASSAY_PROXY_V1_MAX_BYTES 107u
#define ASSAY_PROXY_V2_MAX_BYTES 4096u

struct assay_proxy_header {
    bool known; /* false: LOCAL or UNKNOWN; the connection's own ends count */
    /* As streams name them: "127.0.0.1:8443", "[::1]:80", "unix". */
    char source[ASSAY_SOCKET_NAME_BYTES];
    char destination[ASSAY_SOCKET_NAME_BYTES];
};

/* Reads one from the start of `in`; either version. *used: its octets; 0 if
 * more is needed (then ASSAY_OK, and *out is not set).
 * ASSAY_MALFORMED (also TLVs that do not fit), ASSAY_TOO_LARGE,
 * ASSAY_UNSUPPORTED (a version or a transport that is not TCP or Unix). */
ASSAY_MUST_CHECK enum assay_code
assay_proxy_header_read(struct assay_slice in, struct assay_proxy_header *out,
                        size_t *used, struct assay_error *err);

/* Appends one (version 1 or 2) for these ends, as streams name them; where they
 * are no IP addresses of one family, one that says so. */
void assay_proxy_header_write(struct assay_buf *to, unsigned version,
                              const char *source, const char *destination);
