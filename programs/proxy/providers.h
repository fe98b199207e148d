/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * providers.h - the upstreams of Codex's file and of ours, with all that they
 * are judged by, read from files.
 */
#pragma once

#include "options.h"

struct sandbox_paths;

/* Reads every file that the options name, and the environment (proxies, keys).
 * The options and ctx must outlive them. *out is NULL unless ASSAY_OK; freed
 * with providers_free(). The message starts with the file or the option. Errors
 * of the files; ASSAY_MISSING, ASSAY_INVALID, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code providers_read(const struct assay_ctx *ctx,
                                                const struct options *o,
                                                struct providers **out,
                                                struct assay_error *err);
void providers_free(struct providers *p); /* NULL is fine */

/* Files that they were read from, and will be at a reload, and the folder of
 * evidence, beside those of settings_allow_files() and learnt_allow(). */
void providers_allow_files(const struct options *o, const struct providers *p,
                           struct sandbox_paths *to);
