/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * der_edit.h - one change to a good DER, with the lengths of everything around
 * it set right, so that a row of a table breaks one rule and no other.
 */
#pragma once

#include "base/buf.h"
#include "base/text.h"
#include "harness/unit.h"

#define DER_MAX       (1024u * 1024u)
#define DER_DEPTH_MAX 16u
#define NOWHERE       LONG_MIN /* the offset of an error is not compared */

#include <limits.h>

struct der_edit {
    const char *find; /* hex; the edit is where it first stands; NULL: at the
                         end of everything */
    size_t skip;      /* octets between the start of `find` and the edit */
    size_t cut;       /* octets taken out ... */
    const char *put;  /* ... and hex of those put in */
};

struct der_element {
    size_t start;
    size_t header; /* octets of tag and length */
    size_t len;    /* of the content */
    uint8_t bytes[6];
};

static inline void
add_hex(struct assay_buf *b, const char *hex)
{
    size_t n = strlen(hex) / 2;
    struct assay_error err;

    assay_error_clear(&err);
    if (n > 0) {
        uint8_t *room = assay_buf_extend(b, n);

        assert_non_null(room);
        assert_int_equal(
            assay_hex_decode(assay_slice_of(hex), room, n, "test data", &err),
            ASSAY_OK);
    }
}

static inline struct assay_buf
from_hex(const char *hex)
{
    struct assay_buf b;

    assay_buf_init(&b, DER_MAX);
    add_hex(&b, hex);
    return b;
}

/* Of the element at `pos`, one of those that good DER has. */
static inline bool
der_element_at(struct assay_slice der, size_t pos, size_t end,
               struct der_element *e)
{
    size_t octets;

    *e = (struct der_element){.start = pos, .header = 2};
    if (pos + 2 > end) {
        return false;
    }
    e->len = der.ptr[pos + 1];
    if (e->len >= 0x80) {
        octets = e->len & 0x7f;
        if (octets == 0 || octets > 4 || pos + 2 + octets > end) {
            return false;
        }
        e->header += octets;
        e->len = 0;
        for (size_t i = 0; i < octets; i++) {
            e->len = e->len << 8 | der.ptr[pos + 2 + i];
        }
    }
    return e->len <= end - pos - e->header;
}

/* Where elements may start inside this one; 0: nowhere. */
static inline size_t
der_inside(struct assay_slice der, const struct der_element *e)
{
    uint8_t tag = der.ptr[e->start];
    size_t at = e->start + e->header + (tag == 0x03 ? 1 : 0);
    size_t end = e->start + e->header + e->len;
    struct der_element inner;

    if ((tag & 0x20) != 0) {
        return at;
    }
    if ((tag == 0x03 || tag == 0x04) && der_element_at(der, at, end, &inner) &&
        inner.start + inner.header + inner.len == end) {
        return at;
    }
    return 0;
}

/* The elements around [at, at + cut), outermost first. */
static inline size_t
der_around(struct assay_slice der, size_t at, size_t cut,
           struct der_element around[DER_DEPTH_MAX])
{
    size_t depth = 0;
    size_t pos = 0;
    size_t end = der.len;
    struct der_element e;

    while (depth < DER_DEPTH_MAX && der_element_at(der, pos, end, &e)) {
        size_t inside = der_inside(der, &e);
        size_t next = e.start + e.header + e.len;

        if (at >= next) {
            pos = next;
        } else if (inside != 0 && at >= inside && at + cut <= next) {
            around[depth++] = e;
            pos = inside;
            end = next;
        } else {
            break;
        }
    }
    return depth;
}

static inline void
der_header(uint8_t tag, struct der_element *e)
{
    size_t octets = 0;

    while (e->len >= 0x80 && octets < 4 && e->len >> (8 * octets) != 0) {
        octets++;
    }
    e->bytes[0] = tag;
    e->bytes[1] = (uint8_t)(octets == 0 ? e->len : 0x80 | octets);
    for (size_t i = 0; i < octets; i++) {
        e->bytes[2 + i] = (uint8_t)(e->len >> (8 * (octets - 1 - i)));
    }
    e->header = 2 + octets;
}

/* Appends the edited DER to *out; returns where the edit now stands. */
static inline size_t
der_edit(const char *row, struct assay_slice der, const struct der_edit *edit,
         struct assay_buf *out)
{
    struct assay_buf find = from_hex(edit->find != NULL ? edit->find : "");
    struct assay_buf put = from_hex(edit->put);
    struct der_element around[DER_DEPTH_MAX];
    struct der_element fresh[DER_DEPTH_MAX];
    size_t at = der.len;
    size_t depth;
    size_t grown = put.len - edit->cut; /* may wrap, and wraps back */
    size_t from = 0;

    for (size_t i = 0; edit->find != NULL && i + find.len <= der.len; i++) {
        if (memcmp(der.ptr + i, find.ptr, find.len) == 0) {
            at = i + edit->skip;
            break;
        }
    }
    CHECK(row, edit->find == NULL || at < der.len); /* it is there */
    CHECK(row, edit->cut <= der.len - at);
    depth = der_around(der, at, edit->cut, around);
    for (size_t i = depth; i > 0; i--) {
        fresh[i - 1] = around[i - 1];
        fresh[i - 1].len += grown;
        der_header(der.ptr[around[i - 1].start], &fresh[i - 1]);
        grown += fresh[i - 1].header - around[i - 1].header;
    }
    for (size_t i = 0; i < depth; i++) {
        assay_buf_add(
            out, (struct assay_slice){der.ptr + from, around[i].start - from});
        assay_buf_add(out,
                      (struct assay_slice){fresh[i].bytes, fresh[i].header});
        from = around[i].start + around[i].header;
    }
    assay_buf_add(out, (struct assay_slice){der.ptr + from, at - from});
    from = out->len;
    assay_buf_add(out, assay_buf_slice(&put));
    at += edit->cut;
    assay_buf_add(out, (struct assay_slice){der.ptr + at, der.len - at});
    CHECK(row, !out->failed);
    assay_buf_free(&put);
    assay_buf_free(&find);
    return from;
}

/* An output that nothing was written to. */
static inline bool
is_empty(const void *output, size_t size)
{
    return assay_slice_is_zero((struct assay_slice){output, size});
}

/* An error whose offset is counted from the edit. */
static inline void
check_der_error(const char *row, const struct assay_error *err,
                enum assay_code code, const char *msg, size_t edit_at, long at)
{
    size_t offset = at == NOWHERE ? err->offset : (size_t)((long)edit_at + at);

    check_error(row, err, code, code == ASSAY_OK ? "" : msg,
                code == ASSAY_OK ? err->offset : offset);
}
