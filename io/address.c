/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * address.c - where to connect to or to listen, as people write it.
 */
#include "io/address.h"

#include <string.h>
#include <uv.h>

#include "base/ascii.h"
#include "base/bytes.h"

#define LABEL_MAX_BYTES 63u /* RFC 1035, section 2.3.4 */
#define PORT_MAX        65535u

static bool
is_name_character(char c)
{
    return assay_is_digit((uint8_t)c) || assay_is_letter((uint8_t)c) ||
           c == '-' || c == '_';
}

static bool
is_port(const char *text)
{
    unsigned value = 0;
    size_t n = 0;

    for (; assay_is_digit((uint8_t)text[n]); n++) {
        value = value * 10 + (unsigned)(text[n] - '0');
        if (value > PORT_MAX) {
            return false;
        }
    }
    return n > 0 && text[n] == '\0' && (n == 1 || text[0] != '0');
}

/* Resolvers take "127.1" and "0x7f000001" for IPv4 addresses, which few
 * people know: what ends like a number has to be written in full. */
static bool
ends_in_number(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *label = dot != NULL ? dot + 1 : host;

    if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) {
        label += 2;
        return label[strspn(label, "0123456789abcdefABCDEF")] == '\0';
    }
    return label[0] != '\0' && label[strspn(label, "0123456789")] == '\0';
}

/* What is wrong with a host that stands without brackets, or NULL. */
static const char *
judge_name(const char *host)
{
    struct sockaddr_in ip4;
    size_t label = 0;

    if (host[0] == '\0') {
        return "no host";
    }
    if (strchr(host, ':') != NULL) {
        return "an IPv6 address needs brackets, as in [::1]:443";
    }
    for (const char *c = host; *c != '\0'; c++) {
        if (*c != '.' && !is_name_character(*c)) {
            return "a character that no host name has";
        }
        if (*c == '.' && label == 0) {
            return "an empty label in the host name";
        }
        label = *c == '.' ? 0 : label + 1;
        if (label > LABEL_MAX_BYTES) {
            return "a label of the host name has more than 63 characters";
        }
    }
    if (ends_in_number(host) && uv_ip4_addr(host, 0, &ip4) != 0) {
        return "not an IPv4 address";
    }
    return NULL;
}

static const char *
judge_ip6(const char *host)
{
    struct sockaddr_in6 ip6;

    for (const char *c = host; *c != '\0'; c++) {
        if (*c != ':' && *c != '.' && *c != '%' && !is_name_character(*c)) {
            return "not an IPv6 address between the brackets";
        }
    }
    return uv_ip6_addr(host, 0, &ip6) == 0
               ? NULL
               : "not an IPv6 address between the brackets";
}

static const char *
read_port(const char *port, struct assay_address *out)
{
    if (!is_port(port)) {
        return "the port is no number from 0 to 65535";
    }
    assay_copy(out->port, assay_slice_of(port)); /* at most five digits */
    return NULL;
}

/* The host is text[0..n), the port stands behind `rest` (":443" or ""). */
static const char *
read_parts(struct assay_slice host, const char *rest, const char *default_port,
           struct assay_address *out)
{
    if (host.len > ASSAY_HOST_MAX_BYTES) {
        return "the host is too long";
    }
    assay_copy(out->host, host);
    if (rest[0] == ':') {
        return read_port(rest + 1, out);
    }
    if (rest[0] != '\0') {
        return "only a port may stand behind the bracket";
    }
    if (default_port == NULL) {
        return "no port";
    }
    return read_port(default_port, out);
}

static const char *
read_unix(const char *path, struct assay_address *out)
{
    size_t n = strlen(path);

    if (n == 0) {
        return "no path";
    }
    if (n > ASSAY_PATH_MAX_BYTES) {
        return "the path is too long for a Unix socket (107 bytes)";
    }
    out->is_unix = true;
    assay_copy(out->path, assay_slice_of(path));
    return NULL;
}

static const char *
read_address(const char *text, const char *default_port,
             struct assay_address *out)
{
    const char *problem;

    if (strncmp(text, "unix:", 5) == 0) {
        return read_unix(text + 5, out);
    }
    if (text[0] == '[') {
        size_t n = strcspn(text + 1, "]");
        struct assay_slice host = {(const uint8_t *)text + 1, n};

        if (text[1 + n] != ']') {
            return "a bracket is not closed";
        }
        problem = read_parts(host, text + 2 + n, default_port, out);
        return problem != NULL ? problem : judge_ip6(out->host);
    }

    const char *colon = strrchr(text, ':');
    size_t n = colon != NULL && strchr(text, ':') == colon
                   ? (size_t)(colon - text)
                   : strlen(text);
    struct assay_slice host = {(const uint8_t *)text, n};

    if (n > 0 && text[strspn(text, "0123456789")] == '\0') {
        return "a number alone is no address: write HOST:PORT";
    }
    /* The host first: two colons are no missing port. */
    if (n <= ASSAY_HOST_MAX_BYTES) {
        assay_copy(out->host, host);
        problem = judge_name(out->host);
        if (problem != NULL) {
            return problem;
        }
    }
    return read_parts(host, text + n, default_port, out);
}

enum assay_code
assay_address_parse(const char *text, const char *default_port,
                    struct assay_address *out, struct assay_error *err)
{
    struct assay_address address = {.is_unix = false};
    const char *problem = read_address(text, default_port, &address);

    assay_error_clear(err);
    memset(out, 0, sizeof(*out));
    if (problem != NULL) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "'%.100s': %s",
                          text, problem);
    }
    *out = address;
    return ASSAY_OK;
}
