/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/socket_name.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

static unsigned
port_of(const struct sockaddr *address)
{
    in_port_t port = 0;

    if (address->sa_family == AF_INET) {
        port = ((const struct sockaddr_in *)(const void *)address)->sin_port;
    } else if (address->sa_family == AF_INET6) {
        port = ((const struct sockaddr_in6 *)(const void *)address)->sin6_port;
    }
    return ntohs(port);
}

void
assay_socket_host(const struct sockaddr *address, char *out, size_t out_size)
{
    const void *raw = address;

    if (address->sa_family == AF_INET && uv_ip4_name(raw, out, out_size) == 0) {
        return;
    }
    if (address->sa_family == AF_INET6 &&
        uv_ip6_name(raw, out, out_size) == 0) {
        return;
    }
    snprintf(out, out_size, "%s",
             address->sa_family == AF_UNIX ? "unix" : "unknown");
}

void
assay_socket_name(const struct sockaddr *address, char *out, size_t out_size)
{
    char host[ASSAY_SOCKET_NAME_BYTES];

    assay_socket_host(address, host, sizeof(host));
    if (address->sa_family == AF_INET) {
        snprintf(out, out_size, "%s:%u", host, port_of(address));
    } else if (address->sa_family == AF_INET6) {
        snprintf(out, out_size, "[%s]:%u", host, port_of(address));
    } else {
        snprintf(out, out_size, "%s", host);
    }
}

enum assay_code
assay_fail_uv(struct assay_error *err, enum assay_code code, int status,
              const char *fmt, ...)
{
    char what[sizeof(err->msg)];
    char why[80];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    return assay_fail(err, status == UV_ENOMEM ? ASSAY_NO_MEMORY : code,
                      ASSAY_NO_OFFSET, "%s: %s", what,
                      uv_strerror_r(status, why, sizeof(why)));
}
