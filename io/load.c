/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * load.c - what judgements rest on, from file to object.
 */
#include "io/load.h"

#include <string.h>

#include "assay/compose.h"
#include "base/bytes.h"
#include "io/file.h"

#define ROOT_MAX_BYTES (64u * 1024u)
#define PATH_MAX_BYTES 4096u

enum assay_code
assay_load_bundle(const struct assay_ctx *ctx, const char *path,
                  struct assay_collateral **out, struct assay_error *err)
{
    struct assay_buf content;

    *out = NULL;
    if (assay_file_read(path, ASSAY_BUNDLE_MAX_BYTES, &content, err) !=
        ASSAY_OK) {
        return err->code;
    }
    if (assay_collateral_parse(ctx, assay_buf_slice(&content), out, err) !=
        ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    assay_buf_free(&content);
    return err->code;
}

static bool
ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);

    return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

enum assay_code
assay_load_path_beside(const char *of, const char *path, struct assay_buf *out,
                       const char *what, struct assay_error *err)
{
    const char *slash = strrchr(of, '/');

    assay_error_clear(err);
    assay_buf_init(out, PATH_MAX_BYTES);
    if (path[0] != '/' && slash != NULL) {
        assay_buf_add(out, (struct assay_slice){(const uint8_t *)of,
                                                (size_t)(slash - of) + 1});
    }
    assay_buf_add_text(out, path);
    assay_buf_add_u8(out, 0);
    return assay_buf_check(out, what, err);
}

enum assay_code
assay_load_compose_file(const struct assay_ctx *ctx, struct assay_policy *p,
                        const char *of, struct assay_buf *content,
                        struct assay_error *err)
{
    const char *file = assay_policy_compose_file(p);
    struct assay_buf whole;

    assay_error_clear(err);
    assay_buf_init(content, 0);
    if (file == NULL) {
        return ASSAY_OK;
    }
    if (assay_load_path_beside(of, file, &whole, "policy.compose_file", err) ==
            ASSAY_OK &&
        assay_file_read((const char *)whole.ptr, ASSAY_COMPOSE_MAX_BYTES,
                        content, err) == ASSAY_OK) {
        (void)!assay_policy_set_compose_file(ctx, p, assay_buf_slice(content),
                                             err);
    }
    assay_buf_free(&whole);
    return err->code;
}

enum assay_code
assay_load_policy_of(const struct assay_ctx *ctx, const char *path,
                     struct assay_policy **out,
                     struct assay_load_policy_texts *texts,
                     struct assay_error *err)
{
    struct assay_policy *p = NULL;

    *out = NULL;
    assay_error_clear(err);
    assay_buf_init(&texts->compose_file, 0);
    texts->is_toml = ends_with(path, ".toml");
    (void)!(
        texts->is_toml
            ? assay_policy_parse_toml(assay_buf_slice(&texts->text), &p, err)
            : assay_policy_parse(assay_buf_slice(&texts->text), &p, err));
    if (p != NULL) {
        (void)!assay_load_compose_file(ctx, p, path, &texts->compose_file, err);
    }
    if (err->code != ASSAY_OK) {
        assay_policy_free(p);
        assay_error_prefix(err, "%s", path);
        return err->code;
    }
    *out = p;
    return ASSAY_OK;
}

enum assay_code
assay_load_policy_texts(const struct assay_ctx *ctx, const char *path,
                        struct assay_policy **out,
                        struct assay_load_policy_texts *texts,
                        struct assay_error *err)
{
    *out = NULL;
    assay_buf_init(&texts->compose_file, 0);
    if (assay_file_read(path, ASSAY_POLICY_MAX_BYTES, &texts->text, err) ==
            ASSAY_OK &&
        assay_load_policy_of(ctx, path, out, texts, err) != ASSAY_OK) {
        assay_load_policy_texts_free(texts);
    }
    return err->code;
}

void
assay_load_policy_texts_free(struct assay_load_policy_texts *t)
{
    assay_buf_free(&t->text);
    assay_buf_free(&t->compose_file);
}

enum assay_code
assay_load_policy(const struct assay_ctx *ctx, const char *path,
                  struct assay_policy **out, struct assay_error *err)
{
    struct assay_load_policy_texts texts;

    if (assay_load_policy_texts(ctx, path, out, &texts, err) == ASSAY_OK) {
        assay_load_policy_texts_free(&texts);
    }
    return err->code;
}

enum assay_code
assay_load_root(const struct assay_ctx *ctx, const char *path,
                struct assay_root **out, struct assay_error *err)
{
    struct assay_buf content;

    *out = NULL;
    if (assay_file_read(path, ROOT_MAX_BYTES, &content, err) != ASSAY_OK) {
        return err->code;
    }
    if (assay_root_parse(ctx, assay_buf_slice(&content), out, err) !=
        ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    assay_buf_free(&content);
    return err->code;
}

enum assay_code
assay_load_root_of_policy(const struct assay_ctx *ctx, const char *pem_or_path,
                          struct assay_root **out, struct assay_error *err)
{
    if (strstr(pem_or_path, "-----BEGIN") == NULL) {
        return assay_load_root(ctx, pem_or_path, out, err);
    }
    if (assay_root_parse(ctx, assay_slice_of(pem_or_path), out, err) !=
        ASSAY_OK) {
        assay_error_prefix(err, "policy.trusted_root");
    }
    return err->code;
}
