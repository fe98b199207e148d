/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings_file.h - for programs whose file has more than settings: what reads
 * its nodes.
 */
#pragma once

#include "base/toml.h"
#include "daemon/settings.h"

/* A file that is being read. */
struct settings_file {
    const struct settings *all;
    struct given *given; /* the first member of the options */
    const struct assay_toml *toml;
    struct assay_slice text; /* of which toml was made */
    struct assay_error *err;
};

/* ASSAY_INVALID, at a node. */
void settings_file_fail(const struct settings_file *f, uint32_t node,
                        const char *fmt, ...) ASSAY_PRINTF(3, 4);
/* A value as it would stand on the command line, which lives as long as the
 * options; NULL after a failure. list: also an array of texts, as "a,b". */
const char *settings_file_value(const struct settings_file *f, uint32_t node,
                                const char *key, bool list);
