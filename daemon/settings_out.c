/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * settings_out.c - settings, as a file that says the same.
 */
#include <string.h>

#include "daemon/settings.h"

static bool
is_number(const char *value)
{
    size_t digits = strspn(value, "0123456789");

    return digits > 0 && digits < 18 && value[digits] == '\0' &&
           (value[0] != '0' || digits == 1);
}

/* What stands for itself is what TOML lets. */
void
settings_dump_text(struct assay_buf *to, const char *value)
{
    assay_buf_add_u8(to, '"');
    for (const char *c = value; *c != '\0'; c++) {
        unsigned char u = (unsigned char)*c;

        if (u == '"' || u == '\\') {
            assay_buf_printf(to, "\\%c", u);
        } else if (u < 0x20 || u == 0x7f) {
            assay_buf_printf(to, "\\u%04x", u);
        } else {
            assay_buf_add_u8(to, u);
        }
    }
    assay_buf_add_u8(to, '"');
}

void
settings_dump_value(struct assay_buf *to, const char *key, const char *value)
{
    assay_buf_printf(to, "%s = ", key);
    if (is_number(value)) {
        assay_buf_add_text(to, value);
    } else {
        settings_dump_text(to, value);
    }
    assay_buf_add_u8(to, '\n');
}

void
settings_dump(const struct settings *all, const struct given *g,
              struct assay_buf *to)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct setting *s = &all->rows[i];

        if (g->texts[i] == NULL || (s->kind & LINE_ONLY) != 0) {
            continue;
        }
        if ((s->kind & VALUE) != 0) {
            settings_dump_value(to, s->name, g->texts[i]);
        } else {
            assay_buf_printf(to, "%s = true\n", s->name);
        }
    }
}
