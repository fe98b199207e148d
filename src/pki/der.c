/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pki/der.h"

#include "base/timestamp.h"

#define YEAR_2050_S INT64_C(2524608000)

struct assay_reader
assay_der_reader(struct assay_slice der, struct assay_error *err)
{
    return (struct assay_reader){.in = der, .err = err};
}

unsigned
assay_der_peek(const struct assay_reader *r)
{
    if (r->err->code != ASSAY_OK || r->pos >= r->in.len) {
        return 0;
    }
    return r->in.ptr[r->pos];
}

/* X.690 8.1.3 and 10.1: definite form, as few octets as possible. */
static size_t
read_length(struct assay_reader *r, const char *field)
{
    size_t at = r->base + r->pos;
    uint8_t first = assay_read_u8(r, field);
    size_t octets = first & 0x7fu;
    size_t len = 0;

    if (first < 0x80) {
        return first;
    }
    if (octets == 0 || octets > 4) {
        assay_fail(r->err, ASSAY_MALFORMED, at,
                   "%s: indefinite or oversized length", field);
        return 0;
    }
    for (size_t i = 0; i < octets; i++) {
        len = len << 8 | assay_read_u8(r, field);
    }
    if (len < 0x80 || len >> (8 * (octets - 1)) == 0) {
        assay_fail(r->err, ASSAY_MALFORMED, at,
                   "%s: length is not in its shortest form", field);
    }
    return len;
}

/* Nearly all elements: one octet of tag, one of length, all of it there. */
static inline bool
is_short(const struct assay_reader *r)
{
    size_t left = r->in.len - r->pos;
    const uint8_t *at;

    if (left < 2 || r->err->code != ASSAY_OK) {
        return false;
    }
    at = r->in.ptr + r->pos;
    return (at[0] & 0x1fu) != 0x1fu && at[1] < 0x80 && at[1] <= left - 2;
}

static inline struct assay_slice
take_short(struct assay_reader *r)
{
    const uint8_t *element = r->in.ptr + r->pos;

    r->pos += 2u + element[1];
    return (struct assay_slice){element + 2, element[1]};
}

struct assay_slice
assay_der_any(struct assay_reader *r, unsigned *tag, const char *field)
{
    size_t at = r->base + r->pos;

    if (is_short(r)) {
        *tag = r->in.ptr[r->pos];
        return take_short(r);
    }
    *tag = assay_read_u8(r, field);
    if (r->err->code == ASSAY_OK && (*tag & 0x1fu) == 0x1fu) {
        assay_fail(r->err, ASSAY_MALFORMED, at, "%s: tag of several octets",
                   field);
    }
    size_t len = read_length(r, field);
    return assay_read(r, len, field);
}

struct assay_slice
assay_der_read(struct assay_reader *r, unsigned tag, const char *field)
{
    size_t at = r->base + r->pos;
    unsigned got;
    struct assay_slice content;

    if (is_short(r) && r->in.ptr[r->pos] == tag) {
        return take_short(r);
    }
    content = assay_der_any(r, &got, field);
    if (r->err->code == ASSAY_OK && got != tag) {
        assay_fail(r->err, ASSAY_MALFORMED, at,
                   "%s: tag 0x%02x where 0x%02x is due", field, got, tag);
    }
    return r->err->code == ASSAY_OK ? content : ASSAY_EMPTY;
}

struct assay_slice
assay_der_whole(struct assay_reader *r, unsigned tag, const char *field)
{
    size_t start = r->pos;

    (void)assay_der_read(r, tag, field);
    if (r->err->code != ASSAY_OK) {
        return ASSAY_EMPTY;
    }
    return (struct assay_slice){r->in.ptr + start, r->pos - start};
}

struct assay_reader
assay_der_enter(struct assay_reader *r, unsigned tag, const char *field)
{
    struct assay_slice content = assay_der_read(r, tag, field);

    return (struct assay_reader){
        .in = content,
        .base = r->base + r->pos - content.len,
        .err = r->err,
    };
}

static struct assay_slice
read_unsigned(struct assay_reader *r, unsigned tag, const char *field)
{
    size_t at = r->base + r->pos;
    struct assay_slice n = assay_der_read(r, tag, field);

    if (r->err->code != ASSAY_OK) {
        return ASSAY_EMPTY;
    }
    if (n.len == 0 || (n.len > 1 && n.ptr[0] == 0 && n.ptr[1] < 0x80)) {
        assay_fail(r->err, ASSAY_MALFORMED, at,
                   "%s: integer is not in its shortest form", field);
        return ASSAY_EMPTY;
    }
    if (n.ptr[0] >= 0x80) {
        assay_fail(r->err, ASSAY_MALFORMED, at, "%s: integer is negative",
                   field);
        return ASSAY_EMPTY;
    }
    return n;
}

struct assay_slice
assay_der_unsigned(struct assay_reader *r, const char *field)
{
    return read_unsigned(r, ASSAY_DER_INTEGER, field);
}

uint32_t
assay_der_small(struct assay_reader *r, unsigned tag, uint32_t max,
                const char *field)
{
    size_t at = r->base + r->pos;
    struct assay_slice n = read_unsigned(r, tag, field);
    uint64_t v = 0;

    for (size_t i = 0; i < n.len && i < 6; i++) {
        v = v << 8 | n.ptr[i];
    }
    if (n.len > 5 || v > max) {
        assay_fail(r->err, ASSAY_MALFORMED, at, "%s: integer is above %u",
                   field, max);
        return 0;
    }
    return (uint32_t)v;
}

bool
assay_der_boolean(struct assay_reader *r, const char *field)
{
    size_t at = r->base + r->pos;
    struct assay_slice b = assay_der_read(r, ASSAY_DER_BOOLEAN, field);

    if (r->err->code != ASSAY_OK) {
        return false;
    }
    if (b.len != 1 || (b.ptr[0] != 0x00 && b.ptr[0] != 0xff)) {
        assay_fail(r->err, ASSAY_MALFORMED, at,
                   "%s: boolean is neither 00 nor ff", field);
        return false;
    }
    return b.ptr[0] == 0xff;
}

struct assay_slice
assay_der_octets(struct assay_reader *r, const char *field)
{
    size_t at = r->base + r->pos;
    struct assay_slice bits = assay_der_read(r, ASSAY_DER_BIT_STRING, field);

    if (r->err->code != ASSAY_OK) {
        return ASSAY_EMPTY;
    }
    if (bits.len == 0 || bits.ptr[0] != 0) {
        assay_fail(r->err, ASSAY_MALFORMED, at,
                   "%s: bit string is not of whole octets", field);
        return ASSAY_EMPTY;
    }
    return (struct assay_slice){bits.ptr + 1, bits.len - 1};
}

int64_t
assay_der_time(struct assay_reader *r, const char *field)
{
    bool utc = assay_der_peek(r) == ASSAY_DER_UTC_TIME;
    size_t at = r->base + r->pos;
    struct assay_slice text = assay_der_read(
        r, utc ? ASSAY_DER_UTC_TIME : ASSAY_DER_GENERALIZED_TIME, field);
    struct assay_error sub;
    int64_t t = 0;

    if (r->err->code != ASSAY_OK) {
        return 0;
    }
    assay_error_clear(&sub);
    if (utc) {
        (void)assay_time_parse_utctime(text, &t, field, &sub);
    } else {
        (void)assay_time_parse_generalized(text, &t, field, &sub);
    }
    if (sub.code != ASSAY_OK) {
        assay_fail(r->err, sub.code, at, "%s", sub.msg);
        return 0;
    }
    if (!utc && t < YEAR_2050_S) {
        assay_fail(r->err, ASSAY_MALFORMED, at,
                   "%s: GeneralizedTime before 2050", field);
        return 0;
    }
    return t;
}
