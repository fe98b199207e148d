/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * origins.c - pages that may use a daemon.
 */
#include "daemon/origins.h"

#include <string.h>

#include "base/bytes.h"
#include "http1/fields.h"

#define LOWER       "abcdefghijklmnopqrstuvwxyz"
#define DIGITS      "0123456789"
#define SHOWN_BYTES 80

/* How many octets at its start are of these. */
static size_t
span(struct assay_slice s, const char *of)
{
    size_t n = 0;

    while (n < s.len && s.ptr[n] != '\0' && strchr(of, s.ptr[n]) != NULL) {
        n++;
    }
    return n;
}

static bool
ends_with(struct assay_slice s, const char *end)
{
    size_t n = strlen(end);

    return s.len >= n && memcmp(s.ptr + s.len - n, end, n) == 0;
}

/* As a browser serialises it (section 6.2): nothing behind the host but a port
 * that is not the usual one; "null" of a page that has none. */
static bool
is_origin(struct assay_slice s)
{
    size_t scheme = span(s, LOWER DIGITS "+-.");
    struct assay_slice rest = {s.ptr + scheme, s.len - scheme};
    struct assay_slice mark = {rest.ptr, rest.len < 3 ? rest.len : 3};

    if (assay_slice_is(s, "null")) {
        return true;
    }
    if (scheme == 0 || !assay_slice_is(mark, "://") || rest.len == mark.len) {
        return false;
    }
    rest.ptr += mark.len;
    rest.len -= mark.len;
    s.len = scheme;
    return span(rest, LOWER DIGITS "-._:[]") == rest.len &&
           !(assay_slice_is(s, "https") && ends_with(rest, ":443")) &&
           !(assay_slice_is(s, "http") && ends_with(rest, ":80"));
}

enum assay_code
origins_check(const char *list, struct assay_error *err)
{
    struct assay_slice rest = assay_slice_of(list);
    struct assay_slice text;
    size_t count = 0;

    assay_error_clear(err);
    while (err->code == ASSAY_OK && assay_http1_list_next(&rest, &text)) {
        count++;
        if (!is_origin(text)) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "'%.*s' is no origin as browsers write them: "
                       "https://HOST or https://HOST:PORT, in small letters, "
                       "with nothing behind it and no :443",
                       (int)(text.len < SHOWN_BYTES ? text.len : SHOWN_BYTES),
                       (const char *)text.ptr);
        }
    }
    if (count == 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "it names no origin");
    }
    return err->code;
}
