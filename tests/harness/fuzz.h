/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fuzz.h - promises that every fuzz target holds the library to. A broken one
 * aborts, so that it is found like a crash.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/verify.h"
#include "base/buf.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, naming the promise, unless it holds. */
#define PROMISE(condition)                                                     \
    do {                                                                       \
        if (!(condition)) {                                                    \
            (void)fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__,     \
                          __LINE__, #condition);                               \
            abort();                                                           \
        }                                                                      \
    } while (0)

#define FUZZ_OUT_MAX (1u << 20) /* bytes of JSON written about one input */

/* One context for the whole run; never freed, and reachable for ever. */
static inline const struct assay_ctx *
fuzz_ctx(void)
{
    static struct assay_ctx *ctx;
    struct assay_error err;

    if (ctx == NULL) {
        PROMISE(assay_ctx_new(&ctx, &err) == ASSAY_OK);
    }
    return ctx;
}

/* What an error says, whatever the input was; limit: the largest offset. */
static inline void
fuzz_check_error(const struct assay_error *err, enum assay_code code,
                 size_t limit)
{
    const char *end = memchr(err->msg, '\0', sizeof(err->msg));

    PROMISE(err->code == code);
    PROMISE(end != NULL);
    PROMISE(err->offset == ASSAY_NO_OFFSET || err->offset <= limit);
    PROMISE((code == ASSAY_OK) == (err->msg[0] == '\0'));
    PROMISE(code != ASSAY_OK || err->offset == ASSAY_NO_OFFSET);
    /* No input may make memory or the cryptographic library fail. */
    PROMISE(code != ASSAY_NO_MEMORY && code != ASSAY_CRYPTO);
    for (const char *p = err->msg; p < end; p++) {
        PROMISE(*p >= ' ' && *p <= '~');
    }
}

/* An output that was not given is all zeros. */
static inline void
fuzz_check_zero(const void *out, size_t size)
{
    const uint8_t *p = out;

    for (size_t i = 0; i < size; i++) {
        PROMISE(p[i] == 0);
    }
}

/* The slice lies inside of the other one; empty ones lie everywhere. */
static inline void
fuzz_check_inside(struct assay_slice s, struct assay_slice whole)
{
    if (s.len > 0) {
        PROMISE(s.ptr >= whole.ptr && s.len <= whole.len);
        PROMISE((size_t)(s.ptr - whole.ptr) <= whole.len - s.len);
    }
}

/* What the library writes is JSON by its own strict reader; frees out. */
static inline void
fuzz_check_json(struct assay_buf *out, enum assay_code code,
                const struct assay_error *err)
{
    static const struct assay_json_limits limits = {FUZZ_OUT_MAX, 16, 1 << 20};
    struct assay_json *j = NULL;
    struct assay_error sub;

    fuzz_check_error(err, code, 0);
    PROMISE(code == ASSAY_OK);
    assay_error_clear(&sub);
    if (assay_json_parse(assay_buf_slice(out), &limits, "written", &j, &sub) !=
        ASSAY_OK) {
        (void)fprintf(stderr, "%s at %zu\n", sub.msg, sub.offset);
    }
    PROMISE(j != NULL);
    PROMISE(assay_json_type(j, ASSAY_JSON_ROOT) == ASSAY_JSON_OBJECT);
    assay_json_free(j);
    assay_buf_free(out);
}

/* How many DER elements fill the slice; aborts if they do not fill it. An own
 * reading of lengths, so that a parser that stops early is found out. */
static inline size_t
fuzz_count_elements(struct assay_slice s)
{
    size_t count = 0;

    while (s.len > 0) {
        size_t head = 2;
        size_t len = s.len > 1 ? s.ptr[1] : SIZE_MAX;

        if (len >= 0x80 && len <= 0x84) {
            size_t octets = len & 0x7f;

            head += octets;
            len = 0;
            for (size_t i = 0; i < octets && 2 + i < s.len; i++) {
                len = len << 8 | s.ptr[2 + i];
            }
        }
        PROMISE(head <= s.len && len <= s.len - head);
        s.ptr += head + len;
        s.len -= head + len;
        count++;
    }
    return count;
}

/* Content of an element that is known to be whole. */
static inline struct assay_slice
fuzz_content(struct assay_slice element)
{
    size_t head = 2;

    if (element.ptr[1] >= 0x80) {
        head += element.ptr[1] & 0x7fu;
    }
    PROMISE(head <= element.len);
    return (struct assay_slice){element.ptr + head, element.len - head};
}

/* The element that starts the slice. */
static inline struct assay_slice
fuzz_element(struct assay_slice s)
{
    size_t head = 2;
    size_t len;

    PROMISE(s.len >= 2);
    len = s.ptr[1];
    if (len >= 0x80) {
        size_t octets = len & 0x7f;

        head += octets;
        PROMISE(head <= s.len);
        len = 0;
        for (size_t i = 0; i < octets; i++) {
            len = len << 8 | s.ptr[2 + i];
        }
    }
    PROMISE(head + len <= s.len);
    return (struct assay_slice){s.ptr, head + len};
}
