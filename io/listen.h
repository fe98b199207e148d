/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * listen.h - accepting connections on TCP and Unix sockets.
 */
#pragma once

#include "io/address.h"
#include "io/stream.h"

struct assay_listener; /* opaque */

/* The stream is the callee's to close. */
typedef void assay_accepted(void *user, struct assay_stream *stream);

/* A TCP host must be an IP address, or a name that has one (which is looked up
 * at once). Connections that wait are accepted in order. A Unix socket gets
 * this mode; a stale one (nobody accepts there) is replaced, a live one is
 * not. ASSAY_IO with the system's words, ASSAY_INVALID, ASSAY_NO_MEMORY.
 * Running out of descriptors pauses accepting for a moment and goes on. */
ASSAY_MUST_CHECK enum assay_code
assay_listen(uv_loop_t *loop, const struct assay_address *at, unsigned mode,
             assay_accepted *accepted, void *user, struct assay_listener **out,
             struct assay_error *err);
/* The same over a socket that listens already (io/listen_socket.h), which it
 * takes over, also if it fails; no file is removed at the end. */
ASSAY_MUST_CHECK enum assay_code
assay_listen_on(uv_loop_t *loop, int fd, assay_accepted *accepted, void *user,
                struct assay_listener **out, struct assay_error *err);
/* Where it really listens: "127.0.0.1:41234" (port 0 was given) or
 * "unix:PATH". */
const char *assay_listener_address(const struct assay_listener *l);
/* Accepts no more (connections wait with the system), or accepts again. */
void assay_listener_pause(struct assay_listener *l, bool pause);
/* A Unix socket's file is removed. NULL is fine. */
void assay_listener_close(struct assay_listener *l);
