/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "collateral/fields.h"

#include "base/text.h"
#include "base/timestamp.h"

#define MAX_ADVISORIES 256u

uint32_t
assay_field(const struct assay_fields *f, const char *name,
            enum assay_json_type type)
{
    uint32_t node = assay_json_member(f->doc, f->node, name);

    if (f->err->code != ASSAY_OK) {
        return ASSAY_JSON_NONE;
    }
    if (node == ASSAY_JSON_NONE) {
        assay_fail(f->err, ASSAY_MALFORMED, assay_json_offset(f->doc, f->node),
                   "%s.%s: missing", f->path, name);
        return ASSAY_JSON_NONE;
    }
    if (assay_json_type(f->doc, node) != type) {
        assay_fail(f->err, ASSAY_MALFORMED, assay_json_offset(f->doc, node),
                   "%s.%s: not of type %s", f->path, name,
                   assay_json_type_name(type));
        return ASSAY_JSON_NONE;
    }
    return node;
}

struct assay_fields
assay_field_object(const struct assay_fields *f, const char *name,
                   const char *path)
{
    return (struct assay_fields){
        .doc = f->doc,
        .node = assay_field(f, name, ASSAY_JSON_OBJECT),
        .path = path,
        .err = f->err,
    };
}

uint32_t
assay_field_u32(const struct assay_fields *f, const char *name, uint32_t max)
{
    uint32_t node = assay_field(f, name, ASSAY_JSON_NUMBER);
    uint64_t v = 0;

    if (node == ASSAY_JSON_NONE) {
        return 0;
    }
    if (!assay_json_u64(f->doc, node, &v) || v > max) {
        assay_fail(f->err, ASSAY_MALFORMED, assay_json_offset(f->doc, node),
                   "%s.%s: not an integer from 0 to %u", f->path, name, max);
        return 0;
    }
    return (uint32_t)v;
}

struct assay_slice
assay_field_string(const struct assay_fields *f, const char *name)
{
    uint32_t node = assay_field(f, name, ASSAY_JSON_STRING);

    return node == ASSAY_JSON_NONE ? ASSAY_EMPTY
                                   : assay_json_string(f->doc, node);
}

/* A text parser's failure, placed where the member stands. */
static void
take(const struct assay_fields *f, const char *name,
     const struct assay_error *sub)
{
    if (sub->code != ASSAY_OK) {
        uint32_t node = assay_json_member(f->doc, f->node, name);

        assay_fail(f->err, ASSAY_MALFORMED, assay_json_offset(f->doc, node),
                   "%s.%s", f->path, sub->msg);
    }
}

void
assay_field_hex(const struct assay_fields *f, const char *name, uint8_t *out,
                size_t n)
{
    struct assay_slice text = assay_field_string(f, name);
    struct assay_error sub;

    if (f->err->code == ASSAY_OK) {
        assay_error_clear(&sub);
        (void)assay_hex_decode(text, out, n, name, &sub);
        take(f, name, &sub);
    }
}

int64_t
assay_field_time(const struct assay_fields *f, const char *name)
{
    struct assay_slice text = assay_field_string(f, name);
    struct assay_error sub;
    int64_t t = 0;

    if (f->err->code == ASSAY_OK) {
        assay_error_clear(&sub);
        (void)assay_time_parse(text, &t, name, &sub);
        take(f, name, &sub);
    }
    return t;
}

static bool
is_advisory(struct assay_slice s)
{
    bool good = s.len > 0 && s.len <= ASSAY_ADVISORY_MAX_BYTES;

    for (size_t i = 0; good && i < s.len; i++) {
        good = s.ptr[i] > 0x20 && s.ptr[i] < 0x7f;
    }
    return good;
}

static uint32_t
read_advisories(const struct assay_fields *f)
{
    uint32_t list;

    if (assay_json_member(f->doc, f->node, "advisoryIDs") == ASSAY_JSON_NONE) {
        return ASSAY_JSON_NONE;
    }
    list = assay_field(f, "advisoryIDs", ASSAY_JSON_ARRAY);
    if (assay_json_count(f->doc, list) > MAX_ADVISORIES) {
        assay_fail(f->err, ASSAY_TOO_LARGE, assay_json_offset(f->doc, list),
                   "%s.advisoryIDs: more than %u", f->path, MAX_ADVISORIES);
    }
    for (uint32_t n = assay_json_first(f->doc, list);
         n != ASSAY_JSON_NONE && f->err->code == ASSAY_OK;
         n = assay_json_next(f->doc, n)) {
        if (assay_json_type(f->doc, n) != ASSAY_JSON_STRING ||
            !is_advisory(assay_json_string(f->doc, n))) {
            assay_fail(f->err, ASSAY_MALFORMED, assay_json_offset(f->doc, n),
                       "%s.advisoryIDs: not an advisory ID", f->path);
        }
    }
    return list;
}

void
assay_field_level_tail(const struct assay_fields *f, bool component,
                       struct assay_level_tail *out)
{
    struct assay_slice name = assay_field_string(f, "tcbStatus");
    enum assay_tcb_status s = assay_tcb_status_parse(name);

    out->tcb_date_s = assay_field_time(f, "tcbDate");
    out->advisories = read_advisories(f);
    out->status = s;
    if (f->err->code != ASSAY_OK) {
        return;
    }
    /* The two relaunch statuses are results; no signed level has them. */
    if (s == ASSAY_TCB_NONE || s > ASSAY_TCB_REVOKED ||
        (component && s != ASSAY_TCB_UP_TO_DATE && s != ASSAY_TCB_OUT_OF_DATE &&
         s != ASSAY_TCB_REVOKED)) {
        assay_fail(f->err, ASSAY_MALFORMED,
                   assay_json_offset(
                       f->doc, assay_json_member(f->doc, f->node, "tcbStatus")),
                   "%s.tcbStatus: '%.*s' is not known here", f->path,
                   (int)(name.len < 40 ? name.len : 40),
                   (const char *)name.ptr);
    }
}
