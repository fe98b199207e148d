/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * proxy_header.c - the PROXY protocol, versions 1 and 2.
 */
#include "io/proxy_header.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/host.h"

#define PORT_MAX_DIGITS 5u

static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                      0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* Families as version 2 writes them, with the stream's transport. */
enum family {
    UNSPECIFIED = 0x00,
    IPV4 = 0x11,
    IPV6 = 0x21,
    UNIX = 0x31,
};

/* Version 2, with its commands. What LOCAL has behind it means nothing. */
#define LOCAL   0x20
#define PROXIED 0x21

struct end {
    enum family family;
    uint8_t ip[16];
    uint16_t port;
};

static void
name_end(const struct end *e, char out[ASSAY_SOCKET_NAME_BYTES])
{
    char ip[ASSAY_HOST_IPV6_TEXT];

    if (e->family == IPV4) {
        snprintf(out, ASSAY_SOCKET_NAME_BYTES, "%u.%u.%u.%u:%u", e->ip[0],
                 e->ip[1], e->ip[2], e->ip[3], e->port);
    } else if (e->family == IPV6) {
        assay_host_ipv6_text(e->ip, ip);
        snprintf(out, ASSAY_SOCKET_NAME_BYTES, "[%s]:%u", ip, e->port);
    } else {
        snprintf(out, ASSAY_SOCKET_NAME_BYTES, "unix");
    }
}

static void
name_ends(const struct end *source, const struct end *destination,
          struct assay_proxy_header *out)
{
    out->known = true;
    name_end(source, out->source);
    name_end(destination, out->destination);
}

static enum assay_code
refuse(struct assay_error *err, size_t offset, const char *what)
{
    return assay_fail(err, ASSAY_MALFORMED, offset, "PROXY header: %s", what);
}

/* --- version 1 ---------------------------------------------------------- */

/* Decimal, as it is written without need: no sign, no leading zero. */
static bool
read_port(struct assay_slice s, uint16_t *port)
{
    uint32_t n = 0;

    if (s.len == 0 || s.len > PORT_MAX_DIGITS ||
        (s.len > 1 && s.ptr[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return false;
        }
        n = n * 10 + (uint32_t)(s.ptr[i] - '0');
    }
    *port = (uint16_t)n;
    return n <= UINT16_MAX;
}

static bool
read_ip(struct assay_slice s, struct end *e)
{
    return e->family == IPV4 ? assay_host_ipv4(s, e->ip)
                             : assay_host_ipv6(s, e->ip);
}

/* Up to the next single space, or to the end. */
static struct assay_slice
take_word(struct assay_slice *rest)
{
    const uint8_t *space =
        rest->len > 0 ? memchr(rest->ptr, ' ', rest->len) : NULL;
    struct assay_slice word = *rest;

    if (space == NULL) {
        *rest = ASSAY_EMPTY;
        return word;
    }
    word.len = (size_t)(space - rest->ptr);
    rest->ptr += word.len + 1;
    rest->len -= word.len + 1;
    return word;
}

/* What stands behind "PROXY ", without the end of the line. */
static enum assay_code
read_line(struct assay_slice line, struct assay_proxy_header *out,
          struct assay_error *err)
{
    struct end source = {.family = UNSPECIFIED};
    struct end destination;
    struct assay_slice protocol = take_word(&line);

    if (assay_slice_is(protocol, "UNKNOWN")) {
        return ASSAY_OK; /* whatever follows is to be ignored */
    }
    if (assay_slice_is(protocol, "TCP4")) {
        source.family = IPV4;
    } else if (assay_slice_is(protocol, "TCP6")) {
        source.family = IPV6;
    } else {
        return refuse(err, 0, "none of TCP4, TCP6 and UNKNOWN");
    }
    destination = source;
    if (!read_ip(take_word(&line), &source) ||
        !read_ip(take_word(&line), &destination)) {
        return refuse(err, 0, "no address of its family");
    }
    if (!read_port(take_word(&line), &source.port) ||
        !read_port(take_word(&line), &destination.port) || line.len > 0) {
        return refuse(err, 0, "not two ports at the end");
    }
    name_ends(&source, &destination, out);
    return ASSAY_OK;
}

static enum assay_code
read_v1(struct assay_slice in, struct assay_proxy_header *out, size_t *used,
        struct assay_error *err)
{
    static const char start[] = "PROXY ";
    size_t n = sizeof(start) - 1;
    size_t len =
        in.len < ASSAY_PROXY_V1_MAX_BYTES ? in.len : ASSAY_PROXY_V1_MAX_BYTES;
    const uint8_t *lf;

    if (memcmp(in.ptr, start, in.len < n ? in.len : n) != 0) {
        return refuse(err, 0, "not there");
    }
    lf = memchr(in.ptr, '\n', len);
    if (lf == NULL) {
        return len < ASSAY_PROXY_V1_MAX_BYTES
                   ? ASSAY_OK
                   : assay_fail(err, ASSAY_TOO_LARGE, len,
                                "PROXY header: line too long");
    }
    len = (size_t)(lf - in.ptr);
    if (len < n + 1 || lf[-1] != '\r' || memchr(in.ptr, '\r', len) != lf - 1) {
        return refuse(err, len, "its line does not end in CR LF");
    }
    if (read_line((struct assay_slice){in.ptr + n, len - 1 - n}, out, err) ==
        ASSAY_OK) {
        *used = len + 1;
    }
    return err->code;
}

/* --- version 2 ---------------------------------------------------------- */

static uint16_t
be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* Octets of the addresses of a family, or SIZE_MAX for one that no stream
 * has. */
static size_t
addresses_len(uint8_t family)
{
    switch (family) {
    case UNSPECIFIED:
        return 0;
    case IPV4:
        return 12;
    case IPV6:
        return 36;
    case UNIX:
        return 216;
    default:
        return SIZE_MAX;
    }
}

static void
read_addresses(uint8_t family, const uint8_t *at,
               struct assay_proxy_header *out)
{
    struct end source = {.family = (enum family)family};
    struct end destination = source;
    size_t n = family == IPV4 ? 4 : 16;

    if (family == IPV4 || family == IPV6) {
        memcpy(source.ip, at, n);
        memcpy(destination.ip, at + n, n);
        source.port = be16(at + 2 * n);
        destination.port = be16(at + 2 * n + 2);
    }
    name_ends(&source, &destination, out);
}

/* None of them is understood; but they have to fit. */
static bool
tlvs_fit(struct assay_slice tlvs)
{
    while (tlvs.len >= 3) {
        size_t n = 3 + (size_t)be16(tlvs.ptr + 1);

        if (n > tlvs.len) {
            return false;
        }
        tlvs.ptr += n;
        tlvs.len -= n;
    }
    return tlvs.len == 0;
}

/* What stands behind the first 16 octets. */
static enum assay_code
read_v2_rest(uint8_t family, struct assay_slice rest,
             struct assay_proxy_header *out, struct assay_error *err)
{
    size_t addresses = addresses_len(family);

    if (rest.len < addresses) {
        return refuse(err, 14, "too short for its addresses");
    }
    if (!tlvs_fit(
            (struct assay_slice){rest.ptr + addresses, rest.len - addresses})) {
        return refuse(err, 16 + addresses, "TLVs that do not fit");
    }
    if (family != UNSPECIFIED) {
        read_addresses(family, rest.ptr, out);
    }
    return ASSAY_OK;
}

static enum assay_code
read_v2(struct assay_slice in, struct assay_proxy_header *out, size_t *used,
        struct assay_error *err)
{
    bool local;
    size_t len;

    if (in.len < 16) {
        return ASSAY_OK;
    }
    local = in.ptr[12] == LOCAL;
    len = be16(in.ptr + 14);
    if (!local && in.ptr[12] != PROXIED) {
        return assay_fail(err, ASSAY_UNSUPPORTED, 12,
                          "PROXY header: version and command 0x%02x",
                          in.ptr[12]);
    }
    if (!local && addresses_len(in.ptr[13]) == SIZE_MAX) {
        return assay_fail(err, ASSAY_UNSUPPORTED, 13,
                          "PROXY header: family and transport 0x%02x",
                          in.ptr[13]);
    }
    if (len > ASSAY_PROXY_V2_MAX_BYTES - 16) {
        return assay_fail(err, ASSAY_TOO_LARGE, 14,
                          "PROXY header: %zu bytes, limit %u", len + 16,
                          ASSAY_PROXY_V2_MAX_BYTES);
    }
    if (in.len < 16 + len) {
        return ASSAY_OK;
    }
    if (!local) {
        (void)!read_v2_rest(in.ptr[13], (struct assay_slice){in.ptr + 16, len},
                            out, err);
    }
    *used = err->code == ASSAY_OK ? 16 + len : 0;
    return err->code;
}

enum assay_code
assay_proxy_header_read(struct assay_slice in, struct assay_proxy_header *out,
                        size_t *used, struct assay_error *err)
{
    struct assay_proxy_header h = {.known = false};
    size_t n = in.len < sizeof(signature) ? in.len : sizeof(signature);

    *used = 0;
    assay_error_clear(err);
    if (in.len == 0) {
        return ASSAY_OK;
    }
    if (memcmp(in.ptr, signature, n) == 0) {
        (void)!read_v2(in, &h, used, err);
    } else {
        (void)!read_v1(in, &h, used, err);
    }
    if (*used > 0) {
        *out = h;
    }
    return err->code;
}

/* --- writing ------------------------------------------------------------ */

/* Takes "IP:PORT" or "[IP]:PORT" apart; a zone makes it none. */
static bool
parse_end(const char *name, struct end *e)
{
    const char *colon = strrchr(name, ':');
    struct assay_slice ip = assay_slice_of(name);

    if (colon == NULL || !read_port(assay_slice_of(colon + 1), &e->port)) {
        return false;
    }
    ip.len = (size_t)(colon - name);
    e->family = IPV4;
    if (ip.len > 2 && ip.ptr[0] == '[' && ip.ptr[ip.len - 1] == ']') {
        e->family = IPV6;
        ip.ptr++;
        ip.len -= 2;
    }
    return read_ip(ip, e);
}

static void
write_v1(struct assay_buf *to, const struct end *source,
         const struct end *destination)
{
    const struct end *ends[] = {source, destination};
    char ip[ASSAY_HOST_IPV6_TEXT];

    assay_buf_add_text(to,
                       source->family == IPV4 ? "PROXY TCP4" : "PROXY TCP6");
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *a = ends[i]->ip;

        if (source->family == IPV4) {
            assay_buf_printf(to, " %u.%u.%u.%u", a[0], a[1], a[2], a[3]);
        } else {
            assay_host_ipv6_text(a, ip);
            assay_buf_printf(to, " %s", ip);
        }
    }
    assay_buf_printf(to, " %u %u\r\n", source->port, destination->port);
}

static void
add_be16(struct assay_buf *to, size_t v)
{
    assay_buf_add_u8(to, (uint8_t)(v >> 8));
    assay_buf_add_u8(to, (uint8_t)v);
}

static void
write_v2(struct assay_buf *to, const struct end *source,
         const struct end *destination, bool known)
{
    size_t n = source->family == IPV4 ? 4 : 16;

    assay_buf_add(to, ASSAY_SLICE(signature));
    assay_buf_add_u8(to, known ? PROXIED : LOCAL);
    assay_buf_add_u8(to, known ? (uint8_t)source->family : UNSPECIFIED);
    add_be16(to, known ? 2 * n + 4 : 0);
    if (known) {
        assay_buf_add(to, (struct assay_slice){source->ip, n});
        assay_buf_add(to, (struct assay_slice){destination->ip, n});
        add_be16(to, source->port);
        add_be16(to, destination->port);
    }
}

void
assay_proxy_header_write(struct assay_buf *to, unsigned version,
                         const char *source, const char *destination)
{
    struct end s = {.family = UNSPECIFIED};
    struct end d = {.family = UNSPECIFIED};
    bool known = parse_end(source, &s) && parse_end(destination, &d) &&
                 s.family == d.family;

    if (version == 2) {
        write_v2(to, &s, &d, known);
    } else if (known) {
        write_v1(to, &s, &d);
    } else {
        assay_buf_add_text(to, "PROXY UNKNOWN\r\n");
    }
}
