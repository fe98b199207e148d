/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * uri.c - http and https URIs, normalised as far as routing depends on it.
 */
#include "http1/uri.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/host.h"

/* --- characters --------------------------------------------------------- */

/* Visible ASCII without what RFC 3986 leaves out, and whole escapes. */
static bool
check_characters(struct assay_slice s, struct assay_error *err)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];

        if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}", c) != NULL) {
            assay_fail(err, ASSAY_INVALID, i,
                       "URL: a character that has to be escaped");
            return false;
        }
        if (c == '%' && (i + 2 >= s.len || !assay_is_hex(s.ptr[i + 1]) ||
                         !assay_is_hex(s.ptr[i + 2]))) {
            assay_fail(err, ASSAY_INVALID, i, "URL: an incomplete escape");
            return false;
        }
    }
    return true;
}

static bool
starts_with(struct assay_slice s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.len >= n &&
           assay_slice_is_nocase((struct assay_slice){s.ptr, n}, prefix);
}

static struct assay_slice
behind(struct assay_slice s, size_t n)
{
    return (struct assay_slice){s.ptr + n, s.len - n};
}

/* Up to the first of these characters, or all. */
static size_t
span_to(struct assay_slice s, const char *stops)
{
    size_t n = 0;

    while (n < s.len && strchr(stops, s.ptr[n]) == NULL) {
        n++;
    }
    return n;
}

/* --- authority ---------------------------------------------------------- */

static void
take_port(struct assay_slice s, struct assay_uri *out, struct assay_error *err)
{
    uint32_t port = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (!assay_is_digit(s.ptr[i]) || port > UINT16_MAX) {
            port = 0;
            break;
        }
        port = port * 10 + (uint32_t)(s.ptr[i] - '0');
    }
    if (port == 0 || port > UINT16_MAX) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "URL: the port is not a number from 1 to 65535");
        return;
    }
    out->port = (uint16_t)port;
}

static void
refuse_host(struct assay_error *err)
{
    assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "URL: the host is neither a DNS name (IDNs as xn--...) nor an "
               "IP address");
}

/* Lower case, without the dot of the root. */
static void
take_name(struct assay_slice s, struct assay_uri *out, struct assay_error *err)
{
    uint8_t ip[4];

    if (s.len > 1 && s.ptr[s.len - 1] == '.') {
        s.len--;
    }
    if (s.len == 0 || s.len > ASSAY_URI_HOST_MAX) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "URL: a host of 1 to %u characters is missing",
                   ASSAY_URI_HOST_MAX);
        return;
    }
    if (!assay_host_ipv4(s, ip) && !assay_host_is_dns(s)) {
        refuse_host(err);
        return;
    }
    for (size_t i = 0; i < s.len; i++) {
        bool upper = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z';

        out->host[i] = (char)(upper ? s.ptr[i] | 0x20 : s.ptr[i]);
    }
    out->host[s.len] = '\0';
}

/* What stands in brackets, in its one spelling. */
static void
take_ipv6(struct assay_slice s, struct assay_uri *out, struct assay_error *err)
{
    uint8_t ip[16];

    if (assay_host_ipv6(s, ip)) {
        assay_host_ipv6_text(ip, out->host);
    } else {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "URL: no IPv6 address between the brackets");
    }
}

static void
take_authority(struct assay_slice s, struct assay_uri *out,
               struct assay_error *err)
{
    size_t host;

    out->port = (uint16_t)ASSAY_URI_DEFAULT_PORT(out->https);
    if (span_to(s, "@") < s.len) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "URL: user names and passwords do not belong in it");
        return;
    }
    if (s.len > 0 && s.ptr[0] == '[') {
        host = span_to(s, "]");
        if (host == s.len) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "URL: '[' without ']'");
            return;
        }
        take_ipv6((struct assay_slice){s.ptr + 1, host - 1}, out, err);
        s = behind(s, host + 1);
    } else {
        host = span_to(s, ":");
        take_name((struct assay_slice){s.ptr, host}, out, err);
        s = behind(s, host);
    }
    if (err->code == ASSAY_OK && s.len > 0) {
        if (s.ptr[0] != ':') {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "URL: something stands behind the host");
        } else if (s.len > 1) { /* "host:" has the scheme's port */
            take_port(behind(s, 1), out, err);
        }
    }
}

/* --- path --------------------------------------------------------------- */

/* Removes the last segment of what was written so far. */
static size_t
drop_segment(const char *out, size_t len)
{
    while (len > 0 && out[len - 1] != '/') {
        len--;
    }
    return len > 0 ? len - 1 : 0;
}

/* RFC 3986, section 5.2.4, over a path that starts with '/'. Escaped dots are
 * dots here: %2e%2e must not climb either. */
static size_t
dots(struct assay_slice segment)
{
    size_t count = 0;
    size_t i = 0;

    while (i < segment.len) {
        if (segment.ptr[i] == '.') {
            i++;
        } else if (segment.len - i >= 3 && segment.ptr[i] == '%' &&
                   segment.ptr[i + 1] == '2' &&
                   (segment.ptr[i + 2] | 0x20) == 'e') {
            i += 3;
        } else {
            return 0;
        }
        count++;
    }
    return count <= 2 ? count : 0;
}

static size_t
put_path(struct assay_slice path, char *out)
{
    size_t len = 0;

    while (path.len > 0) {
        struct assay_slice segment = behind(path, 1); /* behind the '/' */
        bool last;

        segment.len = span_to(segment, "/");
        path = behind(path, 1 + segment.len);
        last = path.len == 0;
        if (dots(segment) == 0) {
            out[len++] = '/';
            memcpy(out + len, segment.ptr, segment.len);
            len += segment.len;
            continue;
        }
        if (dots(segment) == 2) {
            len = drop_segment(out, len);
        }
        if (last) {
            out[len++] = '/';
        }
    }
    if (len == 0) {
        out[len++] = '/';
    }
    return len;
}

/* Path and query; the fragment stays with the client. */
static void
take_target(struct assay_slice s, struct assay_uri *out)
{
    size_t path;
    size_t len;

    s.len = span_to(s, "#");
    path = span_to(s, "?");
    len = put_path((struct assay_slice){s.ptr, path}, out->target);
    memcpy(out->target + len, s.ptr + path, s.len - path);
    out->target[len + s.len - path] = '\0';
}

/* --- the whole ---------------------------------------------------------- */

/* Behind the scheme that it starts with (RFC 3986, section 3.1) and its colon;
 * 0 if there is none. */
static size_t
scheme_len(struct assay_slice s)
{
    size_t n = 0;

    while (n < s.len &&
           (assay_is_letter(s.ptr[n]) ||
            (n > 0 && (assay_is_digit(s.ptr[n]) || strchr("+-.", s.ptr[n]))))) {
        n++;
    }
    return n > 0 && n < s.len && s.ptr[n] == ':' ? n + 1 : 0;
}

static void
parse(struct assay_slice text, struct assay_uri *out, struct assay_error *err)
{
    size_t authority;

    if (text.len > ASSAY_URI_MAX_BYTES - 1) {
        assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "URL: longer than %u bytes", ASSAY_URI_MAX_BYTES - 1);
        return;
    }
    if (!check_characters(text, err)) {
        return;
    }
    out->https = starts_with(text, "https://");
    if (!out->https && !starts_with(text, "http://")) {
        size_t n = scheme_len(text);
        bool other = n > 0 && starts_with(behind(text, n), "//");

        assay_fail(err, other ? ASSAY_UNSUPPORTED : ASSAY_INVALID, 0,
                   "URL: must start with https:// or http://");
        return;
    }
    text = behind(text, out->https ? 8 : 7);
    authority = span_to(text, "/?#");
    take_authority((struct assay_slice){text.ptr, authority}, out, err);
    if (err->code == ASSAY_OK) {
        take_target(behind(text, authority), out);
    }
}

enum assay_code
assay_uri_parse(struct assay_slice text, struct assay_uri *out,
                struct assay_error *err)
{
    memset(out, 0, sizeof(*out));
    parse(text, out, err);
    if (err->code != ASSAY_OK) {
        memset(out, 0, sizeof(*out));
    }
    return err->code;
}

/* How much of the base's target stands before the reference (RFC 3986, section
 * 5.2.2), which has no authority. */
static size_t
kept_len(const char *target, struct assay_slice reference)
{
    size_t path = strcspn(target, "?");

    if (reference.len == 0 || reference.ptr[0] == '#') {
        return strlen(target);
    }
    if (reference.ptr[0] == '?') {
        return path;
    }
    if (reference.ptr[0] == '/') {
        return 0;
    }
    while (path > 0 && target[path - 1] != '/') {
        path--;
    }
    return path;
}

static size_t
append(char *to, size_t len, struct assay_slice s)
{
    assay_copy(to + len, s);
    return len + s.len;
}

/* The reference made absolute; its length. */
static size_t
join(const struct assay_uri *base, struct assay_slice reference, char *to)
{
    struct assay_slice target = assay_slice_of(base->target);
    char authority[ASSAY_URI_HOST_MAX + 10];
    size_t len = 0;

    if (scheme_len(reference) > 0) {
        return append(to, 0, reference);
    }
    len = append(to, len, assay_slice_of(base->https ? "https:" : "http:"));
    if (!starts_with(reference, "//")) {
        assay_uri_authority(base, authority);
        target.len = kept_len(base->target, reference);
        len = append(to, len, assay_slice_of("//"));
        len = append(to, len, assay_slice_of(authority));
        len = append(to, len, target);
    }
    return append(to, len, reference);
}

enum assay_code
assay_uri_resolve(const struct assay_uri *base, struct assay_slice reference,
                  struct assay_uri *out, struct assay_error *err)
{
    char text[2 * ASSAY_URI_MAX_BYTES + ASSAY_URI_HOST_MAX + 32];
    struct assay_slice whole = {(const uint8_t *)text, 0};

    if (reference.len > ASSAY_URI_MAX_BYTES - 1) {
        assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "URL: longer than %u bytes", ASSAY_URI_MAX_BYTES - 1);
    } else if (check_characters(reference, err)) {
        size_t scheme = scheme_len(reference);

        if (scheme > 0 && !starts_with(reference, "http:") &&
            !starts_with(reference, "https:")) {
            assay_fail(err, ASSAY_UNSUPPORTED, 0,
                       "URL: must start with https:// or http://");
        }
        whole.len = join(base, reference, text);
    }
    /* base may be *out: it has been read. */
    return assay_uri_parse(whole, out, err);
}

bool
assay_uri_same_origin(const struct assay_uri *a, const struct assay_uri *b)
{
    return a->https == b->https && a->port == b->port &&
           strcmp(a->host, b->host) == 0;
}

void
assay_uri_authority(const struct assay_uri *u,
                    char out[ASSAY_URI_HOST_MAX + 10])
{
    bool v6 = strchr(u->host, ':') != NULL;
    char port[8] = "";

    if (u->port != ASSAY_URI_DEFAULT_PORT(u->https)) {
        (void)snprintf(port, sizeof(port), ":%u", (unsigned)u->port);
    }
    (void)snprintf(out, ASSAY_URI_HOST_MAX + 10, "%s%s%s%s", v6 ? "[" : "",
                   u->host, v6 ? "]" : "", port);
}
