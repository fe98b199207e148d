/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * codex_toml.c - reading Codex's file.
 */
#include "codex_toml.h"

#include <stdarg.h>
#include <stdio.h>

#include "codex_config.h"

/* As policies are read, of which the file has some. */
static const struct assay_json_limits limits = {
    .max_bytes = CODEX_CONFIG_MAX_BYTES,
    .max_depth = 16,
    .max_nodes = 16u * 1024u,
};

enum assay_code
codex_toml_open(struct codex_toml *c, struct assay_slice text,
                struct assay_error *err)
{
    *c = (struct codex_toml){text, NULL, err};
    assay_error_clear(err);
    return assay_toml_parse(text, &limits, "TOML", &c->toml, err);
}

enum assay_code
codex_toml_close(struct codex_toml *c)
{
    if (c->err->code != ASSAY_OK && c->err->offset != ASSAY_NO_OFFSET) {
        assay_error_prefix(c->err, "line %zu",
                           assay_text_place(c->text, c->err->offset).line);
    }
    assay_toml_free(c->toml);
    c->toml = NULL;
    return c->err->code;
}

void
codex_toml_fail(const struct codex_toml *c, uint32_t node, const char *fmt, ...)
{
    char message[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    assay_fail(c->err, ASSAY_INVALID, assay_toml_offset(c->toml, node), "%s",
               message);
}

void
codex_toml_blame(const struct codex_toml *c, uint32_t node, const char *path,
                 const char *member)
{
    if (c->err->code != ASSAY_OK) {
        assay_error_prefix(c->err, "%s.%s", path, member);
        c->err->offset = assay_toml_offset(c->toml, node);
    }
}

uint32_t
codex_toml_text(const struct codex_toml *c, uint32_t table, const char *path,
                const char *member)
{
    uint32_t node = assay_toml_find(c->toml, table, assay_slice_of(member));

    if (node != ASSAY_TOML_NONE &&
        assay_toml_type(c->toml, node) != ASSAY_TOML_STRING) {
        codex_toml_fail(c, node, "%s.%s: it takes a text", path, member);
    }
    return node;
}
