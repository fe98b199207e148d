/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fields.c - finding fields of a head, and what their lists name.
 */
#include "http1/fields.h"

#include "http1/chars.h"
#include "http1/http1.h"

bool
assay_http1_list_next(struct assay_slice *rest, struct assay_slice *element)
{
    while (rest->len > 0) {
        const uint8_t *comma = memchr(rest->ptr, ',', rest->len);
        size_t n = comma != NULL ? (size_t)(comma - rest->ptr) : rest->len;
        size_t taken = comma != NULL ? n + 1 : n;

        *element = assay_http1_trim((struct assay_slice){rest->ptr, n});
        rest->ptr += taken;
        rest->len -= taken;
        if (element->len > 0) {
            return true;
        }
    }
    return false;
}

struct assay_slice
assay_http1_get(const struct assay_http1_head *h, const char *name)
{
    for (size_t i = 0; i < h->field_count; i++) {
        if (assay_slice_is_nocase(h->field[i].name, name)) {
            return h->field[i].value;
        }
    }
    return ASSAY_EMPTY;
}

size_t
assay_http1_count(const struct assay_http1_head *h, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < h->field_count; i++) {
        count += assay_slice_is_nocase(h->field[i].name, name);
    }
    return count;
}

static bool
lists(struct assay_slice value, struct assay_slice token)
{
    struct assay_slice element;

    while (assay_http1_list_next(&value, &element)) {
        if (assay_http1_same(element, token)) {
            return true;
        }
    }
    return false;
}

static bool
has_token(const struct assay_http1_head *h, const char *name,
          struct assay_slice token)
{
    for (size_t i = 0; i < h->field_count; i++) {
        if (assay_slice_is_nocase(h->field[i].name, name) &&
            lists(h->field[i].value, token)) {
            return true;
        }
    }
    return false;
}

bool
assay_http1_has_token(const struct assay_http1_head *h, const char *name,
                      const char *token)
{
    return has_token(h, name, assay_slice_of(token));
}

bool
assay_http1_is_hop_by_hop(const struct assay_http1_head *h,
                          struct assay_slice name)
{
    static const char *const fixed[] = {
        "Connection",        "Keep-Alive", "Proxy-Connection", "TE",
        "Transfer-Encoding", "Upgrade",    "HTTP2-Settings",
    };

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (assay_slice_is_nocase(name, fixed[i])) {
            return true;
        }
    }
    return has_token(h, "Connection", name);
}
