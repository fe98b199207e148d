/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bytes.c - see bytes.h: the one place that moves a read pointer.
 */
#include "base/bytes.h"

#include "base/ascii.h"

struct assay_slice
assay_read_fail(struct assay_reader *r, size_t n, const char *field)
{
    size_t left = assay_read_left(r);

    if (n > left) { /* nothing is no failure, but has no place either */
        assay_fail(r->err, ASSAY_TRUNCATED, r->base + r->pos,
                   "%s: need %zu bytes, have %zu", field, n, left);
    }
    return ASSAY_EMPTY;
}

static uint64_t
read_le(struct assay_reader *r, size_t n, const char *field)
{
    struct assay_slice s = assay_read(r, n, field);
    uint64_t v = 0;

    for (size_t i = s.len; i > 0; i--) {
        v = v << 8 | s.ptr[i - 1];
    }
    return v;
}

uint16_t
assay_read_le16(struct assay_reader *r, const char *field)
{
    return (uint16_t)read_le(r, 2, field);
}

uint32_t
assay_read_le32(struct assay_reader *r, const char *field)
{
    return (uint32_t)read_le(r, 4, field);
}

uint64_t
assay_read_le64(struct assay_reader *r, const char *field)
{
    return read_le(r, 8, field);
}

size_t
assay_read_left(const struct assay_reader *r)
{
    return r->in.len - r->pos;
}

void
assay_read_end(struct assay_reader *r, const char *what)
{
    size_t left = assay_read_left(r);

    if (left > 0) {
        assay_fail(r->err, ASSAY_MALFORMED, r->base + r->pos,
                   "%s: %zu bytes left over", what, left);
    }
}

bool
assay_slice_equal(struct assay_slice a, struct assay_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
assay_slice_is(struct assay_slice a, const char *text)
{
    return assay_slice_equal(a, assay_slice_of(text));
}

bool
assay_slice_is_nocase(struct assay_slice a, const char *text)
{
    if (a.len > 0 &&
        assay_to_lower(a.ptr[0]) != assay_to_lower((uint8_t)text[0])) {
        return false; /* names are searched for: most of them end here */
    }
    if (a.len != strlen(text)) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (assay_to_lower(a.ptr[i]) != assay_to_lower((uint8_t)text[i])) {
            return false;
        }
    }
    return true;
}

bool
assay_slice_is_zero(struct assay_slice a)
{
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] != 0) {
            return false;
        }
    }
    return true;
}

size_t
assay_slice_find(struct assay_slice hay, const char *needle)
{
    size_t n = strlen(needle);
    size_t at = 0;

    if (n == 0) {
        return 0;
    }
    while (n <= hay.len - at) {
        const uint8_t *p =
            memchr(hay.ptr + at, needle[0], hay.len - at - n + 1);

        if (p == NULL) {
            break;
        }
        at = (size_t)(p - hay.ptr);
        if (memcmp(p, needle, n) == 0) {
            return at;
        }
        at++;
    }
    return ASSAY_NO_OFFSET;
}

struct assay_slice
assay_slice_of(const char *text)
{
    return (struct assay_slice){(const uint8_t *)text, strlen(text)};
}

void
assay_copy(void *to, struct assay_slice from)
{
    if (from.len > 0) {
        memcpy(to, from.ptr, from.len);
    }
}
