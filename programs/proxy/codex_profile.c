/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * codex_profile.c - which provider and model Codex would use.
 */
#include "codex_config.h"
#include "codex_toml.h"

/* What this table says of it takes the place of what was said before. */
static void
take_text(const struct codex_toml *c, uint32_t table, const char *member,
          char *out, size_t max)
{
    uint32_t node = assay_toml_find(c->toml, table, assay_slice_of(member));
    struct assay_slice text = assay_toml_text(c->toml, node);

    if (node == ASSAY_TOML_NONE) {
        return;
    }
    if (assay_toml_type(c->toml, node) != ASSAY_TOML_STRING || text.len > max ||
        (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL)) {
        codex_toml_fail(c, node, "%s: it takes a text of at most %zu bytes",
                        member, max);
        return;
    }
    assay_copy(out, text);
    out[text.len] = '\0';
}

static void
take_table(const struct codex_toml *c, uint32_t table, struct codex_choice *out)
{
    take_text(c, table, "model_provider", out->provider,
              PROVIDER_NAME_MAX_BYTES);
    take_text(c, table, "model", out->model, CODEX_MODEL_MAX_BYTES);
}

static void
take_profile(const struct codex_toml *c, struct assay_slice name,
             struct codex_choice *out)
{
    uint32_t all =
        assay_toml_find(c->toml, ASSAY_TOML_ROOT, assay_slice_of("profiles"));
    uint32_t table = assay_toml_find(c->toml, all, name);

    if (table == ASSAY_TOML_NONE ||
        assay_toml_type(c->toml, table) != ASSAY_TOML_TABLE) {
        assay_fail(c->err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                   "there is no profile '%.*s': [profiles.%.*s]",
                   (int)(name.len < 80 ? name.len : 80), (const char *)name.ptr,
                   (int)(name.len < 80 ? name.len : 80),
                   (const char *)name.ptr);
        return;
    }
    take_table(c, table, out);
}

enum assay_code
codex_config_profile(struct assay_slice text, const char *profile,
                     struct codex_choice *out, struct assay_error *err)
{
    struct codex_toml c;
    uint32_t named;

    *out = (struct codex_choice){.provider = ""};
    if (codex_toml_open(&c, text, err) == ASSAY_OK) {
        named =
            assay_toml_find(c.toml, ASSAY_TOML_ROOT, assay_slice_of("profile"));
        take_table(&c, ASSAY_TOML_ROOT, out);
        if (profile != NULL) {
            take_profile(&c, assay_slice_of(profile), out);
        } else if (assay_toml_type(c.toml, named) == ASSAY_TOML_STRING) {
            take_profile(&c, assay_toml_text(c.toml, named), out);
        }
    }
    return codex_toml_close(&c);
}
