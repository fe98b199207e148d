/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * buf.c - a growable buffer with a maximum, wiped when it is given back.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"

#define FIRST_CAPACITY 64u /* bytes */

static void
wipe_and_free(uint8_t *p, size_t n)
{
    if (p != NULL) {
        memset(p, 0, n);
        /* The compiler must believe that somebody reads the zeros. */
        __asm__ volatile("" : : "r"(p) : "memory");
        free(p);
    }
}

void
assay_buf_init(struct assay_buf *b, size_t max)
{
    *b = (struct assay_buf){.max = max};
}

void
assay_buf_free(struct assay_buf *b)
{
    wipe_and_free(b->ptr, b->cap);
    assay_buf_init(b, b->max);
}

struct assay_slice
assay_buf_slice(const struct assay_buf *b)
{
    return (struct assay_slice){b->ptr, b->len};
}

/* No realloc: it would leave an unwiped copy behind. */
static bool
move_to(struct assay_buf *b, size_t cap)
{
    uint8_t *p = malloc(cap);

    if (p == NULL) {
        return false;
    }
    assay_copy(p, assay_buf_slice(b));
    wipe_and_free(b->ptr, b->cap);
    b->ptr = p;
    b->cap = cap;
    return true;
}

static bool
grow(struct assay_buf *b, size_t need)
{
    size_t cap = b->cap > b->max / 2 ? b->max : b->cap * 2;

    if (cap < FIRST_CAPACITY) {
        cap = FIRST_CAPACITY < b->max ? FIRST_CAPACITY : b->max;
    }
    return move_to(b, cap < need ? need : cap);
}

void
assay_buf_reserve(struct assay_buf *b, size_t n)
{
    size_t room = b->max - b->len;

    n = n < room ? n : room;
    if (!b->failed && n > b->cap - b->len) {
        (void)move_to(b, b->len + n);
    }
}

uint8_t *
assay_buf_extend(struct assay_buf *b, size_t n)
{
    static uint8_t nothing[1]; /* so that 0 bytes are no failure */

    if (b->failed) {
        return NULL;
    }
    if (n > b->max - b->len) {
        b->failed = true;
        return NULL;
    }
    if (n > b->cap - b->len && !grow(b, b->len + n)) {
        b->failed = true;
        b->no_memory = true;
        return NULL;
    }
    b->len += n;
    return b->ptr != NULL ? b->ptr + b->len - n : nothing;
}

void
assay_buf_add(struct assay_buf *b, struct assay_slice s)
{
    uint8_t *to = assay_buf_extend(b, s.len);

    if (to != NULL) {
        assay_copy(to, s);
    }
}

static void
add_le(struct assay_buf *b, uint64_t v, size_t n)
{
    uint8_t *to = assay_buf_extend(b, n);

    for (size_t i = 0; to != NULL && i < n; i++) {
        to[i] = (uint8_t)(v >> (8 * i));
    }
}

void
assay_buf_add_u8(struct assay_buf *b, uint8_t v)
{
    add_le(b, v, 1);
}

void
assay_buf_add_le16(struct assay_buf *b, uint16_t v)
{
    add_le(b, v, 2);
}

void
assay_buf_add_le32(struct assay_buf *b, uint32_t v)
{
    add_le(b, v, 4);
}

void
assay_buf_add_le64(struct assay_buf *b, uint64_t v)
{
    add_le(b, v, 8);
}

void
assay_buf_add_text(struct assay_buf *b, const char *text)
{
    assay_buf_add(b, assay_slice_of(text));
}

void
assay_buf_printf(struct assay_buf *b, const char *fmt, ...)
{
    char small[256];
    char *text = small;
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n > b->max - b->len) {
        b->failed = true;
        return;
    }
    if ((size_t)n >= sizeof(small)) {
        text = malloc((size_t)n + 1);
        if (text == NULL) {
            b->failed = true;
            b->no_memory = true;
            return;
        }
        va_start(args, fmt);
        (void)vsnprintf(text, (size_t)n + 1, fmt, args);
        va_end(args);
    }
    assay_buf_add(b, (struct assay_slice){(uint8_t *)text, (size_t)n});
    if (text != small) {
        wipe_and_free((uint8_t *)text, (size_t)n);
    }
}

enum assay_code
assay_buf_check(const struct assay_buf *b, const char *what,
                struct assay_error *err)
{
    if (!b->failed) {
        return ASSAY_OK;
    }
    if (b->no_memory) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "%s: out of memory", what);
    }
    return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                      "%s: more than %zu bytes", what, b->max);
}
