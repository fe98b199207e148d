/* Target functions: assay_time_parse assay_time_parse_loose
 * assay_time_parse_utctime assay_time_parse_generalized assay_time_format */
/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_timestamp.c - every way to read a time, on the same text.
 */
#include "base/timestamp.h"
#include "harness/fuzz.h"

#define UNTOUCHED INT64_C(0x5a5a5a5a5a5a5a5a)

/* The RFC 3339 text of a time that was read; what it formats to reads back. */
static void
format(int64_t t, char text[ASSAY_TIME_TEXT])
{
    int64_t again = UNTOUCHED;
    struct assay_error err;

    assay_error_clear(&err);
    assay_time_format(t, text);
    PROMISE(memchr(text, '\0', ASSAY_TIME_TEXT) != NULL);
    if (strcmp(text, "?") != 0) {
        PROMISE(assay_time_parse(assay_slice_of(text), &again, "time", &err) ==
                ASSAY_OK);
        PROMISE(again == t);
    }
}

typedef enum assay_code parse_fn(struct assay_slice text, int64_t *out_s,
                                 const char *field, struct assay_error *err);

static bool
parse(parse_fn *fn, struct assay_slice in, int64_t *t)
{
    struct assay_error err;
    enum assay_code code;

    *t = UNTOUCHED;
    assay_error_clear(&err);
    code = fn(in, t, "time", &err);
    fuzz_check_error(&err, code, in.len);
    PROMISE(code == ASSAY_OK || code == ASSAY_MALFORMED);
    PROMISE((code == ASSAY_OK) == (*t != UNTOUCHED));
    return code == ASSAY_OK;
}

/* X.509 forms are the strict form without its separators. */
static void
check_digits(struct assay_slice in, const char *text, size_t skip)
{
    char digits[ASSAY_TIME_TEXT];
    size_t n = 0;

    for (const char *c = text; *c != '\0'; c++) {
        if (strchr("-:T", *c) == NULL) {
            digits[n++] = *c;
        }
    }
    digits[n] = '\0';
    PROMISE(assay_slice_is(in, digits + skip));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice in = {data, size};
    char text[ASSAY_TIME_TEXT];
    int64_t t;
    int64_t loose;

    if (parse(assay_time_parse, in, &t)) {
        format(t, text);
        PROMISE(assay_slice_is(in, text));
        PROMISE(parse(assay_time_parse_loose, in, &loose) && loose == t);
    }
    if (parse(assay_time_parse_loose, in, &t)) {
        format(t, text);
    }
    if (parse(assay_time_parse_utctime, in, &t)) {
        format(t, text);
        check_digits(in, text, 2);
        PROMISE(strcmp(text, "1950") >= 0 && strcmp(text, "2050") < 0);
    }
    if (parse(assay_time_parse_generalized, in, &t)) {
        format(t, text);
        check_digits(in, text, 0);
    }
    return 0;
}
