/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * uri.h - http and https URIs (RFC 3986, RFC 9110 section 4.2), normalised as
 * far as routing depends on it: two spellings of one origin compare equal.
 */
#pragma once

#include "base/bytes.h"

#define ASSAY_URI_MAX_BYTES           8192u
#define ASSAY_URI_HOST_MAX            253u
#define ASSAY_URI_DEFAULT_PORT(https) ((https) ? 443u : 80u)

struct assay_uri {
    bool https;
    char host[ASSAY_URI_HOST_MAX + 1]; /* lower case, no trailing dot, no
                                          brackets; an IPv6 address has colons
                                          and one spelling (RFC 5952) */
    uint16_t port;                     /* explicit or the scheme's */
    char
        target[ASSAY_URI_MAX_BYTES + 1]; /* path (at least "/") and query,
                                            dot segments removed, no fragment */
};

/* An absolute URI. User information, hosts outside of LDH names and IP
 * addresses, port 0, octets that are not visible ASCII, incomplete escapes and
 * escapes in the host are refused. ASSAY_INVALID, ASSAY_UNSUPPORTED (another
 * scheme), ASSAY_TOO_LARGE. The message does not repeat the URI. */
ASSAY_MUST_CHECK enum assay_code assay_uri_parse(struct assay_slice text,
                                                 struct assay_uri *out,
                                                 struct assay_error *err);
/* A reference (as in Location) against a base (RFC 3986, section 5.2), which
 * may be *out. ASSAY_UNSUPPORTED also for "mailto:" and the like. */
ASSAY_MUST_CHECK enum assay_code assay_uri_resolve(const struct assay_uri *base,
                                                   struct assay_slice reference,
                                                   struct assay_uri *out,
                                                   struct assay_error *err);
/* Same scheme, host and port (RFC 6454). */
bool assay_uri_same_origin(const struct assay_uri *a,
                           const struct assay_uri *b);
/* "example.com", "example.com:8443", "[::1]:8443": for Host; the port only
 * where it is not the scheme's own. */
void assay_uri_authority(const struct assay_uri *u,
                         char out[ASSAY_URI_HOST_MAX + 10]);
