/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * member_pinned.c - the member that says how a policy's measurements were come
 * by: where it was pinned, when, and how.
 */
#include <stdlib.h>

#include "policy/parse.h"

static const char *const hows[] = {
    [ASSAY_PINNED_SESSION] = "session",
    [ASSAY_PINNED_UNVERIFIED_TLS] = "unverified_tls",
    [ASSAY_PINNED_QUOTE] = "quote",
    NULL,
};

const char *
assay_pinned_how_name(enum assay_pinned_how how)
{
    return (unsigned)how <= ASSAY_PINNED_QUOTE ? hows[how] : "unknown";
}

static enum assay_pinned_how
read_how(const struct assay_member_place *at)
{
    struct assay_slice s = assay_json_string(at->doc, at->node);

    for (size_t i = 0; hows[i] != NULL; i++) {
        if (assay_json_type(at->doc, at->node) == ASSAY_JSON_STRING &&
            assay_slice_is(s, hows[i])) {
            return (enum assay_pinned_how)i;
        }
    }
    assay_member_fail(at,
                      "must be \"session\", \"unverified_tls\" or \"quote\"");
    return ASSAY_PINNED_UNVERIFIED_TLS;
}

static void
read_part(const struct assay_member_place *at, struct assay_slice name,
          struct assay_pinned *out)
{
    static const char *const names[] = {"at", "from", "how", NULL};

    if (assay_slice_is(name, "at")) {
        out->at_s = assay_member_date(at).value;
    } else if (assay_slice_is(name, "from")) {
        out->from = assay_member_string(at);
    } else if (assay_slice_is(name, "how")) {
        out->how = read_how(at);
    } else {
        assay_member_unknown(at, name, names);
    }
}

void
assay_member_pinned(const struct assay_member_place *at,
                    struct assay_pinned *out)
{
    for (uint32_t n = assay_json_first(at->doc, at->node);
         assay_json_type(at->doc, at->node) == ASSAY_JSON_OBJECT &&
         n != ASSAY_JSON_NONE && at->err->code == ASSAY_OK;
         n = assay_json_next(at->doc, n)) {
        char path[ASSAY_MEMBER_PATH];
        struct assay_member_place part = assay_member_part(at, n, path);

        read_part(&part, assay_json_string(at->doc, n), out);
    }
    /* Names are unique and known, so three of them are all. */
    if (assay_json_type(at->doc, at->node) != ASSAY_JSON_OBJECT ||
        assay_json_count(at->doc, at->node) != 3) {
        assay_member_fail(at, "must be an object of at, from and how");
    }
}
