/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hex.c - bytes as hexadecimal digits.
 */
#include "base/text.h"

static const char digits[] = "0123456789abcdef";

/* Value of a digit; 0x80 is added so that zero marks what is none. */
static const uint8_t values[256] = {
    ['0'] = 0x80, ['1'] = 0x81, ['2'] = 0x82, ['3'] = 0x83, ['4'] = 0x84,
    ['5'] = 0x85, ['6'] = 0x86, ['7'] = 0x87, ['8'] = 0x88, ['9'] = 0x89,
    ['a'] = 0x8a, ['b'] = 0x8b, ['c'] = 0x8c, ['d'] = 0x8d, ['e'] = 0x8e,
    ['f'] = 0x8f, ['A'] = 0x8a, ['B'] = 0x8b, ['C'] = 0x8c, ['D'] = 0x8d,
    ['E'] = 0x8e, ['F'] = 0x8f,
};

static enum assay_code
fail_digit(struct assay_slice hex, const char *field, struct assay_error *err)
{
    size_t at = 0;

    while (at < hex.len && values[hex.ptr[at]] != 0) {
        at++;
    }
    return assay_fail(err, ASSAY_MALFORMED, at, "%s: '%c' is no hex digit",
                      field, hex.ptr[at]);
}

enum assay_code
assay_hex_decode(struct assay_slice hex, uint8_t *out, size_t n,
                 const char *field, struct assay_error *err)
{
    uint8_t all = 0x80;

    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (n > SIZE_MAX / 2 || hex.len != 2 * n) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "%s: need %zu bytes in hex, have %zu characters",
                          field, n, hex.len);
    }
    for (size_t i = 0; i < hex.len; i++) { /* no way out, so that it is fast */
        all &= values[hex.ptr[i]];
    }
    if (all == 0) {
        return fail_digit(hex, field, err);
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)((unsigned)values[hex.ptr[2 * i]] << 4 |
                           (values[hex.ptr[2 * i + 1]] & 0x0fu));
    }
    return ASSAY_OK;
}

static void
encode(uint8_t *to, struct assay_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        to[2 * i] = (uint8_t)digits[bytes.ptr[i] >> 4];
        to[2 * i + 1] = (uint8_t)digits[bytes.ptr[i] & 15];
    }
}

void
assay_hex_encode(struct assay_buf *b, struct assay_slice bytes)
{
    uint8_t *to = assay_buf_extend(b, bytes.len > SIZE_MAX / 2 ? SIZE_MAX
                                                               : 2 * bytes.len);

    if (to != NULL) {
        encode(to, bytes);
    }
}

void
assay_hex_to(char *out, struct assay_slice bytes)
{
    encode((uint8_t *)out, bytes);
    out[2 * bytes.len] = '\0';
}
