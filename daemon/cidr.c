/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cidr.c - ranges of IP addresses.
 */
#include "daemon/cidr.h"

#include <string.h>

#include "base/host.h"
#include "http1/fields.h"

#define V4_BITS 96u /* before an IPv4 address, in an IPv6 one */

static bool
read_ip(struct assay_slice s, struct cidr_ip *out, unsigned *bits)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};

    memcpy(out->octets, mapped, sizeof(mapped));
    *bits = 32;
    if (assay_host_ipv4(s, out->octets + sizeof(mapped))) {
        return true;
    }
    *bits = 128;
    return assay_host_ipv6(s, out->octets);
}

bool
cidr_ip_of(const char *peer, struct cidr_ip *out)
{
    const char *colon = strrchr(peer, ':');
    struct assay_slice ip = assay_slice_of(peer);
    unsigned bits;

    if (colon == NULL) {
        return false;
    }
    ip.len = (size_t)(colon - peer);
    if (ip.len > 2 && ip.ptr[0] == '[') {
        ip.ptr++;
        ip.len -= 2;
    }
    return read_ip(ip, out, &bits);
}

static bool
bit(const struct cidr_ip *ip, unsigned i)
{
    return (ip->octets[i / 8] >> (7 - i % 8) & 1) != 0;
}

static bool
same(const struct cidr_ip *a, const struct cidr_ip *b, unsigned from,
     unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        if (bit(a, i) != bit(b, i)) {
            return false;
        }
    }
    return true;
}

/* Digits, no more than three. */
static bool
read_length(struct assay_slice s, unsigned max, unsigned *out)
{
    unsigned n = 0;

    if (s.len == 0 || s.len > 3) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return false;
        }
        n = n * 10 + (unsigned)(s.ptr[i] - '0');
    }
    *out = n;
    return n <= max;
}

/* *prefix counts in the 128 bits of an IPv6 address. */
static bool
read_range(struct assay_slice s, struct cidr_ip *ip, unsigned *prefix)
{
    static const struct cidr_ip zero = {{0}};
    size_t slash = assay_slice_find(s, "/");
    struct assay_slice address = s;
    unsigned bits;
    unsigned length;

    if (slash != ASSAY_NO_OFFSET) {
        address.len = slash;
    }
    if (!read_ip(address, ip, &bits)) {
        return false;
    }
    length = bits;
    if (slash != ASSAY_NO_OFFSET &&
        !read_length((struct assay_slice){s.ptr + slash + 1, s.len - slash - 1},
                     bits, &length)) {
        return false;
    }
    *prefix = length + (bits == 32 ? V4_BITS : 0);
    return same(ip, &zero, *prefix, 128);
}

enum assay_code
cidr_check(const char *list, struct assay_error *err)
{
    struct assay_slice rest = assay_slice_of(list);
    struct assay_slice range;
    struct cidr_ip ip;
    unsigned prefix;

    while (assay_http1_list_next(&rest, &range)) {
        if (!read_range(range, &ip, &prefix)) {
            return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                              "'%.*s' is no range of addresses: write "
                              "10.0.0.0/8 or an address",
                              (int)(range.len < 60 ? range.len : 60),
                              (const char *)range.ptr);
        }
    }
    return err->code;
}

bool
cidr_has(const char *list, const struct cidr_ip *ip)
{
    struct assay_slice rest = assay_slice_of(list);
    struct assay_slice range;
    struct cidr_ip first;
    unsigned prefix;

    while (assay_http1_list_next(&rest, &range)) {
        if (read_range(range, &first, &prefix) && same(&first, ip, 0, prefix)) {
            return true;
        }
    }
    return false;
}
