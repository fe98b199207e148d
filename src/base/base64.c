/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * base64.c - RFC 4648 section 4, canonical.
 */
#include "base/text.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* What a character stands for; all above 63 are no data. */
enum { BAD = 0x40, PAD = 0x80, SPACE = 0xc0 };

#define B BAD
#define S SPACE
static const uint8_t values[256] = {
    B,  B,  B,  B,  B,  B,  B,  B,  B,  S,  S,  B,  B,  S,   B,  B,  /* 00 */
    B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,   B,  B,  /* 10 */
    S,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  62, B,  B,   B,  63, /* 20 */
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, B,  B,  B,  PAD, B,  B,  /* 30 */
    B,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,  13, 14, /* 40 */
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, B,  B,  B,   B,  B,  /* 50 */
    B,  26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,  39, 40, /* 60 */
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, B,  B,  B,   B,  B,  /* 70 */
    B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,   B,  B,  /* 80 */
    B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,   B,  B,  /* 90 */
    B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,   B,  B,  /* a0 */
    B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,   B,  B,  /* b0 */
    B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,   B,  B,  /* c0 */
    B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,   B,  B,  /* d0 */
    B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,   B,  B,  /* e0 */
    B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,  B,   B,  B,  /* f0 */
};
#undef B
#undef S

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

struct input {
    struct assay_slice text;
    size_t pos;
    bool lines;
    const char *field;
    struct assay_error *err;
};

/* Characters above space, eight at a time. The control characters that are no
 * white space are not counted either, but they are found when read. */
static size_t
count_characters(struct assay_slice text)
{
    size_t count = 0;
    size_t i = 0;

    for (; text.len - i >= 8; i += 8) {
        uint64_t x;

        memcpy(&x, text.ptr + i, 8);
        x |= (x & EACH_BYTE(0x7f)) + EACH_BYTE(0x7f - ' ');
        x = x >> 7 & EACH_BYTE(1);
        count += x * EACH_BYTE(1) >> 56;
    }
    for (; i < text.len; i++) {
        count += text.ptr[i] > ' ';
    }
    return count;
}

static bool
bad_character(struct input *in, size_t at)
{
    assay_fail(in->err, ASSAY_MALFORMED, at,
               "%s: '%c' does not belong here in base64", in->field,
               in->text.ptr[at]);
    return false;
}

/* The next four characters that count, which the caller knows to exist;
 * white space counts as bad unless `lines`. */
static bool
read_group(struct input *in, uint8_t group[4], bool last)
{
    size_t n = 0;

    while (n < 4) {
        size_t at = in->pos++;
        uint8_t v = values[in->text.ptr[at]];

        if (v == SPACE && in->lines) {
            continue;
        }
        if (v == BAD || v == SPACE || (v == PAD && (!last || n < 2)) ||
            (n == 3 && group[2] == PAD && v != PAD)) {
            return bad_character(in, at);
        }
        group[n++] = v;
    }
    return true;
}

/* The last group, which may hold one or two padding characters. */
static size_t
read_last(struct input *in, uint8_t *to)
{
    uint8_t g[4];
    size_t n;
    unsigned unused;

    if (!read_group(in, g, true)) {
        return 0;
    }
    n = g[2] == PAD ? 1 : g[3] == PAD ? 2 : 3;
    unused = n == 1 ? g[1] & 15u : n == 2 ? g[2] & 3u : 0;
    if (unused != 0) {
        assay_fail(in->err, ASSAY_MALFORMED, in->pos - 1,
                   "%s: the unused bits of base64 are not zero", in->field);
        return 0;
    }
    to[0] = (uint8_t)(g[0] << 2 | g[1] >> 4);
    if (n > 1) {
        to[1] = (uint8_t)(g[1] << 4 | g[2] >> 2);
    }
    if (n > 2) {
        to[2] = (uint8_t)(g[2] << 6 | g[3]);
    }
    return n;
}

/* `groups` groups without padding into 3 bytes each. More than that many are
 * left, so the four bytes looked at exist. */
static bool
read_groups(struct input *in, uint8_t *to, size_t groups)
{
    const uint8_t *text = in->text.ptr;
    size_t pos = in->pos;

    while (groups > 0) {
        const uint8_t *p = text + pos;
        uint32_t a = values[p[0]];
        uint32_t b = values[p[1]];
        uint32_t c = values[p[2]];
        uint32_t d = values[p[3]];

        if (a == SPACE && in->lines) {
            pos++;
            continue;
        }
        if ((a | b | c | d) < 64) {
            pos += 4;
        } else {
            uint8_t g[4];

            in->pos = pos;
            if (!read_group(in, g, false)) {
                return false;
            }
            pos = in->pos;
            a = g[0];
            b = g[1];
            c = g[2];
            d = g[3];
        }
        to[0] = (uint8_t)(a << 2 | b >> 4);
        to[1] = (uint8_t)(b << 4 | c >> 2);
        to[2] = (uint8_t)(c << 6 | d);
        to += 3;
        groups--;
    }
    in->pos = pos;
    return true;
}

/* After the last group, white space only, and only if `lines`. */
static void
read_end(struct input *in)
{
    while (in->pos < in->text.len) {
        size_t at = in->pos++;

        if (values[in->text.ptr[at]] != SPACE || !in->lines) {
            bad_character(in, at);
            return;
        }
    }
}

enum assay_code
assay_base64_decode(struct assay_slice text, bool lines, struct assay_buf *out,
                    const char *field, struct assay_error *err)
{
    struct input in = {text, 0, lines, field, err};
    size_t count = lines ? count_characters(text) : text.len;
    size_t before = out->len;
    uint8_t last[3];
    size_t last_len = 0;

    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (count % 4 != 0) {
        return assay_fail(err, ASSAY_MALFORMED, text.len,
                          "%s: %zu characters of base64, no multiple of 4",
                          field, count);
    }
    if (count > 0) {
        size_t groups = count / 4 - 1;
        uint8_t *to = assay_buf_extend(out, groups * 3);

        if (to != NULL && read_groups(&in, to, groups)) {
            last_len = read_last(&in, last);
        }
    }
    if (err->code == ASSAY_OK && !out->failed) {
        read_end(&in);
    }
    assay_buf_add(out, (struct assay_slice){last, last_len});
    assay_buf_check(out, field, err);
    if (err->code != ASSAY_OK) {
        out->len = before;
    }
    return err->code;
}

void
assay_base64_encode(struct assay_buf *b, struct assay_slice bytes)
{
    size_t groups = bytes.len / 3 + (bytes.len % 3 != 0);
    uint8_t *to =
        assay_buf_extend(b, groups > SIZE_MAX / 4 ? SIZE_MAX : groups * 4);

    if (to == NULL) {
        return;
    }
    for (size_t i = 0; i < bytes.len; i += 3, to += 4) {
        size_t left = bytes.len - i;
        uint32_t v = (uint32_t)bytes.ptr[i] << 16;

        v |= left > 1 ? (uint32_t)bytes.ptr[i + 1] << 8 : 0;
        v |= left > 2 ? (uint32_t)bytes.ptr[i + 2] : 0;
        to[0] = (uint8_t)alphabet[v >> 18];
        to[1] = (uint8_t)alphabet[v >> 12 & 63];
        to[2] = left > 1 ? (uint8_t)alphabet[v >> 6 & 63] : '=';
        to[3] = left > 2 ? (uint8_t)alphabet[v & 63] : '=';
    }
}
