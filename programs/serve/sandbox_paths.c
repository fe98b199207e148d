/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sandbox_paths.c - the files that settings name, for now and for a reload.
 */
#include <string.h>

#include "daemon/learnt.h"
#include "io/quoter.h"
#include "settings.h"
#include "trust.h"

static void
allow_quotes(const char *quotes, struct sandbox_paths *to)
{
    static const char prefix[] = "configfs:";

    if (strncmp(quotes, prefix, sizeof(prefix) - 1) == 0) {
        sandbox_allow(to, quotes + sizeof(prefix) - 1, true);
    } else if (strncmp(quotes, "dstack", 6) != 0) {
        sandbox_allow(to, ASSAY_CONFIGFS_DIR, true);
    }
}

void
sandbox_paths_of(const struct options *o, struct sandbox_paths *to)
{
    *to = (struct sandbox_paths){.count = 0};
    sandbox_allow_system(to);
    settings_allow_files(&serve_settings, &o->given, to);
    for (size_t i = 0; i < o->certificate_count; i++) {
        sandbox_allow_folder_of(to, o->certificates[i].cert, false);
        sandbox_allow_folder_of(to, o->certificates[i].key, false);
    }
    sandbox_allow_address(to, &o->listen);
    if (o->has_admin) {
        sandbox_allow_address(to, &o->admin);
    }
    allow_quotes(o->quotes, to);
    if (trust_is_needed(o)) {
        learnt_allow(to, !o->no_cache);
    }
}
