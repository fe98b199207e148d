/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings_sandbox.c - the files that settings name, for now and for a reload.
 */
#include "daemon/sandbox.h"
#include "daemon/settings.h"

void
settings_allow_files(const struct settings *all, const struct given *g,
                     struct sandbox_paths *to)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct setting *s = &all->rows[i];

        if (setting_is_file(s, g->texts[i], READS | WRITES)) {
            sandbox_allow_folder_of(to, g->texts[i], (s->kind & WRITES) != 0);
        }
    }
}
