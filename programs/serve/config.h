/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * config.h - settings from a file (TOML): each key is the name of an option of
 * the command line, and [[certificate]] tables have cert, key and names.
 */
#pragma once

#include "options.h"

#define CONFIG_MAX_BYTES (64u * 1024u)

/* What the file says, over what `o` holds. Nothing unknown is passed over. The
 * message starts with the path and the line. ASSAY_IO, ASSAY_TOO_LARGE,
 * ASSAY_MALFORMED, ASSAY_INVALID, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
config_read(struct options *o, const char *path, struct assay_error *err);
/* The same from its text; `what` stands for the path. */
ASSAY_MUST_CHECK enum assay_code config_parse(struct options *o,
                                              struct assay_slice text,
                                              const char *what,
                                              struct assay_error *err);
void config_fail_too_many(struct assay_error *err); /* certificates */
