/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * resolve.c - the addresses of a host, in the order in which they are tried.
 */
#include "io/resolve.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/host.h"

bool
assay_resolve_ip(const char *ip, const char *port, struct sockaddr_storage *out)
{
    int number = (int)strtoul(port, NULL, 10);

    memset(out, 0, sizeof(*out));
    return uv_ip4_addr(ip, number, (struct sockaddr_in *)out) == 0 ||
           uv_ip6_addr(ip, number, (struct sockaddr_in6 *)out) == 0;
}

static bool
is_port(const char *text)
{
    size_t n = strspn(text, "0123456789");
    unsigned long port = strtoul(text, NULL, 10);

    return n > 0 && n <= 5 && text[n] == '\0' && text[0] != '0' &&
           port <= 65535;
}

static char *
without_brackets(char *address)
{
    size_t len = strlen(address);

    if (address[0] != '[' || address[len - 1] != ']') {
        return address;
    }
    address[len - 1] = '\0';
    return address + 1;
}

enum assay_code
assay_resolve_parse(char *text, struct assay_dial_resolve *out,
                    struct assay_error *err)
{
    char *port = strchr(text, ':');
    char *address = port != NULL ? strchr(port + 1, ':') : NULL;
    struct sockaddr_storage ip;

    assay_error_clear(err);
    if (address == NULL || port == text || address == port + 1 ||
        address[1] == '\0') {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "'%.60s' is not of the form HOST:PORT:ADDRESS", text);
    }
    *port++ = '\0';
    *address++ = '\0';
    address = without_brackets(address);
    if (!is_port(port) || !assay_resolve_ip(address, port, &ip)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "'%.60s' is no %s", is_port(port) ? address : port,
                          is_port(port) ? "IP address" : "port");
    }
    for (char *c = text; *c != '\0'; c++) {
        *c = (char)assay_to_lower((uint8_t)*c);
    }
    *out = (struct assay_dial_resolve){text, port, address};
    return ASSAY_OK;
}

static bool
add_override(const struct assay_dial_resolve *o, struct assay_addresses *out,
             struct assay_error *err)
{
    if (out->count == ASSAY_RACE_ADDRESSES_MAX) {
        return false;
    }
    if (!assay_resolve_ip(o->address, o->port, &out->list[out->count])) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "resolve %s:%s: '%s' is not an IP address", o->host, o->port,
                   o->address);
        return false;
    }
    out->count++;
    return true;
}

/* What the name says by itself. */
static void
add_own(const struct assay_address *host, struct assay_addresses *out)
{
    static const char *const loopback[] = {"127.0.0.1", "::1"};

    if (assay_resolve_ip(host->host, host->port, &out->list[0])) {
        out->count = 1;
    } else if (assay_host_is_localhost(assay_slice_of(host->host))) {
        for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
            (void)assay_resolve_ip(loopback[i], host->port, &out->list[i]);
        }
        out->count = sizeof(loopback) / sizeof(loopback[0]);
    }
}

enum assay_code
assay_resolve_known(const struct assay_address *host,
                    const struct assay_dial_resolve *overrides,
                    size_t override_count, struct assay_addresses *out,
                    struct assay_error *err)
{
    out->count = 0;
    if (override_count > ASSAY_DIAL_RESOLVE_MAX) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "resolve: more than %u entries",
                          ASSAY_DIAL_RESOLVE_MAX);
    }
    for (size_t i = 0; i < override_count; i++) {
        const struct assay_dial_resolve *o = &overrides[i];

        if (strcasecmp(o->host, host->host) == 0 &&
            strcmp(o->port, host->port) == 0 && !add_override(o, out, err)) {
            break;
        }
    }
    if (out->count == 0 && err->code == ASSAY_OK) {
        add_own(host, out);
    }
    return err->code;
}

/* The next address of this family (or not of it) at or behind `from`. */
static const struct addrinfo *
next_of(const struct addrinfo *from, int family, bool same)
{
    while (from != NULL &&
           ((from->ai_family != AF_INET && from->ai_family != AF_INET6) ||
            (from->ai_family == family) != same)) {
        from = from->ai_next;
    }
    return from;
}

void
assay_resolve_interleave(const struct addrinfo *found,
                         struct assay_addresses *out)
{
    int family = found != NULL ? found->ai_family : AF_UNSPEC;
    const struct addrinfo *at[2] = {next_of(found, family, true),
                                    next_of(found, family, false)};
    unsigned turn = 0;

    out->count = 0;
    while ((at[0] != NULL || at[1] != NULL) &&
           out->count < ASSAY_RACE_ADDRESSES_MAX) {
        const struct addrinfo *a;

        turn = at[turn] != NULL ? turn : 1 - turn;
        a = at[turn];
        memset(&out->list[out->count], 0, sizeof(out->list[0]));
        assay_copy(
            &out->list[out->count++],
            (struct assay_slice){(const uint8_t *)a->ai_addr, a->ai_addrlen});
        at[turn] = next_of(a->ai_next, family, turn == 0);
        turn = 1 - turn;
    }
}
