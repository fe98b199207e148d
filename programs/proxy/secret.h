/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * secret.h - comparing what a stranger says with what only a few may know.
 */
#pragma once

#include "base/bytes.h"

/* How long it takes says how long the right one is, and nothing else. */
static inline bool
secret_is(struct assay_slice given, const char *secret)
{
    size_t len = strlen(secret);
    uint8_t differs = given.len != len;

    for (size_t i = 0; i < len; i++) {
        differs |=
            (uint8_t)((i < given.len ? given.ptr[i] : 0) ^ (uint8_t)secret[i]);
    }
    return differs == 0;
}
