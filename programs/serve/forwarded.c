/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forwarded.c - X-Forwarded-*.
 */
#include "forwarded.h"

#include <string.h>

#include "base/bytes.h"

#define CHAIN_MAX_BYTES 4096u

/* Lower case, and '-' for whatever is no letter and no digit. */
static uint8_t
plain(uint8_t c)
{
    uint8_t lower = c | 0x20;

    if (lower >= 'a' && lower <= 'z') {
        return lower;
    }
    return c >= '0' && c <= '9' ? c : '-';
}

/* Does a name begin so? Backends that make variables of names (CGI, WSGI) write
 * '_' for '-', some of them for whatever is no letter and no digit; so these
 * are not told apart here. */
static bool
begins(struct assay_slice name, const char *with)
{
    size_t n = strlen(with);

    if (name.len < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (plain(name.ptr[i]) != (uint8_t)with[i]) {
            return false;
        }
    }
    return true;
}

bool
forwarded_is_reserved(struct assay_slice name)
{
    static const char *const prefixes[] = {"x-assay-", "x-tls-ekm-",
                                           "x-forwarded-"};
    /* To CGI, "Proxy" is the variable that names a proxy for its own requests.
     * The last two frame; as they should be spelt, they never get here. */
    static const char *const names[] = {"forwarded", "x-real-ip", "proxy",
                                        "content-length", "transfer-encoding"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (begins(name, prefixes[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (begins(name, names[i]) && name.len == strlen(names[i])) {
            return true;
        }
    }
    return false;
}

/* "127.0.0.1:8443" or "[::1]:80" without the port; nothing of "unix". */
static struct assay_slice
ip_of(const char *peer)
{
    struct assay_slice s = assay_slice_of(peer);
    const char *colon = strrchr(peer, ':');

    if (colon == NULL) {
        return ASSAY_EMPTY;
    }
    s.len = (size_t)(colon - peer);
    if (s.len > 2 && s.ptr[0] == '[') {
        s.ptr++;
        s.len -= 2;
    }
    return s;
}

static void
put(struct assay_buf *to, const char *name, struct assay_slice value,
    struct assay_error *err)
{
    (void)!assay_http1_put_field(to, assay_slice_of(name), value, err);
}

/* All that the peer says, in its order, and the peer itself behind it. */
static void
put_chain(struct assay_buf *to, const struct assay_http1_head *h,
          struct assay_slice ip, struct assay_error *err)
{
    struct assay_buf chain;

    assay_buf_init(&chain, CHAIN_MAX_BYTES);
    for (size_t i = 0; i < h->field_count; i++) {
        if (assay_slice_is_nocase(h->field[i].name, "X-Forwarded-For") &&
            h->field[i].value.len > 0) {
            assay_buf_add_text(&chain, chain.len > 0 ? ", " : "");
            assay_buf_add(&chain, h->field[i].value);
        }
    }
    if (ip.len > 0) {
        assay_buf_add_text(&chain, chain.len > 0 ? ", " : "");
        assay_buf_add(&chain, ip);
    }
    if (assay_buf_check(&chain, "X-Forwarded-For", err) == ASSAY_OK &&
        chain.len > 0) {
        put(to, "X-Forwarded-For", assay_buf_slice(&chain), err);
    }
    assay_buf_free(&chain);
}

/* The port of Host, or that of https. */
static struct assay_slice
port_of(struct assay_slice host)
{
    size_t n = host.len;

    while (n > 0 && host.ptr[n - 1] >= '0' && host.ptr[n - 1] <= '9') {
        n--;
    }
    if (n == 0 || n == host.len || host.ptr[n - 1] != ':') {
        return assay_slice_of("443");
    }
    return (struct assay_slice){host.ptr + n, host.len - n};
}

/* Twice is not clear, and then ours counts. */
static struct assay_slice
kept_or(const struct assay_http1_head *h, const char *name, bool trusted,
        struct assay_slice ours)
{
    return trusted && assay_http1_count(h, name) == 1 ? assay_http1_get(h, name)
                                                      : ours;
}

void
forwarded_put(struct assay_buf *to, const struct assay_http1_head *h,
              const char *peer, bool trusted, struct assay_error *err)
{
    const struct {
        const char *name;
        struct assay_slice ours;
    } rows[] = {
        {"X-Forwarded-Proto", assay_slice_of("https")},
        {"X-Forwarded-Host", h->host},
        {"X-Forwarded-Port", port_of(h->host)},
    };

    if (trusted) {
        put_chain(to, h, ip_of(peer), err);
    } else if (ip_of(peer).len > 0) {
        put(to, "X-Forwarded-For", ip_of(peer), err);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct assay_slice value =
            kept_or(h, rows[i].name, trusted, rows[i].ours);

        if (value.len > 0) {
            put(to, rows[i].name, value, err);
        }
    }
}
