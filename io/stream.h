/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * stream.h - a connected socket, TCP or Unix, on a libuv loop.
 *
 * One loop belongs to one thread, and so does everything on it. Callbacks are
 * called from the loop only, never from inside a call of this header.
 */
#pragma once

#include <uv.h>

#include "assay/bytes.h"

/* What one reading takes at most: the longest slice of `data`. */
#define ASSAY_STREAM_READ_BYTES (64u * 1024u)
/* What the system keeps of TCP for a peer that does not read, beside what is on
 * its way to it: else some MiB each, and its memory for all TCP is small. */
#define ASSAY_STREAM_UNSENT_MAX_BYTES (128u * 1024u)
/* What may wait for a slow peer: 64 MiB, and a head before it. More is told by
 * `failed` as ASSAY_TOO_LARGE. */
#define ASSAY_STREAM_QUEUE_MAX_BYTES (64u * 1024u * 1024u + 128u * 1024u)

struct assay_stream; /* opaque */

/* Any callback may be NULL. A callback may close its stream. */
struct assay_stream_events {
    /* Bytes arrived; they are gone after the call. */
    void (*data)(void *user, struct assay_slice data);
    /* The peer has sent its last byte; writing may go on. */
    void (*eof)(void *user);
    /* Everything written so far is with the system. */
    void (*drained)(void *user);
    /* Reading or writing failed; nothing but close is left to do. When the
     * peer takes nothing more but had said something, that is read first (while
     * reading is on), and writing does nothing meanwhile. */
    void (*failed)(void *user, const struct assay_error *err);
    /* Then `drained` is told only where something had to wait, which
     * assay_stream_queued() shows at once; to be told costs a turn of the
     * loop. */
    bool drained_if_waited;
};

/* Who is told; replaces what was set before. The events are copied. */
void assay_stream_tell(struct assay_stream *s,
                       const struct assay_stream_events *events, void *user);
/* Reading starts switched off. Nothing is read, and no eof noticed, while it
 * is off: this is how a slow consumer holds a fast peer back. */
void assay_stream_read(struct assay_stream *s, bool on);
/* Sends a copy of the bytes, at once as far as the system takes them. Failure
 * is told by `failed`; so is writing after a shutdown (ASSAY_INVALID). */
void assay_stream_write(struct assay_stream *s, struct assay_slice bytes);
/* Bytes written and not yet with the system. */
size_t assay_stream_queued(const struct assay_stream *s);
/* Nothing is on its way: all that was written is with the system, and nothing
 * has come that was not read, no byte and no end (the system is asked). */
bool assay_stream_is_quiet(const struct assay_stream *s);
/* The peer has reset the connection (the system is asked): for those who do not
 * read, whom nothing tells. */
bool assay_stream_is_reset(const struct assay_stream *s);
/* After what is queued: no more will be written (half-close). */
void assay_stream_shutdown(struct assay_stream *s);
/* Closes and frees; what is queued is lost, no callback comes any more. NULL
 * is fine. */
void assay_stream_close(struct assay_stream *s);
/* One more descriptor of its connection, the caller's, which does not block and
 * outlives the stream. -1: the system has none left. */
int assay_stream_share(const struct assay_stream *s);
/* Closes the stream, but not its connection, whose descriptor is the caller's:
 * it does not block. Nothing may be queued. -1: the system has none left, and
 * the connection is closed. */
int assay_stream_release(struct assay_stream *s);
/* "127.0.0.1:8443", "[::1]:80" or "unix"; as long as the stream. */
const char *assay_stream_peer(const struct assay_stream *s);
/* Somebody who is believed says that it is another: a copy, cut to
 * ASSAY_SOCKET_NAME_BYTES. */
void assay_stream_set_peer(struct assay_stream *s, const char *name);
/* The own end, in the same form. */
void assay_stream_local(const struct assay_stream *s, char *out,
                        size_t out_size);

/* Takes over a handle that is connected: dial.c and listen.c use it. The handle
 * (uv_tcp_t or uv_pipe_t) comes from malloc() and is closed and freed with the
 * stream. NULL: out of memory, and the handle is closed and freed.
 * The first call of a process makes it ignore SIGPIPE where nobody has said
 * otherwise: a peer that is gone is an error of one stream. */
struct assay_stream *assay_stream_adopt(uv_stream_t *connected);
