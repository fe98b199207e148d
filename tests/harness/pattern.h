/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pattern.h - octets that tell where in a stream they belong.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void
make(uint8_t *bytes, size_t len, size_t from)
{
    for (size_t i = 0; i < len; i++) {
        size_t at = from + i;

        bytes[i] = (uint8_t)(at * 7 + (at >> 8) * 13 + (at >> 16));
    }
}

static inline bool
is_made(const uint8_t *bytes, size_t len, size_t from)
{
    uint8_t right[4096];

    while (len > 0) {
        size_t n = len < sizeof(right) ? len : sizeof(right);

        make(right, n, from);
        if (memcmp(bytes, right, n) != 0) {
            return false;
        }
        bytes += n;
        from += n;
        len -= n;
    }
    return true;
}
