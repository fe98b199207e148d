/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ascii.h - what an octet is as a character of ASCII, in every locale.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline bool
assay_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool
assay_is_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline bool
assay_is_hex(uint8_t c)
{
    return assay_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Value of a hex digit of either case, or 16. */
static inline uint32_t
assay_hex_value(uint8_t c)
{
    if (assay_is_digit(c)) {
        return (uint32_t)(c - '0');
    }
    return assay_is_hex(c) ? (uint32_t)((c | 0x20) - 'a' + 10) : 16;
}

static inline uint8_t
assay_to_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}
