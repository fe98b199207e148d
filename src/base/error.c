/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * error.c - recording the first failure, and the table of codes.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
    const char *hint;
} codes[] = {
#define X(code, name, text, hint) [code] = {name, text, hint},
    ASSAY_CODES(X)
#undef X
};

#define CODES_COUNT (sizeof(codes) / sizeof(codes[0]))

const char *
assay_code_name(enum assay_code code)
{
    return (size_t)code < CODES_COUNT ? codes[code].name : "unknown";
}

const char *
assay_code_text(enum assay_code code)
{
    return (size_t)code < CODES_COUNT ? codes[code].text : "unknown code";
}

const char *
assay_code_hint(enum assay_code code)
{
    return (size_t)code < CODES_COUNT ? codes[code].hint : "";
}

void
assay_error_clear(struct assay_error *err)
{
    err->code = ASSAY_OK;
    err->offset = ASSAY_NO_OFFSET;
    err->msg[0] = '\0';
}

/* What vsnprintf(text, size, ...) wrote, its result being n, as printable
 * characters; a NUL that came from a %c is one of them. */
static void
make_printable(char *text, size_t size, int n)
{
    size_t len = n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;

    for (size_t i = 0; i < len; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            text[i] = '?';
        }
    }
    text[len] = '\0';
}

enum assay_code
assay_fail(struct assay_error *err, enum assay_code code, size_t offset,
           const char *fmt, ...)
{
    va_list args;
    int n;

    if (err->code != ASSAY_OK) {
        return err->code;
    }
    err->code = code;
    err->offset = offset;
    va_start(args, fmt);
    n = vsnprintf(err->msg, sizeof(err->msg), fmt, args);
    va_end(args);
    make_printable(err->msg, sizeof(err->msg), n);
    return err->code;
}

void
assay_error_prefix(struct assay_error *err, const char *fmt, ...)
{
    char where[sizeof(err->msg)];
    size_t n;
    size_t keep;
    int printed;
    va_list args;

    if (err->code == ASSAY_OK) {
        return;
    }
    va_start(args, fmt);
    printed = vsnprintf(where, sizeof(where) - 2, fmt, args);
    va_end(args);
    make_printable(where, sizeof(where) - 2, printed);
    n = strlen(where); /* at most sizeof(where) - 3: two more fit */
    where[n++] = ':';
    where[n++] = ' ';

    /* What does not fit is lost at the end, where messages matter least. */
    keep = strlen(err->msg);
    if (keep > sizeof(err->msg) - 1 - n) {
        keep = sizeof(err->msg) - 1 - n;
    }
    memmove(err->msg + n, err->msg, keep);
    err->msg[n + keep] = '\0';
    memcpy(err->msg, where, n);
}
