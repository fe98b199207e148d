/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_gather.c - which URLs are asked for, what becomes of answers, and when
 * the next source is asked. Over real connections: tests/e2e/test_pccs.py.
 */
#include "harness/gather.h"
#include "harness/trial.h"

#include "base/bytes.h"
#include "collateral/usable.h"

#define FMSPC "00a06f050000" /* what is minted */

static const struct assay_collateral_need tdx = {true, FMSPC, "platform"};
static const struct assay_collateral_need sgx = {false, FMSPC, "processor"};
static struct assay_ctx *ctx;
static struct mint_world *world;
static struct assay_collateral_parts parts;

static struct assay_gather *
begin(const struct assay_gather_request *r)
{
    struct assay_gather *g = NULL;
    struct assay_error err;

    if (assay_gather_new(ctx, r, &g, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return g;
}

/* The code, and the message in *err; whatever was found is looked at and
 * freed. */
static enum assay_code
end(struct assay_gather *g, struct assay_error *err)
{
    struct assay_collateral *c = NULL;
    struct assay_collateral *again = NULL;
    struct assay_error ignored;
    struct assay_buf bundle;

    assay_buf_init(&bundle, ASSAY_BUNDLE_MAX_BYTES);
    (void)!assay_gather_take(g, &bundle, &c, err);
    assert_true((c != NULL) == (err->code == ASSAY_OK));
    assert_true((bundle.len > 0) == (err->code == ASSAY_OK));
    if (c != NULL) {
        assert_int_equal(assay_collateral_parse(ctx, assay_buf_slice(&bundle),
                                                &again, &ignored),
                         ASSAY_OK);
        assay_collateral_free(again);
    }
    assay_collateral_free(c);
    assay_buf_free(&bundle);
    assay_gather_free(g);
    return err->code;
}

/* --- what is asked ------------------------------------------------------ */

#define INTEL "https://api.trustedservices.intel.com"

static const struct {
    const char *source;
    const struct assay_collateral_need *need;
    bool early;
    uint32_t evaluation;
    const char *urls[4];
} askings[] = {
    {"",
     &tdx,
     false,
     0,
     {INTEL "/tdx/certification/v4/tcb?fmspc=" FMSPC,
      INTEL "/tdx/certification/v4/qe/identity",
      INTEL "/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
      "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"}},
    {"https://pccs:8081/sgx/certification/v4/",
     &sgx,
     true,
     0,
     {"https://pccs:8081/sgx/certification/v4/tcb?fmspc=" FMSPC "&update=early",
      "https://pccs:8081/sgx/certification/v4/qe/identity?update=early",
      "https://pccs:8081/sgx/certification/v4/pckcrl?ca=processor&encoding=der",
      "https://pccs:8081/sgx/certification/v4/rootcacrl"}},
    {"http://u:p@h/x//",
     &tdx,
     false,
     17,
     {"http://u:p@h/x/tdx/certification/v4/tcb?fmspc=" FMSPC
      "&tcbEvaluationDataNumber=17",
      "http://u:p@h/x/tdx/certification/v4/qe/identity"
      "?tcbEvaluationDataNumber=17",
      "http://u:p@h/x/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
      "http://u:p@h/x/sgx/certification/v4/rootcacrl"}},
};

static void
urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(askings); i++) {
        struct assay_gather *g = begin(&(struct assay_gather_request){
            .need = askings[i].need,
            .sources = &askings[i].source,
            .source_count = 1,
            .early = askings[i].early,
            .evaluation = askings[i].evaluation,
        });

        for (size_t k = 0; k < 4; k++) {
            assert_true(assay_gather_wants(g));
            assert_string_equal(assay_gather_url(g), askings[i].urls[k]);
            assert_true(assay_gather_max_body(g) > 0);
            gather_give_of(g, &parts);
        }
        assert_false(assay_gather_wants(g));
        assert_null(assay_gather_url(g));
        assert_int_equal(assay_gather_max_body(g), 0);
        assay_gather_free(g);
    }
}

static void
sources_that_are_none(void **state)
{
    static const char *const bad[] = {"ftp://h", "https://", "https://h/?a",
                                      "https://h\n"};
    static const char *const many[ASSAY_SOURCES_MAX + 1] = {"", "", ""};
    struct assay_gather_request r = {.need = &tdx, .sources = many};
    struct assay_gather *g;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_gather_new(ctx, &r, &g, &err), ASSAY_INVALID);
    r.source_count = ASSAY_SOURCES_MAX + 1;
    assert_int_equal(assay_gather_new(ctx, &r, &g, &err), ASSAY_INVALID);
    r.source_count = 1;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        r.sources = &bad[i];
        assert_int_equal(assay_gather_new(ctx, &r, &g, &err), ASSAY_INVALID);
        assert_null(g);
    }
}

/* --- what is answered ---------------------------------------------------- */

static const char *const two[] = {"https://one.test", "https://two.test"};

static void
whole(void **state)
{
    struct assay_gather *g = begin(&(struct assay_gather_request){
        .need = &tdx, .sources = two, .source_count = 2});
    struct assay_collateral *c = NULL;
    struct assay_error err;
    struct assay_buf bundle;

    (void)state;
    assay_buf_init(&bundle, ASSAY_BUNDLE_MAX_BYTES);
    for (size_t k = 0; k < 4; k++) {
        assert_int_equal(assay_gather_take(g, &bundle, &c, &err),
                         ASSAY_INVALID);
        gather_give_of(g, &parts);
    }
    assert_false(assay_gather_wants(g)); /* the second is not asked */
    assay_gather_give(g, ASSAY_EMPTY, ASSAY_EMPTY);
    assert_int_equal(assay_gather_take(g, &bundle, &c, &err), ASSAY_OK);
    assert_true(assay_serves(c, &tdx, &err) == ASSAY_OK);
    assay_collateral_free(c);
    assert_int_equal(assay_gather_take(g, &bundle, &c, &err), ASSAY_INVALID);
    assert_null(c);
    assay_buf_free(&bundle);
    assay_gather_free(g);
}

/* What the first source says to its k-th request; it has said all before that
 * as it should. */
static const struct {
    const char *name;
    size_t k;
    const char *headers; /* NULL: the right ones */
    const char *body;    /* NULL: the right one */
    const char *message; /* if the second says nothing better */
} answers[] = {
    {"an empty body", 0, NULL, " \r\n", "the answer is empty"},
    {"a page", 0, NULL, "\n<html>", "the answer is a web page"},
    {"no chain", 0, "A: b\r\n", NULL,
     "the answer has no TCB-Info-Issuer-Chain header"},
    {"no chain of the QE's", 1, "TCB-Info-Issuer-Chain: a\r\n", NULL,
     "no SGX-Enclave-Identity-Issuer-Chain header"},
    {"a bad escape", 0, "TCB-Info-Issuer-Chain: %4\r\n", NULL, "bad %XX"},
    {"a chain that is none", 0, "TCB-Info-Issuer-Chain: x\r\n", NULL,
     "one.test: tcb_info_issuer_chain"},
    {"no JSON", 1, NULL, "nothing", "one.test: qe_identity"},
    {"a list that is none", 3, NULL, "0", "one.test: root_ca_crl"},
};

static void
answer_badly(struct assay_gather *g, size_t row)
{
    for (size_t k = 0; k <= answers[row].k; k++) {
        struct gather_answer a = gather_answer_of(&parts, assay_gather_url(g));

        if (k == answers[row].k && answers[row].headers != NULL) {
            a.headers.len = 0;
            assay_buf_add_text(&a.headers, answers[row].headers);
        }
        if (k == answers[row].k && answers[row].body != NULL) {
            a.body = assay_slice_of(answers[row].body);
        }
        assay_gather_give(g, assay_buf_slice(&a.headers), a.body);
        assay_buf_free(&a.headers);
    }
    while (assay_gather_wants(g) &&
           strstr(assay_gather_url(g), "one.test") != NULL) {
        gather_give_of(g, &parts); /* form is looked at when all is there */
    }
}

/* The next one is asked from its first part on, and nothing of the first is
 * used. */
static void
the_next_source(void **state)
{
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct assay_gather *g = begin(&(struct assay_gather_request){
            .need = &tdx, .sources = two, .source_count = 2});

        answer_badly(g, i);
        if (!assay_gather_wants(g) ||
            strstr(assay_gather_url(g), "two.test/tdx/certification/v4/tcb?") ==
                NULL) {
            fail_msg("row \"%s\"", answers[i].name);
        }
        for (size_t k = 0; k < 4; k++) {
            gather_give_of(g, &parts);
        }
        if (end(g, &err) != ASSAY_OK) {
            fail_msg("row \"%s\": %s", answers[i].name, err.msg);
        }
    }
}

static void
no_source(void **state)
{
    const struct assay_error why = {ASSAY_TIMEOUT, ASSAY_NO_OFFSET,
                                    "https://two.test/a: silent"};
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct assay_gather *g = begin(&(struct assay_gather_request){
            .need = &tdx, .sources = two, .source_count = 2});

        answer_badly(g, i);
        assay_gather_fail(g, &why);
        assert_false(assay_gather_wants(g));
        assay_gather_fail(g, &why); /* nothing was asked */
        assert_int_equal(end(g, &err), ASSAY_NETWORK);
        assert_non_null(strstr(err.msg, "https://two.test: silent"));

        g = begin(&(struct assay_gather_request){
            .need = &tdx, .sources = two, .source_count = 1});
        answer_badly(g, i);
        (void)!end(g, &err);
        if (strstr(err.msg, answers[i].message) == NULL) {
            fail_msg("row \"%s\": %s", answers[i].name, err.msg);
        }
    }
}

static void
too_large(void **state)
{
    struct assay_gather *g = begin(&(struct assay_gather_request){
        .need = &tdx, .sources = two, .source_count = 1});
    size_t len = assay_gather_max_body(g) + 1;
    uint8_t *body = calloc(1, len);
    struct assay_error err;

    (void)state;
    assert_non_null(body);
    assay_gather_give(g, ASSAY_EMPTY, (struct assay_slice){body, len});
    free(body);
    assert_int_equal(end(g, &err), ASSAY_TOO_LARGE);
}

/* --- what is good enough ------------------------------------------------- */

static void
of_another_platform(void **state)
{
    static const struct assay_collateral_need other = {true, "0123456789ab",
                                                       "platform"};
    struct assay_gather *g = begin(&(struct assay_gather_request){
        .need = &other, .sources = two, .source_count = 1});
    struct assay_error err;

    (void)state;
    while (assay_gather_wants(g)) {
        gather_give_of(g, &parts);
    }
    assert_int_equal(end(g, &err), ASSAY_NOT_FOUND);
    assert_non_null(strstr(err.msg, "not of tdx 0123456789ab"));
}

static void
of_another_evaluation(void **state)
{
    struct assay_gather *g = begin(&(struct assay_gather_request){
        .need = &tdx, .sources = two, .source_count = 1, .evaluation = 4711});
    struct assay_error err;

    (void)state;
    while (assay_gather_wants(g)) {
        gather_give_of(g, &parts);
    }
    assert_int_equal(end(g, &err), ASSAY_NOT_FOUND);
    assert_non_null(strstr(err.msg, "where 4711 was asked for"));
}

/* Both are asked, and what was found is handed out all the same: the verdict
 * says what it is. */
static void
second_best(void **state)
{
    const struct assay_gather_request rows[] = {
        {.seen = {UINT32_MAX, 0}},
        {.seen = {0, UINT32_MAX}},
        {.now_s = MINT_NOW_S + 100 * 365 * INT64_C(86400)},
        {.now_s = MINT_NOW_S, .fresh = {.min_evaluation = UINT32_MAX}},
        {.now_s = MINT_NOW_S, .fresh = {.has_max_age = true, .max_age_s = 1}},
    };
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_gather_request r = rows[i];
        struct assay_gather *g;
        unsigned asked = 0;

        r.need = &tdx;
        r.sources = two;
        r.source_count = 2;
        g = begin(&r);
        for (; assay_gather_wants(g); asked++) {
            gather_give_of(g, &parts);
        }
        assert_int_equal(asked, 8);
        assert_int_equal(end(g, &err), ASSAY_OK);
    }
}

static int
setup(void **state)
{
    (void)state;
    ctx = trial_ctx();
    world = trial_world("gather", &(struct mint_options){0});
    parts = mint_world_collateral_parts(world);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    mint_world_free(world);
    assay_ctx_free(ctx);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(sources_that_are_none),
        cmocka_unit_test(whole),
        cmocka_unit_test(the_next_source),
        cmocka_unit_test(no_source),
        cmocka_unit_test(too_large),
        cmocka_unit_test(of_another_platform),
        cmocka_unit_test(of_another_evaluation),
        cmocka_unit_test(second_best),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
