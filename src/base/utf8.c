/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * utf8.c - well-formed UTF-8, as a table of lead bytes.
 */
#include "base/utf8.h"

/* For lead bytes first..last: how many bytes, and the range of the second
 * one, which is where overlong forms and surrogates show. */
static const struct lead {
    uint8_t first, last;
    uint8_t length;
    uint8_t second_min, second_max;
} leads[] = {
    {0x00, 0x7f, 1, 0x00, 0x00}, {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static const struct lead *
find_lead(uint8_t c)
{
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
        if (c >= leads[i].first && c <= leads[i].last) {
            return &leads[i];
        }
    }
    return NULL;
}

int
assay_utf8_length(struct assay_slice s)
{
    const struct lead *lead = find_lead(s.ptr[0]);

    if (lead == NULL) {
        return 0;
    }
    for (size_t i = 1; i < lead->length; i++) {
        uint8_t min = i == 1 ? lead->second_min : 0x80;
        uint8_t max = i == 1 ? lead->second_max : 0xbf;

        if (i >= s.len) {
            return -1;
        }
        if (s.ptr[i] < min || s.ptr[i] > max) {
            return 0;
        }
    }
    return lead->length;
}

size_t
assay_utf8_encode(uint32_t c, uint8_t out[4])
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | (c >> 18 & 0x07));
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

bool
assay_utf8_is_valid(struct assay_slice s)
{
    while (s.len > 0) {
        int n = assay_utf8_length(s);

        if (n <= 0) {
            return false;
        }
        s.ptr += n;
        s.len -= (size_t)n;
    }
    return true;
}

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* How many octets from the start are ASCII, perhaps a few less. */
static size_t
ascii_run(struct assay_slice s)
{
    size_t n = 0;

    while (s.len - n >= 16) {
        uint64_t a;
        uint64_t b;

        memcpy(&a, s.ptr + n, 8);
        memcpy(&b, s.ptr + n + 8, 8);
        if (((a | b) & HIGH_BITS) != 0) {
            break;
        }
        n += 16;
    }
    return n;
}

/* One octet; false if it cannot stand here. */
static bool
take_octet(struct assay_utf8_state *u, uint8_t c)
{
    const struct lead *lead;

    if (u->left > 0) {
        if (c < u->min || c > u->max) {
            return false;
        }
        u->left--;
        u->min = 0x80;
        u->max = 0xbf;
        return true;
    }
    lead = find_lead(c);
    if (lead == NULL) {
        return false;
    }
    u->left = (uint8_t)(lead->length - 1);
    u->min = lead->second_min;
    u->max = lead->second_max;
    return true;
}

size_t
assay_utf8_take(struct assay_utf8_state *u, struct assay_slice s)
{
    size_t at = 0;

    while (at < s.len) {
        if (u->left == 0) {
            at += ascii_run((struct assay_slice){s.ptr + at, s.len - at});
        }
        if (at < s.len && !take_octet(u, s.ptr[at])) {
            break;
        }
        at += at < s.len;
    }
    return at;
}
