/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_port.c - see launch_port.h.
 */
#include "launch_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/error.h"
#include "io/address.h"

/* Without SO_REUSEADDR: with it, whoever has that too could bind. */
static int
bind_to(const struct assay_address *at)
{
    struct sockaddr_storage to = {.ss_family = AF_UNSPEC};
    int port = (int)strtoul(at->port, NULL, 10);
    int on = 1;
    int fd;

    if (uv_ip4_addr(at->host, port, (struct sockaddr_in *)&to) != 0 &&
        uv_ip6_addr(at->host, port, (struct sockaddr_in6 *)&to) != 0) {
        errno = EINVAL;
        return -1;
    }
    fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
         bind(fd, (struct sockaddr *)&to,
              to.ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                      : sizeof(struct sockaddr_in6)) != 0)) {
        int why = errno;

        (void)close(fd);
        errno = why;
        fd = -1;
    }
    return fd;
}

int
launch_hold_port(const char *address, struct assay_error *err)
{
    struct assay_address at;
    int fd = -1;

    if (assay_address_parse(address, NULL, &at, err) == ASSAY_OK) {
        fd = bind_to(&at);
        if (fd < 0) {
            assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                       "the port of %.60s cannot be kept from others: %s",
                       address, strerror(errno));
        }
    }
    return fd;
}
