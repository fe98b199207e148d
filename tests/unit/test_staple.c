/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_staple.c - a server's own collateral: there or not, never in the way,
 * never run out, and good enough for a client's supply.
 */
#include "harness/loop.h"
#include "harness/pccs.h"
#include "io/staple.h"
#include "search/trial.h"

#define NOW  MINT_NOW_S
#define DAY  INT64_C(86400)
#define HOUR INT64_C(3600)

struct trial {
    struct trial_loop loop;
    struct pccs pccs;
    struct assay_verifier *verifier;
    struct assay_staple *staple;
};

#define ISSUED(at)                                                             \
    .tcb_info = {.issue_s = (at), .next_update_s = (at) + 30 * DAY},           \
    .qe_identity = {.issue_s = (at), .next_update_s = (at) + 30 * DAY},        \
    .pck_crl = {.this_update_s = (at), .next_update_s = (at) + 30 * DAY}

static struct assay_supply_options
options(struct trial *t)
{
    return (struct assay_supply_options){
        .ctx = pccs_ctx,
        .verifier = t->verifier,
        .root = pccs_root,
        .sources = t->pccs.sources,
        .source_count = 1,
        .grace_s = 40 * DAY, /* which is none of its business */
    };
}

static void
open_trial(struct trial *t, const struct mint_world *w)
{
    struct assay_supply_options o;
    struct assay_error err;

    memset(t, 0, sizeof(*t));
    loop_open(&t->loop);
    pccs_open(&t->pccs, w);
    assert_int_equal(assay_verifier_new(pccs_ctx, 8, &t->verifier, &err),
                     ASSAY_OK);
    o = options(t);
    t->staple = assay_staple_new(&t->loop.uv, &o);
    assert_non_null(t->staple);
}

static void
close_trial(struct trial *t)
{
    assay_staple_free(t->staple);
    loop_close(&t->loop);
    assay_verifier_free(t->verifier);
    pccs_close(&t->pccs);
}

static bool
has(struct trial *t, int64_t now_s)
{
    return assay_staple_bundle(t->staple, now_s).len > 0;
}

static void
tick(struct trial *t, int64_t now_s)
{
    assay_staple_tick(t->staple, now_s);
    loop_run(&t->loop);
}

static void
there_or_not(void **state)
{
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world);
    assert_false(has(&t, NOW));
    tick(&t, NOW); /* no quote was seen: nothing is known */
    assert_int_equal(atomic_load(&t.pccs.requests), 0);
    atomic_store(&t.pccs.hold, true);
    assay_staple_learn(t.staple, pccs_quote, NOW);
    assay_staple_learn(t.staple, pccs_quote, NOW); /* one search */
    assert_false(has(&t, NOW));                    /* and nobody waits for it */
    atomic_store(&t.pccs.hold, false);
    loop_run(&t.loop);
    assert_true(has(&t, NOW));
    assert_string_equal(assay_staple_note(t.staple), "");
    assay_staple_learn(t.staple, pccs_quote, NOW + 1);
    loop_run(&t.loop);
    assert_int_equal(atomic_load(&t.pccs.collateral), 1);
    close_trial(&t);
}

/* What it hands out is what a client's supply takes. */
static void
a_client_takes_it(void **state)
{
    const struct mint_options today = {ISSUED(NOW)};
    struct mint_world *w = trial_world("today", &today);
    struct assay_collateral *c = NULL;
    struct assay_trial verdict;
    struct assay_error err;
    struct trial t;

    (void)state;
    open_trial(&t, w);
    assay_staple_learn(t.staple, pccs_quote, NOW);
    loop_run(&t.loop);
    assert_int_equal(assay_collateral_parse(pccs_ctx,
                                            assay_staple_bundle(t.staple, NOW),
                                            &c, &err),
                     ASSAY_OK);
    assay_trial_run(t.verifier, pccs_root, pccs_quote, c, NOW, &verdict);
    assert_true(verdict.sound);
    assay_collateral_free(c);
    close_trial(&t);
    mint_world_free(w);
}

static void
kept_current(void **state)
{
    const struct mint_options today = {ISSUED(NOW)};
    const struct mint_options next = {ISSUED(NOW + 20 * HOUR)};
    struct mint_world *w = trial_world("today", &today);
    struct mint_world *tomorrow = trial_world("tomorrow", &next);
    struct assay_collateral *c = NULL;
    struct assay_error err;
    struct trial t;

    (void)state;
    open_trial(&t, w);
    assay_staple_learn(t.staple, pccs_quote, NOW);
    loop_run(&t.loop);
    tick(&t, NOW + 20 * HOUR);
    assert_int_equal(atomic_load(&t.pccs.collateral), 1);
    pccs_serves(&t.pccs, tomorrow);
    tick(&t, NOW + 24 * HOUR); /* at least daily */
    assert_int_equal(atomic_load(&t.pccs.collateral), 2);
    assert_int_equal(
        assay_collateral_parse(
            pccs_ctx, assay_staple_bundle(t.staple, NOW + DAY), &c, &err),
        ASSAY_OK);
    assert_int_equal(assay_collateral_issued(c), NOW + 20 * HOUR);
    assay_collateral_free(c);
    close_trial(&t);
    mint_world_free(tomorrow);
    mint_world_free(w);
}

/* Whatever grace its options name. */
static void
never_run_out(void **state)
{
    const struct mint_options today = {ISSUED(NOW)};
    const struct mint_options later = {ISSUED(NOW + 31 * DAY)};
    struct mint_world *w = trial_world("today", &today);
    struct mint_world *next = trial_world("next", &later);
    struct trial t;

    (void)state;
    open_trial(&t, w);
    assay_staple_learn(t.staple, pccs_quote, NOW);
    loop_run(&t.loop);
    atomic_store(&t.pccs.down, true);
    for (int64_t at = NOW; at <= NOW + 29 * DAY; at += DAY) {
        tick(&t, at);
        assert_true(has(&t, at));
    }
    assert_true(has(&t, NOW + 30 * DAY));
    assert_false(has(&t, NOW + 30 * DAY + 1));
    tick(&t, NOW + 31 * DAY);
    assert_false(has(&t, NOW + 31 * DAY));
    atomic_store(&t.pccs.down, false); /* and it comes back by itself */
    pccs_serves(&t.pccs, next);
    tick(&t, NOW + 32 * DAY);
    assert_true(has(&t, NOW + 32 * DAY));
    close_trial(&t);
    mint_world_free(next);
    mint_world_free(w);
}

/* Quotes come by the second; sources that fail are asked by the minute, and
 * then less often. */
static void
sources_that_fail(void **state)
{
    struct trial t;
    int64_t at = NOW;

    (void)state;
    open_trial(&t, pccs_world);
    atomic_store(&t.pccs.down, true);
    for (int64_t i = 0; i < 2 * HOUR; i++) {
        assay_staple_learn(t.staple, pccs_quote, at + i);
        loop_run(&t.loop);
    }
    assert_in_range(atomic_load(&t.pccs.collateral), 6, 12);
    assert_non_null(strstr(assay_staple_note(t.staple), t.pccs.url));
    assert_false(has(&t, at + 2 * HOUR));
    atomic_store(&t.pccs.down, false);
    tick(&t, at + 3 * HOUR); /* without a quote, too */
    assert_true(has(&t, at + 3 * HOUR));
    assert_string_equal(assay_staple_note(t.staple), "");
    close_trial(&t);
}

/* A source that made it up: no client is to see that. */
static void
sources_that_lie(void **state)
{
    const struct mint_options forged = {.qe_identity.json.signer =
                                            MINT_KEY_STRANGER};
    const struct mint_options expired = {ISSUED(NOW - 31 * DAY)};
    const struct mint_options *const rows[] = {&forged, &expired};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct mint_world *w = trial_world("lie", rows[i]);
        struct trial t;

        open_trial(&t, w);
        assay_staple_learn(t.staple, pccs_quote, NOW);
        loop_run(&t.loop);
        assert_false(has(&t, NOW));
        assert_string_not_equal(assay_staple_note(t.staple), "");
        pccs_serves(&t.pccs, pccs_world);
        tick(&t, NOW + 120);
        assert_true(has(&t, NOW + 120));
        close_trial(&t);
        mint_world_free(w);
    }
}

/* The TD wakes up on another platform; or its quotes have no chain. */
static void
other_quotes(void **state)
{
    const struct mint_options elsewhere = {.platform.fmspc = "00806f050000"};
    const struct mint_options bare = {.quote.cert_type = 1};
    struct mint_world *w = trial_world("elsewhere", &elsewhere);
    struct mint_world *b = trial_world("bare", &bare);
    struct assay_quote *theirs = trial_quote(w);
    struct assay_quote *no_chain = trial_quote(b);
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world);
    assay_staple_learn(t.staple, no_chain, NOW);
    assert_non_null(strstr(assay_staple_note(t.staple), "no PCK chain"));
    assay_staple_learn(t.staple, pccs_quote, NOW);
    loop_run(&t.loop);
    assert_true(has(&t, NOW));
    pccs_serves(&t.pccs, w);
    assay_staple_learn(t.staple, theirs, NOW);
    assert_false(has(&t, NOW)); /* not the other platform's */
    loop_run(&t.loop);
    assert_true(has(&t, NOW));
    assay_staple_learn(t.staple, pccs_quote, NOW); /* back again */
    assert_true(has(&t, NOW));
    close_trial(&t);
    assay_quote_free(no_chain);
    assay_quote_free(theirs);
    mint_world_free(b);
    mint_world_free(w);
}

static void
freed_at_work(void **state)
{
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world);
    atomic_store(&t.pccs.hold, true);
    assay_staple_learn(t.staple, pccs_quote, NOW);
    close_trial(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_or_not),
        cmocka_unit_test(a_client_takes_it),
        cmocka_unit_test(kept_current),
        cmocka_unit_test(never_run_out),
        cmocka_unit_test(sources_that_fail),
        cmocka_unit_test(sources_that_lie),
        cmocka_unit_test(other_quotes),
        cmocka_unit_test(freed_at_work),
    };

    return cmocka_run_group_tests(tests, pccs_setup, pccs_teardown);
}
