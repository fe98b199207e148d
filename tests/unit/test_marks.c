/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_marks.c - the memory of TCB evaluations, without the folder that
 * test_seen.c tries.
 */
#include <stdio.h>

#include "harness/trial.h"
#include "search/marks.h"

#define NOW   MINT_NOW_S
#define FMSPC "00a06f050000" /* what is minted */

static const struct assay_collateral_need need = {true, FMSPC, "platform"};
static struct assay_ctx *ctx;

static void
add(struct assay_marks *s, const char *name)
{
    struct assay_mark m;

    assert_true(assay_mark_read(name, &m));
    assay_marks_add(s, &m);
}

/* Names that it wants kept, with spaces between them. */
static void
learn(struct assay_marks *s, int32_t tcb_info, int32_t qe, bool keep,
      const char *want)
{
    const struct mint_options o = {
        .tcb_info = {.issue_s = NOW - 100, .evaluation_number = tcb_info},
        .qe_identity = {.issue_s = NOW - 50, .evaluation_number = qe},
    };
    struct mint_world *w = trial_world("evaluation", &o);
    struct assay_collateral *c = trial_collateral(ctx, w);
    struct assay_mark learnt[ASSAY_MARKS_LEARNT_MAX];
    size_t count = assay_marks_learn(s, assay_root_intel(), c, learnt);
    char text[2 * ASSAY_MARK_NAME_MAX] = "";

    for (size_t i = 0; i < count; i++) {
        char name[ASSAY_MARK_NAME_MAX];

        assay_mark_write(&learnt[i], name);
        name[strrchr(name, '_') - name] = '\0'; /* without the date */
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
                       i > 0 ? " " : "", name);
        if (keep) {
            assay_marks_add(s, &learnt[i]);
        }
    }
    assert_string_equal(text, want);
    assay_collateral_free(c);
    mint_world_free(w);
}

static void
check(const struct assay_marks *s, int64_t now_s, uint32_t tcb_info,
      uint32_t qe)
{
    struct assay_evaluations e =
        assay_marks_recall(s, assay_root_intel(), &need, now_s);

    assert_int_equal(e.tcb_info, tcb_info);
    assert_int_equal(e.qe_identity, qe);
}

/* Only what is news, until it is kept. */
static void
what_is_to_be_kept(void **state)
{
    struct assay_marks *s = assay_marks_new();

    (void)state;
    check(s, NOW, 0, 0);
    learn(s, 18, 17, false, "intel_tdx-" FMSPC "_18 intel_tdx-qe_17");
    check(s, NOW, 18, 17);
    learn(s, 18, 17, true, "intel_tdx-" FMSPC "_18 intel_tdx-qe_17");
    learn(s, 18, 17, true, "");
    learn(s, 17, 19, true, "intel_tdx-qe_19");
    learn(s, 16, 16, true, "");
    check(s, NOW, 18, 19);
    check(s, NOW - 50, 18, 19); /* when they were issued, to the second */
    check(s, NOW - 51, 18, 0);
    check(s, NOW - 101, 0, 0);
    assay_marks_free(s);
    assay_marks_free(NULL);
}

static void
what_was_kept(void **state)
{
    struct assay_marks *s = assay_marks_new();

    (void)state;
    add(s, "intel_tdx-" FMSPC "_18_2000");
    add(s, "intel_tdx-" FMSPC "_17_500");
    check(s, 1999, 0, 0);
    check(s, 2000, 18, 0);
    add(s, "intel_tdx-" FMSPC "_18_3000"); /* the earlier date counts */
    check(s, 2000, 18, 0);
    add(s, "intel_tdx-" FMSPC "_18_1000");
    check(s, 1000, 18, 0);
    add(s, "intel_sgx-" FMSPC "_19_1"); /* others' */
    add(s, "intel_tdx-00806f050000_19_1");
    check(s, NOW, 18, 0);
    learn(s, 18, 18, false, "intel_tdx-qe_18");
    assay_marks_free(s);
}

/* However many other roots there are, Intel's stay, and the newest others. */
static void
other_roots(void **state)
{
    const struct mint_options o = {.seed = MINT_TEST_SEED};
    struct mint_world *w = trial_world("root", &o);
    struct assay_root *own = trial_root(ctx, mint_world_root_pem(w));
    struct assay_collateral *c = trial_collateral(ctx, w);
    struct assay_mark learnt[ASSAY_MARKS_LEARNT_MAX];
    struct assay_marks *s = assay_marks_new();
    char name[ASSAY_MARK_NAME_MAX];

    (void)state;
    assert_int_equal(assay_marks_learn(s, own, c, learnt), 2);
    add(s, "intel_tdx-" FMSPC "_18_1");
    for (unsigned i = 0; i < ASSAY_MARKS_OTHERS_MAX - 2; i++) {
        (void)snprintf(name, sizeof(name), "%064x_tdx-qe_7_1", i);
        add(s, name);
    }
    assert_int_equal(assay_marks_recall(s, own, &need, NOW).tcb_info, 18);
    add(s, "00000000000000000000000000000000000000000000000000000000ffffffff_"
           "tdx-qe_7_1");
    assert_int_equal(assay_marks_recall(s, own, &need, NOW).tcb_info, 0);
    assert_int_equal(assay_marks_recall(s, own, &need, NOW).qe_identity, 18);
    check(s, NOW, 18, 0);
    assay_marks_free(s);
    assay_collateral_free(c);
    assay_root_free(own);
    mint_world_free(w);
}

/* What there is no room for is not learnt; what is known is not forgotten. */
static void
full_of_intels(void **state)
{
    struct assay_marks *s = assay_marks_new();
    char name[ASSAY_MARK_NAME_MAX];

    (void)state;
    add(s, "intel_tdx-qe_5_1");
    for (unsigned i = 1; i < ASSAY_MARKS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "intel_sgx-%012x_7_1", i);
        add(s, name);
    }
    learn(s, 18, 18, false, "intel_tdx-qe_18");
    check(s, NOW, 0, 18);
    assay_marks_free(s);
}

static int
setup(void **state)
{
    (void)state;
    ctx = trial_ctx();
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    assay_ctx_free(ctx);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_to_be_kept),
        cmocka_unit_test(what_was_kept),
        cmocka_unit_test(other_roots),
        cmocka_unit_test(full_of_intels),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
