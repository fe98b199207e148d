/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * request.c - which requests are for evidence, and which of these are right.
 */
#include "atls/request.h"

#include "atls/wire.h"

static int
hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        return (c | 0x20) - 'a' + 10;
    }
    return -1;
}

/* The next character of a path, its escape resolved; *at moves behind it. */
static int
next_character(struct assay_slice path, size_t *at)
{
    int c = path.ptr[*at];

    if (c == '%' && *at + 2 < path.len && hex_value(path.ptr[*at + 1]) >= 0 &&
        hex_value(path.ptr[*at + 2]) >= 0) {
        c = hex_value(path.ptr[*at + 1]) * 16 + hex_value(path.ptr[*at + 2]);
        *at += 2;
    }
    *at += 1;
    return c;
}

/* Would a lenient server take this path for the endpoint's? Escapes, letter
 * case, repeated and trailing slashes and dot segments are looked through. */
static bool
resembles_endpoint(struct assay_slice path)
{
    static const char want[] = ASSAY_WIRE_PATH;
    char seen[sizeof(want) + 1];
    size_t len = 0;
    size_t at = 0;

    while (at < path.len && len < sizeof(seen)) {
        int c = next_character(path, &at);

        if (c == '\\') {
            c = '/';
        }
        if (c == '/' && len > 0 && seen[len - 1] == '/') {
            continue;
        }
        if (c == '.' && len > 0 && seen[len - 1] == '/' &&
            (at == path.len || path.ptr[at] == '/')) {
            continue;
        }
        if (c >= 'A' && c <= 'Z') {
            c |= 0x20;
        }
        seen[len++] = (char)c;
    }
    while (len > 1 && seen[len - 1] == '/') {
        len--;
    }
    return len == sizeof(want) - 1 && memcmp(seen, want, len) == 0;
}

/* The path of a target in origin-form or absolute-form, without its query. */
static struct assay_slice
path_of(struct assay_slice target)
{
    size_t scheme = assay_slice_find(target, "://");
    size_t end = 0;

    if (target.len > 0 && target.ptr[0] != '/' && scheme != ASSAY_NO_OFFSET) {
        target.ptr += scheme + 3;
        target.len -= scheme + 3;
        while (target.len > 0 && target.ptr[0] != '/' && target.ptr[0] != '?') {
            target.ptr++;
            target.len--;
        }
    }
    while (end < target.len && target.ptr[end] != '?' &&
           target.ptr[end] != '#') {
        end++;
    }
    return (struct assay_slice){target.ptr, end};
}

struct assay_request_class
assay_request_classify(const struct assay_http1_head *h)
{
    struct assay_request_class c = {false, 0, "", ""};

    if (assay_slice_is(h->method, "CONNECT")) {
        c.refuse = 501;
        c.code = "unsupported";
        c.message = "CONNECT is not served here";
        return c;
    }
    if (!resembles_endpoint(path_of(h->target))) {
        return c;
    }
    c.ours = true;
    if (!assay_slice_is(h->target, ASSAY_WIRE_PATH)) {
        c.refuse = 400;
        c.code = "bad_request";
        c.message = "the quote endpoint is " ASSAY_WIRE_PATH
                    ", spelt so and without a query";
    } else if (!assay_slice_is(h->method, "POST")) {
        c.refuse = 405;
        c.code = "method_not_allowed";
        c.message = "the quote endpoint is asked by POST";
    } else if (h->framing == ASSAY_HTTP1_NO_BODY ||
               (h->framing == ASSAY_HTTP1_LENGTH &&
                (h->content_length == 0 ||
                 h->content_length > ASSAY_WIRE_REQUEST_MAX_BYTES))) {
        c.refuse = 400;
        c.code = "bad_request";
        c.message = "the body must be {\"nonce_hex\":\"<64 hex digits>\"}";
    }
    return c;
}
