/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_gather_oom.c - no memory while collateral is gathered.
 */
#include "harness/oom.h"

#include "harness/gather.h"
#include "harness/trial.h"

#define PARTS 4

static void
each_allocation(void **state)
{
    static const struct assay_collateral_need need = {true, "00a06f050000",
                                                      "platform"};
    static const char *const source[] = {"https://one.test"};
    const struct assay_gather_request r = {
        .need = &need, .sources = source, .source_count = 1};
    struct assay_ctx *ctx = trial_ctx();
    struct mint_world *w = trial_world("oom", &(struct mint_options){0});
    const struct assay_collateral_parts parts = mint_world_collateral_parts(w);
    struct gather_answer a[PARTS];
    bool refused = true;
    long n = 0;

    (void)state;
    a[0] = gather_answer_of(&parts, "/tcb?");
    a[1] = gather_answer_of(&parts, "/qe/identity");
    a[2] = gather_answer_of(&parts, "/pckcrl");
    a[3] = gather_answer_of(&parts, "/rootcacrl");
    for (; refused; n++) {
        struct assay_gather *g = NULL;
        struct assay_collateral *c = NULL;
        struct assay_error err;
        struct assay_buf bundle;
        enum assay_code code;

        assay_buf_init(&bundle, ASSAY_BUNDLE_MAX_BYTES);
        oom_fail_once(n);
        code = assay_gather_new(ctx, &r, &g, &err);
        for (size_t i = 0; code == ASSAY_OK && i < PARTS; i++) {
            assay_gather_give(g, assay_buf_slice(&a[i].headers), a[i].body);
        }
        if (code == ASSAY_OK) {
            code = assay_gather_take(g, &bundle, &c, &err);
        }
        refused = oom_stop();
        assert_int_equal(code, refused ? ASSAY_NO_MEMORY : ASSAY_OK);
        assert_true((c != NULL) == !refused);
        assay_collateral_free(c);
        assay_buf_free(&bundle);
        assay_gather_free(g);
    }
    assert_true(n > 20);
    for (size_t i = 0; i < PARTS; i++) {
        assay_buf_free(&a[i].headers);
    }
    mint_world_free(w);
    assay_ctx_free(ctx);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
