/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * target.c - the forms of a target, and the names of hosts.
 */
#include "http1/target.h"

#include "http1/chars.h"
#include "http1/http1.h"

#define PORT_MAX_DIGITS 5u

static bool
is_port(struct assay_slice s)
{
    uint32_t port = 0;

    if (s.len == 0 || s.len > PORT_MAX_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!assay_is_digit(s.ptr[i])) {
            return false;
        }
        port = port * 10 + (uint32_t)(s.ptr[i] - '0');
    }
    return port <= UINT16_MAX;
}

/* Length of the "[...]" that starts the slice, or 0. Its form is left to who
 * connects to it: only its bytes are judged here. */
static size_t
address_length(struct assay_slice s)
{
    size_t n = 1;

    while (n < s.len &&
           (assay_is_hex(s.ptr[n]) || s.ptr[n] == ':' || s.ptr[n] == '.')) {
        n++;
    }
    return n > 1 && n < s.len && s.ptr[n] == ']' ? n + 1 : 0;
}

static size_t
name_length(struct assay_slice s)
{
    size_t n = 0;

    while (n < s.len && assay_http1_is(s.ptr[n], ASSAY_HTTP1_NAME)) {
        n++;
    }
    return n;
}

/* What stands behind the host: nothing, or ":" and a port. Without a host
 * nothing stands behind it: then this is the whole slice. */
static struct assay_slice
behind_host(struct assay_slice s)
{
    bool bracket = s.len > 0 && s.ptr[0] == '[';
    size_t n = bracket ? address_length(s) : name_length(s);

    return (struct assay_slice){s.ptr + n, s.len - n};
}

static bool
is_port_behind(struct assay_slice rest)
{
    return rest.len > 0 && rest.ptr[0] == ':' &&
           is_port((struct assay_slice){rest.ptr + 1, rest.len - 1});
}

bool
assay_http1_host_is_good(struct assay_slice host)
{
    struct assay_slice rest;

    if (host.len == 0) {
        return false;
    }
    rest = behind_host(host);
    return rest.len < host.len && (rest.len == 0 || is_port_behind(rest));
}

/* "host:port", with both of them */
static bool
is_authority_form(struct assay_slice target)
{
    return assay_http1_host_is_good(target) && behind_host(target).len > 0;
}

struct assay_slice
assay_http1_target_authority(struct assay_slice target)
{
    size_t at = assay_slice_find(target, "://");
    size_t end;

    if (target.ptr[0] == '/' || at == ASSAY_NO_OFFSET) {
        return ASSAY_EMPTY;
    }
    at += strlen("://");
    for (end = at; end < target.len; end++) {
        if (target.ptr[end] == '/' || target.ptr[end] == '?') {
            break;
        }
    }
    return (struct assay_slice){target.ptr + at, end - at};
}

static bool
is_absolute_form(struct assay_slice target)
{
    size_t n = 0;

    if (!assay_is_letter(target.ptr[0])) {
        return false;
    }
    while (n < target.len && target.ptr[n] != ':') {
        uint8_t c = target.ptr[n];

        if (!assay_is_letter(c) && !assay_is_digit(c) && c != '+' && c != '-' &&
            c != '.') {
            return false;
        }
        n++;
    }
    return target.len - n >= strlen("://") &&
           memcmp(target.ptr + n, "://", strlen("://")) == 0 &&
           assay_http1_host_is_good(assay_http1_target_authority(target));
}

bool
assay_http1_target_is_good(struct assay_slice method, struct assay_slice target)
{
    if (target.len == 0 || target.len > ASSAY_HTTP1_TARGET_MAX_BYTES) {
        return false;
    }
    if (assay_slice_is(method, "CONNECT")) {
        return is_authority_form(target);
    }
    if (target.ptr[0] == '*') {
        return target.len == 1 && assay_slice_is(method, "OPTIONS");
    }
    return target.ptr[0] == '/' || is_absolute_form(target);
}
