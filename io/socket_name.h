/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * socket_name.h - addresses of sockets and failures of libuv, as people read
 * them.
 */
#pragma once

#include <uv.h>

#include "assay/bytes.h"

/* "[", an IPv6 address with a zone, "]:", a port, NUL. */
#define ASSAY_SOCKET_NAME_BYTES 80u

/* "127.0.0.1:8443", "[::1]:80", "unix", or "unknown". */
void assay_socket_name(const struct sockaddr *address, char *out,
                       size_t out_size);
/* The same without the port: "127.0.0.1", "::1". */
void assay_socket_host(const struct sockaddr *address, char *out,
                       size_t out_size);

/* Records a failure of libuv behind what fmt says: "WHAT: connection
 * refused". ASSAY_NO_MEMORY for UV_ENOMEM, else `code`. Returns the code. */
enum assay_code assay_fail_uv(struct assay_error *err, enum assay_code code,
                              int status, const char *fmt, ...)
    ASSAY_PRINTF(4, 5);
