/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * codex_config.c - the providers of Codex's config.toml that attest.
 */
#include "codex_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/nearest.h"
#include "codex_toml.h"
#include "provider_values.h"

#define WORD_MAX_BYTES 48u

#define PROVIDER_PREFIX "model_providers."

/* "model_providers.NAME", for messages. */
typedef char provider_path[sizeof(PROVIDER_PREFIX) + PROVIDER_NAME_MAX_BYTES];

/* --- what was meant ------------------------------------------------------ */

/* Lower case, without what is between words; "" if it is too long. */
static void
plain_word(struct assay_slice key, char out[WORD_MAX_BYTES + 1])
{
    size_t len = 0;

    for (size_t i = 0; i < key.len && key.len <= WORD_MAX_BYTES; i++) {
        if (key.ptr[i] != '_' && key.ptr[i] != '-' && key.ptr[i] != ' ') {
            out[len++] = (char)assay_to_lower(key.ptr[i]);
        }
    }
    out[len] = '\0';
}

static const struct {
    const char *name;
    const char *word;
} ours[] = {
    {"use_ratls", "useratls"},
    {"ratls_policy", "ratlspolicy"},
};

/* Which of ours this key may have been meant for; NULL: none, or it is one.
 * Codex's own ("name", "base_url", "env_key", ...) are all further away. */
static const char *
meant(struct assay_slice key)
{
    char word[WORD_MAX_BYTES + 1];
    size_t best = 0;
    size_t far[2];

    plain_word(key, word);
    for (size_t i = 0; i < 2; i++) {
        if (assay_slice_is(key, ours[i].name)) {
            return NULL;
        }
        far[i] = assay_distance(assay_slice_of(word), ours[i].word);
        best = far[i] < far[best] ? i : best;
    }
    return far[best] <= 2 || strstr(word, "ratls") != NULL ? ours[best].name
                                                           : NULL;
}

static void
check_spelling(const struct codex_toml *c, uint32_t table, const char *path)
{
    for (uint32_t n = assay_toml_first(c->toml, table);
         n != ASSAY_TOML_NONE && c->err->code == ASSAY_OK;
         n = assay_toml_next(c->toml, n)) {
        struct assay_slice key = assay_toml_key(c->toml, n);
        const char *near = meant(key);

        if (near != NULL) {
            codex_toml_fail(c, n, "%s: '%.*s' is unknown, did you mean '%s'?",
                            path, (int)key.len, (const char *)key.ptr, near);
        }
    }
}

/* Where they say nothing, so whoever wrote them there believes too much. */
static void
check_elsewhere(const struct codex_toml *c, uint32_t table)
{
    for (uint32_t n = assay_toml_first(c->toml, table);
         n != ASSAY_TOML_NONE && c->err->code == ASSAY_OK;
         n = assay_toml_next(c->toml, n)) {
        struct assay_slice key = assay_toml_key(c->toml, n);

        if (assay_slice_is(key, ours[0].name) ||
            assay_slice_is(key, ours[1].name)) {
            codex_toml_fail(c, n,
                            "'%.*s' says nothing here; it belongs in "
                            "[model_providers.NAME]",
                            (int)key.len, (const char *)key.ptr);
        }
    }
}

static void
check_all_elsewhere(const struct codex_toml *c, uint32_t providers)
{
    uint32_t profiles =
        assay_toml_find(c->toml, ASSAY_TOML_ROOT, assay_slice_of("profiles"));

    check_elsewhere(c, ASSAY_TOML_ROOT);
    check_elsewhere(c, providers);
    for (uint32_t n = assay_toml_first(c->toml, profiles); n != ASSAY_TOML_NONE;
         n = assay_toml_next(c->toml, n)) {
        check_elsewhere(c, n);
    }
}

/* --- one provider --------------------------------------------------------- */

/* Codex has them itself and does not take them from the file: it would go to
 * its own address, attested by nobody. */
static const char *const of_codex[] = {
    "openai", "ollama", "lmstudio", "amazon-bedrock", "amazon-bedrock-runtime",
};

static void
read_name(const struct codex_toml *c, uint32_t table, struct codex_provider *p)
{
    struct assay_slice key = assay_toml_key(c->toml, table);

    if (provider_check_name(key, c->err) != ASSAY_OK) {
        assay_error_prefix(c->err, "model_providers");
        c->err->offset = assay_toml_offset(c->toml, table);
        return;
    }
    assay_copy(p->name, key);
    for (size_t i = 0; i < sizeof(of_codex) / sizeof(of_codex[0]); i++) {
        if (assay_slice_is(key, of_codex[i])) {
            codex_toml_fail(c, table,
                            "model_providers.%s: Codex has a provider of this "
                            "name of its own, and passes this one by: rename "
                            "it",
                            p->name);
        }
    }
}

static void
read_base(const struct codex_toml *c, uint32_t table, const char *path,
          struct codex_provider *p)
{
    uint32_t node = codex_toml_text(c, table, path, "base_url");

    if (node == ASSAY_TOML_NONE) {
        codex_toml_fail(c, table, "%s: use_ratls wants a base_url", path);
    } else if (c->err->code == ASSAY_OK &&
               provider_parse_base(assay_toml_text(c->toml, node), &p->base,
                                   c->err) != ASSAY_OK) {
        codex_toml_blame(c, node, path, "base_url");
    }
}

static void
read_wire_api(const struct codex_toml *c, uint32_t table, const char *path,
              struct codex_provider *p)
{
    uint32_t node = codex_toml_text(c, table, path, "wire_api");

    if (node != ASSAY_TOML_NONE && c->err->code == ASSAY_OK &&
        provider_parse_wire_api(assay_toml_text(c->toml, node), &p->wire_api,
                                c->err) != ASSAY_OK) {
        codex_toml_blame(c, node, path, "wire_api");
    }
}

static void
read_title(const struct codex_toml *c, uint32_t table, const char *path,
           struct codex_provider *p)
{
    uint32_t node = codex_toml_text(c, table, path, "name");
    struct assay_slice text = assay_toml_text(c->toml, node);

    p->title = calloc(1, text.len + 1);
    if (p->title == NULL) {
        assay_fail(c->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s", path);
    } else if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL) {
        codex_toml_fail(c, node, "%s.name: it has U+0000 in it", path);
    } else {
        assay_copy(p->title, text);
    }
}

/* Where there is no table, what an empty one says: UpToDate only. */
static void
read_policy(const struct codex_toml *c, uint32_t policy, const char *path,
            struct codex_provider *p)
{
    const char *const keys[] = {"model_providers", p->name, "ratls_policy",
                                NULL};

    if (c->err->code != ASSAY_OK) {
        return;
    }
    if (policy == ASSAY_TOML_NONE) {
        (void)!assay_policy_parse_ratls(assay_slice_of("{}"), &p->policy,
                                        c->err);
    } else if (assay_toml_type(c->toml, policy) != ASSAY_TOML_TABLE) {
        codex_toml_fail(c, policy, "%s.ratls_policy: it is a table", path);
    } else {
        p->typed = assay_toml_find(c->toml, policy, assay_slice_of("type")) !=
                   ASSAY_TOML_NONE;
        (void)!assay_policy_parse_ratls_toml(c->text, keys, &p->policy, c->err);
        c->err->offset = ASSAY_NO_OFFSET; /* the message has the place */
    }
}

/* --- all of them ---------------------------------------------------------- */

static void
take_provider(const struct codex_toml *c, uint32_t table, uint32_t policy,
              struct codex_config *config)
{
    struct codex_provider *p;
    provider_path path;

    if (config->count == PROVIDERS_MAX) {
        codex_toml_fail(c, table, "more than %u providers with use_ratls",
                        PROVIDERS_MAX);
        return;
    }
    p = calloc(1, sizeof(*p));
    if (p == NULL) {
        assay_fail(c->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "providers");
        return;
    }
    config->all[config->count++] = p;
    read_name(c, table, p);
    snprintf(path, sizeof(path), PROVIDER_PREFIX "%s", p->name);
    if (c->err->code == ASSAY_OK) {
        read_base(c, table, path, p);
        read_wire_api(c, table, path, p);
        read_title(c, table, path, p);
        read_policy(c, policy, path, p);
    }
}

static void
read_provider(const struct codex_toml *c, uint32_t table,
              struct codex_config *config)
{
    struct assay_slice key = assay_toml_key(c->toml, table);
    uint32_t use = assay_toml_find(c->toml, table, assay_slice_of("use_ratls"));
    uint32_t policy =
        assay_toml_find(c->toml, table, assay_slice_of("ratls_policy"));
    provider_path path;

    snprintf(path, sizeof(path), PROVIDER_PREFIX "%.*s",
             (int)(key.len < PROVIDER_NAME_MAX_BYTES ? key.len
                                                     : PROVIDER_NAME_MAX_BYTES),
             (const char *)key.ptr);
    check_spelling(c, table, path);
    if (c->err->code != ASSAY_OK) {
        return;
    }
    if (use != ASSAY_TOML_NONE &&
        assay_toml_type(c->toml, use) != ASSAY_TOML_BOOLEAN) {
        codex_toml_fail(c, use, "%s.use_ratls: it takes true or false", path);
    } else if (assay_toml_boolean(c->toml, use)) {
        take_provider(c, table, policy, config);
    } else if (policy != ASSAY_TOML_NONE) {
        codex_toml_fail(c, policy,
                        "%s.ratls_policy: it holds only with use_ratls = true; "
                        "say so, or take the policy out",
                        path);
    }
}

static void
read_providers(const struct codex_toml *c, struct codex_config *config)
{
    uint32_t providers = assay_toml_find(c->toml, ASSAY_TOML_ROOT,
                                         assay_slice_of("model_providers"));

    check_all_elsewhere(c, providers);
    for (uint32_t n = assay_toml_first(c->toml, providers);
         n != ASSAY_TOML_NONE && c->err->code == ASSAY_OK;
         n = assay_toml_next(c->toml, n)) {
        if (assay_toml_type(c->toml, n) == ASSAY_TOML_TABLE) {
            read_provider(c, n, config);
        }
    }
    if (config->count == 0) {
        assay_fail(c->err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                   "no provider attests: [model_providers.NAME] wants "
                   "use_ratls = true and an https:// base_url");
    }
}

enum assay_code
codex_config_read(struct assay_slice text, struct codex_config **out,
                  struct assay_error *err)
{
    struct codex_config *config = calloc(1, sizeof(*config));
    struct codex_toml c;

    *out = NULL;
    if (config == NULL) {
        assay_error_clear(err);
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "providers");
    }
    if (codex_toml_open(&c, text, err) == ASSAY_OK) {
        read_providers(&c, config);
    }
    if (codex_toml_close(&c) != ASSAY_OK) {
        codex_config_free(config);
        return err->code;
    }
    *out = config;
    return ASSAY_OK;
}

void
codex_config_free(struct codex_config *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        assay_policy_free(c->all[i]->policy);
        free(c->all[i]->title);
        free(c->all[i]);
    }
    free(c);
}
