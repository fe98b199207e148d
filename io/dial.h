/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dial.h - connecting: names, several addresses, proxies, time limits.
 */
#pragma once

#include "io/address.h"
#include "io/stream.h"

#define ASSAY_DIAL_RESOLVE_MAX 32u
#define ASSAY_DIAL_TIMEOUT_MS  30000u

/* "HOST:PORT:ADDRESS" of curl's --resolve: that name is at this address.
 * Several for one name are its addresses, in this order. They hold for what is
 * connected to: with a proxy, for the proxy. */
struct assay_dial_resolve {
    const char *host;
    const char *port;
    const char *address; /* IP */
};

struct assay_dial_options {
    struct assay_address to;
    /* http://[USER:PASSWORD@]HOST:PORT of a proxy that is asked by CONNECT; or
     * NULL. Not used for Unix sockets. */
    const char *proxy;
    const struct assay_dial_resolve *resolve;
    size_t resolve_count;
    /* For all of it: name, connection, CONNECT. 0: ASSAY_DIAL_TIMEOUT_MS. */
    uint32_t timeout_ms;
    /* Asked of every address before any is tried; those that it refuses are
     * not. If none is left: ASSAY_NOT_FOUND. NULL: any. Not for Unix sockets.
     */
    bool (*may_connect)(void *user, const struct sockaddr *address);
};

struct assay_dial; /* opaque: an attempt under way */

/* Exactly one call, from the loop: a stream (the caller's to close; nothing
 * has been read from it yet), or NULL and why: ASSAY_NETWORK, ASSAY_TIMEOUT,
 * ASSAY_INVALID (proxy, resolve), ASSAY_UNSUPPORTED (a proxy that is not
 * http://), ASSAY_NOT_FOUND (no such name), ASSAY_NO_MEMORY (nor descriptors).
 * err is never NULL. The attempt is over and freed when it returns. */
typedef void assay_dialed(void *user, struct assay_stream *stream,
                          const struct assay_error *err);

/* Strings in the options must live until then. Addresses of one name are
 * tried in an interleaved order of families, the next one after 250 ms of
 * silence or a failure (RFC 8305). NULL: out of memory. */
struct assay_dial *assay_dial_start(uv_loop_t *loop,
                                    const struct assay_dial_options *options,
                                    assay_dialed *done, void *user);
/* Gives up; `done` is not called. */
void assay_dial_cancel(struct assay_dial *d);

/* The proxy that HTTPS_PROXY, https_proxy, ALL_PROXY or all_proxy name for this
 * host, unless NO_PROXY or no_proxy does: as curl reads them. NULL for none;
 * freed by the caller. Loopback addresses and "localhost" have none. */
char *assay_dial_proxy_of_environment(const char *host);
