/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * trailer.c - the fields behind a chunked body (RFC 9110, section 6.5).
 */
#include "http1/chars.h"
#include "http1/http1.h"

bool
assay_http1_trailer_next(struct assay_slice *lines, struct assay_http1_field *f)
{
    const uint8_t *colon = NULL;
    const uint8_t *cr = NULL;

    if (lines->len > 0) {
        colon = memchr(lines->ptr, ':', lines->len);
        cr = memchr(lines->ptr, '\r', lines->len);
    }
    if (colon == NULL || cr == NULL || cr < colon) {
        return false;
    }
    f->name = (struct assay_slice){lines->ptr, (size_t)(colon - lines->ptr)};
    f->value = assay_http1_trim(
        (struct assay_slice){colon + 1, (size_t)(cr - colon) - 1});
    lines->len -= (size_t)(cr - lines->ptr) + 2;
    lines->ptr = cr + 2;
    return true;
}

/* Those that section 6.5.1 names, by kind: who reads them only behind the body
 * has read it in another way, or believed somebody else, before. */
static const char *const heads_only[] = {
    /* framing, and this connection's own */
    "Content-Length",
    "Transfer-Encoding",
    "Trailer",
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Upgrade",
    "HTTP2-Settings",
    /* routing, and what modifies a request */
    "Host",
    "Cache-Control",
    "Expect",
    "Max-Forwards",
    "Pragma",
    "Range",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "If-Range",
    "Origin",
    "Via",
    /* who is asking */
    "Authorization",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "WWW-Authenticate",
    "Authentication-Info",
    "Proxy-Authentication-Info",
    "Cookie",
    "Set-Cookie",
    /* what is to be made of a response */
    "Age",
    "Date",
    "Expires",
    "Location",
    "Retry-After",
    "Vary",
    "Warning",
    /* how the body is to be understood */
    "Content-Encoding",
    "Content-Type",
    "Content-Range",
    "Content-Location",
};

bool
assay_http1_trailer_passes(struct assay_slice name)
{
    for (size_t i = 0; i < sizeof(heads_only) / sizeof(heads_only[0]); i++) {
        if (assay_slice_is_nocase(name, heads_only[i])) {
            return false;
        }
    }
    return true;
}
