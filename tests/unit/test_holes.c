/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_holes.c - holes of earlier implementations of attested TLS that no
 * other file has a test named after: collateral that is old but in date (5),
 * and a TDX module that nobody looks at (6). The others: test_verify_log.c
 * (1, 2, 4, 15), test_session_hostile.c and test_tls.c (5, 7),
 * test_session.c (8).
 */
#include <stdio.h>

#include "harness/trial.h"
#include "harness/unit.h"

#define DAY_S INT64_C(86400)
#define ANY   "{\"type\":\"tdx\",\"partial\":true"

static struct assay_ctx *ctx;

/* NULL if trusted, else the first check that did not pass. The answer lives
 * until the next call. */
static const char *
reason(const char *row, const struct mint_options *o, const char *policy)
{
    static char kept[64];
    struct mint_world *w = trial_world(row, o);
    struct assay_verifier *verifier = NULL;
    struct assay_verdict *v = NULL;
    struct assay_quote *quote = trial_quote(w);
    struct assay_collateral *collateral = trial_collateral(ctx, w);
    struct assay_root *root = trial_root(ctx, mint_world_root_pem(w));
    struct assay_policy *p = trial_policy(policy);
    struct assay_error err;
    const struct assay_verify_input in = {
        .quote = quote,
        .collateral = collateral,
        .root = root,
        .policy = p,
        .now_s = MINT_NOW_S,
    };
    const char *why;

    assert_int_equal(assay_verifier_new(ctx, 0, &verifier, &err), ASSAY_OK);
    if (assay_verify(verifier, &in, &v, &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
    why = assay_verdict_reason(v);
    (void)snprintf(kept, sizeof(kept), "%s", why != NULL ? why : "");
    assay_verdict_free(v);
    assay_verifier_free(verifier);
    assay_policy_free(p);
    assay_root_free(root);
    assay_collateral_free(collateral);
    assay_quote_free(quote);
    mint_world_free(w);
    return why != NULL ? kept : NULL;
}

static void
check_reason(const char *row, const struct mint_options *o, const char *policy,
             const char *want)
{
    const char *got = reason(row, o, policy);

    if ((got == NULL) != (want == NULL) ||
        (got != NULL && strcmp(got, want) != 0)) {
        fail_msg("row \"%s\": %s, want %s", row, got != NULL ? got : "trusted",
                 want != NULL ? want : "trusted");
    }
}

/* A source may play back what it likes as long as it is in date, up to 30
 * days; a policy sets the limit by age and by evaluation number. */
static void
test_hole_5_old_collateral_played_back(void **state)
{
    const struct mint_options old = {
        .tcb_info = {.issue_s = MINT_NOW_S - 29 * DAY_S,
                     .next_update_s = MINT_NOW_S + DAY_S,
                     .evaluation_number = 17},
    };
    const struct mint_options fresh = {.now_s = 0};

    (void)state;
    check_reason("no limit", &old, ANY "}", NULL);
    check_reason("by age", &old, ANY ",\"max_collateral_age_secs\":604800}",
                 "collateral_age");
    check_reason("by number", &old,
                 ANY ",\"min_tcb_evaluation_data_number\":18}",
                 "tcb_evaluation_data_number");
    check_reason("fresh", &fresh, ANY ",\"min_tcb_evaluation_data_number\":18}",
                 NULL);
}

/* The module is what keeps the host out of the TD. */
static void
test_hole_6_tdx_module(void **state)
{
    static const struct {
        const char *name;
        struct mint_options o;
    } rows[] = {
        {"signed by somebody else",
         {.quote.td.mr_signer_seam = "01000000000000000000000000000000"
                                     "00000000000000000000000000000000"
                                     "00000000000000000000000000000000"}},
        {"with attributes (a debug module)",
         {.quote.td.seam_attributes = "0100000000000000"}},
        {"of a version that Intel does not list",
         {.quote.td.tee_tcb_svn = "06090300000000000000000000000000"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_reason(rows[i].name, &rows[i].o, ANY "}", "tdx_module");
    }
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
        cmocka_unit_test(test_hole_5_old_collateral_played_back),
        cmocka_unit_test(test_hole_6_tdx_module),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
