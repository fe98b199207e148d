/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * listen_socket.h - a socket that listens, for listen.h; or several, where
 * several loops accept at one address.
 */
#pragma once

#include <sys/types.h>
#include <uv.h>

#include "io/address.h"

/* *out: the descriptor, which does not block and is not inherited; the
 * caller's to close. See assay_listen(). */
ASSAY_MUST_CHECK enum assay_code
assay_listen_socket(uv_loop_t *loop, const struct assay_address *at,
                    unsigned mode, int *out, struct assay_error *err);
/* One more for what this one listens to: a TCP socket with a queue of its own,
 * among which the system spreads the connections (SO_REUSEPORT; before anybody
 * accepts), or else one that shares its queue. ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code assay_listen_again(int fd, int *out,
                                                    struct assay_error *err);
/* One more that shares its queue. ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code assay_listen_share(int fd, int *out,
                                                    struct assay_error *err);

/* The file of a Unix socket, so that only ours is removed. */
struct assay_socket_file {
    char path[ASSAY_PATH_MAX_BYTES + 1]; /* "": there is none */
    dev_t device;
    ino_t inode;
};
void assay_socket_file_note(struct assay_socket_file *f, const char *path);
/* Unless somebody has replaced it. */
void assay_socket_file_remove(const struct assay_socket_file *f);
