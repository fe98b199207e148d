/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * route.c - what a request's path is for.
 */
#include "route.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "daemon/token.h"
#include "http1/fields.h"

#define ONLY       "v1" /* the name of the only provider, whichever it is */
#define RESPONSES  "responses"
#define COMPLETION "/chat/completions"

static const struct {
    const char *path;
    enum own_page page;
} own_pages[] = {
    {"/", OWN_INDEX},
    {"/.well-known/assay", OWN_STATUS},
    {"/healthz", OWN_HEALTH},
};

/* Those of today, and those that a page of ours may be at one day. */
static const char *const reserved[] = {
    ONLY,     ".well-known", "healthz",     "readyz",     "livez", "metrics",
    "health", "status",      "favicon.ico", "robots.txt", "assay", "api",
};

static struct assay_slice
behind(struct assay_slice s, size_t n)
{
    return (struct assay_slice){s.ptr + n, s.len - n};
}

bool
route_is_reserved(struct assay_slice name)
{
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (assay_slice_is_nocase(name, reserved[i])) {
            return true;
        }
    }
    return false;
}

/* --- plain paths ---------------------------------------------------------- */

/* The next character, unescaped, and its octets in the path; 0: an escape that
 * is none, or of what no path has. */
static uint8_t
next_char(struct assay_slice path, size_t *octets)
{
    uint32_t high;
    uint32_t low;

    *octets = 1;
    if (path.ptr[0] != '%') {
        return path.ptr[0];
    }
    if (path.len < 3) {
        return 0;
    }
    high = assay_hex_value(path.ptr[1]);
    low = assay_hex_value(path.ptr[2]);
    *octets = 3;
    return high < 16 && low < 16 ? (uint8_t)(high * 16 + low) : 0;
}

/* An escaped '%' with hex digits behind it, escaped or not, is an escape to
 * whoever unescapes twice. */
static bool
is_doubly_escaped(struct assay_slice at)
{
    size_t octets = 3;

    for (int i = 0; i < 2; i++) {
        at = behind(at, octets);
        if (at.len == 0 || assay_hex_value(next_char(at, &octets)) >= 16) {
            return false;
        }
    }
    return true;
}

/* 0xc0 and 0xc1 only begin characters of ASCII in disguise. */
static bool
is_bad(uint8_t c, struct assay_slice at)
{
    return c < 0x20 || c == 0x7f || c == '\\' || c == 0xc0 || c == 0xc1 ||
           (c == '%' && is_doubly_escaped(at));
}

/* Without a name, or one of one or two dots. What is behind a ';' is no part of
 * it, to some. */
static bool
is_bad_segment(size_t dots, size_t others)
{
    return others == 0 && dots <= 2;
}

bool
route_is_plain(struct assay_slice path)
{
    size_t dots = 0;
    size_t others = 0;
    bool empty = true;
    bool named = true;
    size_t octets;

    if (path.len == 0 || path.ptr[0] != '/') {
        return path.len == 0;
    }
    for (path = behind(path, 1); path.len > 0; path = behind(path, octets)) {
        uint8_t c = next_char(path, &octets);

        if (is_bad(c, path)) {
            return false;
        }
        if (c == '/') {
            if (is_bad_segment(dots, others)) {
                return false;
            }
            dots = 0;
            others = 0;
            empty = true;
            named = true;
            continue;
        }
        empty = false;
        named = named && c != ';';
        dots += named && c == '.' ? 1 : 0;
        others += named && c != '.' ? 1 : 0;
    }
    return empty || !is_bad_segment(dots, others);
}

/* --- segments ------------------------------------------------------------- */

/* The first segment of a path, without its '/'. */
static struct assay_slice
first_segment(struct assay_slice path)
{
    size_t n = 1;

    while (n < path.len && path.ptr[n] != '/') {
        n++;
    }
    return path.len > 0 ? (struct assay_slice){path.ptr + 1, n - 1}
                        : (struct assay_slice){path.ptr, 0};
}

static struct assay_slice
behind_segment(struct assay_slice path)
{
    return path.len > 0 ? behind(path, first_segment(path).len + 1) : path;
}

/* Escapes in a name that is compared: nobody needs them. */
static bool
is_escaped(struct assay_slice segment)
{
    return segment.len > 0 && memchr(segment.ptr, '%', segment.len) != NULL;
}

/* --- finding -------------------------------------------------------------- */

/* Clients of a proxy send a whole URI, which a server has to take (RFC 9112,
 * section 3.2.2); its authority is the one of Host (http1.h). */
static struct assay_slice
path_and_query(struct assay_slice target)
{
    static const char scheme[] = "http://";
    struct assay_slice start = {target.ptr, sizeof(scheme) - 1};

    if (target.len <= start.len || !assay_slice_is_nocase(start, scheme)) {
        return target;
    }
    target = behind(target, start.len);
    while (target.len > 0 && target.ptr[0] != '/' && target.ptr[0] != '?') {
        target = behind(target, 1);
    }
    return target;
}

static bool
find_own(struct assay_slice path, struct route *out)
{
    for (size_t i = 0; i < sizeof(own_pages) / sizeof(own_pages[0]); i++) {
        if (assay_slice_is(path, own_pages[i].path)) {
            out->kind = ROUTE_OWN;
            out->page = own_pages[i].page;
            return true;
        }
    }
    return false;
}

/* Something else than POST .../responses of the Responses API; such a path is
 * no other's, as first or, behind a version, second segment. */
static enum route_kind
kind_of(const struct provider *p, const struct assay_http1_head *head,
        struct assay_slice rest)
{
    if (p->wire_api != WIRE_API_CHAT) {
        return ROUTE_PROVIDER;
    }
    if (!assay_slice_is(first_segment(rest), RESPONSES)) {
        rest = behind_segment(rest);
    }
    if (!assay_slice_is(first_segment(rest), RESPONSES)) {
        return ROUTE_PROVIDER;
    }
    return assay_slice_is(rest, "/" RESPONSES) &&
                   assay_slice_is(head->method, "POST")
               ? ROUTE_TRANSLATED
               : ROUTE_NO_RESPONSES;
}

static const struct provider *
find_provider(const struct providers *providers, struct assay_slice name)
{
    return providers->count == 1 && assay_slice_is(name, ONLY)
               ? providers->all[0]
               : providers_find(providers, name);
}

static bool
has_secret_field(const struct assay_http1_head *head, const char *secret)
{
    return assay_http1_count(head, ROUTE_SECRET_FIELD) == 1 &&
           token_is(assay_http1_get(head, ROUTE_SECRET_FIELD), secret);
}

void
route_find(const struct providers *providers, const char *secret,
           const struct assay_http1_head *head, struct route *out)
{
    struct assay_slice path = path_and_query(head->target);
    size_t mark = assay_slice_find(path, "?");
    struct assay_slice at;

    *out = (struct route){.kind = ROUTE_NOWHERE};
    if (mark != ASSAY_NO_OFFSET) {
        out->query = behind(path, mark);
        path.len = mark;
    }
    path = path.len == 0 ? assay_slice_of("/") : path;
    at = path;
    if (secret != NULL && token_is(first_segment(path), secret)) {
        at = behind_segment(path);
        secret = NULL;
    } else if (secret != NULL && has_secret_field(head, secret)) {
        secret = NULL;
    }
    out->shown = at;
    if (!route_is_plain(path) || is_escaped(first_segment(path)) ||
        is_escaped(first_segment(at))) {
        out->kind = ROUTE_BAD;
        return;
    }
    if (find_own(path, out) || secret != NULL) {
        return;
    }
    out->provider = find_provider(providers, first_segment(at));
    if (out->provider != NULL) {
        out->rest = behind_segment(at);
        out->prefix = (struct assay_slice){path.ptr, path.len - out->rest.len};
        out->kind = kind_of(out->provider, head, out->rest);
    }
}

void
route_put_target(const struct route *r, struct assay_buf *to)
{
    struct assay_slice rest = r->rest;
    size_t before = to->len;

    assay_buf_add_text(to, r->provider->base.target);
    if (r->kind == ROUTE_TRANSLATED) {
        rest.len -= sizeof("/" RESPONSES) - 1;
    }
    assay_buf_add(to, rest);
    if (r->kind == ROUTE_TRANSLATED) {
        assay_buf_add_text(to, COMPLETION);
    }
    if (to->len == before) {
        assay_buf_add_u8(to, '/');
    }
    assay_buf_add(to, r->query);
}
