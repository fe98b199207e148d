/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * codex_toml.h - reading Codex's file: one that is being read, and what is
 * wrong with it, where.
 */
#pragma once

#include "base/toml.h"

struct codex_toml {
    struct assay_slice text;
    struct assay_toml *toml;
    struct assay_error *err;
};

/* Within CODEX_CONFIG_MAX_BYTES. Freed with codex_toml_close(), also after a
 * failure, which is that of assay_toml_parse(). */
ASSAY_MUST_CHECK enum assay_code codex_toml_open(struct codex_toml *c,
                                                 struct assay_slice text,
                                                 struct assay_error *err);
/* Gives the message its line; the code. */
enum assay_code codex_toml_close(struct codex_toml *c);

/* ASSAY_INVALID at a node. */
void codex_toml_fail(const struct codex_toml *c, uint32_t node, const char *fmt,
                     ...) ASSAY_PRINTF(3, 4);
/* Puts the path before the failure of what was judged at a node. */
void codex_toml_blame(const struct codex_toml *c, uint32_t node,
                      const char *path, const char *member);
/* A member that is a text; ASSAY_TOML_NONE: it has none. Another type is a
 * failure at that node. */
uint32_t codex_toml_text(const struct codex_toml *c, uint32_t table,
                         const char *path, const char *member);
