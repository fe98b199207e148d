/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_search_oom.c - no memory while collateral is searched for: there may be
 * none then, or what could not be tried, but nothing that is kept or learnt for
 * it.
 */
#include "harness/oom.h"

#include "harness/gather.h"
#include "harness/trial.h"
#include "search/marks.h"
#include "search/search.h"

#define NOW   MINT_NOW_S
#define PARTS 4

struct world {
    struct assay_ctx *ctx;
    struct assay_verifier *verifier;
    struct assay_root *root;
    struct assay_quote *quote;
    struct assay_collateral_need need;
    struct assay_buf bundle;
    struct gather_answer answers[PARTS];
};

static void
answer(const struct world *w, struct assay_gather *g)
{
    for (size_t i = 0; g != NULL && i < PARTS && assay_gather_wants(g); i++) {
        assay_gather_give(g, assay_buf_slice(&w->answers[i].headers),
                          w->answers[i].body);
    }
}

/* One search, whose n-th allocation is refused. False: it had fewer. */
static bool
try_with(const struct world *w, const struct assay_search_input *in, long n)
{
    struct assay_search *s = NULL;
    struct assay_obtained o = {.collateral = NULL};
    struct assay_error err;
    enum assay_code code;
    bool refused;

    oom_fail_once(n);
    code = assay_search_new(in, &s, &err);
    if (code == ASSAY_OK) {
        answer(w, assay_search_asks(s));
        code = assay_search_take(s, &o, &err);
    }
    refused = oom_stop();
    assert_true(code == ASSAY_OK || (refused && code == ASSAY_NO_MEMORY));
    assert_int_equal(o.collateral != NULL, code == ASSAY_OK);
    assert_true(!o.keep || (o.authentic && o.bundle.len > 0));
    assert_true(refused || o.learn || o.origin == ASSAY_ORIGIN_STAPLED);
    assay_obtained_free(&o);
    assay_search_free(s);
    return refused;
}

static void
each_allocation(void **state)
{
    static const char *const sources[] = {"https://one.test"};
    struct mint_world *mint = trial_world("oom", &(struct mint_options){0});
    const struct assay_collateral_parts parts =
        mint_world_collateral_parts(mint);
    struct world w = {.ctx = trial_ctx()};
    struct assay_search_input in;
    struct assay_slice *const given[] = {NULL, &in.cached, &in.stapled};
    struct assay_error err;

    (void)state;
    w.root = trial_root(w.ctx, mint_world_root_pem(mint));
    w.quote = trial_quote(mint);
    w.answers[0] = gather_answer_of(&parts, "/tcb?");
    w.answers[1] = gather_answer_of(&parts, "/qe/identity");
    w.answers[2] = gather_answer_of(&parts, "/pckcrl");
    w.answers[3] = gather_answer_of(&parts, "/rootcacrl");
    assay_buf_init(&w.bundle, ASSAY_BUNDLE_MAX_BYTES);
    assert_int_equal(mint_world_bundle(mint, &w.bundle, &err), ASSAY_OK);
    assert_int_equal(assay_collateral_need(w.quote, ASSAY_EMPTY, &w.need, &err),
                     ASSAY_OK);
    assert_int_equal(assay_verifier_new(w.ctx, 8, &w.verifier, &err), ASSAY_OK);
    for (size_t i = 0; i < COUNT_OF(given); i++) {
        long n = 0;

        in = (struct assay_search_input){
            .ctx = w.ctx,
            .verifier = w.verifier,
            .root = w.root,
            .quote = w.quote,
            .request = {.need = &w.need,
                        .sources = sources,
                        .source_count = 1,
                        .now_s = NOW},
        };
        if (given[i] != NULL) {
            *given[i] = assay_buf_slice(&w.bundle);
        }
        while (try_with(&w, &in, n)) {
            n++;
        }
        assert_true(n > 20);
    }
    for (size_t i = 0; i < PARTS; i++) {
        assay_buf_free(&w.answers[i].headers);
    }
    oom_fail_after(0);
    assert_null(assay_marks_new());
    assert_true(oom_stop());
    assay_verifier_free(w.verifier);
    assay_buf_free(&w.bundle);
    assay_quote_free(w.quote);
    assay_root_free(w.root);
    mint_world_free(mint);
    assay_ctx_free(w.ctx);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
