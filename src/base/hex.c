/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hex.c - bytes as hexadecimal digits.
 */
#include "base/text.h"

static const char digits[] = "0123456789abcdef";

/* Value of a digit, or 16. */
static unsigned
digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - (unsigned)'0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10 : 16;
}

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
    for (size_t i = 0; i < hex.len; i++) {
        if (digit_value(hex.ptr[i]) > 15) {
            return assay_fail(err, ASSAY_MALFORMED, i,
                              "%s: '%c' is no hex digit", field, hex.ptr[i]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)(digit_value(hex.ptr[2 * i]) << 4 |
                           digit_value(hex.ptr[2 * i + 1]));
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
