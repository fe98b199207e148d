/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * proxy_env.c - the proxy that the environment names: curl's variables, with
 * curl's order (small letters first) and curl's reading of NO_PROXY.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "io/dial.h"

/* An empty variable is none. */
static const char *
read_variable(const char *small, const char *capital)
{
    const char *value = getenv(small);

    if (value == NULL || value[0] == '\0') {
        value = getenv(capital);
    }
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* --- IP addresses ------------------------------------------------------- */

struct ip {
    uint8_t bytes[16];
    size_t len; /* 4 or 16; 0: none */
};

static struct ip
read_ip(const char *text)
{
    struct ip ip = {.len = 0};

    if (uv_inet_pton(AF_INET, text, ip.bytes) == 0) {
        ip.len = 4;
    } else if (uv_inet_pton(AF_INET6, text, ip.bytes) == 0) {
        ip.len = 16;
    }
    return ip;
}

static bool
is_loopback(const char *host)
{
    static const uint8_t one[16] = {[15] = 1};
    struct ip ip = read_ip(host);

    if (ip.len == 4) {
        return ip.bytes[0] == 127;
    }
    return (ip.len == 16 && memcmp(ip.bytes, one, sizeof(one)) == 0) ||
           strcasecmp(host, "localhost") == 0;
}

static bool
same_prefix(const uint8_t *a, const uint8_t *b, size_t bits)
{
    size_t whole = bits / 8;
    unsigned rest = bits % 8;

    return memcmp(a, b, whole) == 0 &&
           (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. */
static bool
covers_ip(const char *entry, const struct ip *host)
{
    char text[64] = "";
    size_t n = strcspn(entry, "/");
    size_t bits = host->len * 8;
    struct ip ip;

    if (n >= sizeof(text)) {
        return false;
    }
    assay_copy(text, (struct assay_slice){(const uint8_t *)entry, n});
    if (entry[n] == '/') {
        char *end;

        if (entry[n + 1] < '0' || entry[n + 1] > '9') {
            return false;
        }
        bits = strtoul(entry + n + 1, &end, 10);
        if (*end != '\0' || bits > host->len * 8) {
            return false;
        }
    }
    ip = read_ip(text);
    return ip.len == host->len && same_prefix(ip.bytes, host->bytes, bits);
}

/* --- NO_PROXY ----------------------------------------------------------- */

/* The name itself, or one below it. A dot at either end means nothing. */
static bool
covers_name(const char *entry, const char *host, size_t host_len)
{
    size_t n;

    entry += entry[0] == '.';
    n = strlen(entry);
    n -= n > 0 && entry[n - 1] == '.';
    return n > 0 && n <= host_len &&
           strncasecmp(host + host_len - n, entry, n) == 0 &&
           (n == host_len || host[host_len - n - 1] == '.');
}

static bool
covers(const char *entry, const char *host, const struct ip *ip)
{
    size_t len = strlen(host);

    if (ip->len > 0) {
        size_t n = strlen(entry);
        char bare[64] = "";

        if (entry[0] == '[' && n - 2 < sizeof(bare) && entry[n - 1] == ']') {
            assay_copy(bare,
                       (struct assay_slice){(const uint8_t *)entry + 1, n - 2});
            return covers_ip(bare, ip);
        }
        return covers_ip(entry, ip);
    }
    return covers_name(entry, host, len - (len > 0 && host[len - 1] == '.'));
}

static bool
is_exempt(const char *list, const char *host)
{
    struct ip ip = read_ip(host);

    if (strcmp(list, "*") == 0) {
        return true;
    }
    while (*list != '\0') {
        char entry[ASSAY_HOST_MAX_BYTES + 2] = "";
        size_t n = strcspn(list, ", \t");

        if (n > 0 && n < sizeof(entry)) {
            assay_copy(entry, (struct assay_slice){(const uint8_t *)list, n});
            if (covers(entry, host, &ip)) {
                return true;
            }
        }
        list += n;
        list += strspn(list, ", \t");
    }
    return false;
}

char *
assay_dial_proxy_of_environment(const char *host)
{
    const char *proxy = read_variable("https_proxy", "HTTPS_PROXY");
    const char *exempt = read_variable("no_proxy", "NO_PROXY");

    if (proxy == NULL) {
        proxy = read_variable("all_proxy", "ALL_PROXY");
    }
    if (proxy == NULL || is_loopback(host) ||
        (exempt != NULL && is_exempt(exempt, host))) {
        return NULL;
    }
    return strdup(proxy);
}
