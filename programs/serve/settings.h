/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings.h - the table of what assay-serve can be told.
 *
 * A new row is documented in help.c, docs/man/assay-serve.1.scd and
 * docs/serve.md, and known to programs/assay/cmd_completion.c;
 * tests/unit/test_serve_settings.c looks.
 */
#pragma once

#include "options.h"

extern const struct settings serve_settings;

void options_default(void *options); /* a struct options */

/* The files of these settings, for now and for a reload (sandbox_paths.c). */
void sandbox_paths_of(const struct options *o, struct sandbox_paths *to);
