/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings.c - the table of settings, and setting one.
 */
#include "daemon/settings.h"

#include <string.h>

#include "base/nearest.h"

const struct setting *
settings_find(const struct settings *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->rows[i].name, name) == 0) {
            return &all->rows[i];
        }
    }
    return NULL;
}

const char *
settings_nearest(const struct settings *all, const char *name, unsigned without)
{
    const char *names[SETTINGS_MAX + 1] = {NULL};
    size_t n = 0;

    for (size_t i = 0; i < all->count; i++) {
        if ((all->rows[i].kind & without) == 0) {
            names[n++] = all->rows[i].name;
        }
    }
    return assay_nearest(assay_slice_of(name), names);
}

/* "off" and "stderr" stand for no file where one could stand. */
bool
setting_is_file(const struct setting *s, const char *value, unsigned kinds)
{
    return (s->kind & kinds) != 0 && value != NULL &&
           strcmp(value, "off") != 0 && strcmp(value, "stderr") != 0;
}

void
settings_set(const struct settings *all, struct given *g,
             const struct setting *s, const char *value,
             struct assay_error *err)
{
    s->set(g, value, err);
    g->texts[s - all->rows] = value != NULL ? value : "true";
}
