/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * name.c - what a server may be called: DNS names and IP addresses.
 */
#include "atls/name.h"

#include "assay/session.h"

#define LABEL_MAX 63u

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Four numbers up to 255, without leading zeros. */
static bool
is_ipv4(const char *name)
{
    unsigned parts = 0;

    while (is_digit(*name)) {
        unsigned value = 0;
        unsigned digits = 0;
        bool zero = *name == '0';

        while (is_digit(*name) && digits < 4) {
            value = value * 10 + (unsigned)(*name++ - '0');
            digits++;
        }
        if (value > 255 || digits > 3 || (zero && digits > 1)) {
            return false;
        }
        parts++;
        if (*name != '.' || parts == 4) {
            break;
        }
        name++;
    }
    return parts == 4 && *name == '\0';
}

/* Groups of up to four hex digits, eight of them or one "::"; an IPv4 tail
 * counts for two. */
static bool
is_ipv6(const char *name)
{
    unsigned groups = 0;
    bool gap = false;

    if (name[0] == ':' && name[1] != ':') {
        return false;
    }
    while (*name != '\0') {
        unsigned digits = 0;
        const char *group = name;

        if (name[0] == ':' && name[1] == ':') {
            if (gap) {
                return false;
            }
            gap = true;
            name += 2;
            continue;
        }
        while ((is_digit(*name) || (*name >= 'a' && *name <= 'f') ||
                (*name >= 'A' && *name <= 'F')) &&
               digits < 5) {
            digits++;
            name++;
        }
        if (*name == '.') {
            groups += 2;
            return is_ipv4(group) && (groups == 8 || (gap && groups < 8));
        }
        if (digits == 0 || digits > 4) {
            return false;
        }
        groups++;
        if (name[0] == ':' && name[1] != ':') {
            name++;
            if (*name == '\0') {
                return false;
            }
        } else if (*name != '\0' && *name != ':') {
            return false;
        }
    }
    return groups == 8 || (gap && groups < 8);
}

bool
assay_name_is_ip(const char *name)
{
    return strchr(name, ':') != NULL || is_ipv4(name);
}

static bool
is_dns_name(const char *name)
{
    size_t label = 0;
    char last = '.';
    bool numeric = true; /* of the last label: looks like a bad address */

    for (const char *c = name; *c != '\0'; last = *c++) {
        if (*c == '.') {
            if (label == 0 || last == '-') {
                return false;
            }
            label = 0;
            numeric = true;
            continue;
        }
        label++;
        numeric = numeric && is_digit(*c);
        if (label > LABEL_MAX ||
            !(is_alnum(*c) || *c == '_' || (*c == '-' && label > 1))) {
            return false;
        }
    }
    return label > 0 && last != '-' && !numeric;
}

bool
assay_name_is_valid(const char *name)
{
    if (strlen(name) > ASSAY_SERVER_NAME_MAX_BYTES) {
        return false;
    }
    if (strchr(name, ':') != NULL) {
        return is_ipv6(name);
    }
    return is_ipv4(name) || is_dns_name(name);
}
