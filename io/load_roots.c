/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * load_roots.c - TLS roots, from several files.
 */
#include "base/buf.h"
#include "base/bytes.h"
#include "io/file.h"
#include "io/load.h"
#include "io/system_roots.h"

/* One file more. */
static void
add_roots(const struct assay_ctx *ctx, const char *path, bool named,
          struct assay_buf *pem, struct assay_error *err)
{
    struct assay_tls_roots *alone = NULL;
    struct assay_buf content;
    struct assay_error why;
    size_t count = 0;

    if (path == NULL || err->code != ASSAY_OK) {
        return;
    }
    if (assay_file_read(path, ASSAY_TLS_ROOTS_MAX_BYTES, &content, &why) ==
            ASSAY_OK &&
        assay_tls_roots_parse(ctx, assay_buf_slice(&content), &alone, &count,
                              &why) != ASSAY_OK) {
        assay_error_prefix(&why, "%s", path);
    }
    if (why.code == ASSAY_OK && count == 0) {
        assay_fail(&why, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%s: there is no certificate in it", path);
    }
    if (why.code == ASSAY_OK) {
        assay_buf_add(pem, assay_buf_slice(&content));
        assay_buf_add_u8(pem, '\n');
    } else if (named) {
        *err = why;
    }
    assay_tls_roots_free(alone);
    assay_buf_free(&content);
}

enum assay_code
assay_load_tls_roots(const struct assay_ctx *ctx, const char *const *files,
                     size_t count, struct assay_tls_roots **out,
                     struct assay_error *err)
{
    struct assay_buf pem;
    size_t found = 0;
    bool named;
    const char *system = assay_system_roots(&named);

    *out = NULL;
    assay_error_clear(err);
    assay_buf_init(&pem, ASSAY_TLS_ROOTS_MAX_BYTES);
    add_roots(ctx, system, named, &pem, err);
    for (size_t i = 0; i < count; i++) {
        add_roots(ctx, files[i], true, &pem, err);
    }
    if (err->code == ASSAY_OK &&
        assay_buf_check(&pem, "TLS roots", err) == ASSAY_OK) {
        (void)!assay_tls_roots_parse(ctx, assay_buf_slice(&pem), out, &found,
                                     err);
    }
    assay_buf_free(&pem);
    return err->code;
}
