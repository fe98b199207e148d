/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * guard.c - addresses that a name must not lead to: those which are not of the
 * public internet (IANA's special-purpose registries of RFC 6890), and the
 * bridge's own.
 */
#include <string.h>

#include "allow.h"
#include "base/host.h"

#define V4_BYTES 4u

static const char loopback[] = "loopback";

static const struct {
    const char *range;
    const char *what;
} guarded[] = {
    {"0.0.0.0/8", "unspecified"},
    {"10.0.0.0/8", "private"},
    {"100.64.0.0/10", "carrier-grade NAT"},
    {"127.0.0.0/8", loopback},
    {"169.254.0.0/16", "link-local"},
    {"172.16.0.0/12", "private"},
    {"192.0.0.0/24", "reserved"},
    {"192.0.2.0/24", "documentation"},
    {"192.88.99.0/24", "6to4 relay"},
    {"192.168.0.0/16", "private"},
    {"198.18.0.0/15", "benchmarking"},
    {"198.51.100.0/24", "documentation"},
    {"203.0.113.0/24", "documentation"},
    {"224.0.0.0/4", "multicast"},
    {"240.0.0.0/4", "reserved"},
    {"::/128", "unspecified"},
    {"::1/128", loopback},
    {"64:ff9b:1::/48", "NAT64 of a site"},
    {"100::/64", "discarded"},
    {"2001::/23", "reserved"}, /* Teredo, benchmarking, ORCHID */
    {"2001:db8::/32", "documentation"},
    {"3fff::/20", "documentation"},
    {"5f00::/16", "segment routing"},
    {"fc00::/7", "unique local"},
    {"fe80::/10", "link-local"},
    {"fec0::/10", "site-local"},
    {"ff00::/8", "multicast"},
};

/* IPv6 addresses that packets leave as IPv4 ones (RFC 4291, section 2.5.5.1,
 * RFC 6052, RFC 3056), and where the IPv4 address stands in them. */
static const struct {
    const char *range;
    size_t at;
} carriers[] = {
    {"::/96", 12},
    {"64:ff9b::/96", 12},
    {"2002::/16", 2},
};

static const char *
what_is(const struct cidr_ip *ip)
{
    for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++) {
        if (cidr_has(guarded[i].range, ip)) {
            return guarded[i].what;
        }
    }
    return NULL;
}

/* Of the address, or of the IPv4 address that it carries. */
static const char *
special(const struct cidr_ip *ip)
{
    const char *what = what_is(ip);

    for (size_t i = 0;
         what == NULL && i < sizeof(carriers) / sizeof(carriers[0]); i++) {
        if (cidr_has(carriers[i].range, ip)) {
            struct cidr_ip v4 = {.octets = {[10] = 255, [11] = 255}};

            memcpy(v4.octets + sizeof(v4.octets) - V4_BYTES,
                   ip->octets + carriers[i].at, V4_BYTES);
            what = what_is(&v4);
        }
    }
    return what;
}

static bool
same(const struct cidr_ip *a, const struct cidr_ip *b)
{
    return memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

/* The unspecified addresses lead to this machine too; and who listens on one of
 * them listens on all of loopback, of which interfaces name one address. */
static bool
is_own(const struct guard *g, const struct cidr_ip *ip, uint16_t port)
{
    static const char any[] = "0.0.0.0, ::";
    bool is_any = cidr_has(any, ip);
    bool is_loopback = cidr_has("127.0.0.0/8", ip);

    for (size_t i = 0; i < g->own_count; i++) {
        const struct guard_own *own = &g->own[i];

        if (own->port == port && (is_any || same(&own->ip, ip) ||
                                  (is_loopback && cidr_has(any, &own->ip)))) {
            return true;
        }
    }
    return false;
}

static bool
is_written(const struct allow_entry *by, const struct cidr_ip *ip)
{
    return by->target.is_ip && same(&by->target.ip, ip);
}

const char *
guard_refuses(const struct guard *g, const struct allow_entry *by,
              const struct cidr_ip *ip, uint16_t port)
{
    const char *what = special(ip);
    bool local = assay_host_is_localhost(assay_slice_of(by->target.host));

    if (is_own(g, ip, port)) {
        return "the bridge itself";
    }
    if (what == NULL || is_written(by, ip) || (local && what == loopback) ||
        cidr_has(g->private_ok, ip)) {
        return NULL;
    }
    return what;
}
