/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * parse.c - a policy from text: JSON or TOML, and the form of a Codex provider.
 * One reader serves them all: TOML is read as the JSON that says the same.
 */
#include "policy/parse.h"

#include "base/toml.h"
#include "policy/members.h"

static const struct assay_json_limits limits = {
    .max_bytes = ASSAY_POLICY_MAX_BYTES,
    .max_depth = 16,
    .max_nodes = 16u * 1024u,
};

/* One of ASSAY_OF_; 0 after a failure. */
static unsigned
read_type(const struct assay_json *doc, struct assay_error *err)
{
    static const struct {
        const char *name;
        unsigned of;
    } types[] = {
        {"dstack_tdx", ASSAY_OF_DSTACK},
        {"tdx", ASSAY_OF_TDX},
        {"sgx", ASSAY_OF_SGX},
    };
    uint32_t node = assay_json_member(doc, ASSAY_JSON_ROOT, "type");
    struct assay_member_place at = {doc, node, "policy.type", err};

    if (node == ASSAY_JSON_NONE) {
        assay_fail(err, ASSAY_INVALID, assay_json_offset(doc, ASSAY_JSON_ROOT),
                   "policy.type: missing; it is \"dstack_tdx\", \"tdx\" or "
                   "\"sgx\"");
        return 0;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (assay_json_type(doc, node) == ASSAY_JSON_STRING &&
            assay_slice_is(assay_json_string(doc, node), types[i].name)) {
            return types[i].of;
        }
    }
    assay_member_fail(&at, "must be \"dstack_tdx\", \"tdx\" or \"sgx\"");
    return 0;
}

/* What the document says, by the form that it has. */
static void
read_document(const struct assay_json *doc, bool ratls,
              struct assay_policy **out, struct assay_error *err)
{
    bool typed =
        assay_json_member(doc, ASSAY_JSON_ROOT, "type") != ASSAY_JSON_NONE;
    unsigned of = ASSAY_OF_RATLS;
    enum assay_tee tee;

    if (assay_json_type(doc, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT) {
        assay_fail(err, ASSAY_INVALID, 0, "policy: not a JSON object");
        return;
    }
    if (!ratls || typed) {
        of = read_type(doc, err);
    }
    tee = of == ASSAY_OF_SGX ? ASSAY_TEE_SGX : ASSAY_TEE_TDX;
    if (err->code != ASSAY_OK || assay_policy_new(tee, out, err) != ASSAY_OK) {
        return;
    }
    (*out)->dstack = of == ASSAY_OF_DSTACK;
    (*out)->partial = of == ASSAY_OF_RATLS;
    assay_members_read(doc, of, *out, err);
    if (err->code == ASSAY_OK) {
        assay_members_check(doc, *out, err);
    }
}

/* Frees what came to nothing. */
static enum assay_code
finish(struct assay_policy *p, struct assay_policy **out,
       struct assay_error *err)
{
    if (err->code != ASSAY_OK) {
        assay_policy_free(p);
        return err->code;
    }
    *out = p;
    return ASSAY_OK;
}

static enum assay_code
parse_json(struct assay_slice json, bool ratls, struct assay_policy **out,
           struct assay_error *err)
{
    struct assay_json *doc = NULL;
    struct assay_policy *p = NULL;

    *out = NULL;
    assay_error_clear(err);
    if (assay_json_parse(json, &limits, "policy", &doc, err) == ASSAY_OK) {
        read_document(doc, ratls, &p, err);
    }
    assay_json_free(doc);
    return finish(p, out, err);
}

/* The table that the keys lead to, as JSON. */
static void
open_table(const struct assay_toml *t, const char *const *keys,
           struct assay_json **out, struct assay_error *err)
{
    uint32_t node = ASSAY_TOML_ROOT;

    for (; keys != NULL && *keys != NULL; keys++) {
        node = assay_toml_find(t, node, assay_slice_of(*keys));
        if (node == ASSAY_TOML_NONE) {
            assay_fail(err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                       "policy: there is no table '%.60s'", *keys);
            return;
        }
    }
    (void)!assay_toml_to_json(t, node, "policy", out, err);
}

static enum assay_code
parse_toml(struct assay_slice toml, const char *const *keys, bool ratls,
           struct assay_policy **out, struct assay_error *err)
{
    struct assay_toml *t = NULL;
    struct assay_json *doc = NULL;
    struct assay_policy *p = NULL;

    *out = NULL;
    assay_error_clear(err);
    if (assay_toml_parse(toml, &limits, "policy", &t, err) == ASSAY_OK) {
        open_table(t, keys, &doc, err);
    }
    assay_toml_free(t);
    if (doc != NULL) {
        read_document(doc, ratls, &p, err);
    }
    assay_json_free(doc);
    if (err->code != ASSAY_OK && err->offset != ASSAY_NO_OFFSET) {
        struct assay_text_place at = assay_text_place(toml, err->offset);

        assay_error_prefix(err, "line %zu, column %zu", at.line, at.column);
    }
    return finish(p, out, err);
}

enum assay_code
assay_policy_parse(struct assay_slice json, struct assay_policy **out,
                   struct assay_error *err)
{
    return parse_json(json, false, out, err);
}

enum assay_code
assay_policy_parse_toml(struct assay_slice toml, struct assay_policy **out,
                        struct assay_error *err)
{
    return parse_toml(toml, NULL, false, out, err);
}

enum assay_code
assay_policy_parse_ratls(struct assay_slice json, struct assay_policy **out,
                         struct assay_error *err)
{
    return parse_json(json, true, out, err);
}

enum assay_code
assay_policy_parse_ratls_toml(struct assay_slice toml, const char *const *keys,
                              struct assay_policy **out,
                              struct assay_error *err)
{
    return parse_toml(toml, keys, true, out, err);
}
