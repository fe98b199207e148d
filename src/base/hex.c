/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hex.c - bytes as hexadecimal digits.
 */
#include "base/text.h"

static const char digits[] = "0123456789abcdef";

/* Value of a digit plus one; 0 for all that is none. */
static const uint8_t values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
    ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
    ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
    ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

enum assay_code
assay_hex_decode(struct assay_slice hex, uint8_t *out, size_t n,
                 const char *field, struct assay_error *err)
{
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (n > SIZE_MAX / 2 || hex.len != 2 * n) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "%s: need %zu bytes in hex, have %zu characters",
                          field, n, hex.len);
    }
    for (size_t i = 0; i < n; i++) {
        unsigned high = values[hex.ptr[2 * i]];
        unsigned low = values[hex.ptr[2 * i + 1]];

        if (high == 0 || low == 0) {
            size_t at = 2 * i + (high != 0);

            return assay_fail(err, ASSAY_MALFORMED, at,
                              "%s: '%c' is no hex digit", field, hex.ptr[at]);
        }
        out[i] = (uint8_t)((high - 1) << 4 | (low - 1));
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
