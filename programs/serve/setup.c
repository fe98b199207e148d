/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * setup.c - what is read and written once.
 */
#include "setup.h"

#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/json_out.h"
#include "io/file.h"

#define SELF_SIGNED_DAYS 365u
#define READY_MAX_BYTES  4096u

static void
read_identity(const struct options *o, const struct assay_ctx *ctx,
              struct assay_tls_identity **out, struct assay_error *err)
{
    struct assay_buf chain;
    struct assay_buf key;

    assay_buf_init(&key, 0);
    if (assay_file_read(o->cert, ASSAY_TLS_IDENTITY_MAX_BYTES, &chain, err) ==
            ASSAY_OK &&
        assay_file_read(o->key, ASSAY_TLS_IDENTITY_MAX_BYTES, &key, err) ==
            ASSAY_OK) {
        (void)!assay_tls_identity_parse(ctx, assay_buf_slice(&chain),
                                        assay_buf_slice(&key), out, err);
    }
    assay_buf_free(&chain);
    assay_buf_free(&key);
}

enum assay_code
setup_identity(const struct options *o, const struct assay_ctx *ctx,
               struct assay_tls_identity **out, struct assay_error *err)
{
    struct assay_buf pem;

    assay_error_clear(err);
    *out = NULL;
    if (o->name_count > 0) {
        (void)!assay_tls_identity_make(ctx, o->names, o->name_count,
                                       (int64_t)time(NULL), SELF_SIGNED_DAYS,
                                       out, err);
    } else {
        read_identity(o, ctx, out, err);
    }
    if (err->code == ASSAY_OK && o->cert_out != NULL && !o->check) {
        assay_buf_init(&pem, 2 * ASSAY_TLS_IDENTITY_MAX_BYTES);
        assay_tls_identity_pem(*out, &pem);
        if (assay_buf_check(&pem, "--cert-out", err) == ASSAY_OK) {
            (void)!assay_file_write(o->cert_out, assay_buf_slice(&pem), 0644,
                                    err);
        }
        assay_buf_free(&pem);
    }
    return err->code;
}

enum assay_code
setup_ready(const struct options *o, const char *address,
            const struct assay_tls_identity *identity, const char *quotes,
            struct assay_error *err)
{
    uint8_t sha256[32];
    struct assay_buf text;
    struct assay_json_out out;

    assay_error_clear(err);
    if (o->ready_file == NULL) {
        return ASSAY_OK;
    }
    assay_buf_init(&text, READY_MAX_BYTES);
    assay_json_out_init(&out, &text, false);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_text(&out, "address", address);
    assay_json_out_u64(&out, "pid", (uint64_t)getpid());
    if (identity != NULL) {
        assay_tls_identity_sha256(identity, sha256);
        assay_json_out_hex(&out, "certificate_sha256", ASSAY_SLICE(sha256));
    }
    assay_json_out_text(&out, "quotes", quotes);
    assay_json_out_close(&out, '}');
    assay_buf_add_u8(&text, '\n');
    if (assay_buf_check(&text, "--ready-file", err) == ASSAY_OK) {
        (void)!assay_file_write(o->ready_file, assay_buf_slice(&text), 0644,
                                err);
    }
    assay_buf_free(&text);
    return err->code;
}
