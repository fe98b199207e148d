/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_scan.c - the words of JSON, exactly as RFC 8259 sections 2, 3, 6 and 7
 * spell them, minus U+0000 and lone surrogates.
 */
#include "base/json_scan.h"

#include "base/ascii.h"
#include "base/utf8.h"

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

const uint8_t *
assay_json_unexpected(const struct assay_json_scan *s, const uint8_t *at,
                      const char *want)
{
    size_t offset = (size_t)(at - s->start);

    if (at >= s->end) {
        assay_fail(s->err, ASSAY_TRUNCATED, offset,
                   "%s: JSON ends where %s should stand", s->what, want);
    } else {
        assay_fail(s->err, ASSAY_MALFORMED, offset,
                   "%s: JSON has '%c' where %s should stand", s->what, *at,
                   want);
    }
    return NULL;
}

static const uint8_t *
malformed(const struct assay_json_scan *s, const uint8_t *at, const char *why)
{
    assay_fail(s->err, ASSAY_MALFORMED, (size_t)(at - s->start), "%s: JSON %s",
               s->what, why);
    return NULL;
}

const uint8_t *
assay_json_scan_literal(const struct assay_json_scan *s, const uint8_t *at,
                        const char *literal)
{
    for (const char *c = literal; *c != '\0'; c++, at++) {
        if (assay_json_peek(s, at) != (uint8_t)*c) {
            return assay_json_unexpected(s, at, literal);
        }
    }
    return at;
}

static const uint8_t *
scan_digits(const struct assay_json_scan *s, const uint8_t *at)
{
    if (!assay_is_digit(assay_json_peek(s, at))) {
        return assay_json_unexpected(s, at, "a digit");
    }
    do {
        at++;
    } while (assay_is_digit(assay_json_peek(s, at)));
    return at;
}

static const uint8_t *
scan_integer(const struct assay_json_scan *s, const uint8_t *at)
{
    if (assay_json_peek(s, at) != '0') {
        return scan_digits(s, at);
    }
    at++;
    if (assay_is_digit(assay_json_peek(s, at))) {
        return malformed(s, at, "number has a leading zero");
    }
    return at;
}

const uint8_t *
assay_json_scan_number(const struct assay_json_scan *s, const uint8_t *at)
{
    at = scan_integer(s, at + (assay_json_peek(s, at) == '-'));
    if (at != NULL && assay_json_peek(s, at) == '.') {
        at = scan_digits(s, at + 1);
    }
    if (at != NULL && (assay_json_peek(s, at) | 0x20) == 'e') {
        at++;
        if (assay_json_peek(s, at) == '+' || assay_json_peek(s, at) == '-') {
            at++;
        }
        at = scan_digits(s, at);
    }
    return at;
}

/* The top bit of each byte that ends a run of plain ASCII in a string. (A
 * subtraction borrows only above a hit, so the lowest such bit is true.) */
static uint64_t
not_plain(uint64_t x)
{
    uint64_t quote = x ^ EACH_BYTE('"');
    uint64_t backslash = x ^ EACH_BYTE('\\');

    return (x | ((x - EACH_BYTE(' ')) & ~x) |
            ((quote - EACH_BYTE(1)) & ~quote) |
            ((backslash - EACH_BYTE(1)) & ~backslash)) &
           EACH_BYTE(0x80);
}

/* Skips characters that stand for themselves, eight at a time; may stop
 * early. */
static const uint8_t *
skip_plain(const struct assay_json_scan *s, const uint8_t *at)
{
    while (s->end - at >= 8) {
        uint64_t x;

        memcpy(&x, at, 8);
        x = not_plain(x);
        if (x != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            at += __builtin_ctzll(x) / 8;
#endif
            break;
        }
        at += 8;
    }
    return at;
}

static uint32_t
hex4(const uint8_t *p)
{
    return assay_hex_value(p[0]) << 12 | assay_hex_value(p[1]) << 8 |
           assay_hex_value(p[2]) << 4 | assay_hex_value(p[3]);
}

/* A "\uXXXX", of which the backslash was seen or is wanted. */
static const uint8_t *
scan_unit(const struct assay_json_scan *s, const uint8_t *at, uint32_t *unit)
{
    at += 2;
    for (int i = 0; i < 4; i++, at++) {
        if (assay_hex_value(assay_json_peek(s, at)) > 15) {
            return assay_json_unexpected(s, at, "a hex digit");
        }
    }
    *unit = hex4(at - 4);
    return at;
}

/* The second half of the pair that began at `first`. */
static const uint8_t *
scan_low_surrogate(const struct assay_json_scan *s, const uint8_t *first,
                   const uint8_t *at)
{
    static const char begin[] = "\\u";
    uint32_t unit = 0;

    for (int i = 0; i < 2; i++) {
        if (at + i >= s->end) {
            return assay_json_unexpected(s, at + i, "a low surrogate");
        }
        if (at[i] != (uint8_t)begin[i]) {
            return malformed(s, first, "string holds a lone surrogate");
        }
    }
    at = scan_unit(s, at, &unit);
    if (at != NULL && (unit < 0xdc00 || unit > 0xdfff)) {
        return malformed(s, first, "string holds a lone surrogate");
    }
    return at;
}

static const uint8_t *
scan_unicode(const struct assay_json_scan *s, const uint8_t *at)
{
    const uint8_t *first = at;
    uint32_t unit = 0;

    at = scan_unit(s, at, &unit);
    if (at == NULL) {
        return NULL;
    }
    if (unit == 0 && !s->allow_nul) {
        return malformed(s, first, "string holds U+0000");
    }
    if (unit >= 0xdc00 && unit <= 0xdfff) {
        return malformed(s, first, "string holds a lone surrogate");
    }
    return unit >= 0xd800 && unit <= 0xdbff ? scan_low_surrogate(s, first, at)
                                            : at;
}

static const uint8_t *
scan_escape(const struct assay_json_scan *s, const uint8_t *at)
{
    uint8_t letter = assay_json_peek(s, at + 1);

    if (at + 1 >= s->end) {
        return assay_json_unexpected(s, at + 1, "an escape");
    }
    if (letter == 'u') {
        return scan_unicode(s, at);
    }
    switch (letter) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return at + 2;
    default:
        return malformed(s, at, "string has an unknown escape");
    }
}

static const uint8_t *
scan_utf8(const struct assay_json_scan *s, const uint8_t *at)
{
    int n = assay_utf8_length((struct assay_slice){at, (size_t)(s->end - at)});

    if (n == 0) {
        return malformed(s, at, "string is not UTF-8");
    }
    return n > 0 ? at + n
                 : assay_json_unexpected(s, s->end, "the rest of a character");
}

const uint8_t *
assay_json_scan_string(const struct assay_json_scan *s, const uint8_t *at,
                       bool *escaped)
{
    *escaped = false;
    at = skip_plain(s, at + 1);
    while (at != NULL && at < s->end) {
        if (*at == '"') {
            return at + 1;
        }
        if (*at == '\\') {
            *escaped = true;
            at = scan_escape(s, at);
            at = at != NULL ? skip_plain(s, at) : NULL;
        } else if (*at < ' ') {
            at = malformed(s, at, "string holds a control character");
        } else if (*at < 0x80) {
            at++;
        } else {
            at = scan_utf8(s, at);
        }
    }
    return at == NULL ? NULL
                      : assay_json_unexpected(s, at, "the rest of a string");
}

/* The character of a "\u" escape at p; *used is 6, or 12 for a pair. */
static uint32_t
unicode_value(const uint8_t *p, size_t *used)
{
    uint32_t unit = hex4(p + 2);

    *used = 6;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        *used = 12;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (hex4(p + 8) - 0xdc00);
    }
    return unit;
}

/* What the letter after a backslash stands for. */
static uint8_t
escape_value(uint8_t letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter; /* quote, backslash, slash */
    }
}

size_t
assay_json_unescape(struct assay_slice inner, uint8_t *to)
{
    const uint8_t *p = inner.ptr;
    const uint8_t *end = inner.ptr + inner.len;
    uint8_t *out = to;

    while (p < end) {
        const uint8_t *slash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((slash != NULL ? slash : end) - p);
        size_t used = 2;

        memcpy(out, p, plain);
        out += plain;
        p += plain;
        if (p == end) {
            break;
        }
        if (p[1] == 'u') {
            out += assay_utf8_encode(unicode_value(p, &used), out);
        } else {
            *out++ = escape_value(p[1]);
        }
        p += used;
    }
    return (size_t)(out - to);
}
