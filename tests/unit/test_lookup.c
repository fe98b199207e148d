/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_lookup.c - a search for collateral as bindings use it: no loop, and
 * sources that somebody else asks.
 */
#include "base/error.h"
#include "harness/pccs.h"
#include "io/lookup.h"

#define NOW MINT_NOW_S

/* Who asks, and what he found. */
struct asker {
    unsigned calls;
    unsigned requests;
    enum assay_code gives_up; /* ASSAY_OK: he does not */
    bool lazy;                /* says that he is done, and is not */
};

static enum assay_code
answer(void *user, struct assay_gather *g, struct assay_error *err)
{
    const struct assay_collateral_parts parts =
        mint_world_collateral_parts(pccs_world);
    struct asker *a = user;

    a->calls++;
    if (a->gives_up != ASSAY_OK) {
        return assay_fail(err, a->gives_up, ASSAY_NO_OFFSET, "no HTTP here");
    }
    while (!a->lazy && assay_gather_wants(g)) {
        a->requests++;
        gather_give_of(g, &parts);
    }
    return ASSAY_OK;
}

static const char *const sources[] = {ASSAY_SOURCE_INTEL};

static struct assay_lookup
lookup_of(struct assay_verifier *v, struct asker *a)
{
    return (struct assay_lookup){
        .ctx = pccs_ctx,
        .verifier = v,
        .root = pccs_root,
        .quote = pccs_quote,
        .need = &pccs_need,
        .now_s = NOW,
        .sources = sources,
        .source_count = 1,
        .ask = {answer, a},
    };
}

static struct assay_verifier *
new_verifier(void)
{
    struct assay_verifier *v = NULL;
    struct assay_error err;

    assert_int_equal(assay_verifier_new(pccs_ctx, 8, &v, &err), ASSAY_OK);
    return v;
}

/* One call for all four parts; then what it found is at hand. */
static void
asks_what_it_is_given(void **state)
{
    struct assay_verifier *v = new_verifier();
    struct asker a = {.calls = 0};
    struct assay_lookup l = lookup_of(v, &a);
    struct assay_buf held;

    (void)state;
    assay_lookup_run(&l);
    assert_int_equal(l.err.code, ASSAY_OK);
    assert_int_equal(l.obtained.origin, ASSAY_ORIGIN_FETCHED);
    assert_true(l.obtained.authentic);
    assert_string_equal(assay_lookup_last_note(&l), "");
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.requests, 4);

    held = l.obtained.bundle;
    assay_collateral_free(l.obtained.collateral);
    l.held = assay_buf_slice(&held);
    assay_lookup_run(&l);
    assert_int_equal(l.err.code, ASSAY_OK);
    assert_int_equal(l.obtained.origin, ASSAY_ORIGIN_CACHED);
    assert_int_equal(a.calls, 1);
    assay_obtained_free(&l.obtained);

    l.stapled = l.held;
    l.fresh = (struct assay_freshness){.has_max_age = true,
                                       .max_age_s = INT64_C(365) * 86400};
    assay_lookup_staple(&l);
    assert_int_equal(l.err.code, ASSAY_OK);
    assert_int_equal(l.obtained.origin, ASSAY_ORIGIN_STAPLED);
    assert_int_equal(a.calls, 1);
    assay_obtained_free(&l.obtained);
    assay_buf_free(&held);
    assay_verifier_free(v);
}

/* And what it said before is not said again. */
static void
tells_why_not(void **state)
{
    struct assay_verifier *v = new_verifier();
    struct asker a = {.gives_up = ASSAY_UNSUPPORTED};
    struct assay_lookup l = lookup_of(v, &a);

    (void)state;
    assay_lookup_run(&l);
    assert_int_equal(l.err.code, ASSAY_UNSUPPORTED);
    assert_string_equal(l.err.msg, "no HTTP here");
    assert_null(l.obtained.collateral);
    assay_obtained_free(&l.obtained);

    a = (struct asker){.lazy = true};
    assay_lookup_run(&l);
    assert_int_equal(l.err.code, ASSAY_INVALID);
    assert_null(l.obtained.collateral);
    assay_obtained_free(&l.obtained);

    l.stapled = (struct assay_slice){(const uint8_t *)"{", 1};
    assay_lookup_staple(&l);
    assert_int_not_equal(l.err.code, ASSAY_OK);
    assert_non_null(strstr(assay_lookup_last_note(&l),
                           "stapled collateral was not used: "));
    assay_obtained_free(&l.obtained);

    a = (struct asker){.calls = 0};
    assay_lookup_run(&l);
    assert_int_equal(l.err.code, ASSAY_OK);
    assert_string_equal(assay_lookup_last_note(&l), "");
    assay_obtained_free(&l.obtained);
    assay_verifier_free(v);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_what_it_is_given),
        cmocka_unit_test(tells_why_not),
    };

    return cmocka_run_group_tests(tests, pccs_setup, pccs_teardown);
}
