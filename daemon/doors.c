/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * doors.c - the sockets that clients come to.
 */
#include "daemon/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

#define WORKERS_DEFAULT_MAX 16u   /* more cores than that: say how many */
#define SOCKET_MODE         0600u /* of a Unix socket that is listened on */

unsigned
doors_workers(uint32_t asked)
{
    unsigned cores = uv_available_parallelism();

    if (asked > 0) {
        return asked;
    }
    return cores < WORKERS_DEFAULT_MAX ? cores : WORKERS_DEFAULT_MAX;
}

static void
name_door(struct doors *d, int fd)
{
    struct sockaddr_storage any = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(any);

    (void)getsockname(fd, (struct sockaddr *)&any, &len);
    if (any.ss_family == AF_UNIX) {
        const struct sockaddr_un *own = (const struct sockaddr_un *)&any;

        snprintf(d->address, sizeof(d->address), "unix:%.*s",
                 (int)sizeof(own->sun_path), own->sun_path);
    } else {
        assay_socket_name((struct sockaddr *)&any, d->address,
                          sizeof(d->address));
    }
}

/* 0: it is no socket. */
static int
number_of(int fd, int option)
{
    int value = 0;
    socklen_t len = sizeof(value);

    return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : 0;
}

/* Of others (AF_VSOCK), nothing here would know whom a client is. */
static bool
is_served(int family)
{
    return family == AF_INET || family == AF_INET6 || family == AF_UNIX;
}

static void
check_inherited(int fd, struct assay_error *err)
{
    if (number_of(fd, SO_TYPE) != SOCK_STREAM ||
        number_of(fd, SO_ACCEPTCONN) == 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "inherited descriptor %d is no stream socket that listens",
                   fd);
    } else if (!is_served(number_of(fd, SO_DOMAIN))) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "inherited descriptor %d is no socket of TCP or Unix", fd);
    } else if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 ||
               fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        assay_fail_uv(err, ASSAY_IO, -errno, "inherited descriptor %d", fd);
    }
}

enum assay_code
doors_open(struct doors *d, uv_loop_t *loop, const struct assay_address *at,
           int inherited, unsigned workers, struct assay_error *err)
{
    assay_error_clear(err);
    *d = (struct doors){.count = 0, .file = {.path = ""}};
    if (inherited >= 0) {
        d->fds[d->count++] = inherited;
        check_inherited(inherited, err);
    } else if (assay_listen_socket(loop, at, SOCKET_MODE, &d->fds[0], err) ==
               ASSAY_OK) {
        d->count = 1;
        if (at->is_unix) {
            assay_socket_file_note(&d->file, at->path);
        }
    }
    while (err->code == ASSAY_OK && d->count < workers) {
        int *next = &d->fds[d->count];
        enum assay_code code = inherited >= 0
                                   ? assay_listen_share(d->fds[0], next, err)
                                   : assay_listen_again(d->fds[0], next, err);

        d->count += code == ASSAY_OK ? 1 : 0;
    }
    if (err->code != ASSAY_OK) {
        doors_close(d);
        return err->code;
    }
    name_door(d, d->fds[0]);
    return ASSAY_OK;
}

int
doors_hand_over(struct doors *d, unsigned worker)
{
    int fd = d->fds[worker];

    d->fds[worker] = -1;
    return fd;
}

void
doors_close(struct doors *d)
{
    assay_socket_file_remove(&d->file);
    d->file.path[0] = '\0';
    for (; d->count > 0; d->count--) {
        if (d->fds[d->count - 1] >= 0) {
            close(d->fds[d->count - 1]);
        }
    }
}
