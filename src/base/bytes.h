/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bytes.h - bounded reading of bytes that somebody else owns.
 *
 * A reader cannot leave its slice. The first failure sticks: later reads
 * return zero, so a parser reads all fields in order and checks once.
 */
#pragma once

#include <string.h>

#include "assay/bytes.h"
#include "base/error.h"

#define ASSAY_SLICE(array) ((struct assay_slice){(array), sizeof(array)})
#define ASSAY_EMPTY        ((struct assay_slice){NULL, 0})

struct assay_reader {
    struct assay_slice in;
    size_t pos;              /* next byte to read; never above in.len */
    size_t base;             /* added to pos in error offsets */
    struct assay_error *err; /* holds the first failure */
};

/* assay_read() where it cannot give what is asked for: records why. */
struct assay_slice assay_read_fail(struct assay_reader *r, size_t n,
                                   const char *field);

/* `field` names what is read, for the error message: "header.version". These
 * two are here so that they are compiled into the parsers, whose time they
 * otherwise take up. */
static inline struct assay_slice
assay_read(struct assay_reader *r, size_t n, const char *field)
{
    size_t left = r->in.len - r->pos; /* pos <= len always, so no wrap */

    if (n == 0 || n > left || r->err->code != ASSAY_OK) {
        return assay_read_fail(r, n, field);
    }
    r->pos += n;
    return (struct assay_slice){r->in.ptr + r->pos - n, n};
}

static inline uint8_t
assay_read_u8(struct assay_reader *r, const char *field)
{
    struct assay_slice s = assay_read(r, 1, field);

    return s.len == 1 ? s.ptr[0] : 0;
}

uint16_t assay_read_le16(struct assay_reader *r, const char *field);
uint32_t assay_read_le32(struct assay_reader *r, const char *field);
uint64_t assay_read_le64(struct assay_reader *r, const char *field);
/* Bytes not yet read. */
size_t assay_read_left(const struct assay_reader *r);
/* Fails with ASSAY_MALFORMED if anything is left. */
void assay_read_end(struct assay_reader *r, const char *what);

/* Same length and same bytes. Not for secrets: time depends on content. */
bool assay_slice_equal(struct assay_slice a, struct assay_slice b);
bool assay_slice_is(struct assay_slice a, const char *text);
/* ASCII letters compared without case. */
bool assay_slice_is_nocase(struct assay_slice a, const char *text);
bool assay_slice_is_zero(struct assay_slice a);
/* Where `needle` first starts in `hay`, or ASSAY_NO_OFFSET. */
size_t assay_slice_find(struct assay_slice hay, const char *needle);
struct assay_slice assay_slice_of(const char *text);
/* memcpy that is fine with an empty slice; the caller knows the room. */
void assay_copy(void *to, struct assay_slice from);
