/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * certificates.c - [[certificate]] tables of the file.
 */
#include "certificates.h"

#include <string.h>

void
certificates_fail_too_many(struct assay_error *err)
{
    assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
               "more than %u certificates", SERVE_CERTIFICATES_MAX);
}

static void
read_certificate(const struct settings_file *f, uint32_t table)
{
    struct options *o = (struct options *)f->given;
    struct certificate_files *files = &o->certificates[o->certificate_count];

    if (o->certificate_count == SERVE_CERTIFICATES_MAX) {
        certificates_fail_too_many(f->err);
        return;
    }
    *files = (struct certificate_files){NULL, NULL, NULL};
    for (uint32_t n = assay_toml_first(f->toml, table);
         n != ASSAY_TOML_NONE && f->err->code == ASSAY_OK;
         n = assay_toml_next(f->toml, n)) {
        struct assay_slice key = assay_toml_key(f->toml, n);

        if (assay_slice_is(key, "cert")) {
            files->cert = settings_file_value(f, n, "cert", false);
        } else if (assay_slice_is(key, "key")) {
            files->key = settings_file_value(f, n, "key", false);
        } else if (assay_slice_is(key, "names")) {
            files->names = settings_file_value(f, n, "names", true);
        } else {
            settings_file_fail(
                f, n, "a certificate has cert, key and names, not '%.*s'",
                (int)(key.len < 60 ? key.len : 60), (const char *)key.ptr);
        }
    }
    if (f->err->code == ASSAY_OK &&
        (files->cert == NULL || files->key == NULL)) {
        settings_file_fail(f, table,
                           "this certificate lacks its cert or its key");
    }
    o->certificate_count++;
}

bool
certificates_read(const struct settings_file *f, uint32_t node, const char *key)
{
    uint32_t e = assay_toml_first(f->toml, node);

    if (strcmp(key, "certificate") != 0) {
        return false;
    }
    if (assay_toml_type(f->toml, node) != ASSAY_TOML_ARRAY ||
        e == ASSAY_TOML_NONE ||
        assay_toml_type(f->toml, e) != ASSAY_TOML_TABLE) {
        settings_file_fail(f, node, "certificates are tables: [[certificate]]");
        return true;
    }
    for (; e != ASSAY_TOML_NONE && f->err->code == ASSAY_OK;
         e = assay_toml_next(f->toml, e)) {
        read_certificate(f, e);
    }
    return true;
}

void
certificates_dump(const struct options *o, struct assay_buf *to)
{
    for (size_t i = 0; i < o->certificate_count; i++) {
        const struct certificate_files *files = &o->certificates[i];

        if (files->cert == o->cert) {
            continue; /* --cert and --key, which are settings too */
        }
        assay_buf_add_text(to, "\n[[certificate]]\n");
        settings_dump_value(to, "cert", files->cert);
        settings_dump_value(to, "key", files->key);
        if (files->names != NULL) {
            settings_dump_value(to, "names", files->names);
        }
    }
}
