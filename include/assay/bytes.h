/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bytes.h - bytes that are borrowed (slice) and bytes that are owned (buf).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed: never freed through a slice, and dead when its owner dies. */
struct assay_slice {
    const uint8_t *ptr;
    size_t len; /* bytes */
};

/* A growable buffer that cannot grow above `max`. The first failure sticks
 * (`failed`): later appends do nothing, so a writer checks once at the end. */
struct assay_buf {
    uint8_t *ptr;
    size_t len; /* bytes used */
    size_t cap; /* bytes allocated */
    size_t max; /* bytes, fixed by assay_buf_init() */
    bool failed;
    bool no_memory; /* it failed for want of memory, not for `max` */
};

/* Owns nothing until the first append. */
ASSAY_API void assay_buf_init(struct assay_buf *b, size_t max);
/* Wipes and frees; the buffer is empty and usable afterwards. */
ASSAY_API void assay_buf_free(struct assay_buf *b);
/* What was written so far; valid until the next append or free. */
ASSAY_API struct assay_slice assay_buf_slice(const struct assay_buf *b);

#ifdef __cplusplus
}
#endif
