/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forwarded_for.c - X-Forwarded-For.
 */
#include "daemon/forwarded_for.h"

#include <stdio.h>
#include <string.h>

#include "base/host.h"
#include "daemon/cidr.h"
#include "http1/chars.h"
#include "http1/fields.h"

#define RANGE_MAX_BYTES 64u /* an address of IPv6 and its length have fewer */

/* --- who is trusted ------------------------------------------------------ */

enum assay_code
forwarded_check(const char *list, struct assay_error *err)
{
    struct assay_slice rest = assay_slice_of(list);
    struct assay_slice item;
    char range[RANGE_MAX_BYTES];

    while (err->code == ASSAY_OK && assay_http1_list_next(&rest, &item)) {
        size_t n = item.len < sizeof(range) ? item.len : sizeof(range) - 1;

        snprintf(range, sizeof(range), "%.*s", (int)n, (const char *)item.ptr);
        if (strcmp(range, "unix") != 0) {
            (void)!cidr_check(range, err);
        }
    }
    return err->code;
}

bool
forwarded_trusts(const char *list, const char *peer)
{
    struct assay_slice rest = assay_slice_of(list);
    struct assay_slice item;
    struct cidr_ip ip;

    if (cidr_ip_of(peer, &ip)) {
        return cidr_has(list, &ip);
    }
    while (strcmp(peer, "unix") == 0 && assay_http1_list_next(&rest, &item)) {
        if (assay_slice_is(item, "unix")) {
            return true;
        }
    }
    return false;
}

/* --- one address --------------------------------------------------------- */

/* ":80", or nothing. */
static bool
read_port(struct assay_slice s, unsigned *port)
{
    *port = 0;
    if (s.len == 0) {
        return true;
    }
    if (s.len < 2 || s.len > 6 || s.ptr[0] != ':') {
        return false;
    }
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return false;
        }
        *port = *port * 10 + (unsigned)(s.ptr[i] - '0');
    }
    return *port <= UINT16_MAX;
}

/* "192.0.2.1" or "192.0.2.1:80". */
static bool
read_ipv4(struct assay_slice s, char out[ASSAY_SOCKET_NAME_BYTES])
{
    size_t colon = assay_slice_find(s, ":");
    struct assay_slice ip = s;
    struct assay_slice rest = ASSAY_EMPTY;
    uint8_t a[4];
    unsigned port;

    if (colon != ASSAY_NO_OFFSET) {
        ip.len = colon;
        rest = (struct assay_slice){s.ptr + colon, s.len - colon};
    }
    if (!assay_host_ipv4(ip, a) || !read_port(rest, &port)) {
        return false;
    }
    snprintf(out, ASSAY_SOCKET_NAME_BYTES, "%u.%u.%u.%u:%u", a[0], a[1], a[2],
             a[3], port);
    return true;
}

/* "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:80". */
static bool
read_ipv6(struct assay_slice s, char out[ASSAY_SOCKET_NAME_BYTES])
{
    struct assay_slice rest = ASSAY_EMPTY;
    size_t end = assay_slice_find(s, "]");
    char text[ASSAY_HOST_IPV6_TEXT];
    uint8_t a[16];
    unsigned port;

    if (s.len > 0 && s.ptr[0] == '[' && end != ASSAY_NO_OFFSET) {
        rest = (struct assay_slice){s.ptr + end + 1, s.len - end - 1};
        s = (struct assay_slice){s.ptr + 1, end - 1};
    }
    if (!assay_host_ipv6(s, a) || !read_port(rest, &port)) {
        return false;
    }
    assay_host_ipv6_text(a, text);
    snprintf(out, ASSAY_SOCKET_NAME_BYTES, "[%s]:%u", text, port);
    return true;
}

/* --- all of them --------------------------------------------------------- */

/* Takes what is behind the last comma off. */
static struct assay_slice
take_last(struct assay_slice *list)
{
    size_t at = list->len;
    struct assay_slice last;

    while (at > 0 && list->ptr[at - 1] != ',') {
        at--;
    }
    last = (struct assay_slice){list->ptr + at, list->len - at};
    list->len = at > 0 ? at - 1 : 0;
    return assay_http1_trim(last);
}

/* False: it is the client, or nobody knows what is further left. */
static bool
goes_on(const char *list, struct assay_slice item,
        char client[ASSAY_SOCKET_NAME_BYTES])
{
    char name[ASSAY_SOCKET_NAME_BYTES];

    if (item.len == 0) {
        return true; /* an empty member of a list is none */
    }
    if (!read_ipv4(item, name) && !read_ipv6(item, name)) {
        return false;
    }
    snprintf(client, ASSAY_SOCKET_NAME_BYTES, "%s", name);
    return forwarded_trusts(list, client);
}

void
forwarded_client(const char *list, const struct assay_http1_head *h,
                 const char *peer, char out[ASSAY_SOCKET_NAME_BYTES])
{
    bool on = forwarded_trusts(list, peer);

    snprintf(out, ASSAY_SOCKET_NAME_BYTES, "%s", peer);
    for (size_t i = h->field_count; on && i > 0; i--) {
        struct assay_slice rest = h->field[i - 1].value;

        if (!assay_slice_is_nocase(h->field[i - 1].name, "X-Forwarded-For")) {
            continue;
        }
        while (on && rest.len > 0) {
            on = goes_on(list, take_last(&rest), out);
        }
    }
}
