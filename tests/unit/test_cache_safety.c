/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_cache_safety.c - a verifier remembers facts and no judgements: what it
 * has found trusted is judged anew under other lists, roots, policies, times
 * and TCB levels, and nothing that is forged is taken for what it knows. Its
 * memory is bounded.
 */
#include <malloc.h>

#include <stdio.h>

#include "base/text.h"
#include "harness/trial.h"

#define DAY INT64_C(86400)
#define NOW MINT_NOW_S

/* What every world here has, apart from what a row changes. */
#define ADVISORY "INTEL-SA-00999"
#define COMMON   .tcb_info.levels[0].advisories = {ADVISORY}

/* of the Platform CA that MINT_TEST_SEED gives */
#define PLATFORM_CA_SKI "b21baa63764f202ac0010ba757f25b1ab78de984"

#define ANY_WORKLOAD "{\"type\":\"tdx\",\"partial\":true"
#define X6(x)        x x x x x x
#define X48(x)       X6(x x x x x x x x)

static const struct mint_options base = {COMMON};

/* Rows change one thing about what the hot platform is judged by; its quote
 * stays the same to the last byte, unless the row says that it is forged. */
static const struct {
    const char *name;
    const char *refused_by; /* NULL: trusted */
    const char *policy;     /* NULL: ANY_WORKLOAD */
    int64_t later_s;        /* after NOW */
    bool other_root;        /* another root is trusted */
    bool forged;            /* the quote differs */
    struct mint_options o;
} rows[] = {
    {.name = "the same again", .o = {COMMON}},
    /* (a) newer lists */
    {.name = "newer PCK CRL, nobody revoked",
     .o = {COMMON, .pck_crl = {.this_update_s = NOW - 1, .fill = 3}}},
    {.name = "newer PCK CRL revokes the PCK",
     .refused_by = "pck_not_revoked",
     .o = {COMMON, .pck_crl = {.this_update_s = NOW - 1,
                               .revoke = MINT_REVOKE(MINT_CERT_PCK)}}},
    {.name = "newer root CRL revokes the CA",
     .refused_by = "pck_ca_not_revoked",
     .o = {COMMON, .root_crl = {.this_update_s = NOW - 1,
                                .revoke = MINT_REVOKE(MINT_CERT_CA)}}},
    {.name = "newer root CRL revokes the TCB signer",
     .refused_by = "tcb_signer_not_revoked",
     .o = {COMMON, .root_crl = {.this_update_s = NOW - 1,
                                .revoke = MINT_REVOKE(MINT_CERT_TCB_SIGNER)}}},
    {.name = "a CRL that is forged",
     .refused_by = "pck_crl",
     .o = {COMMON, .pck_crl.signing.break_signature = true}},
    {.name = "a CRL signed by a key that signs other things",
     .refused_by = "pck_crl",
     .o = {COMMON, .pck_crl.signing.signer = MINT_KEY_ROOT}},
    {.name = "a root CRL that is forged",
     .refused_by = "root_ca_crl",
     .o = {COMMON, .root_crl.signing.break_signature = true}},
    /* (b) another root */
    {.name = "another root",
     .refused_by = "root_ca",
     .other_root = true,
     .o = {COMMON}},
    /* (c) a stricter policy */
    {.name = "tcbDate is recent enough",
     .policy = ANY_WORKLOAD ",\"min_tcb_date\":\"2024-11-13T00:00:00Z\"}",
     .o = {COMMON}},
    {.name = "tcbDate is too old",
     .policy = ANY_WORKLOAD ",\"min_tcb_date\":\"2024-11-13T00:00:01Z\"}",
     .refused_by = "tcb_date",
     .o = {COMMON}},
    {.name = "an advisory is denied",
     .policy = ANY_WORKLOAD ",\"denied_advisories\":[\"" ADVISORY "\"]}",
     .refused_by = "advisories",
     .o = {COMMON}},
    {.name = "another advisory is denied",
     .policy = ANY_WORKLOAD ",\"denied_advisories\":[\"INTEL-SA-00001\"]}",
     .o = {COMMON}},
    {.name = "MRTD as required",
     .policy = "{\"type\":\"tdx\",\"mrtd\":[\"" X48("3d") "\"]}",
     .o = {COMMON}},
    {.name = "another MRTD is required",
     .policy = "{\"type\":\"tdx\",\"mrtd\":[\"" X48("3e") "\"]}",
     .refused_by = "mrtd",
     .o = {COMMON}},
    {.name = "a higher evaluation number is required",
     .policy = ANY_WORKLOAD ",\"min_tcb_evaluation_data_number\":19}",
     .refused_by = "tcb_evaluation_data_number",
     .o = {COMMON}},
    /* (d) other times */
    {.name = "last second of the PCK CRL", .later_s = 20 * DAY, .o = {COMMON}},
    {.name = "after the PCK CRL's nextUpdate",
     .later_s = 20 * DAY + 1,
     .refused_by = "pck_crl_dates",
     .o = {COMMON}},
    {.name = "after the TCB info's nextUpdate",
     .later_s = 25 * DAY + 1,
     .refused_by = "tcb_info_dates",
     .o = {COMMON, .pck_crl.next_update_s = NOW + 90 * DAY}},
    {.name = "after the QE identity's nextUpdate",
     .later_s = 26 * DAY + 1,
     .refused_by = "qe_identity_dates",
     .o = {COMMON, .pck_crl.next_update_s = NOW + 90 * DAY,
           .tcb_info.next_update_s = NOW + 90 * DAY}},
    {.name = "after the PCK's notAfter",
     .later_s = 2200 * DAY + 1,
     .refused_by = "pck_chain_dates",
     .o = {COMMON}},
    {.name = "before the TCB info's issueDate",
     .later_s = -5 * DAY - 1,
     .refused_by = "tcb_info_dates",
     .o = {COMMON}},
    {.name = "before the PCK's notBefore",
     .later_s = -300 * DAY - 1,
     .refused_by = "pck_chain_dates",
     .o = {COMMON}},
    {.name = "an hour earlier", .later_s = -3600, .o = {COMMON}},
    /* (e) other TCB info and QE identity */
    {.name = "a higher level came",
     .refused_by = "tcb_status",
     .o = {COMMON, .tcb_info.levels[0].sgx[0] = 5}},
    {.name = "the level is out of date now",
     .refused_by = "tcb_status",
     .o = {COMMON, .tcb_info.levels[0].status = "OutOfDate"}},
    {.name = "the level is revoked",
     .refused_by = "tcb_status",
     .o = {COMMON, .tcb_info.levels[0].status = "Revoked"}},
    {.name = "the QE is out of date now",
     .refused_by = "tcb_status",
     .o = {COMMON, .qe_identity.levels[0].isvsvn = 9}},
    {.name = "another platform's TCB info",
     .refused_by = "tcb_info_match",
     .o = {COMMON, .tcb_info.fmspc = "00A06F050001"}},
    {.name = "another QE's identity",
     .refused_by = "qe_report",
     .o = {COMMON, .qe_identity.isvprodid = 3}},
    {.name = "TCB info that is forged",
     .refused_by = "tcb_info",
     .o = {COMMON, .tcb_info.json.break_signature = true}},
    {.name = "TCB info changed after signing",
     .refused_by = "tcb_info",
     .o = {COMMON, .tcb_info.levels[0].status = "OutOfDate",
           .tcb_info.json.after = {{"OutOfDate", "UpToDate"}}}},
    {.name = "QE identity that is forged",
     .refused_by = "qe_identity",
     .o = {COMMON, .qe_identity.json.break_signature = true}},
    {.name = "TCB info signed by the PCK",
     .refused_by = "tcb_info",
     .o = {COMMON, .tcb_info.json.signer = MINT_KEY_PCK}},
    /* (f) what is remembered, with something wrong */
    {.name = "PCK's signature broken",
     .refused_by = "pck_chain",
     .forged = true,
     .o = {COMMON, .pck.signing.break_signature = true}},
    {.name = "PCK changed after signing",
     .refused_by = "pck_chain",
     .forged = true,
     .o = {COMMON, .pck.patch = {.at = 30, .flip = 1}}},
    {.name = "PCK signed by a stranger",
     .refused_by = "pck_chain",
     .forged = true,
     .o = {COMMON, .pck.signing.signer = MINT_KEY_STRANGER}},
    {.name = "CA's signature broken",
     .refused_by = "pck_chain",
     .forged = true,
     .o = {COMMON, .ca.signing.break_signature = true}},
    /* the same bytes and signature, but the key that is asked about is another:
     * a certificate of the same name and key identifier carries it */
    {.name = "CA with another key, PCK signed by the old one",
     .refused_by = "pck_chain",
     .forged = true,
     .o = {COMMON,
           .ca = {.subject_key = MINT_KEY_STRANGER, .ski = PLATFORM_CA_SKI}}},
    {.name = "PCK with another key, QE report signed by the old one",
     .refused_by = "qe_report_signature",
     .forged = true,
     .o = {COMMON, .pck.subject_key = MINT_KEY_STRANGER}},
    {.name = "TCB signer with another key, TCB info signed by the old one",
     .refused_by = "tcb_info",
     .o = {COMMON, .tcb_signer.subject_key = MINT_KEY_STRANGER}},
    {.name = "QE report's signature broken",
     .refused_by = "qe_report_signature",
     .forged = true,
     .o = {COMMON, .quote.break_qe_signature = true}},
    {.name = "QE report signed by the attestation key",
     .refused_by = "qe_report_signature",
     .forged = true,
     .o = {COMMON, .quote.qe_report_signer = MINT_KEY_ATTESTATION}},
    {.name = "another attestation key, signed with it",
     .forged = true, /* but rightly vouched for */
     .o = {COMMON, .quote.attestation_key = MINT_KEY_STRANGER}},
    {.name = "another attestation key, not vouched for",
     .refused_by = "attestation_key",
     .forged = true,
     .o = {COMMON, .quote.break_binding = true}},
    {.name = "quote signed by another key",
     .refused_by = "quote_signature",
     .forged = true,
     .o = {COMMON, .quote.signer = MINT_KEY_STRANGER}},
    {.name = "quote's signature broken",
     .refused_by = "quote_signature",
     .forged = true,
     .o = {COMMON, .quote.break_signature = true}},
};

static struct assay_ctx *ctx;
static struct mint_world *base_world;
static struct assay_root *base_root;
static struct assay_root *other_root;
static struct assay_policy *any_workload;

static struct assay_verifier *
new_verifier(uint32_t max_platforms)
{
    struct assay_verifier *v = NULL;
    struct assay_error err;

    assert_int_equal(assay_verifier_new(ctx, max_platforms, &v, &err),
                     ASSAY_OK);
    return v;
}

/* The verdict is trusted, or refused by this check first. */
static void
expect(const char *row, struct assay_verifier *verifier,
       const struct assay_verify_input *in, const char *refused_by)
{
    struct assay_verdict *v = NULL;
    struct assay_error err;
    const char *got;

    if (assay_verify(verifier, in, &v, &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
    got = assay_verdict_reason(v);
    CHECK(row, assay_verdict_trusted(v) == (got == NULL));
    if (strcmp(got != NULL ? got : "trusted",
               refused_by != NULL ? refused_by : "trusted") != 0) {
        fail_msg("row \"%s\": %s, want %s", row, got != NULL ? got : "trusted",
                 refused_by != NULL ? refused_by : "trusted");
    }
    if (refused_by != NULL) {
        CHECK(row, trial_check(v, refused_by).outcome == ASSAY_FAILED);
    }
    assay_verdict_free(v);
}

static bool
same_quote(const struct mint_world *a, const struct mint_world *b)
{
    struct assay_buf x;
    struct assay_buf y;
    struct assay_error err;
    bool same;

    assay_buf_init(&x, MINT_QUOTE_MAX);
    assay_buf_init(&y, MINT_QUOTE_MAX);
    assert_int_equal(mint_world_quote(a, &x, &err), ASSAY_OK);
    assert_int_equal(mint_world_quote(b, &y, &err), ASSAY_OK);
    same = assay_slice_equal(assay_buf_slice(&x), assay_buf_slice(&y));
    assay_buf_free(&x);
    assay_buf_free(&y);
    return same;
}

/* Every row on a verifier for which the platform is hot, and the healthy
 * evidence between them, which must stay trusted. */
static void
run_rows(struct assay_verifier *verifier)
{
    struct assay_quote *quote = trial_quote(base_world);
    struct assay_collateral *collateral = trial_collateral(ctx, base_world);
    const struct assay_verify_input healthy = {
        .quote = quote,
        .collateral = collateral,
        .root = base_root,
        .policy = any_workload,
        .now_s = NOW,
    };

    expect("healthy", verifier, &healthy, NULL);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct mint_world *w = trial_world(rows[i].name, &rows[i].o);
        struct assay_policy *policy =
            rows[i].policy != NULL ? trial_policy(rows[i].policy) : NULL;
        struct assay_verify_input in = {
            .quote = trial_quote(w),
            .collateral = trial_collateral(ctx, w),
            .root = rows[i].other_root ? other_root : base_root,
            .policy = policy != NULL ? policy : any_workload,
            .now_s = NOW + rows[i].later_s,
        };

        CHECK(rows[i].name, same_quote(w, base_world) != rows[i].forged);
        expect(rows[i].name, verifier, &in, rows[i].refused_by);
        expect("healthy again", verifier, &healthy, NULL);
        expect(rows[i].name, verifier, &in, rows[i].refused_by);
        assay_quote_free((struct assay_quote *)in.quote);
        assay_collateral_free((struct assay_collateral *)in.collateral);
        assay_policy_free(policy);
        mint_world_free(w);
    }
    expect("healthy at last", verifier, &healthy, NULL);
    assay_quote_free(quote);
    assay_collateral_free(collateral);
}

static void
test_rows_hot(void **state)
{
    struct assay_verifier *verifier = new_verifier(ASSAY_DEFAULT_PLATFORMS);

    (void)state;
    run_rows(verifier);
    assay_verifier_free(verifier);
}

/* The least memory that there can be, and none: (h). */
static void
test_rows_small(void **state)
{
    (void)state;
    for (uint32_t max = 0; max <= 1; max++) {
        struct assay_verifier *verifier = new_verifier(max);

        run_rows(verifier);
        assay_verifier_free(verifier);
    }
}

/* One bit of each octet from the quote's signature to the end of the QE
 * report's: signatures, attestation key and QE report of a hot platform. */
static void
test_hot_bits(void **state)
{
    static const size_t from = 48 + 584 + 4;
    static const size_t report = 48 + 584 + 4 + 134;
    static const size_t to = 48 + 584 + 4 + 134 + 384 + 64;
    struct assay_verifier *verifier = new_verifier(8);
    struct assay_collateral *collateral = trial_collateral(ctx, base_world);
    struct assay_quote *good = trial_quote(base_world);
    struct assay_verify_input in = {
        .quote = good,
        .collateral = collateral,
        .root = base_root,
        .policy = any_workload,
        .now_s = NOW,
    };
    struct assay_buf raw;
    struct assay_error err;

    (void)state;
    assay_buf_init(&raw, MINT_QUOTE_MAX);
    assert_int_equal(mint_world_quote(base_world, &raw, &err), ASSAY_OK);
    expect("hot", verifier, &in, NULL);
    for (size_t at = from; at < to; at++) {
        const char *want = at < from + 64    ? "quote_signature"
                           : at < from + 128 ? "attestation_key"
                                             : "qe_report_signature";
        struct assay_quote *quote = NULL;

        if (at >= from + 128 && at < report) {
            continue; /* type and size of the certification data: structure */
        }
        raw.ptr[at] ^= (uint8_t)(1u << at % 8);
        assert_int_equal(assay_quote_parse(assay_buf_slice(&raw), &quote, &err),
                         ASSAY_OK);
        in.quote = quote;
        expect("a bit flipped", verifier, &in, want);
        assay_quote_free(quote);
        raw.ptr[at] ^= (uint8_t)(1u << at % 8);
    }
    in.quote = good;
    expect("hot still", verifier, &in, NULL);
    assay_quote_free(good);
    assay_collateral_free(collateral);
    assay_buf_free(&raw);
    assay_verifier_free(verifier);
}

/* (g) Five platforms under one root, by turns, where two are remembered; each
 * of them good and in three bad ways. */
static void
test_eviction(void **state)
{
    static const struct {
        enum mint_key_id pck;
        enum mint_key_id attestation;
    } platforms[] = {
        {MINT_KEY_PCK, MINT_KEY_ATTESTATION},
        {MINT_KEY_STRANGER, MINT_KEY_PROCESSOR_CA},
        {MINT_KEY_PROCESSOR_CA, MINT_KEY_STRANGER},
        {MINT_KEY_ATTESTATION, MINT_KEY_PCK},
        {MINT_KEY_TCB_SIGNER, MINT_KEY_TCB_SIGNER},
    };
    static const char *const refused_by[] = {
        NULL, "pck_chain", "qe_report_signature", "quote_signature"};
    struct assay_quote *quotes[COUNT_OF(platforms)][COUNT_OF(refused_by)];
    struct assay_collateral *collateral = trial_collateral(ctx, base_world);
    struct assay_verifier *verifier = new_verifier(2);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(platforms); i++) {
        for (size_t k = 0; k < COUNT_OF(refused_by); k++) {
            struct mint_options o = base;
            struct mint_world *w;

            o.pck.subject_key = platforms[i].pck;
            o.quote.qe_report_signer = platforms[i].pck;
            o.quote.attestation_key = platforms[i].attestation;
            o.pck.signing.break_signature = k == 1;
            o.quote.break_qe_signature = k == 2;
            o.quote.break_signature = k == 3;
            w = trial_world("platform", &o);
            quotes[i][k] = trial_quote(w);
            mint_world_free(w);
        }
    }
    for (size_t turn = 0; turn < 60; turn++) {
        size_t i = turn % COUNT_OF(platforms);
        struct assay_verify_input in = {
            .quote = NULL,
            .collateral = collateral,
            .root = base_root,
            .policy = any_workload,
            .now_s = NOW,
        };

        for (size_t k = 0; k < COUNT_OF(refused_by); k++) {
            size_t kind = (turn + k) % COUNT_OF(refused_by);

            in.quote = quotes[i][kind];
            expect("by turns", verifier, &in, refused_by[kind]);
        }
    }
    for (size_t i = 0; i < COUNT_OF(platforms); i++) {
        for (size_t k = 0; k < COUNT_OF(refused_by); k++) {
            assay_quote_free(quotes[i][k]);
        }
    }
    assay_collateral_free(collateral);
    assay_verifier_free(verifier);
}

/* --- (i) memory --------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#if !defined(SANITIZED) && defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)

#define PLATFORMS 1024u
#define MORE      256u
#define LIMIT     4096u /* bytes of a platform: assay/verify.h */

/* A platform of the base world with keys of its own: the PCK certificate and
 * the quote. */
static struct assay_quote *
make_platform(uint32_t n)
{
    const struct mint_options *o = mint_world_options(base_world);
    const struct mint_key *ca =
        mint_world_key(base_world, MINT_KEY_PLATFORM_CA);
    uint8_t seed[MINT_SEED_BYTES] = {(uint8_t)n, (uint8_t)(n >> 8), 1};
    uint8_t ca_id[MINT_SHA1_BYTES];
    struct mint_key *pck = NULL;
    struct mint_key *attestation = NULL;
    struct assay_buf der;
    struct assay_buf chain;
    struct assay_buf raw;
    struct assay_quote *quote = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    assay_buf_init(&der, MINT_DER_MAX);
    assay_buf_init(&chain, MINT_TEXT_MAX);
    assay_buf_init(&raw, MINT_QUOTE_MAX);
    assert_int_equal(mint_key_derive(seed, "pck", &pck, &err), ASSAY_OK);
    assert_int_equal(mint_key_derive(seed, "att", &attestation, &err),
                     ASSAY_OK);
    assert_int_equal(mint_key_identifier(ca, ca_id, &err), ASSAY_OK);
    const struct mint_cert_context cert = {
        .issuer_name = &o->ca.subject,
        .issuer_key_id = ASSAY_SLICE(ca_id),
        .subject_key = pck,
        .signer = ca,
        .sgx = &o->sgx,
    };
    assert_int_equal(mint_cert_write(&o->pck, &cert, &der, &err), ASSAY_OK);
    assay_pem_encode(&chain, "CERTIFICATE", assay_buf_slice(&der));
    assay_pem_encode(&chain, "CERTIFICATE",
                     mint_world_cert_der(base_world, MINT_CERT_CA));
    assay_pem_encode(&chain, "CERTIFICATE",
                     mint_world_cert_der(base_world, MINT_CERT_ROOT));
    const struct mint_quote_context context = {
        .platform = &o->platform,
        .attestation_key = attestation,
        .signer = attestation,
        .qe_report_signer = pck,
        .chain = assay_buf_slice(&chain),
    };
    assert_int_equal(mint_quote_write(&o->quote, &context, &raw, &err),
                     ASSAY_OK);
    assert_int_equal(assay_quote_parse(assay_buf_slice(&raw), &quote, &err),
                     ASSAY_OK);
    assay_buf_free(&raw);
    assay_buf_free(&chain);
    assay_buf_free(&der);
    mint_key_free(attestation);
    mint_key_free(pck);
    return quote;
}

static void
verify_platforms(struct assay_verifier *verifier,
                 const struct assay_collateral *collateral, uint32_t from,
                 uint32_t to)
{
    for (uint32_t n = from; n < to; n++) {
        struct assay_quote *quote = make_platform(n);
        const struct assay_verify_input in = {
            .quote = quote,
            .collateral = collateral,
            .root = base_root,
            .policy = any_workload,
            .now_s = NOW,
        };

        expect("a platform", verifier, &in, NULL);
        assay_quote_free(quote);
    }
}

static size_t
bytes_in_use(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

/* A quote whose chain has a CA that the root did not sign, and its verdict. */
static void
verify_stranger(struct assay_verifier *verifier, unsigned n)
{
    char serial[16];
    const struct mint_options o = {.seed = MINT_TEST_SEED,
                                   .ca.signing.break_signature = true,
                                   .pck.serial = serial};

    (void)snprintf(serial, sizeof(serial), "01%06x", n);
    struct mint_world *w = trial_world("stranger", &o);
    struct assay_collateral *collateral = trial_collateral(ctx, w);
    struct assay_root *root = trial_root(ctx, mint_world_root_pem(w));
    struct assay_quote *quote = trial_quote(w);
    const struct assay_verify_input in = {
        .quote = quote,
        .collateral = collateral,
        .root = root,
        .policy = any_workload,
        .now_s = NOW,
    };

    expect("a stranger's CA", verifier, &in, "pck_chain");
    assay_quote_free(quote);
    assay_root_free(root);
    assay_collateral_free(collateral);
    mint_world_free(w);
}

/* What is not traced to the root is not remembered, however much it is. */
static void
test_strangers(void **state)
{
    struct assay_verifier *verifier = new_verifier(PLATFORMS);
    size_t before;

    (void)state;
    for (unsigned n = 0; n < 4; n++) { /* what libraries keep */
        verify_stranger(verifier, n);
    }
    before = bytes_in_use();
    for (unsigned n = 4; n < 304; n++) {
        verify_stranger(verifier, n);
    }
    assert_true(bytes_in_use() < before + 4096);
    assay_verifier_free(verifier);
}

static void
test_memory(void **state)
{
    struct assay_collateral *collateral = trial_collateral(ctx, base_world);
    struct assay_verifier *verifier = new_verifier(1);
    size_t before;
    size_t full;
    size_t after;

    (void)state;
    verify_platforms(verifier, collateral, 0, 2); /* what libraries keep */
    assay_verifier_free(verifier);
    before = bytes_in_use();
    verifier = new_verifier(PLATFORMS);
    verify_platforms(verifier, collateral, 0, PLATFORMS);
    full = bytes_in_use();
    verify_platforms(verifier, collateral, PLATFORMS, PLATFORMS + MORE);
    after = bytes_in_use();
    print_message("%zu bytes a platform\n", (full - before) / PLATFORMS);
    assert_true(full > before);
    assert_true((full - before) / PLATFORMS <= LIMIT);
    /* the oldest are forgotten: no growth, but for the heap's rounding */
    assert_true(after < full + MORE * 64);
    assay_verifier_free(verifier);
    /* and all of it comes back */
    assert_true(bytes_in_use() < before + 16 * 1024);
    assay_collateral_free(collateral);
}

#else

static void
test_memory(void **state)
{
    (void)state;
    print_message("bytes a platform: not measured, this build's malloc is a "
                  "sanitizer's or has no mallinfo2\n");
}

static void
test_strangers(void **state)
{
    test_memory(state);
}

#endif

static int
setup(void **state)
{
    static const struct mint_options other = {
        .seed = "00000000000000000000000000000000"
                "00000000000000000000000000000001"};
    struct mint_world *w = trial_world("other", &other);

    (void)state;
    ctx = trial_ctx();
    base_world = trial_world("base", &base);
    base_root = trial_root(ctx, mint_world_root_pem(base_world));
    other_root = trial_root(ctx, mint_world_root_pem(w));
    any_workload = trial_policy(ANY_WORKLOAD "}");
    mint_world_free(w);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    assay_policy_free(any_workload);
    assay_root_free(other_root);
    assay_root_free(base_root);
    mint_world_free(base_world);
    assay_ctx_free(ctx);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_hot), cmocka_unit_test(test_rows_small),
        cmocka_unit_test(test_hot_bits), cmocka_unit_test(test_eviction),
        cmocka_unit_test(test_memory),   cmocka_unit_test(test_strangers),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
