/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * veil_tls.h - the server's end of TLS on one socket. What it reads, it reads
 * from the socket itself, and so stops where its owner does; what is to be
 * sent, it gives to its owner, who always takes it.
 */
#pragma once

#include "certificate.h"

enum veil_tls_result {
    VEIL_TLS_ON,
    VEIL_TLS_WAITS,  /* for the socket to be readable */
    VEIL_TLS_ENDED,  /* close_notify, or the connection's end, or a reset */
    VEIL_TLS_FAILED, /* `fault` says why; nothing more can be said */
};

/* False: it has no room, and the connection fails. */
typedef bool veil_tls_sink(void *user, const void *bytes, size_t len);

struct ssl_st; /* OpenSSL's */

/* To be all zero before; it must stay where it is. */
struct veil_tls {
    struct ssl_st *ssl;
    int fd; /* does not block; the owner's */
    veil_tls_sink *sink;
    void *user;
    const char *fault; /* OpenSSL's reason; static */
    bool ended;        /* the socket, for reading */
};

/* fd, sink and user are set. The certificate must outlive it. False: no
 * memory. */
bool veil_tls_open(struct veil_tls *t, const struct certificate *c);
void veil_tls_free(struct veil_tls *t);

/* ON: the handshake is done. Before that, nothing else may be called. */
enum veil_tls_result veil_tls_shake(struct veil_tls *t);
/* At most one record's plaintext. *len is 0 unless ON. */
enum veil_tls_result veil_tls_read(struct veil_tls *t, uint8_t *to, size_t size,
                                   size_t *len);
/* Something was read from the socket that veil_tls_read() has not given: then
 * the socket need not be readable for it to go on. */
bool veil_tls_pending(const struct veil_tls *t);
/* All of it. False: it has failed (`fault`). */
bool veil_tls_write(struct veil_tls *t, const uint8_t *bytes, size_t len);
/* close_notify; reading may go on. */
void veil_tls_close(struct veil_tls *t);
/* "TLSv1.3" */
const char *veil_tls_version(const struct veil_tls *t);
