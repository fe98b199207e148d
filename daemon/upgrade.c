/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upgrade.c - switching protocols behind a request.
 */
#include "daemon/upgrade.h"

#include "base/bytes.h"
#include "http1/chars.h"
#include "http1/fields.h"

/* Behind these, HTTP goes on where we do not read it. */
static bool
hides_http(struct assay_slice protocol)
{
    static const char *const prefixes[] = {"h2", "http", "tls"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t n = strlen(prefixes[i]);

        if (protocol.len >= n &&
            assay_slice_is_nocase((struct assay_slice){protocol.ptr, n},
                                  prefixes[i])) {
            return true;
        }
    }
    return false;
}

/* "name" or "name/version" */
static bool
is_protocol(struct assay_slice s)
{
    const uint8_t *slash = s.len > 0 ? memchr(s.ptr, '/', s.len) : NULL;
    size_t name = slash != NULL ? (size_t)(slash - s.ptr) : s.len;
    struct assay_slice version = {s.ptr + name + 1, s.len - name - 1};

    return name > 0 &&
           assay_http1_all((struct assay_slice){s.ptr, name},
                           ASSAY_HTTP1_TOKEN) &&
           (slash == NULL ||
            (version.len > 0 && assay_http1_all(version, ASSAY_HTTP1_TOKEN)));
}

enum assay_code
upgrade_check(const char *allowed, struct assay_error *err)
{
    struct assay_slice rest = assay_slice_of(allowed);
    struct assay_slice protocol;

    while (assay_http1_list_next(&rest, &protocol)) {
        if (!is_protocol(protocol) || hides_http(protocol)) {
            return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                              "'%.*s' is no protocol that can be passed on",
                              (int)(protocol.len < 40 ? protocol.len : 40),
                              (const char *)protocol.ptr);
        }
    }
    return err->code;
}

static bool
is_allowed(struct assay_slice protocol, const char *allowed)
{
    struct assay_slice rest = assay_slice_of(allowed);
    struct assay_slice one;

    while (assay_http1_list_next(&rest, &one)) {
        if (assay_http1_same(one, protocol)) {
            return !hides_http(protocol);
        }
    }
    return false;
}

struct assay_slice
upgrade_asked(const struct assay_http1_head *request, const char *allowed)
{
    struct assay_slice protocol = assay_http1_get(request, "Upgrade");
    bool has_body =
        request->framing == ASSAY_HTTP1_CHUNKED || request->content_length > 0;

    /* A list of several matches nothing that is allowed. */
    if (!request->upgrade || has_body ||
        assay_http1_count(request, "Upgrade") != 1 ||
        !is_allowed(protocol, allowed)) {
        return ASSAY_EMPTY;
    }
    return protocol;
}

bool
upgrade_granted(const struct assay_http1_head *response,
                struct assay_slice asked)
{
    return response->status == 101 && asked.len > 0 && response->upgrade &&
           assay_http1_count(response, "Upgrade") == 1 &&
           assay_http1_same(assay_http1_get(response, "Upgrade"), asked);
}
