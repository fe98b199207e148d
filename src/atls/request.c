/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * request.c - which requests are for evidence, and which of these are right.
 */
#include "atls/request.h"

#include "assay/session.h"
#include "atls/wire.h"
#include "base/ascii.h"

/* The paths that are ours. */
struct endpoint {
    const char *path;
    uint64_t body_max; /* 0: there is none */
    bool of_client;
    bool pipe;
    const char *spelling; /* messages */
    const char *method;
    const char *body;
};
static const struct endpoint endpoints[] = {
    {ASSAY_WIRE_PATH, ASSAY_WIRE_REQUEST_MAX_BYTES, false, false,
     "the quote endpoint is " ASSAY_WIRE_PATH ", spelt so and without a query",
     "the quote endpoint is asked by POST",
     "the body must be {\"nonce_hex\":\"<64 hex digits>\"}"},
    {ASSAY_WIRE_CLIENT_PATH, ASSAY_WIRE_CLIENT_EVIDENCE_MAX_BYTES, true, false,
     "clients' evidence goes to " ASSAY_WIRE_CLIENT_PATH
     ", spelt so and without a query",
     "clients' evidence is sent by POST",
     "the body must be an object with `quote`, of at most 1 MiB"},
    {ASSAY_PIPE_PATH, 0, false, true,
     "the pipe is " ASSAY_PIPE_PATH ", spelt so and without a query",
     "the pipe is asked for by POST",
     "a request for the pipe has no body: what follows belongs to the pipe"},
};

/* One character more, and if it completes an escape, what that stands for; an
 * escape may be made of escapes. Returns the new length. */
static size_t
unescape(uint8_t *text, size_t len, uint8_t c)
{
    text[len++] = c;
    while (len >= 3 && text[len - 3] == '%' && assay_is_hex(text[len - 2]) &&
           assay_is_hex(text[len - 1])) {
        text[len - 3] = (uint8_t)(assay_hex_value(text[len - 2]) * 16 +
                                  assay_hex_value(text[len - 1]));
        len -= 2;
    }
    return len;
}

/* What a lenient server might make of the segments of a path. */
struct reading {
    size_t segments; /* that are not empty and not "." */
    bool doubtful;   /* how they go together depends on who reads */
    const struct endpoint *named; /* whose name one of them is, or NULL */
    bool pipe;                    /* the pipe is looked for, too */
};

/* Without white space around it, which some routers let pass. */
static struct assay_slice
trim(struct assay_slice s)
{
    while (s.len > 0 && s.ptr[s.len - 1] <= ' ') {
        s.len--;
    }
    while (s.len > 0 && s.ptr[0] <= ' ') {
        s.ptr++;
        s.len--;
    }
    return s;
}

/* A segment as it would be compared at its most lenient: without parameters,
 * and without white space and dots behind it. */
static void
read_segment(struct reading *r, struct assay_slice segment)
{
    size_t len = segment.len;

    for (size_t i = segment.len; i > 0; i--) {
        uint8_t c = segment.ptr[i - 1];

        if (c == '?' || c == '#' || c == '\0') {
            r->doubtful = true; /* from an escape; some end the path here */
            len = i - 1;
        } else if (c == ';') {
            len = i - 1;
        }
    }
    segment = trim((struct assay_slice){segment.ptr, len});
    r->doubtful = r->doubtful || assay_slice_is(segment, "..");
    while (segment.len > 0 && segment.ptr[segment.len - 1] == '.') {
        segment.len--;
    }
    segment = trim(segment);
    r->segments += segment.len > 0 ? 1 : 0;
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        if (r->named == NULL && (r->pipe || !endpoints[i].pipe) &&
            assay_slice_is_nocase(segment, endpoints[i].path + 1)) {
            r->named = &endpoints[i];
        }
    }
}

/* Which endpoint's could a lenient server take this path for? Escapes, letter
 * case, slashes of either kind, repeated and trailing ones, parameters and dot
 * segments are looked through. Servers differ in the order in which they do
 * that, and some read "//host/path" as a URL; where that matters, a path that
 * names the endpoint anywhere is taken for it. */
static const struct endpoint *
resembles(struct assay_slice path, bool pipe)
{
    uint8_t text[ASSAY_HTTP1_TARGET_MAX_BYTES];
    struct reading r = {0, false, NULL, pipe};
    size_t len = 0;
    size_t from = 0;

    for (size_t i = 0; i < path.len && i < sizeof(text); i++) {
        len = unescape(text, len, path.ptr[i]);
    }
    for (size_t i = 0; i <= len; i++) {
        if (i == len || text[i] == '/' || text[i] == '\\') {
            read_segment(&r, (struct assay_slice){text + from, i - from});
            r.doubtful = r.doubtful || (i == 1 && from == 1);
            from = i + 1;
        }
    }
    return r.segments == 1 || r.doubtful ? r.named : NULL;
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

static bool
fits(const struct assay_http1_head *h, const struct endpoint *e)
{
    bool none = h->framing == ASSAY_HTTP1_NO_BODY ||
                (h->framing == ASSAY_HTTP1_LENGTH && h->content_length == 0);

    if (e->body_max == 0 || none) {
        return e->body_max == 0 && none;
    }
    return h->framing != ASSAY_HTTP1_LENGTH || h->content_length <= e->body_max;
}

/* RFC 9110, section 7.8; a list of several is none of ours. */
static bool
asks_for_pipe(const struct assay_http1_head *h)
{
    return h->upgrade && assay_http1_count(h, "Upgrade") == 1 &&
           assay_slice_is_nocase(assay_http1_get(h, "Upgrade"),
                                 ASSAY_PIPE_PROTOCOL);
}

struct assay_request_class
assay_request_classify(const struct assay_http1_head *h, bool pipe)
{
    struct assay_request_class c = {.code = "", .message = ""};
    const struct endpoint *e = NULL;

    if (assay_slice_is(h->method, "CONNECT")) {
        c.refuse = 501;
        c.code = "unsupported";
        c.message = "CONNECT is not served here";
        return c;
    }
    e = resembles(path_of(h->target), pipe);
    if (e == NULL) {
        return c;
    }
    c.ours = true;
    c.of_client = e->of_client;
    c.pipe = e->pipe;
    if (!assay_slice_is(h->target, e->path)) {
        c.refuse = 400;
        c.code = "bad_request";
        c.message = e->spelling;
    } else if (!assay_slice_is(h->method, "POST")) {
        c.refuse = 405;
        c.code = "method_not_allowed";
        c.message = e->method;
    } else if (!fits(h, e)) {
        c.refuse = 400;
        c.code = "bad_request";
        c.message = e->body;
    } else if (e->pipe && !asks_for_pipe(h)) {
        c.refuse = 400;
        c.code = "bad_request";
        c.message = "a request for the pipe has Connection: Upgrade and "
                    "Upgrade: " ASSAY_PIPE_PROTOCOL;
    }
    return c;
}
