/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * load.c - the things that commands are given, from file to object.
 */
#include "load.h"

#include <string.h>

#include "assay/compose.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "io/file.h"
#include "io/quote_text.h"

#define ROOT_MAX_BYTES (64u * 1024u)
#define PATH_MAX_BYTES 4096u

/* "-" is standard input. */
static enum assay_code
read_input(const char *path, size_t max, struct assay_buf *out,
           struct assay_error *err)
{
    return strcmp(path, "-") == 0 ? assay_stdin_read(max, out, err)
                                  : assay_file_read(path, max, out, err);
}

static const char *
input_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* No form of a quote begins so. */
static bool
is_json_object(struct assay_slice s)
{
    size_t at = 0;

    while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\n' ||
                          s.ptr[at] == '\r' || s.ptr[at] == '\t')) {
        at++;
    }
    return at < s.len && s.ptr[at] == '{';
}

static enum assay_code
decode_quote(struct assay_slice content, struct assay_quote **out,
             struct assay_error *err)
{
    struct assay_buf raw;

    if (assay_quote_text_decode(content, &raw, err) != ASSAY_OK) {
        return err->code;
    }
    (void)!assay_quote_parse(assay_buf_slice(&raw), out, err);
    assay_buf_free(&raw);
    return err->code;
}

/* A bundle has a quote in it, so it is what somebody may give for one. */
#define BUNDLE_HINT                                                            \
    "a bundle of stored evidence is judged with 'assay verify --evidence'"

enum assay_code
load_quote(const char *path, struct assay_quote **out, struct assay_error *err)
{
    struct assay_buf content;

    *out = NULL;
    if (read_input(path, ASSAY_QUOTE_TEXT_MAX_BYTES, &content, err) ==
        ASSAY_TOO_LARGE) {
        assay_error_clear(err); /* these words say more */
        return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                          "%s: more than the %u bytes of a quote; " BUNDLE_HINT,
                          input_name(path), ASSAY_QUOTE_TEXT_MAX_BYTES);
    }
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (is_json_object(assay_buf_slice(&content))) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%s: a JSON object, not a quote; " BUNDLE_HINT,
                   input_name(path));
    } else if (decode_quote(assay_buf_slice(&content), out, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", input_name(path));
    }
    assay_buf_free(&content);
    return err->code;
}

enum assay_code
load_evidence(const struct assay_ctx *ctx, const char *path,
              struct assay_evidence **out, struct assay_error *err)
{
    struct assay_buf content;

    *out = NULL;
    if (read_input(path, ASSAY_EVIDENCE_MAX_BYTES, &content, err) != ASSAY_OK) {
        return err->code;
    }
    if (assay_evidence_parse(ctx, assay_buf_slice(&content), out, err) !=
        ASSAY_OK) {
        assay_error_prefix(err, "%s", input_name(path));
    }
    assay_buf_free(&content);
    return err->code;
}

enum assay_code
load_quote_or_evidence(const struct assay_ctx *ctx, const char *path,
                       struct assay_quote **quote,
                       struct assay_evidence **evidence,
                       struct assay_error *err)
{
    struct assay_buf content;

    *quote = NULL;
    *evidence = NULL;
    if (read_input(path, ASSAY_EVIDENCE_MAX_BYTES, &content, err) != ASSAY_OK) {
        return err->code;
    }
    if ((is_json_object(assay_buf_slice(&content))
             ? assay_evidence_parse(ctx, assay_buf_slice(&content), evidence,
                                    err)
             : decode_quote(assay_buf_slice(&content), quote, err)) !=
        ASSAY_OK) {
        assay_error_prefix(err, "%s", input_name(path));
    }
    assay_buf_free(&content);
    return err->code;
}

enum assay_code
load_bundle(const struct assay_ctx *ctx, const char *path,
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

/* A path that a file names, from the folder of that file; NUL-terminated. */
static enum assay_code
resolve(const char *of, const char *path, struct assay_buf *out,
        struct assay_error *err)
{
    const char *slash = strrchr(of, '/');

    assay_buf_init(out, PATH_MAX_BYTES);
    if (path[0] != '/' && slash != NULL) {
        assay_buf_add(out, (struct assay_slice){(const uint8_t *)of,
                                                (size_t)(slash - of) + 1});
    }
    assay_buf_add_text(out, path);
    assay_buf_add_u8(out, 0);
    return assay_buf_check(out, "policy.compose_file", err);
}

static void
complete_policy(const struct assay_ctx *ctx, struct assay_policy *p,
                const char *path, struct assay_buf *content,
                struct assay_error *err)
{
    const char *file = assay_policy_compose_file(p);
    struct assay_buf whole;

    if (file == NULL) {
        return;
    }
    if (resolve(path, file, &whole, err) == ASSAY_OK &&
        assay_file_read((const char *)whole.ptr, ASSAY_COMPOSE_MAX_BYTES,
                        content, err) == ASSAY_OK) {
        (void)!assay_policy_set_compose_file(ctx, p, assay_buf_slice(content),
                                             err);
    }
    assay_buf_free(&whole);
}

enum assay_code
load_policy_texts(const struct assay_ctx *ctx, const char *path,
                  struct assay_policy **out, struct load_policy_texts *texts,
                  struct assay_error *err)
{
    struct assay_policy *p = NULL;

    *out = NULL;
    assay_buf_init(&texts->compose_file, 0);
    texts->is_toml = ends_with(path, ".toml");
    if (assay_file_read(path, ASSAY_POLICY_MAX_BYTES, &texts->text, err) !=
        ASSAY_OK) {
        return err->code;
    }
    (void)!(
        texts->is_toml
            ? assay_policy_parse_toml(assay_buf_slice(&texts->text), &p, err)
            : assay_policy_parse(assay_buf_slice(&texts->text), &p, err));
    if (p != NULL) {
        complete_policy(ctx, p, path, &texts->compose_file, err);
    }
    if (err->code != ASSAY_OK) {
        assay_policy_free(p);
        load_policy_texts_free(texts);
        assay_error_prefix(err, "%s", path);
        return err->code;
    }
    *out = p;
    return ASSAY_OK;
}

void
load_policy_texts_free(struct load_policy_texts *t)
{
    assay_buf_free(&t->text);
    assay_buf_free(&t->compose_file);
}

enum assay_code
load_policy(const struct assay_ctx *ctx, const char *path,
            struct assay_policy **out, struct assay_error *err)
{
    struct load_policy_texts texts;

    if (load_policy_texts(ctx, path, out, &texts, err) == ASSAY_OK) {
        load_policy_texts_free(&texts);
    }
    return err->code;
}

static enum assay_code
load_root(const struct assay_ctx *ctx, const char *path,
          struct assay_root **out, struct assay_error *err)
{
    struct assay_buf content;

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
load_trusted_root(const struct assay_ctx *ctx, const struct options *o,
                  const struct assay_policy *p, struct assay_root **out,
                  struct assay_error *err)
{
    const char *of_policy = p != NULL ? assay_policy_trusted_root(p) : NULL;

    *out = NULL;
    assay_error_clear(err);
    if (o->root != NULL) {
        return load_root(ctx, o->root, out, err);
    }
    if (of_policy == NULL) {
        return ASSAY_OK;
    }
    if (strstr(of_policy, "-----BEGIN") == NULL) {
        return load_root(ctx, of_policy, out, err);
    }
    if (assay_root_parse(ctx, assay_slice_of(of_policy), out, err) !=
        ASSAY_OK) {
        assay_error_prefix(err, "policy.trusted_root");
    }
    return err->code;
}
