/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * veil.h - TLS between a client and those who know nothing of it: they have a
 * socket with the plain octets (a pair of Unix sockets), and a veil moves what
 * goes through it.
 *
 * The two directions share nothing but the session. Each stops reading where
 * the other side does not take, and holds at most what one read gave it.
 */
#pragma once

#include "certificate.h"
#include "io/stream.h"

/* What one read takes at most: whole records, of which 16 KiB are left for what
 * TLS adds and says itself (HELD_MAX_BYTES). */
#define VEIL_READ_BYTES   (3u * 16384u)
#define VEIL_SEALED_BYTES (64u * 1024u)

enum veil_event {
    VEIL_READY,   /* the handshake is done; detail: "TLSv1.3" */
    VEIL_REFUSED, /* it has failed, or the client went away in it */
    VEIL_BROKEN,  /* the client broke TLS behind it, or sent an alert */
    VEIL_EVENTS,
};

struct veil; /* opaque */

/* Those of one loop, at first all zero but for what is set. */
struct veils {
    uv_loop_t *loop;
    /* Once the plain end has ended: how long the client may take nothing, and
     * how long its own end is waited for. */
    uint32_t close_ms;
    /* From the loop; detail is a constant of OpenSSL or ours, never what the
     * client has sent. May be NULL. */
    void (*told)(void *user, enum veil_event event, const char *peer,
                 const char *detail);
    /* One is gone, and not counted any more. May be NULL. */
    void (*gone)(void *user);
    void *user;
    struct veil *first;
    unsigned count; /* that are open; some outlive their plain end */
    uint8_t plain[VEIL_READ_BYTES];
    uint8_t sealed[VEIL_SEALED_BYTES];
    size_t sealed_len; /* within one turn */
};

/* The plain end of this client, with its name; the client is taken over, and
 * the certificate held. The handshake goes on by itself; a plain end that is
 * closed or shut down before it is done ends it, so whoever limits how long
 * they wait for octets limits the handshake. The client's end, with
 * close_notify or without, is one of the plain end; nothing is lost before it,
 * either way. NULL: no memory or descriptors, and the client is closed. */
struct assay_stream *veil_open(struct veils *all, struct certificate *c,
                               struct assay_stream *client);
/* All, at once; plain ends that are open see an end. */
void veils_cut(struct veils *all);
