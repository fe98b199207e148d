/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * proxy.h - an HTTP proxy that is asked for a tunnel by CONNECT.
 */
#pragma once

#include "io/address.h"
#include "io/stream.h"

#define ASSAY_PROXY_URL_MAX_BYTES    2048u
#define ASSAY_PROXY_ANSWER_MAX_BYTES (16u * 1024u) /* of the head */
#define ASSAY_PROXY_PORT             "1080" /* where the URL has none: curl's */

struct assay_proxy {
    struct assay_address at;
    /* Value of Proxy-Authorization; empty: no credentials. */
    struct assay_buf authorization;
};

/* "[http://][USER[:PASSWORD]@]HOST[:PORT][/]"; user and password are percent-
 * encoded. *out is initialised here and freed with assay_proxy_free(), also
 * after a failure. ASSAY_INVALID; ASSAY_UNSUPPORTED (https://, socks5://, ...);
 * ASSAY_NO_MEMORY. Messages do not quote the credentials. */
ASSAY_MUST_CHECK enum assay_code assay_proxy_parse(const char *url,
                                                   struct assay_proxy *out,
                                                   struct assay_error *err);
void assay_proxy_free(struct assay_proxy *p);

struct assay_tunnel; /* opaque: a proxy that has been asked */

/* Exactly one call, from the loop: err->code is ASSAY_OK if the stream is now
 * one to the target. Else ASSAY_NETWORK or ASSAY_NO_MEMORY. The tunnel is over
 * and freed when it returns; the stream is the owner's as before. */
typedef void assay_tunnelled(void *user, const struct assay_error *err);

/* Asks the proxy at the other end of this stream. There is no limit on time.
 * NULL: out of memory. */
struct assay_tunnel *assay_tunnel_start(struct assay_stream *stream,
                                        const struct assay_proxy *proxy,
                                        const struct assay_address *to,
                                        assay_tunnelled *done, void *user);
/* No call; before the stream is closed. NULL is fine. */
void assay_tunnel_cancel(struct assay_tunnel *t);
