/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * host.c - what a host may be called: DNS names and IP addresses.
 */
#include "base/host.h"

#include <stdio.h>

#include "base/ascii.h"

#define LABEL_MAX_BYTES 63u
#define GROUPS          8u

/* --- addresses ---------------------------------------------------------- */

bool
assay_host_ipv4(struct assay_slice text, uint8_t out[4])
{
    uint8_t number[4];
    size_t at = 0;

    for (size_t i = 0; i < 4; i++) {
        size_t first = at + (i > 0 ? 1 : 0);
        unsigned value = 0;

        if (i > 0 && (at == text.len || text.ptr[at] != '.')) {
            return false;
        }
        for (at = first;
             at < text.len && assay_is_digit(text.ptr[at]) && value < 256;
             at++) {
            value = value * 10 + (unsigned)(text.ptr[at] - '0');
        }
        if (at == first || value > 255 ||
            (text.ptr[first] == '0' && at > first + 1)) {
            return false;
        }
        number[i] = (uint8_t)value;
    }
    if (at < text.len) {
        return false;
    }
    memcpy(out, number, sizeof(number));
    return true;
}

/* The groups read so far, and behind how many of them "::" stands. */
struct groups {
    uint16_t value[GROUPS];
    size_t count;
    size_t gap; /* GROUPS + 1: nowhere */
};

/* One group of up to four digits at *at. */
static bool
read_group(struct assay_slice text, size_t *at, struct groups *g)
{
    size_t first = *at;
    unsigned value = 0;

    while (*at < text.len && *at < first + 4 &&
           assay_hex_value(text.ptr[*at]) < 16) {
        value = value << 4 | assay_hex_value(text.ptr[(*at)++]);
    }
    if (*at == first || g->count == GROUPS) {
        return false;
    }
    g->value[g->count++] = (uint16_t)value;
    return true;
}

/* What stands at *at as two groups, if it is an IPv4 address to the end. */
static bool
read_tail(struct assay_slice text, size_t *at, struct groups *g)
{
    uint8_t ip[4];

    if (g->count + 2 > GROUPS ||
        !assay_host_ipv4((struct assay_slice){text.ptr + *at, text.len - *at},
                         ip)) {
        return false;
    }
    g->value[g->count++] = (uint16_t)(ip[0] << 8 | ip[1]);
    g->value[g->count++] = (uint16_t)(ip[2] << 8 | ip[3]);
    *at = text.len;
    return true;
}

/* "::" at *at. */
static bool
at_gap(struct assay_slice text, size_t at)
{
    return text.len - at >= 2 && text.ptr[at] == ':' && text.ptr[at + 1] == ':';
}

static bool
read_groups(struct assay_slice text, struct groups *g)
{
    size_t at = 0;
    bool first = true;

    while (at < text.len) {
        if (at_gap(text, at) && g->gap > GROUPS) {
            g->gap = g->count;
            at += 2;
            if (at == text.len) {
                break;
            }
        } else if (!first) {
            if (text.ptr[at] != ':') {
                return false;
            }
            at++;
        }
        first = false;
        if (!read_tail(text, &at, g) && !read_group(text, &at, g)) {
            return false;
        }
    }
    return g->gap > GROUPS ? g->count == GROUPS : g->count < GROUPS;
}

bool
assay_host_ipv6(struct assay_slice text, uint8_t out[16])
{
    struct groups g = {.gap = GROUPS + 1};
    size_t behind;

    if (!read_groups(text, &g)) {
        return false;
    }
    memset(out, 0, 16);
    behind = g.gap > GROUPS ? 0 : g.count - g.gap;
    for (size_t i = 0; i < g.count; i++) {
        size_t to = i < g.count - behind ? i : GROUPS - g.count + i;

        out[2 * to] = (uint8_t)(g.value[i] >> 8);
        out[2 * to + 1] = (uint8_t)(g.value[i] & 0xff);
    }
    return true;
}

/* The longest run of zero groups, two at least; the first of equal ones. */
static size_t
longest_run(const uint16_t group[GROUPS], size_t *len)
{
    size_t at = GROUPS;

    *len = 1;
    for (size_t i = 0; i < GROUPS; i++) {
        size_t n = 0;

        while (i + n < GROUPS && group[i + n] == 0) {
            n++;
        }
        if (n > *len) {
            at = i;
            *len = n;
        }
    }
    return at;
}

void
assay_host_ipv6_text(const uint8_t ip[16], char out[ASSAY_HOST_IPV6_TEXT])
{
    uint16_t group[GROUPS];
    size_t run_len;
    size_t run;
    char *to = out;

    for (size_t i = 0; i < GROUPS; i++) {
        group[i] = (uint16_t)(ip[2 * i] << 8 | ip[2 * i + 1]);
    }
    run = longest_run(group, &run_len);
    for (size_t i = 0; i < GROUPS; i++) {
        if (i == run) {
            *to++ = ':'; /* with the colon before or behind: "::" */
            *to = '\0';
            i += run_len - 1;
            if (i == GROUPS - 1) {
                *to++ = ':';
                *to = '\0';
            }
            continue;
        }
        to += snprintf(to, 6, "%s%x", i > 0 ? ":" : "", group[i]);
    }
}

/* --- names -------------------------------------------------------------- */

/* Decimal, or hex behind 0x. */
static bool
is_number(struct assay_slice label)
{
    bool hex = label.len >= 2 && label.ptr[0] == '0' &&
               (label.ptr[1] == 'x' || label.ptr[1] == 'X');

    for (size_t i = hex ? 2 : 0; i < label.len; i++) {
        if (hex ? assay_hex_value(label.ptr[i]) > 15
                : !assay_is_digit(label.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool
is_label(struct assay_slice label)
{
    if (label.len == 0 || label.len > LABEL_MAX_BYTES || label.ptr[0] == '-' ||
        label.ptr[label.len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.len; i++) {
        uint8_t c = label.ptr[i];

        if (!assay_is_letter(c) && !assay_is_digit(c) && c != '-' && c != '_') {
            return false;
        }
    }
    return true;
}

bool
assay_host_is_dns(struct assay_slice text)
{
    struct assay_slice label = {text.ptr, 0};

    if (text.len > ASSAY_HOST_NAME_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '.') {
            label.len++;
            continue;
        }
        if (!is_label(label)) {
            return false;
        }
        label = (struct assay_slice){text.ptr + i + 1, 0};
    }
    return is_label(label) && !is_number(label);
}

bool
assay_host_is_localhost(struct assay_slice text)
{
    static const char name[] = "localhost";
    const size_t len = sizeof(name) - 1;

    if (text.len > len && text.ptr[text.len - len - 1] == '.') {
        text = (struct assay_slice){text.ptr + text.len - len, len};
    }
    return assay_slice_is_nocase(text, name);
}
