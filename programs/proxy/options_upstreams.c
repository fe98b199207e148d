/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options_upstreams.c - [upstreams.NAME] of our own file: what is wrong with
 * one is said with its line, before any other file is read.
 */
#include <string.h>

#include "base/nearest.h"
#include "daemon/settings_file.h"
#include "options.h"
#include "provider_values.h"

enum member_kind {
    MEMBER_TEXT,
    MEMBER_LIST,
    MEMBER_POLICY,
};

/* What a member of the table is, and how its value is judged. */
struct member {
    const char *name;
    enum member_kind kind;
    size_t offset; /* in struct upstream_entry */
    void (*check)(const char *value, struct assay_error *err);
};

static void
check_base(const char *value, struct assay_error *err)
{
    struct assay_uri uri;

    (void)!provider_parse_base(assay_slice_of(value), &uri, err);
}

static void
check_wire_api(const char *value, struct assay_error *err)
{
    enum wire_api api;

    (void)!provider_parse_wire_api(assay_slice_of(value), &api, err);
}

static void
check_server_name(const char *value, struct assay_error *err)
{
    struct assay_uri uri;

    (void)!provider_parse_server_name(value, &uri, err);
}

static void
check_proxy(const char *value, struct assay_error *err)
{
    (void)!provider_check_proxy_url(value, err);
}

static void
check_not_empty(const char *value, struct assay_error *err)
{
    if (value[0] == '\0') {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "it is empty");
    }
}

#define AT(member) offsetof(struct upstream_entry, member)
static const struct member members[] = {
    {"name", MEMBER_TEXT, AT(title), NULL},
    {"base_url", MEMBER_TEXT, AT(base_url), check_base},
    {"wire_api", MEMBER_TEXT, AT(wire_api), check_wire_api},
    {"policy", MEMBER_POLICY, AT(policy_file), check_not_empty},
    {"server_name", MEMBER_TEXT, AT(server_name), check_server_name},
    {"api_key_file", MEMBER_TEXT, AT(api_key_file), check_not_empty},
    {"api_key_env", MEMBER_TEXT, AT(api_key_env), check_not_empty},
    {"http_proxy", MEMBER_TEXT, AT(http_proxy), check_proxy},
    {"resolve", MEMBER_LIST, AT(resolve), NULL},
};
#undef AT
#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

static const struct member *
find_member(struct assay_slice key)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (assay_slice_is(key, members[i].name)) {
            return &members[i];
        }
    }
    return NULL;
}

static void
fail_unknown(const struct settings_file *f, uint32_t node,
             const struct upstream_entry *e, struct assay_slice key)
{
    const char *names[MEMBER_COUNT + 1] = {NULL};
    int shown = (int)(key.len < 60 ? key.len : 60);
    const char *near;

    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        names[i] = members[i].name;
    }
    near = assay_nearest(key, names);
    settings_file_fail(f, node, "upstreams.%s: unknown member '%.*s'%s%s%s",
                       e->name, shown, (const char *)key.ptr,
                       near != NULL ? ", did you mean '" : "",
                       near != NULL ? near : "", near != NULL ? "'?" : "");
}

/* --- values --------------------------------------------------------------- */

/* Its text is what is kept: whether it is a policy is known now. */
static void
read_policy_table(const struct settings_file *f, uint32_t node,
                  struct upstream_entry *e)
{
    const char *const keys[] = {"upstreams", e->name, "policy", NULL};
    struct assay_policy *policy = NULL;
    struct assay_json *doc = NULL;

    if (assay_policy_parse_ratls_toml(f->text, keys, &policy, f->err) ==
            ASSAY_OK &&
        assay_toml_to_json(f->toml, node, "policy", &doc, f->err) == ASSAY_OK) {
        e->policy_json =
            given_keep(f->given, assay_json_span(doc, ASSAY_JSON_ROOT));
        if (e->policy_json == NULL) {
            assay_fail(f->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "policy");
        }
    }
    f->err->offset = ASSAY_NO_OFFSET; /* the message has the place already */
    assay_json_free(doc);
    assay_policy_free(policy);
}

static void
check_resolves(const struct settings_file *f, const char *list)
{
    const char *names[SETTING_NAMES_MAX];
    size_t count = given_split(f->given, list, names, "names", f->err);

    for (size_t i = 0; i < count && f->err->code == ASSAY_OK; i++) {
        provider_check_resolve(names[i], f->err);
    }
}

static void
read_value(const struct settings_file *f, uint32_t node, const struct member *m,
           struct upstream_entry *e)
{
    bool list = m->kind == MEMBER_LIST;
    const char *value;

    if (assay_toml_type(f->toml, node) != ASSAY_TOML_STRING &&
        !(list && assay_toml_type(f->toml, node) == ASSAY_TOML_ARRAY)) {
        settings_file_fail(f, node, "upstreams.%s.%s: it takes %s", e->name,
                           m->name, list ? "texts" : "a text");
        return;
    }
    value = settings_file_value(f, node, m->name, list);
    if (value == NULL) {
        return;
    }
    *(const char **)((char *)e + m->offset) = value;
    if (list) {
        check_resolves(f, value);
    } else if (m->check != NULL) {
        m->check(value, f->err);
    }
    if (f->err->code != ASSAY_OK) {
        assay_error_prefix(f->err, "upstreams.%s.%s", e->name, m->name);
        f->err->offset = assay_toml_offset(f->toml, node);
    }
}

/* --- tables --------------------------------------------------------------- */

static const char *
wrong_together(const struct upstream_entry *e)
{
    if (e->base_url == NULL) {
        return "base_url is missing, as in "
               "base_url = \"https://llm.example.com/v1\"";
    }
    if (e->policy_file == NULL && e->policy_json == NULL) {
        return "policy is missing, a file or a table: without one nothing is "
               "proven";
    }
    if (e->api_key_file != NULL && e->api_key_env != NULL) {
        return "api_key_file and api_key_env exclude each other";
    }
    return NULL;
}

static void
read_members(const struct settings_file *f, uint32_t table,
             struct upstream_entry *e)
{
    const char *wrong;

    for (uint32_t n = assay_toml_first(f->toml, table);
         n != ASSAY_TOML_NONE && f->err->code == ASSAY_OK;
         n = assay_toml_next(f->toml, n)) {
        struct assay_slice key = assay_toml_key(f->toml, n);
        const struct member *m = find_member(key);

        if (m == NULL) {
            fail_unknown(f, n, e, key);
        } else if (m->kind == MEMBER_POLICY &&
                   assay_toml_type(f->toml, n) == ASSAY_TOML_TABLE) {
            read_policy_table(f, n, e);
        } else {
            read_value(f, n, m, e);
        }
    }
    wrong = f->err->code == ASSAY_OK ? wrong_together(e) : NULL;
    if (wrong != NULL) {
        settings_file_fail(f, table, "upstreams.%s: %s", e->name, wrong);
    }
}

static void
read_upstream(const struct settings_file *f, uint32_t table)
{
    struct options *o = (struct options *)f->given;
    struct upstream_entry *e = &o->upstreams[o->upstream_count];

    if (o->upstream_count == PROVIDERS_MAX) {
        settings_file_fail(f, table, "more than %u upstreams", PROVIDERS_MAX);
        return;
    }
    if (assay_toml_type(f->toml, table) != ASSAY_TOML_TABLE) {
        settings_file_fail(f, table,
                           "an upstream is a table: "
                           "[upstreams.NAME]");
        return;
    }
    *e = (struct upstream_entry){.name = NULL};
    if (provider_check_name(assay_toml_key(f->toml, table), f->err) !=
        ASSAY_OK) {
        assay_error_prefix(f->err, "upstreams");
        f->err->offset = assay_toml_offset(f->toml, table);
        return;
    }
    e->name = given_keep(f->given, assay_toml_key(f->toml, table));
    if (e->name == NULL) {
        assay_fail(f->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "upstreams");
        return;
    }
    read_members(f, table, e);
    o->upstream_count++;
}

/* Another table, which may be meant for one of ours. */
static bool
is_misspelt(const struct settings_file *f, uint32_t node, const char *key)
{
    static const char *const names[] = {"upstreams", NULL};

    if (assay_toml_type(f->toml, node) != ASSAY_TOML_TABLE ||
        assay_nearest(assay_slice_of(key), names) == NULL) {
        return false;
    }
    settings_file_fail(
        f, node, "unknown setting '%.60s', did you mean 'upstreams'?", key);
    return true;
}

bool
options_read_upstreams(const struct settings_file *f, uint32_t node,
                       const char *key)
{
    if (strcmp(key, "upstreams") != 0) {
        return is_misspelt(f, node, key);
    }
    if (assay_toml_type(f->toml, node) != ASSAY_TOML_TABLE) {
        settings_file_fail(f, node, "upstreams are tables: [upstreams.NAME]");
    }
    for (uint32_t n = assay_toml_first(f->toml, node);
         n != ASSAY_TOML_NONE && f->err->code == ASSAY_OK;
         n = assay_toml_next(f->toml, n)) {
        read_upstream(f, n);
    }
    return true;
}
