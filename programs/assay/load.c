/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * load.c - the things that commands are given, from file to object.
 */
#include "load.h"

#include <string.h>

#include "base/bytes.h"
#include "io/evidence.h"
#include "io/file.h"

#define ROOT_MAX_BYTES (64u * 1024u)

static enum assay_code
decode_quote(struct assay_slice content, struct assay_quote **out,
             struct assay_error *err)
{
    struct assay_buf raw;

    if (assay_evidence_decode(content, &raw, err) != ASSAY_OK) {
        return err->code;
    }
    (void)!assay_quote_parse(assay_buf_slice(&raw), out, err);
    assay_buf_free(&raw);
    return err->code;
}

enum assay_code
load_quote(const char *path, struct assay_quote **out, struct assay_error *err)
{
    bool in = strcmp(path, "-") == 0;
    struct assay_buf content;
    enum assay_code code;

    *out = NULL;
    code = in ? assay_stdin_read(ASSAY_EVIDENCE_MAX_BYTES, &content, err)
              : assay_file_read(path, ASSAY_EVIDENCE_MAX_BYTES, &content, err);
    if (code != ASSAY_OK) {
        return code;
    }
    if (decode_quote(assay_buf_slice(&content), out, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", in ? "standard input" : path);
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

enum assay_code
load_policy(const char *path, struct assay_policy **out,
            struct assay_error *err)
{
    struct assay_buf content;

    *out = NULL;
    if (assay_file_read(path, ASSAY_POLICY_MAX_BYTES, &content, err) !=
        ASSAY_OK) {
        return err->code;
    }
    if (assay_policy_parse(assay_buf_slice(&content), out, err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", path);
    }
    assay_buf_free(&content);
    return err->code;
}

enum assay_code
load_root(const struct assay_ctx *ctx, const char *path,
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
load_root_of_policy(const struct assay_ctx *ctx, const char *pem_or_path,
                    struct assay_root **out, struct assay_error *err)
{
    if (strstr(pem_or_path, "-----BEGIN") == NULL) {
        return load_root(ctx, pem_or_path, out, err);
    }
    if (assay_root_parse(ctx, assay_slice_of(pem_or_path), out, err) !=
        ASSAY_OK) {
        assay_error_prefix(err, "policy.trusted_root");
    }
    return err->code;
}
