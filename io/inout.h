/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * inout.h - standard input and output, whatever they are (pipe, terminal, file,
 * socket), piece by piece: a thread of libuv's pool does the waiting, so that
 * the loop never does. No more than one piece is held at a time.
 */
#pragma once

#include <uv.h>

#include "assay/bytes.h"

#define ASSAY_INOUT_PIECE_BYTES (64u * 1024u)

struct assay_inout; /* opaque: one descriptor, one direction */

/* From the loop, once for each call that asked for it; may free it.
 * A read: the octets, gone after the call; none at the end. A write: all of it
 * was written. ASSAY_IO. */
typedef void assay_inout_done(void *user, struct assay_slice data,
                              const struct assay_error *err);

/* fd stays the caller's. NULL: out of memory. */
struct assay_inout *assay_inout_new(uv_loop_t *loop, int fd,
                                    assay_inout_done *done, void *user);
/* One piece; not while one is under way. */
void assay_inout_read(struct assay_inout *x);
/* A copy of at most ASSAY_INOUT_PIECE_BYTES. */
void assay_inout_write(struct assay_inout *x, struct assay_slice data);
/* A thread is at it, and may be for ever: a terminal that nobody types at. */
bool assay_inout_is_busy(const struct assay_inout *x);
/* No callback any more; the memory goes when the thread is done. NULL is
 * fine. */
void assay_inout_free(struct assay_inout *x);
