/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings_env.c - settings from the environment.
 */
#include <stdlib.h>

#include "daemon/settings.h"

/* A copy: the environment may be written to while the settings are in use. */
static void
take_variable(const struct settings *all, struct given *g,
              const struct setting *s, const char *value,
              struct assay_error *err)
{
    const char *text = given_keep(g, assay_slice_of(value));

    if (text == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "settings");
    } else {
        settings_set(all, g, s, text, err);
    }
    assay_error_prefix(err, "%s", s->env);
}

enum assay_code
settings_take_env(const struct settings *all, struct given *g, unsigned *kinds,
                  struct assay_error *err)
{
    assay_error_clear(err);
    for (size_t i = 0; i < all->count && err->code == ASSAY_OK; i++) {
        const struct setting *s = &all->rows[i];
        const char *value = s->env != NULL ? getenv(s->env) : NULL;

        if (value != NULL && value[0] != '\0') {
            *kinds |= s->kind;
            take_variable(all, g, s, value, err);
        }
    }
    return err->code;
}
