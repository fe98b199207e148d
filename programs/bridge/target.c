/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * target.c - where a client wants to be connected to.
 */
#include "target.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/url.h"

#define V4_AT           12u /* of an IPv4 address within an IPv6 one */
#define VALUE_MAX_BYTES 512u
#define SHOWN_BYTES     80

/* --- host and port ------------------------------------------------------ */

static enum assay_code
refuse(struct assay_slice text, const char *why, struct assay_error *err)
{
    return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "'%.*s' %s",
                      (int)(text.len < SHOWN_BYTES ? text.len : SHOWN_BYTES),
                      (const char *)text.ptr, why);
}

/* Octets from..to. */
static struct assay_slice
part(struct assay_slice s, size_t from, size_t to)
{
    return (struct assay_slice){s.ptr + from, to - from};
}

/* "host", "host:port", "[ip]", "[ip]:port" into the two; port.ptr is NULL if
 * there is none. */
static bool
split(struct assay_slice text, struct assay_slice *host,
      struct assay_slice *port, bool *brackets)
{
    size_t end;

    *port = ASSAY_EMPTY;
    *brackets = text.len > 0 && text.ptr[0] == '[';
    end = assay_slice_find(text, *brackets ? "]" : ":");
    if (*brackets) {
        if (end == ASSAY_NO_OFFSET) {
            return false;
        }
        *host = part(text, 1, end);
        text = part(text, end + 1, text.len);
        end = text.len > 0 && text.ptr[0] == ':' ? 0 : ASSAY_NO_OFFSET;
        if (end == ASSAY_NO_OFFSET && text.len > 0) {
            return false;
        }
    } else {
        *host = part(text, 0, end == ASSAY_NO_OFFSET ? text.len : end);
    }
    if (end != ASSAY_NO_OFFSET) {
        *port = part(text, end + 1, text.len);
    }
    return true;
}

/* 1 to 65535 in decimal, without leading zeros. */
static bool
read_port(struct assay_slice s, uint16_t *out)
{
    uint32_t n = 0;

    if (s.len == 0 || s.len > 5 || s.ptr[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return false;
        }
        n = n * 10 + (uint32_t)(s.ptr[i] - '0');
    }
    *out = (uint16_t)n;
    return n <= UINT16_MAX;
}

/* An address as it is written when it is compared. */
static void
spell_ip(struct target *t)
{
    static const uint8_t mapped[V4_AT] = {[10] = 255, [11] = 255};
    const uint8_t *v4 = t->ip.octets + V4_AT;
    char text[ASSAY_HOST_IPV6_TEXT];

    t->is_ip = true;
    if (memcmp(t->ip.octets, mapped, sizeof(mapped)) == 0) {
        snprintf(t->host, sizeof(t->host), "%u.%u.%u.%u", v4[0], v4[1], v4[2],
                 v4[3]);
    } else {
        assay_host_ipv6_text(t->ip.octets, text);
        snprintf(t->host, sizeof(t->host), "%s", text);
    }
}

static bool
read_ipv4(struct assay_slice host, struct cidr_ip *out)
{
    *out = (struct cidr_ip){.octets = {[10] = 255, [11] = 255}};
    return assay_host_ipv4(host, out->octets + V4_AT);
}

static void
read_name(struct assay_slice host, struct target *out)
{
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.ptr[i];

        out->host[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    out->host[host.len] = '\0';
}

enum assay_code
target_parse(struct assay_slice text, struct target *out,
             struct assay_error *err)
{
    struct assay_slice host;
    struct assay_slice port;
    bool brackets;

    assay_error_clear(err);
    *out = (struct target){.port = TARGET_DEFAULT_PORT};
    if (text.len == 0) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "a target is empty");
    }
    if (assay_slice_find(text, "://") != ASSAY_NO_OFFSET) {
        return refuse(text, "is a URL: write host:port", err);
    }
    if (!split(text, &host, &port, &brackets)) {
        return refuse(text, "is no target: write host:port or [IPv6]:port",
                      err);
    }
    if (port.ptr != NULL && !read_port(port, &out->port)) {
        return refuse(text, "has no port of 1 to 65535 behind its colon", err);
    }
    if (brackets) {
        if (!assay_host_ipv6(host, out->ip.octets)) {
            return refuse(text, "has no IPv6 address in its brackets", err);
        }
        spell_ip(out);
        return ASSAY_OK;
    }
    if (host.len > 1 && host.ptr[host.len - 1] == '.') {
        host.len--;
    }
    if (read_ipv4(host, &out->ip)) {
        spell_ip(out);
    } else if (assay_host_is_dns(host)) {
        read_name(host, out);
    } else {
        return refuse(text, "has neither a name of DNS nor an IP address", err);
    }
    return ASSAY_OK;
}

void
target_text(const struct target *t, char out[TARGET_TEXT_BYTES])
{
    bool colons = t->is_ip && strchr(t->host, ':') != NULL;

    snprintf(out, TARGET_TEXT_BYTES, "%s%s%s:%u", colons ? "[" : "", t->host,
             colons ? "]" : "", t->port);
}

bool
target_same(const struct target *a, const struct target *b)
{
    return a->port == b->port && a->is_ip == b->is_ip &&
           strcmp(a->host, b->host) == 0;
}

/* --- query -------------------------------------------------------------- */

/* Takes the next "a=b" of a query off. */
static bool
next_parameter(struct assay_slice *query, struct assay_slice *out)
{
    size_t end;

    if (query->len == 0) {
        return false;
    }
    end = assay_slice_find(*query, "&");
    end = end == ASSAY_NO_OFFSET ? query->len : end;
    *out = part(*query, 0, end);
    *query = part(*query, end < query->len ? end + 1 : end, query->len);
    return true;
}

/* The parameter's value, if that is what it is called. Its name may have
 * escapes too. */
static bool
is_target(struct assay_slice parameter, struct assay_buf *name,
          struct assay_slice *value, struct assay_error *err)
{
    size_t equals = assay_slice_find(parameter, "=");
    size_t end = equals == ASSAY_NO_OFFSET ? parameter.len : equals;

    name->len = 0;
    *value = end < parameter.len ? part(parameter, end + 1, parameter.len)
                                 : ASSAY_EMPTY;
    return assay_percent_decode(part(parameter, 0, end), name, "query", err) ==
               ASSAY_OK &&
           assay_slice_is(assay_buf_slice(name), "target");
}

static enum assay_code
read_value(struct assay_slice value, struct target *out,
           struct assay_error *err)
{
    struct assay_buf text;

    assay_buf_init(&text, VALUE_MAX_BYTES);
    if (assay_percent_decode(value, &text, "target", err) == ASSAY_OK) {
        (void)!target_parse(assay_buf_slice(&text), out, err);
    }
    assay_buf_free(&text);
    return err->code;
}

enum assay_code
target_of_query(struct assay_slice request_target, struct target *out,
                bool *found, struct assay_error *err)
{
    size_t mark = assay_slice_find(request_target, "?");
    struct assay_slice query = ASSAY_EMPTY;
    struct assay_slice parameter;
    struct assay_slice value;
    struct assay_buf name;

    assay_error_clear(err);
    *found = false;
    if (mark != ASSAY_NO_OFFSET) {
        query = part(request_target, mark + 1, request_target.len);
    }
    assay_buf_init(&name, query.len);
    while (err->code == ASSAY_OK && next_parameter(&query, &parameter)) {
        if (!is_target(parameter, &name, &value, err)) {
            continue;
        }
        if (*found) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "several targets in one query");
            break;
        }
        *found = true;
        (void)!read_value(value, out, err);
    }
    assay_buf_free(&name);
    return err->code;
}
