/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * unit.h - what every table-driven unit test uses on top of cmocka.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Ends the test, naming the row of the table, unless the condition holds. */
#define CHECK(row, condition)                                                  \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fail_msg("row \"%s\": %s", (row), #condition);                     \
        }                                                                      \
    } while (0)

/* The three things an error says; a message is compared by its start. */
static inline void
check_error(const char *row, const struct assay_error *err,
            enum assay_code code, const char *msg, size_t offset)
{
    if (err->code != code || err->offset != offset ||
        strncmp(err->msg, msg, strlen(msg)) != 0) {
        fail_msg("row \"%s\": %s at %zd \"%s\", want %s at %zd \"%s\"", row,
                 assay_code_name(err->code), (ssize_t)err->offset, err->msg,
                 assay_code_name(code), (ssize_t)offset, msg);
    }
}

/* A copy in a heap block of exactly its size, so that a read past the end is
 * one that a sanitizer sees. Freed with free((void *)s.ptr). */
static inline struct assay_slice
exact_copy(struct assay_slice s)
{
    uint8_t *p = malloc(s.len > 0 ? s.len : 1);

    assert_non_null(p);
    if (s.len == 0) { /* one past the end of a block of one byte */
        return (struct assay_slice){p, 0};
    }
    memcpy(p, s.ptr, s.len);
    return (struct assay_slice){p, s.len};
}
