/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * config_out.c - settings, as a file that says the same.
 */
#include <string.h>

#include "base/buf.h"
#include "settings.h"

static bool
is_number(const char *value)
{
    size_t digits = strspn(value, "0123456789");

    return digits > 0 && digits < 18 && value[digits] == '\0' &&
           (value[0] != '0' || digits == 1);
}

/* A basic string; what stands for itself in it is what TOML lets. */
static void
put_string(struct assay_buf *to, const char *value)
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

static void
put_text(struct assay_buf *to, const char *key, const char *value)
{
    assay_buf_printf(to, "%s = ", key);
    if (is_number(value)) {
        assay_buf_add_text(to, value);
    } else {
        put_string(to, value);
    }
    assay_buf_add_u8(to, '\n');
}

void
options_dump(const struct options *o, struct assay_buf *to)
{
    for (size_t i = 0; i < settings_count; i++) {
        if (o->given[i] == NULL || (settings[i].kind & LINE_ONLY) != 0) {
            continue;
        }
        if ((settings[i].kind & VALUE) != 0) {
            put_text(to, settings[i].name, o->given[i]);
        } else {
            assay_buf_printf(to, "%s = true\n", settings[i].name);
        }
    }
    for (size_t i = 0; i < o->certificate_count; i++) {
        const struct certificate_files *f = &o->certificates[i];

        if (f->cert == o->cert) {
            continue; /* --cert and --key, which are settings too */
        }
        assay_buf_add_text(to, "\n[[certificate]]\n");
        put_text(to, "cert", f->cert);
        put_text(to, "key", f->key);
        if (f->names != NULL) {
            put_text(to, "names", f->names);
        }
    }
}
