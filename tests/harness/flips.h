/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * flips.h - every truncation and every single-bit flip of what is signed in a
 * quote is refused, by a verifier that knows nothing and by one that has just
 * verified the good quote. One program for each kind of quote, so that they
 * run side by side: a flip costs a fresh verifier ten ECDSA verifications.
 */
#pragma once

#include "harness/unit.h"

#include "base/text.h"
#include "harness/world.h"

struct flips {
    struct evidence e;
    struct assay_ctx *ctx;
    struct assay_policy *policy;
    struct assay_quote *good;
    struct assay_verifier *fresh; /* remembers nothing */
    struct assay_verifier *hot;
    uint8_t *bytes; /* the quote, for changing */
    size_t flipped; /* bits so far */
};

/* Which row of the verdict a flip has to fail. */
struct region {
    const char *name;
    struct assay_slice where; /* in the good quote's own bytes */
    const char *check;        /* NULL: any */
};

static void
flips_setup(struct flips *f, enum evidence_kind kind)
{
    struct mint_options o = evidence_options(kind);
    struct assay_error err;

    assert_int_equal(assay_ctx_new(&f->ctx, &err), ASSAY_OK);
    evidence_make(&f->e, f->ctx, &o);
    assert_int_equal(assay_policy_default(kind == EVIDENCE_SGX_V3
                                              ? ASSAY_TEE_SGX
                                              : ASSAY_TEE_TDX,
                                          &f->policy, &err),
                     ASSAY_OK);
    assert_int_equal(assay_verifier_new(f->ctx, 0, &f->fresh, &err), ASSAY_OK);
    assert_int_equal(assay_verifier_new(f->ctx, 4, &f->hot, &err), ASSAY_OK);
    assert_int_equal(
        assay_quote_parse(assay_buf_slice(&f->e.quote), &f->good, &err),
        ASSAY_OK);
    f->bytes = malloc(f->e.quote.len);
    assert_non_null(f->bytes);
    memcpy(f->bytes, f->e.quote.ptr, f->e.quote.len);
}

static void
flips_teardown(struct flips *f)
{
    free(f->bytes);
    assay_quote_free(f->good);
    assay_verifier_free(f->hot);
    assay_verifier_free(f->fresh);
    assay_policy_free(f->policy);
    evidence_free(&f->e);
    assay_ctx_free(f->ctx);
}

static enum assay_outcome
flips_outcome(const struct assay_verdict *v, const char *name)
{
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        if (strcmp(c.name, name) == 0) {
            return c.outcome;
        }
    }
    fail_msg("no check is named %s", name);
    return ASSAY_NOT_CHECKED;
}

/* NULL if the quote is refused as it should be, else what happened. */
static const char *
refused_by(const struct flips *f, struct assay_verifier *verifier,
           const struct assay_quote *quote, const char *check)
{
    const struct assay_verify_input in = {
        .quote = quote,
        .collateral = f->e.collateral,
        .root = f->e.root,
        .policy = f->policy,
        .now_s = MINT_NOW_S,
    };
    struct assay_verdict *v = NULL;
    struct assay_error err;
    enum assay_code code = assay_verify(verifier, &in, &v, &err);
    const char *wrong = NULL;

    if (code != ASSAY_OK) {
        bool unreadable = code == ASSAY_MALFORMED || code == ASSAY_TRUNCATED ||
                          code == ASSAY_UNSUPPORTED || code == ASSAY_TOO_LARGE;

        wrong = v == NULL && unreadable ? NULL : "another error";
    } else if (assay_verdict_trusted(v)) {
        wrong = "trusted";
    } else if (assay_verdict_tcb_status(v) != ASSAY_TCB_NONE) {
        wrong = "has a TCB status";
    } else if (check != NULL && flips_outcome(v, check) != ASSAY_FAILED) {
        wrong = "its check did not fail";
    }
    assay_verdict_free(v);
    return wrong;
}

/* The changed bytes, one after another, by both verifiers. */
static void
check_refused(struct flips *f, const struct region *r, size_t bit)
{
    struct assay_slice changed = {f->bytes, f->e.quote.len};
    struct assay_quote *quote = NULL;
    struct assay_error err;
    const char *fresh = NULL;
    const char *hot = NULL;

    f->flipped++;
    if (assay_quote_parse(changed, &quote, &err) != ASSAY_OK) {
        assert_null(quote);
        return;
    }
    fresh = refused_by(f, f->fresh, quote, r->check);
    hot = refused_by(f, f->hot, quote, r->check);
    if (fresh != NULL || hot != NULL) {
        fail_msg("%s, bit %zu: fresh: %s; hot: %s", r->name, bit,
                 fresh != NULL ? fresh : "refused",
                 hot != NULL ? hot : "refused");
    }
    assay_quote_free(quote);
}

static void
check_good(const struct flips *f, struct assay_verifier *verifier)
{
    const struct assay_verify_input in = {
        .quote = f->good,
        .collateral = f->e.collateral,
        .root = f->e.root,
        .policy = f->policy,
        .now_s = MINT_NOW_S,
    };
    struct assay_verdict *v = NULL;
    struct assay_error err;

    assert_int_equal(assay_verify(verifier, &in, &v, &err), ASSAY_OK);
    if (!assay_verdict_trusted(v)) {
        fail_msg("the good quote: %s", assay_verdict_summary(v));
    }
    assay_verdict_free(v);
}

static void
flip_region(struct flips *f, const struct region *r)
{
    const struct assay_quote_view *q = assay_quote_view(f->good);
    size_t at = (size_t)(r->where.ptr - q->raw.ptr);

    assert_true(r->where.len > 0);
    for (size_t bit = 0; bit < 8 * r->where.len; bit++) {
        uint8_t mask = (uint8_t)(1u << bit % 8);

        f->bytes[at + bit / 8] ^= mask;
        check_refused(f, r, bit);
        f->bytes[at + bit / 8] ^= mask;
    }
}

/* The leaf is flipped as DER and written as PEM again, of the same size. */
static void
flip_leaf(struct flips *f)
{
    const struct assay_quote_view *q = assay_quote_view(f->good);
    struct assay_slice der = mint_world_cert_der(f->e.world, MINT_CERT_PCK);
    const struct region r = {.name = "PCK certificate"};
    size_t at = (size_t)(q->cert_data.ptr - q->raw.ptr);
    uint8_t *copy = malloc(der.len);
    struct assay_buf pem;

    assert_non_null(copy);
    memcpy(copy, der.ptr, der.len);
    for (size_t bit = 0; bit < 8 * der.len; bit++) {
        assay_buf_init(&pem, 8192);
        if (bit == 0) { /* this is how the chain begins */
            assay_pem_encode(&pem, "CERTIFICATE", der);
            assert_true(pem.len < q->cert_data.len);
            assert_memory_equal(pem.ptr, q->cert_data.ptr, pem.len);
            assay_buf_free(&pem);
        }
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assay_pem_encode(&pem, "CERTIFICATE",
                         (struct assay_slice){copy, der.len});
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        memcpy(f->bytes + at, pem.ptr, pem.len);
        check_refused(f, &r, bit);
        assay_buf_free(&pem);
    }
    memcpy(f->bytes, q->raw.ptr, q->raw.len);
    free(copy);
}

static void
flip_everything(enum evidence_kind kind)
{
    struct flips f = {.flipped = 0};
    const struct assay_quote_view *q;

    flips_setup(&f, kind);
    q = assay_quote_view(f.good);
    const struct region regions[] = {
        {"header and body", q->signed_bytes, "quote_signature"},
        {"quote signature", q->signature, "quote_signature"},
        {"attestation key", q->attestation_key, "attestation_key"},
        {"QE report", q->qe_report.raw, "qe_report_signature"},
        {"QE report signature", q->qe_report_signature, "qe_report_signature"},
        {"QE authentication data", q->qe_auth_data, "attestation_key"},
    };

    check_good(&f, f.fresh);
    check_good(&f, f.hot);
    for (size_t i = 0; i < COUNT_OF(regions); i++) {
        flip_region(&f, &regions[i]);
    }
    flip_leaf(&f);
    check_good(&f, f.hot);
    check_good(&f, f.fresh);
    print_message("%s: %zu bits flipped\n", evidence_name(kind), f.flipped);
    flips_teardown(&f);
}

static void
truncate_everywhere(enum evidence_kind kind)
{
    struct flips f = {.flipped = 0};

    flips_setup(&f, kind);
    for (size_t len = 0; len < f.e.quote.len; len++) {
        struct assay_slice cut =
            exact_copy((struct assay_slice){f.e.quote.ptr, len});
        struct assay_quote *quote = NULL;
        struct assay_error err;

        if (assay_quote_parse(cut, &quote, &err) != ASSAY_TRUNCATED ||
            quote != NULL || err.msg[0] == '\0' || err.offset > len) {
            fail_msg("%zu of %zu bytes: %s at %zu \"%s\"", len, f.e.quote.len,
                     assay_code_name(err.code), err.offset, err.msg);
        }
        free((void *)(uintptr_t)cut.ptr);
    }
    flips_teardown(&f);
}
