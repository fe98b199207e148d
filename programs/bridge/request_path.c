/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * request_path.c - which path of the bridge a request is for.
 */
#include "request_path.h"

#include <string.h>

#include "base/bytes.h"

static struct assay_slice
behind(struct assay_slice s, size_t n)
{
    return (struct assay_slice){s.ptr + n, s.len - n};
}

/* What is behind the authority of a URI is *rest. */
static bool
split_uri(struct assay_slice target, struct assay_slice *rest)
{
    static const char *const schemes[] = {"http://", "https://", "ws://",
                                          "wss://"};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t n = strlen(schemes[i]);
        struct assay_slice start = {target.ptr, n};

        if (target.len > n && assay_slice_is_nocase(start, schemes[i])) {
            while (n < target.len && target.ptr[n] != '/' &&
                   target.ptr[n] != '?') {
                n++;
            }
            *rest = behind(target, n);
            return true;
        }
    }
    return false;
}

struct assay_slice
request_path(struct assay_slice target, struct assay_slice *query)
{
    struct assay_slice path = target;
    bool whole = split_uri(target, &path);
    size_t mark = assay_slice_find(path, "?");

    *query = ASSAY_EMPTY;
    if (mark != ASSAY_NO_OFFSET) {
        *query = behind(path, mark + 1);
        path.len = mark;
    }
    /* RFC 9110, section 4.2.3 */
    return whole && path.len == 0 ? assay_slice_of("/") : path;
}
