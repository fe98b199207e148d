/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * doors.h - the sockets that clients come to, one for each worker.
 */
#pragma once

#include "io/address.h"
#include "io/listen_socket.h"
#include "io/socket_name.h"

#define DOORS_MAX 64u /* workers */

struct doors {
    int fds[DOORS_MAX]; /* -1: handed over */
    unsigned count;
    struct assay_socket_file file; /* of a Unix socket */
    char address[sizeof("unix:") + ASSAY_PATH_MAX_BYTES +
                 ASSAY_SOCKET_NAME_BYTES];
};

/* How many workers there are to be: 0 asks for one for each core, up to 16. */
unsigned doors_workers(uint32_t asked);

/* TCP: a queue for each worker. Unix: one queue that all take from.
 * inherited: a socket of the service manager that all take from; -1: none. It
 * is taken over, also on failure. Errors of assay_listen(); ASSAY_INVALID (no
 * listening stream socket was inherited). */
ASSAY_MUST_CHECK enum assay_code doors_open(struct doors *d, uv_loop_t *loop,
                                            const struct assay_address *at,
                                            int inherited, unsigned workers,
                                            struct assay_error *err);
/* The caller's from now on. */
int doors_hand_over(struct doors *d, unsigned worker);
void doors_close(struct doors *d); /* those that are left; and the file */
