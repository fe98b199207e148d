/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * compose.c - app-compose documents written anew: laid over the defaults, or
 * in the forms that are hashed.
 */
#include "assay/compose.h"

#include "base/json_canon.h"
#include "base/json_out.h"
#include "eventlog/compose_parts.h"

static const struct assay_json_limits limits = {
    .max_bytes = ASSAY_COMPOSE_MAX_BYTES,
    .max_depth = ASSAY_COMPOSE_MAX_DEPTH,
    .max_nodes = 256u * 1024u,
};

enum assay_code
assay_compose_parse(struct assay_slice text, const char *what,
                    struct assay_json **out, struct assay_error *err)
{
    if (assay_json_parse(text, &limits, what, out, err) != ASSAY_OK) {
        return err->code;
    }
    if (assay_json_type(*out, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT) {
        assay_fail(err, ASSAY_INVALID, assay_json_offset(*out, ASSAY_JSON_ROOT),
                   "%s: not an object", what);
        assay_json_free(*out);
        *out = NULL;
    }
    return err->code;
}

struct assay_compose_at
assay_compose_member(struct assay_compose_at object, struct assay_slice name)
{
    uint32_t at = ASSAY_JSON_NONE;

    if (assay_json_type(object.doc, object.node) == ASSAY_JSON_OBJECT) {
        at = assay_json_first(object.doc, object.node);
    }
    while (at != ASSAY_JSON_NONE &&
           !assay_slice_equal(assay_json_string(object.doc, at), name)) {
        at = assay_json_next(object.doc, at);
    }
    return (struct assay_compose_at){object.doc,
                                     assay_json_value(object.doc, at)};
}

bool
assay_compose_is_hashes(struct assay_compose_at at)
{
    uint32_t list;

    if (assay_json_count(at.doc, at.node) != 1) {
        return false;
    }
    list = assay_json_member(at.doc, at.node, "sha256");
    return list != ASSAY_JSON_NONE &&
           assay_json_type(at.doc, list) == ASSAY_JSON_ARRAY;
}

/* Nodes are numbered from the top on, without gaps. */
bool
assay_compose_has_hashes(const struct assay_json *doc)
{
    for (uint32_t n = ASSAY_JSON_ROOT + 1;
         assay_json_offset(doc, n) != ASSAY_NO_OFFSET; n++) {
        if (assay_compose_is_hashes((struct assay_compose_at){doc, n})) {
            return true;
        }
    }
    return false;
}

/* --- merging --- */

static enum assay_code
add_member(struct assay_buf *out, bool first, struct assay_slice name,
           struct assay_compose_at value, struct assay_error *err)
{
    struct assay_json_out o;

    assay_buf_add_text(out, first ? "" : ",");
    assay_json_out_init(&o, out, true);
    assay_json_out_string(&o, NULL, name);
    assay_buf_add_u8(out, ':');
    return assay_json_canon(value.doc, value.node, ASSAY_JSON_AS_IT_STANDS,
                            "app_compose", out, err);
}

static enum assay_code
merge(const struct assay_json *defaults, const struct assay_json *user,
      struct assay_buf *out, struct assay_error *err)
{
    const struct assay_compose_at over = {user, ASSAY_JSON_ROOT};
    const struct assay_compose_at under = {defaults, ASSAY_JSON_ROOT};

    assay_buf_add_u8(out, '{');
    for (uint32_t n = assay_json_first(defaults, ASSAY_JSON_ROOT);
         n != ASSAY_JSON_NONE; n = assay_json_next(defaults, n)) {
        struct assay_slice name = assay_json_string(defaults, n);
        struct assay_compose_at value = assay_compose_member(over, name);

        if (value.node == ASSAY_JSON_NONE) {
            value = (struct assay_compose_at){defaults,
                                              assay_json_value(defaults, n)};
        }
        if (add_member(out, n == ASSAY_JSON_ROOT + 1, name, value, err) !=
            ASSAY_OK) {
            return err->code;
        }
    }
    for (uint32_t n = assay_json_first(user, ASSAY_JSON_ROOT);
         n != ASSAY_JSON_NONE; n = assay_json_next(user, n)) {
        struct assay_slice name = assay_json_string(user, n);
        const struct assay_compose_at value = {user, assay_json_value(user, n)};

        if (assay_compose_member(under, name).node == ASSAY_JSON_NONE &&
            add_member(out, false, name, value, err) != ASSAY_OK) {
            return err->code;
        }
    }
    assay_buf_add_u8(out, '}');
    return assay_buf_check(out, "app_compose", err);
}

enum assay_code
assay_compose_merge(struct assay_slice user, struct assay_buf *out,
                    struct assay_error *err)
{
    struct assay_json *over = NULL;
    struct assay_json *under = NULL;
    size_t before = out->len;

    assay_error_clear(err);
    if (assay_compose_parse(user, "app_compose", &over, err) != ASSAY_OK ||
        assay_compose_parse(assay_compose_default(), "default app_compose",
                            &under, err) != ASSAY_OK ||
        merge(under, over, out, err) != ASSAY_OK) {
        out->len = before;
    }
    assay_json_free(over);
    assay_json_free(under);
    return err->code;
}

/* --- hashing --- */

enum assay_code
assay_compose_hash_form(const struct assay_ctx *ctx,
                        const struct assay_json *doc,
                        enum assay_compose_form form,
                        uint8_t out[ASSAY_SHA256_BYTES],
                        struct assay_error *err)
{
    struct assay_buf text;
    enum assay_code code;

    assay_buf_init(&text, ASSAY_COMPOSE_CANON_MAX_BYTES);
    code =
        assay_json_canon(doc, ASSAY_JSON_ROOT,
                         form == ASSAY_COMPOSE_SORTED ? ASSAY_JSON_SORTED
                                                      : ASSAY_JSON_AS_IT_STANDS,
                         "app_compose", &text, err);
    if (code == ASSAY_OK) {
        code = assay_sha256(ctx, assay_buf_slice(&text), out, err);
    }
    assay_buf_free(&text);
    return code;
}

enum assay_code
assay_compose_hash(const struct assay_ctx *ctx, struct assay_slice json,
                   enum assay_compose_form form, uint8_t out[32],
                   struct assay_error *err)
{
    struct assay_json *doc = NULL;
    enum assay_code code;

    assay_error_clear(err);
    if (json.len > ASSAY_COMPOSE_MAX_BYTES) {
        return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_COMPOSE_MAX_BYTES,
                          "app_compose: %zu bytes, limit %u", json.len,
                          ASSAY_COMPOSE_MAX_BYTES);
    }
    if (form == ASSAY_COMPOSE_RAW) {
        return assay_sha256(ctx, json, out, err);
    }
    code = assay_compose_parse(json, "app_compose", &doc, err);
    if (code == ASSAY_OK && assay_compose_has_hashes(doc)) {
        code = assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                          "app_compose: {\"sha256\": ...} stands for a text, "
                          "and only the text itself can be hashed");
    }
    if (code == ASSAY_OK) {
        code = assay_compose_hash_form(ctx, doc, form, out, err);
    }
    assay_json_free(doc);
    return code;
}
