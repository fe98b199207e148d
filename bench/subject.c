/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * subject.c - see subject.h.
 */
#include "bench/subject.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "bench/measure.h"
#include "collateral/parts.h"
#include "io/file.h"
#include "pki/chain.h"

/* The parts of the bundle; CRLs come as DER. */
static void
split_bundle(struct bench_subject *s)
{
    static const struct assay_json_limits limits = {ASSAY_BUNDLE_MAX_BYTES, 4,
                                                    1000};
    struct assay_buf *crl = s->crl;
    struct assay_error err;

    assay_error_clear(&err);
    bench_must(assay_json_parse(assay_buf_slice(&s->bundle), &limits, "bundle",
                                &s->bundle_json, &err),
               "bundle", &err);
    for (size_t i = 0; i < ASSAY_PART_COUNT; i++) {
        struct assay_slice *part = assay_part(&s->parts, i);

        *part = assay_json_string(
            s->bundle_json, assay_json_member(s->bundle_json, ASSAY_JSON_ROOT,
                                              assay_part_rows[i].name));
        if (assay_part_rows[i].crl) {
            assay_buf_init(crl, ASSAY_CRL_MAX_BYTES);
            assay_crl_decode(*part, "CRL", crl, &err);
            bench_must(err.code, "CRL", &err);
            *part = assay_buf_slice(crl++);
        }
    }
}

/* What is the same for all: parsed once for the floor and the known states. */
static void
prepare(struct bench_subject *s)
{
    struct assay_error err;
    struct assay_chain chain;
    const struct assay_quote_view *view;

    bench_must(assay_quote_parse(assay_buf_slice(&s->quote), &s->parsed, &err),
               "quote", &err);
    bench_must(assay_collateral_parse(s->ctx, assay_buf_slice(&s->bundle),
                                      &s->collateral, &err),
               "collateral", &err);
    split_bundle(s);
    view = assay_quote_view(s->parsed);
    bench_must(assay_chain_parse(view->cert_data, 3, "PCK chain", &chain, &err),
               "quote", &err);
    assay_buf_init(&s->root, ASSAY_CHAIN_MAX_BYTES);
    assay_buf_add(&s->root, chain.cert[2].der);
    assay_chain_free(&chain);
    bench_must(
        assay_policy_default((enum assay_tee)view->tee_type, &s->policy, &err),
        "policy", &err);
    s->floor = bench_floor_new(s->collateral, s->parsed);
}

void
bench_subject_mint(struct bench_subject *s, const struct mint_world *w)
{
    struct assay_error err;

    *s = (struct bench_subject){.now_s = MINT_NOW_S};
    bench_must(assay_ctx_new(&s->ctx, &err), "OpenSSL", &err);
    assay_buf_init(&s->quote, MINT_QUOTE_MAX);
    assay_buf_init(&s->bundle, MINT_TEXT_MAX);
    bench_must(mint_world_quote(w, &s->quote, &err), "quote", &err);
    bench_must(mint_world_bundle(w, &s->bundle, &err), "bundle", &err);
    bench_must(
        assay_root_parse(s->ctx, mint_world_root_pem(w), &s->own_root, &err),
        "root", &err);
    s->anchor = s->own_root;
    prepare(s);
}

static bool
read_member(const char *folder, const char *name, size_t max,
            struct assay_buf *out)
{
    struct assay_error err;
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return assay_file_read(path, max, out, &err) == ASSAY_OK;
}

static int64_t
read_time(struct assay_slice expected)
{
    static const struct assay_json_limits limits = {1u << 20, 16, 10000};
    struct assay_json *j = NULL;
    struct assay_error err;
    int64_t t = 0;

    assay_error_clear(&err);
    bench_must(assay_json_parse(expected, &limits, "expected.json", &j, &err),
               "vector", &err);
    if (!assay_json_i64(
            j, assay_json_member(j, ASSAY_JSON_ROOT, "verification_time"),
            &t)) {
        bench_die("expected.json: no verification_time");
    }
    assay_json_free(j);
    return t;
}

static void
read_own_root(struct bench_subject *s, const char *folder)
{
    struct assay_buf pem;
    struct assay_error err;

    assay_buf_init(&pem, 0);
    if (read_member(folder, "root.pem", ASSAY_CHAIN_MAX_BYTES, &pem)) {
        bench_must(
            assay_root_parse(s->ctx, assay_buf_slice(&pem), &s->own_root, &err),
            "root", &err);
        s->anchor = s->own_root;
    }
    assay_buf_free(&pem);
}

bool
bench_subject_read(struct bench_subject *s, const char *folder)
{
    struct assay_buf expected;
    struct assay_error err;

    *s = (struct bench_subject){.anchor = assay_root_intel()};
    assay_buf_init(&expected, 0);
    if (!read_member(folder, "quote.bin", ASSAY_QUOTE_MAX_BYTES, &s->quote) ||
        !read_member(folder, "collateral.json", ASSAY_BUNDLE_MAX_BYTES,
                     &s->bundle) ||
        !read_member(folder, "expected.json", 1u << 20, &expected)) {
        assay_buf_free(&s->quote);
        assay_buf_free(&s->bundle);
        return false;
    }
    s->now_s = read_time(assay_buf_slice(&expected));
    assay_buf_free(&expected);
    bench_must(assay_ctx_new(&s->ctx, &err), "OpenSSL", &err);
    read_own_root(s, folder);
    prepare(s);
    return true;
}

void
bench_subject_free(struct bench_subject *s)
{
    bench_floor_free(s->floor);
    assay_collateral_free(s->collateral);
    assay_json_free(s->bundle_json);
    assay_buf_free(&s->crl[0]);
    assay_buf_free(&s->crl[1]);
    assay_quote_free(s->parsed);
    assay_policy_free(s->policy);
    assay_root_free(s->own_root);
    assay_buf_free(&s->root);
    assay_buf_free(&s->bundle);
    assay_buf_free(&s->quote);
    assay_ctx_free(s->ctx);
}

struct assay_verifier *
bench_verifier_new(const struct bench_subject *s, uint32_t max_platforms)
{
    struct assay_verifier *v = NULL;
    struct assay_error err;

    bench_must(assay_verifier_new(s->ctx, max_platforms, &v, &err), "verifier",
               &err);
    return v;
}

void
bench_verify_once(const struct bench_subject *s, struct assay_verifier *v,
                  const struct assay_collateral *c, struct assay_slice quote)
{
    struct assay_quote *q = NULL;
    struct assay_verdict *verdict = NULL;
    struct assay_error err;
    struct assay_verify_input in = {
        .collateral = c,
        .root = s->anchor,
        .policy = s->policy,
        .now_s = s->now_s,
    };

    bench_must(assay_quote_parse(quote, &q, &err), "quote", &err);
    in.quote = q;
    bench_must(assay_verify(v, &in, &verdict, &err), "verify", &err);
    if (assay_verdict_tcb_status(verdict) != ASSAY_TCB_UP_TO_DATE) {
        bench_die("not genuine: %s", assay_verdict_summary(verdict));
    }
    assay_verdict_free(verdict);
    assay_quote_free(q);
}

double
bench_known_run(void *run, size_t count)
{
    struct bench_known_run *r = run;
    const struct bench_subject *s = r->subject;
    double start = bench_cpu_ns();

    for (size_t n = 0; n < count; n++) {
        const struct assay_buf *quote = &s->quote;

        if (r->quotes != NULL) {
            quote = &r->quotes->quote[r->next];
            r->next = (r->next + 1) % r->quotes->count;
        }
        bench_verify_once(s, r->verifier, s->collateral,
                          assay_buf_slice(quote));
    }
    return bench_cpu_ns() - start;
}

static double
run_cold(const struct bench_subject *s, bool bundle, size_t count)
{
    double start = bench_cpu_ns();

    for (size_t n = 0; n < count; n++) {
        struct assay_collateral *c = NULL;
        struct assay_error err;
        struct assay_verifier *v =
            bench_verifier_new(s, ASSAY_DEFAULT_PLATFORMS);
        enum assay_code code =
            bundle ? assay_collateral_parse(s->ctx, assay_buf_slice(&s->bundle),
                                            &c, &err)
                   : assay_collateral_from_parts(s->ctx, &s->parts, &c, &err);

        bench_must(code, "collateral", &err);
        bench_verify_once(s, v, c, assay_buf_slice(&s->quote));
        assay_collateral_free(c);
        assay_verifier_free(v);
    }
    return bench_cpu_ns() - start;
}

double
bench_cold_run(void *subject, size_t count)
{
    return run_cold(subject, false, count);
}

double
bench_cold_bundle_run(void *subject, size_t count)
{
    return run_cold(subject, true, count);
}
