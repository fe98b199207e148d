/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sandbox_paths.c - the files that settings name, for now and for a reload.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/sandbox.h"
#include "io/cache.h"
#include "io/file.h"
#include "io/quoter.h"
#include "io/seen.h"
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

/* Made now, for it could not be later. What fails costs a fetch, or the memory
 * of evaluations beyond this process. */
static void
allow_own(char *folder, struct sandbox_paths *to)
{
    struct assay_error err;

    if (folder != NULL) {
        (void)!assay_folder_make(folder, &err);
        sandbox_allow(to, folder, true);
    }
    free(folder);
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
        allow_own(assay_seen_folder(), to);
        allow_own(o->no_cache ? NULL : assay_cache_folder(), to);
    }
}
