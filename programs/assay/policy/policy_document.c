/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_document.c - a policy as the JSON that the library writes of it.
 */
#include "policy_document.h"

#include <string.h>

#define DOCUMENT_MAX_BYTES (8u * 1024u * 1024u)

static const struct assay_json_limits limits = {DOCUMENT_MAX_BYTES, 48,
                                                64u * 1024u};

static enum assay_code
make_one(const struct assay_policy *p, bool all, struct assay_buf *text,
         struct assay_json **out, struct assay_error *err)
{
    assay_buf_init(text, DOCUMENT_MAX_BYTES);
    if (assay_policy_to_json(p, all, text, err) != ASSAY_OK) {
        return err->code;
    }
    return assay_json_parse(assay_buf_slice(text), &limits, "policy", out, err);
}

enum assay_code
policy_document_make(const struct assay_policy *p, struct policy_document *out,
                     struct assay_error *err)
{
    struct policy_document d = {.all = NULL};

    memset(out, 0, sizeof(*out));
    if (make_one(p, true, &d.text[0], &d.all, err) != ASSAY_OK ||
        make_one(p, false, &d.text[1], &d.rules, err) != ASSAY_OK) {
        policy_document_free(&d);
        return err->code;
    }
    *out = d;
    return ASSAY_OK;
}

void
policy_document_free(struct policy_document *d)
{
    assay_json_free(d->all);
    assay_json_free(d->rules);
    assay_buf_free(&d->text[0]);
    assay_buf_free(&d->text[1]);
    memset(d, 0, sizeof(*d));
}

bool
policy_document_sets(const struct policy_document *d, struct assay_slice name)
{
    uint32_t n = assay_json_first(d->rules, ASSAY_JSON_ROOT);

    while (n != ASSAY_JSON_NONE &&
           !assay_slice_equal(assay_json_string(d->rules, n), name)) {
        n = assay_json_next(d->rules, n);
    }
    return n != ASSAY_JSON_NONE;
}

uint32_t
policy_document_first(const struct assay_json *j, uint32_t value)
{
    if (value == ASSAY_JSON_NONE ||
        assay_json_type(j, value) == ASSAY_JSON_NULL) {
        return ASSAY_JSON_NONE;
    }
    return assay_json_type(j, value) == ASSAY_JSON_ARRAY
               ? assay_json_first(j, value)
               : value;
}

uint32_t
policy_document_next(const struct assay_json *j, uint32_t value, uint32_t item)
{
    return item == value ? ASSAY_JSON_NONE : assay_json_next(j, item);
}
