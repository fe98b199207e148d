/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_threads.c - one verifier, several threads, more platforms than it may
 * remember: every verdict is the one that a thread alone would get.
 */
#include <pthread.h>

#include "harness/unit.h"
#include "harness/world.h"

#define THREADS       4
#define ROUNDS        40
#define PLATFORMS     6
#define MAX_PLATFORMS 2

/* What is wrong with a platform, and which check says so. */
static const struct {
    const char *name;
    enum evidence_kind kind;
    const char *seed;
    unsigned revoke; /* on the PCK CRL */
    enum mint_key_id signer;
    bool break_qe_signature;
    const char *reason; /* NULL: trusted */
} rows[PLATFORMS] = {
    {"good SGX v3", EVIDENCE_SGX_V3,
     "1111111111111111111111111111111111111111111111111111111111111111", 0, 0,
     false, NULL},
    {"good TDX v4", EVIDENCE_TDX_V4,
     "2222222222222222222222222222222222222222222222222222222222222222", 0, 0,
     false, NULL},
    {"good TDX v5", EVIDENCE_TDX_V5,
     "3333333333333333333333333333333333333333333333333333333333333333", 0, 0,
     false, NULL},
    {"revoked", EVIDENCE_TDX_V4,
     "4444444444444444444444444444444444444444444444444444444444444444",
     MINT_REVOKE(MINT_CERT_PCK), 0, false, "pck_not_revoked"},
    {"signed by a stranger", EVIDENCE_TDX_V5,
     "5555555555555555555555555555555555555555555555555555555555555555", 0,
     MINT_KEY_STRANGER, false, "quote_signature"},
    {"broken QE signature", EVIDENCE_SGX_V3,
     "6666666666666666666666666666666666666666666666666666666666666666", 0, 0,
     true, "qe_report_signature"},
};

static struct assay_ctx *ctx;
static struct assay_verifier *shared;
static struct evidence platforms[PLATFORMS];
static struct assay_policy *policies[2]; /* SGX, TDX */

struct job {
    pthread_t thread;
    unsigned start;         /* where in the list it begins */
    char wrong[256];        /* first wrong answer; cmocka is not for threads */
    unsigned long verdicts; /* given */
};

static void
note(struct job *job, size_t row, const char *what)
{
    if (job->wrong[0] == '\0') {
        (void)snprintf(job->wrong, sizeof(job->wrong), "%s: %s", rows[row].name,
                       what);
    }
}

static void
judge(struct job *job, size_t row, const struct assay_verdict *v)
{
    const char *reason = assay_verdict_reason(v);
    const char *want = rows[row].reason;

    if (assay_verdict_trusted(v) != (want == NULL) ||
        strcmp(reason != NULL ? reason : "", want != NULL ? want : "") != 0) {
        note(job, row, assay_verdict_summary(v));
    }
    job->verdicts++;
}

/* The collateral is shared by all threads, the quote is parsed by each. */
static void
verify_one(struct job *job, size_t row)
{
    const struct evidence *e = &platforms[row];
    struct assay_verify_input in = {
        .collateral = e->collateral,
        .root = e->root,
        .policy = policies[rows[row].kind == EVIDENCE_SGX_V3 ? 0 : 1],
        .now_s = MINT_NOW_S,
    };
    struct assay_quote *quote = NULL;
    struct assay_verdict *v = NULL;
    struct assay_error err;

    if (assay_quote_parse(assay_buf_slice(&e->quote), &quote, &err) ==
        ASSAY_OK) {
        in.quote = quote;
        if (assay_verify(shared, &in, &v, &err) == ASSAY_OK) {
            judge(job, row, v);
        }
    }
    if (err.code != ASSAY_OK) {
        note(job, row, err.msg);
    }
    assay_verdict_free(v);
    assay_quote_free(quote);
}

static void *
work(void *arg)
{
    struct job *job = arg;

    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < PLATFORMS; i++) {
            /* Each thread in another order, and not all in step. */
            unsigned step = job->start % 2 == 0 ? i : PLATFORMS - 1 - i;

            verify_one(job, (job->start + step + round) % PLATFORMS);
        }
    }
    return NULL;
}

static void
verifier_is_shared(void **state)
{
    static struct job jobs[THREADS];

    (void)state;
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i].start = i;
        assert_int_equal(pthread_create(&jobs[i].thread, NULL, work, &jobs[i]),
                         0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(jobs[i].thread, NULL), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        if (jobs[i].wrong[0] != '\0') {
            fail_msg("thread %u: %s", i, jobs[i].wrong);
        }
        assert_int_equal(jobs[i].verdicts, ROUNDS * PLATFORMS);
    }
}

static int
setup(void **state)
{
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_ctx_new(&ctx, &err), ASSAY_OK);
    assert_int_equal(assay_verifier_new(ctx, MAX_PLATFORMS, &shared, &err),
                     ASSAY_OK);
    assert_int_equal(assay_policy_default(ASSAY_TEE_SGX, &policies[0], &err),
                     ASSAY_OK);
    assert_int_equal(assay_policy_default(ASSAY_TEE_TDX, &policies[1], &err),
                     ASSAY_OK);
    for (size_t i = 0; i < PLATFORMS; i++) {
        struct mint_options o = evidence_options(rows[i].kind);

        o.seed = rows[i].seed;
        o.pck_crl.revoke = rows[i].revoke;
        o.quote.signer = rows[i].signer;
        o.quote.break_qe_signature = rows[i].break_qe_signature;
        evidence_make(&platforms[i], ctx, &o);
    }
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLATFORMS; i++) {
        evidence_free(&platforms[i]);
    }
    assay_policy_free(policies[0]);
    assay_policy_free(policies[1]);
    assay_verifier_free(shared);
    assay_ctx_free(ctx);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifier_is_shared),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
