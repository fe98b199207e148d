/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * config_out.c - settings, as a file that says the same.
 */
#include <string.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "settings.h"

static bool
is_number(const char *value)
{
    size_t digits = strspn(value, "0123456789");

    return digits > 0 && digits < 18 && value[digits] == '\0' &&
           (value[0] != '0' || digits == 1);
}

static void
put_text(struct assay_buf *to, const char *key, const char *value)
{
    struct assay_json_out o;

    assay_buf_printf(to, "%s = ", key);
    if (is_number(value)) {
        assay_buf_add_text(to, value);
    } else {
        assay_json_out_init(&o, to, true); /* TOML knows JSON's escapes */
        assay_json_out_text(&o, NULL, value);
    }
    assay_buf_add_u8(to, '\n');
}

void
options_dump(const struct options *o, struct assay_buf *to)
{
    /* --cert and --key are a setting and the first certificate. */
    size_t first = o->cert != NULL ? 1 : 0;

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
    for (size_t i = first; i < o->certificate_count; i++) {
        const struct certificate_files *f = &o->certificates[i];

        assay_buf_add_text(to, "\n[[certificate]]\n");
        put_text(to, "cert", f->cert);
        put_text(to, "key", f->key);
        if (f->names != NULL) {
            put_text(to, "names", f->names);
        }
    }
}
