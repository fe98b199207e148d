/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * load.c - the things that commands are given, from file to object.
 */
#include "load.h"

#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "io/file.h"
#include "io/quote_text.h"

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
load_trusted_root(const struct assay_ctx *ctx, const struct options *o,
                  const struct assay_policy *p, struct assay_root **out,
                  struct assay_error *err)
{
    const char *of_policy = p != NULL ? assay_policy_trusted_root(p) : NULL;

    *out = NULL;
    assay_error_clear(err);
    if (o->root != NULL) {
        return assay_load_root(ctx, o->root, out, err);
    }
    return of_policy != NULL
               ? assay_load_root_of_policy(ctx, of_policy, out, err)
               : ASSAY_OK;
}
