/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_supply.c - collateral for many sessions: one search for all that need
 * the same, refreshes in time, outages, rollbacks, and what servers staple.
 */
#include "harness/loop.h"
#include "harness/pccs.h"
#include "io/supply.h"

#define NOW       MINT_NOW_S
#define DAY       INT64_C(86400)
#define CALLS_MAX 8u
#define OTHER_SEED                                                             \
    "00000000000000000000000000000000"                                         \
    "00000000000000000000000000000001"

/* Worlds of the same keys that differ in their collateral. */
static struct mint_world *
variant(const struct mint_options *o)
{
    return trial_world("variant", o);
}

/* All of it issued at a time, and good for 30 days. */
#define ISSUED(at, number)                                                     \
    .tcb_info = {.issue_s = (at),                                              \
                 .next_update_s = (at) + 30 * DAY,                             \
                 .evaluation_number = (number)},                               \
    .qe_identity = {.issue_s = (at),                                           \
                    .next_update_s = (at) + 30 * DAY,                          \
                    .evaluation_number = (number)},                            \
    .pck_crl = {.this_update_s = (at), .next_update_s = (at) + 30 * DAY},      \
    .root_crl = {.this_update_s = (at), .next_update_s = (at) + 300 * DAY}

struct call {
    struct trial *t;
    struct assay_supply_call *call;
    struct assay_supplied *got;
    struct assay_error err;
    unsigned told;
};

struct trial {
    struct trial_loop loop;
    struct pccs pccs;
    struct assay_verifier *verifier;
    struct assay_seen *seen;
    struct assay_supply *supply;
    struct call calls[CALLS_MAX];
    unsigned begun; /* searches */
    unsigned ended;
};

static void
on_begun(void *trial)
{
    ((struct trial *)trial)->begun++;
}

static void
on_ended(void *trial)
{
    ((struct trial *)trial)->ended++;
}

static void
open_trial(struct trial *t, const struct mint_world *w, int64_t grace_s,
           const struct assay_freshness *fresh)
{
    struct assay_error err;
    struct assay_supply_options o = {
        .ctx = pccs_ctx,
        .root = pccs_root,
        .source_count = 1,
        .grace_s = grace_s,
        .refresh = true,
        .begun = on_begun,
        .ended = on_ended,
        .owner = t,
    };

    memset(t, 0, sizeof(*t));
    loop_open(&t->loop);
    pccs_open(&t->pccs, w);
    assert_int_equal(assay_verifier_new(pccs_ctx, 8, &t->verifier, &err),
                     ASSAY_OK);
    t->seen = assay_seen_new(NULL);
    o.verifier = t->verifier;
    o.sources = t->pccs.sources;
    o.seen = t->seen;
    if (fresh != NULL) {
        o.fresh = *fresh;
    }
    t->supply = assay_supply_new(&t->loop.uv, &o);
    assert_non_null(t->supply);
}

static void
release(struct trial *t)
{
    for (size_t i = 0; i < CALLS_MAX; i++) {
        assay_supplied_release(t->calls[i].got);
        t->calls[i] = (struct call){.told = 0};
    }
}

static void
close_trial(struct trial *t)
{
    release(t);
    assay_supply_free(t->supply);
    loop_close(&t->loop);
    assay_seen_free(t->seen);
    assay_verifier_free(t->verifier);
    pccs_close(&t->pccs);
}

static void
on_done(void *user, struct assay_supplied *supplied,
        const struct assay_error *err)
{
    struct call *c = user;

    c->told++;
    c->call = NULL;
    c->got = supplied;
    c->err = *err;
}

static void
get(struct trial *t, size_t i, struct assay_slice stapled, int64_t now_s)
{
    t->calls[i].call = assay_supply_get(t->supply, pccs_quote, &pccs_need,
                                        stapled, now_s, on_done, &t->calls[i]);
    assert_non_null(t->calls[i].call);
}

/* Asks once and waits; where it came from. */
static enum assay_origin
get_one(struct trial *t, struct assay_slice stapled, int64_t now_s)
{
    release(t);
    get(t, 0, stapled, now_s);
    loop_run(&t->loop);
    assert_int_equal(t->calls[0].told, 1);
    if (t->calls[0].got == NULL) {
        fail_msg("%s", t->calls[0].err.msg);
    }
    return assay_supplied_origin(t->calls[0].got);
}

static bool
has(struct trial *t, int64_t now_s)
{
    struct assay_supplied *s = assay_supply_have(t->supply, &pccs_need, now_s);

    assay_supplied_release(s);
    return s != NULL;
}

static uint32_t
number_held(struct trial *t, int64_t now_s)
{
    struct assay_supplied *s = assay_supply_have(t->supply, &pccs_need, now_s);
    uint32_t n;

    assert_non_null(s);
    n = assay_collateral_evaluations(assay_supplied_collateral(s)).tcb_info;
    assay_supplied_release(s);
    return n;
}

/* --- many sessions ------------------------------------------------------ */

static void
one_search_for_all(void **state)
{
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world, 0, NULL);
    atomic_store(&t.pccs.hold, true);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        get(&t, i, ASSAY_EMPTY, NOW);
    }
    assay_supply_cancel(t.calls[0].call); /* the one it began with */
    assay_supply_cancel(t.calls[3].call);
    atomic_store(&t.pccs.hold, false);
    loop_run(&t.loop);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        assert_int_equal(t.calls[i].told, i != 0 && i != 3);
        assert_true(i == 0 || i == 3 || t.calls[i].got == t.calls[1].got);
    }
    assert_int_equal(atomic_load(&t.pccs.collateral), 1);
    assert_int_equal(t.begun, 1);
    assert_int_equal(t.ended, 1);
    assert_true(has(&t, NOW));
    close_trial(&t);
}

/* The search outlives the supply, and says when it is over. */
static void
supply_that_is_gone(void **state)
{
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world, 0, NULL);
    atomic_store(&t.pccs.hold, true);
    get(&t, 0, ASSAY_EMPTY, NOW);
    assay_supply_free(t.supply);
    t.supply = NULL;
    assert_int_equal(t.begun, 1);
    assert_int_equal(t.ended, 0);
    loop_run(&t.loop);
    assert_int_equal(t.ended, 1);
    assert_int_equal(t.calls[0].told, 0);
    close_trial(&t);
}

static void
nobody_wants_it_any_more(void **state)
{
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world, 0, NULL);
    atomic_store(&t.pccs.hold, true);
    get(&t, 0, ASSAY_EMPTY, NOW);
    get(&t, 1, ASSAY_EMPTY, NOW);
    assay_supply_cancel(t.calls[1].call);
    assay_supply_cancel(t.calls[0].call);
    assay_supply_cancel(NULL);
    loop_run(&t.loop); /* it is cut off, held as it is */
    assert_int_equal(t.calls[0].told + t.calls[1].told, 0);
    assert_false(has(&t, NOW));
    close_trial(&t);
}

/* An owner that ends everything from within the first answer. */
static void
on_done_free(void *user, struct assay_supplied *supplied,
             const struct assay_error *err)
{
    struct call *c = user;

    on_done(user, supplied, err);
    assay_supply_free(c->t->supply);
    c->t->supply = NULL;
}

static void
freed_by_an_answer(void **state)
{
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world, 0, NULL);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        t.calls[i].t = &t;
        assert_non_null(assay_supply_get(t.supply, pccs_quote, &pccs_need,
                                         ASSAY_EMPTY, NOW, on_done_free,
                                         &t.calls[i]));
    }
    loop_run(&t.loop);
    for (size_t i = 1; i < CALLS_MAX; i++) {
        t.calls[0].told += t.calls[i].told;
    }
    assert_int_equal(t.calls[0].told, 1);
    close_trial(&t);
}

static void
all_are_told_of_a_failure(void **state)
{
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world, 0, NULL);
    atomic_store(&t.pccs.down, true);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        get(&t, i, ASSAY_EMPTY, NOW);
    }
    loop_run(&t.loop);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        assert_int_equal(t.calls[i].told, 1);
        assert_null(t.calls[i].got);
        assert_int_equal(t.calls[i].err.code, ASSAY_NETWORK);
    }
    assert_int_equal(atomic_load(&t.pccs.collateral), 1);
    close_trial(&t);
}

/* What is not authentic on one quote says nothing to the others: they look for
 * themselves, together, and what is right is held. */
static void
one_bad_quote(void **state)
{
    const struct mint_options o = {.pck.signing.signer = MINT_KEY_STRANGER};
    struct mint_world *w = variant(&o);
    struct assay_quote *bad = trial_quote(w);
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world, 0, NULL);
    atomic_store(&t.pccs.hold, true);
    assert_non_null(assay_supply_get(t.supply, bad, &pccs_need, ASSAY_EMPTY,
                                     NOW, on_done, &t.calls[0]));
    for (size_t i = 1; i < CALLS_MAX; i++) {
        get(&t, i, ASSAY_EMPTY, NOW);
    }
    atomic_store(&t.pccs.hold, false);
    loop_run(&t.loop);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        assert_int_equal(t.calls[i].told, 1);
        assert_int_equal(t.calls[i].got == t.calls[1].got, i != 0);
    }
    assert_int_equal(atomic_load(&t.pccs.collateral), 2);
    assert_true(has(&t, NOW));
    close_trial(&t);
    assay_quote_free(bad);
    mint_world_free(w);
}

/* What its own CRL revokes is of no use to anybody, and not kept. */
static void
a_signer_that_is_revoked(void **state)
{
    const struct mint_options o = {
        ISSUED(NOW, 18),
        .root_crl.revoke = MINT_REVOKE(MINT_CERT_TCB_SIGNER),
    };
    struct mint_world *w = variant(&o);
    struct trial t;

    (void)state;
    open_trial(&t, w, 0, NULL);
    (void)get_one(&t, ASSAY_EMPTY, NOW);
    assert_false(has(&t, NOW));
    pccs_serves(&t.pccs, pccs_world); /* it has caught up */
    (void)get_one(&t, ASSAY_EMPTY, NOW);
    assert_true(has(&t, NOW));
    close_trial(&t);
    mint_world_free(w);
}

/* A cache with the first host's PCK chain in it fails the second host of the
 * same family; here only what all of them share is kept. */
static void
a_second_host_of_the_family(void **state)
{
    const struct mint_options o = {.pck.serial = "424242"};
    struct mint_world *other = variant(&o);
    struct assay_quote *second = trial_quote(other);
    struct assay_policy *policy = trial_policy("{\"type\":\"tdx\","
                                               "\"partial\":true}");
    struct assay_verdict *v = NULL;
    struct assay_collateral_need theirs;
    struct assay_error err;
    struct trial t;

    (void)state;
    assert_int_equal(assay_collateral_need(second, ASSAY_EMPTY, &theirs, &err),
                     ASSAY_OK);
    assert_string_equal(theirs.fmspc, pccs_need.fmspc);
    open_trial(&t, pccs_world, 0, NULL);
    (void)get_one(&t, ASSAY_EMPTY, NOW);
    assert_true(has(&t, NOW));
    const struct assay_verify_input in = {
        .quote = second,
        .collateral = assay_supplied_collateral(t.calls[0].got),
        .root = pccs_root,
        .policy = policy,
        .now_s = NOW,
    };
    assert_int_equal(assay_verify(t.verifier, &in, &v, &err), ASSAY_OK);
    assert_true(assay_verdict_trusted(v));
    assay_verdict_free(v);
    close_trial(&t);
    assay_policy_free(policy);
    assay_quote_free(second);
    mint_world_free(other);
}

/* --- refreshes ---------------------------------------------------------- */

static void
refreshed_in_time(void **state)
{
    const struct mint_options newer = {ISSUED(NOW + 25 * DAY, 19)};
    const struct mint_options today = {ISSUED(NOW, 18)};
    struct mint_world *w = variant(&today);
    struct mint_world *next = variant(&newer);
    struct trial t;

    (void)state;
    open_trial(&t, w, 0, NULL);
    (void)get_one(&t, ASSAY_EMPTY, NOW);
    assay_supply_tick(t.supply, NOW + 22 * DAY); /* 3/4 of 30 is 22.5 */
    loop_run(&t.loop);
    assert_int_equal(atomic_load(&t.pccs.collateral), 1);
    pccs_serves(&t.pccs, next);
    for (int i = 0; i < 3; i++) { /* however often: one search */
        assay_supply_tick(t.supply, NOW + 27 * DAY);
    }
    loop_run(&t.loop);
    assert_int_equal(atomic_load(&t.pccs.collateral), 2);
    assert_int_equal(number_held(&t, NOW + 27 * DAY), 19);
    assert_true(has(&t, NOW + 40 * DAY)); /* nobody had to wait for that */
    close_trial(&t);
    mint_world_free(next);
    mint_world_free(w);
}

/* What is held stays while nothing better comes, and sources that fail are
 * asked less and less often. */
static void
refreshes_that_fail(void **state)
{
    const struct mint_options today = {ISSUED(NOW, 18)};
    struct mint_world *w = variant(&today);
    int64_t now_s = NOW + 27 * DAY;
    unsigned asked = 1;
    struct trial t;

    (void)state;
    open_trial(&t, w, 0, NULL);
    (void)get_one(&t, ASSAY_EMPTY, NOW);
    for (unsigned failure = 1; failure < 8; failure++) {
        int64_t pause = 60 << failure;

        atomic_store(&t.pccs.down, failure % 2 == 0); /* or: nothing new */
        assay_supply_tick(t.supply, now_s);
        loop_run(&t.loop);
        assert_int_equal(atomic_load(&t.pccs.collateral), ++asked);
        assert_true(has(&t, now_s));
        pause = pause < 3600 ? pause : 3600;
        assay_supply_tick(t.supply, now_s + pause / 2 - 1);
        loop_run(&t.loop);
        assert_int_equal(atomic_load(&t.pccs.collateral), asked);
        now_s += pause;
    }
    close_trial(&t);
    mint_world_free(w);
}

static void
a_refresh_is_no_rollback(void **state)
{
    const struct mint_options today = {ISSUED(NOW, 19)};
    const struct mint_options older = {ISSUED(NOW + 25 * DAY, 18)};
    struct mint_world *w = variant(&today);
    struct mint_world *next = variant(&older);
    struct trial t;

    (void)state;
    open_trial(&t, w, 0, NULL);
    (void)get_one(&t, ASSAY_EMPTY, NOW);
    pccs_serves(&t.pccs, next);
    assay_supply_tick(t.supply, NOW + 27 * DAY);
    loop_run(&t.loop);
    assert_int_equal(atomic_load(&t.pccs.collateral), 2);
    assert_int_equal(number_held(&t, NOW + 27 * DAY), 19);
    close_trial(&t);
    mint_world_free(next);
    mint_world_free(w);
}

/* Each document is issued for itself: one that is later is reason enough, but
 * not where another one is earlier than what is held. What is not taken is
 * asked for again soon. */
static void
a_refresh_of_one_document(void **state)
{
    static const struct {
        const char *name;
        int64_t tcb_info_s;
        int64_t qe_identity_s;
        bool taken;
    } rows[] = {
        {"TCB info alone", NOW + DAY, NOW, true},
        {"QE identity alone", NOW, NOW + DAY, true},
        {"neither", NOW, NOW, false},
        {"one back", NOW + DAY, NOW - 1, false},
        {"the other back", NOW - 1, NOW + DAY, false},
    };
    const struct mint_options today = {ISSUED(NOW, 18)};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct mint_options later = {ISSUED(NOW, 18)};
        struct mint_world *w = variant(&today);
        struct mint_world *next;
        struct trial t;

        later.tcb_info.issue_s = rows[i].tcb_info_s;
        later.qe_identity.issue_s = rows[i].qe_identity_s;
        next = variant(&later);
        open_trial(&t, w, 0, NULL);
        (void)get_one(&t, ASSAY_EMPTY, NOW);
        pccs_serves(&t.pccs, next);
        assay_supply_tick(t.supply, NOW + 27 * DAY);
        loop_run(&t.loop);
        CHECK(rows[i].name, atomic_load(&t.pccs.collateral) == 2);
        assay_supply_tick(t.supply, NOW + 27 * DAY + 200);
        loop_run(&t.loop);
        CHECK(rows[i].name,
              atomic_load(&t.pccs.collateral) == (rows[i].taken ? 2 : 3));
        close_trial(&t);
        mint_world_free(next);
        mint_world_free(w);
    }
}

/* --- outages ------------------------------------------------------------ */

/* What has run out serves while no source answers, for the grace and not a
 * second longer; sources that were silent are not asked by every session. */
static void
an_outage(void **state)
{
    static const struct {
        int64_t grace_s;
        int64_t late_s; /* after nextUpdate */
        bool stale;
    } rows[] = {
        {0, 1, false},
        {60, 1, true},
        {60, 60, true},
        {60, 61, false},
    };
    const struct mint_options today = {ISSUED(NOW, 18)};
    struct mint_world *w = variant(&today);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t at = NOW + 30 * DAY + rows[i].late_s;
        struct trial t;

        open_trial(&t, w, rows[i].grace_s, NULL);
        (void)get_one(&t, ASSAY_EMPTY, NOW);
        assert_true(has(&t, at - rows[i].late_s));
        atomic_store(&t.pccs.down, true);
        assert_false(has(&t, at));
        if (rows[i].stale) {
            assert_int_equal(get_one(&t, ASSAY_EMPTY, at), ASSAY_ORIGIN_STALE);
            assert_true(has(&t, at));
            assert_false(has(&t, at + 61)); /* the grace, or the moment */
        } else {
            release(&t);
            get(&t, 0, ASSAY_EMPTY, at);
            loop_run(&t.loop);
            assert_null(t.calls[0].got);
            assert_int_equal(t.calls[0].err.code, ASSAY_NETWORK);
        }
        close_trial(&t);
    }
    mint_world_free(w);
}

/* The same while a source answers with nothing but what has run out. */
static void
a_source_that_is_behind(void **state)
{
    const struct mint_options today = {ISSUED(NOW, 18)};
    struct mint_world *w = variant(&today);
    int64_t at = NOW + 30 * DAY + 1;
    struct trial t;

    (void)state;
    open_trial(&t, w, DAY, NULL);
    assert_int_equal(get_one(&t, ASSAY_EMPTY, at), ASSAY_ORIGIN_FETCHED);
    assert_true(has(&t, at) && has(&t, at + 59));
    assert_false(has(&t, at + 60));
    assert_false(has(&t, at + DAY));
    close_trial(&t);
    open_trial(&t, w, 0, NULL); /* no grace: of no use to anybody */
    (void)get_one(&t, ASSAY_EMPTY, at);
    assert_false(has(&t, at));
    close_trial(&t);
    mint_world_free(w);
}

/* A source that answers ends it, in the background too. */
static void
the_end_of_an_outage(void **state)
{
    const struct mint_options today = {ISSUED(NOW, 18)};
    const struct mint_options newer = {ISSUED(NOW + 29 * DAY, 18)};
    struct mint_world *w = variant(&today);
    struct mint_world *next = variant(&newer);
    int64_t at = NOW + 30 * DAY + 1;
    struct trial t;

    (void)state;
    open_trial(&t, w, DAY, NULL);
    (void)get_one(&t, ASSAY_EMPTY, NOW);
    atomic_store(&t.pccs.down, true);
    assert_int_equal(get_one(&t, ASSAY_EMPTY, at), ASSAY_ORIGIN_STALE);
    atomic_store(&t.pccs.down, false);
    pccs_serves(&t.pccs, next);
    assay_supply_tick(t.supply, at + 60);
    loop_run(&t.loop);
    assert_true(has(&t, at + 2 * DAY));
    close_trial(&t);
    mint_world_free(next);
    mint_world_free(w);
}

/* --- rollbacks ---------------------------------------------------------- */

static void
what_is_held_is_overtaken(void **state)
{
    const struct mint_options newer = {ISSUED(NOW - DAY, 19)};
    struct mint_world *w = variant(&newer);
    struct assay_collateral *c = trial_collateral(pccs_ctx, w);
    struct assay_evaluations e;
    struct assay_error err;
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world, 0, NULL);
    (void)get_one(&t, ASSAY_EMPTY, NOW);
    e = assay_supply_seen(t.supply, &pccs_need, NOW);
    assert_true(e.tcb_info == 18 && e.qe_identity == 18);
    assert_int_equal(assay_seen_learn(t.seen, pccs_root, c, &err), ASSAY_OK);
    assert_false(has(&t, NOW));
    /* nobody has better: handed out, for the verdict to judge, and for a
     * moment without asking again */
    assert_int_equal(get_one(&t, ASSAY_EMPTY, NOW), ASSAY_ORIGIN_FETCHED);
    assert_int_equal(atomic_load(&t.pccs.collateral), 2);
    assert_true(has(&t, NOW + 59));
    assert_false(has(&t, NOW + 60));
    pccs_serves(&t.pccs, w);
    (void)get_one(&t, ASSAY_EMPTY, NOW + 60);
    assert_int_equal(number_held(&t, NOW + DAY), 19);
    close_trial(&t);
    assay_collateral_free(c);
    mint_world_free(w);
}

/* --- stapled ------------------------------------------------------------ */

/* A server that staples; NULL edits nothing. */
static void
make_staple(const struct mint_options *o, struct assay_buf *out)
{
    struct mint_world *w = variant(o);
    struct assay_error err;

    assay_buf_init(out, ASSAY_BUNDLE_MAX_BYTES);
    assert_int_equal(mint_world_bundle(w, out, &err), ASSAY_OK);
    mint_world_free(w);
}

static const struct staple_row {
    const char *name;
    struct mint_options o;
    bool used;
    const char *why;         /* part of the note */
    int64_t max_age_s;       /* of the policy; 0: none is named */
    uint32_t min_evaluation; /* likewise */
    uint32_t seen;           /* highest evaluation that was verified */
} staple_rows[] = {
    {"of today", {ISSUED(NOW - 1, 18)}, .why = NULL},
    {"a week old to the second", {ISSUED(NOW - 7 * DAY, 18)}, .why = NULL},
    /* stale but unexpired collateral: good for 30 days by its dates */
    {"in date, and a second older than a week",
     {ISSUED(NOW - 7 * DAY - 1, 18)},
     .why = "older than the policy allows"},
    {"a policy that allows more",
     {ISSUED(NOW - 20 * DAY, 18)},
     .why = NULL,
     .max_age_s = 20 * DAY},
    {"a policy that allows less",
     {ISSUED(NOW - 61, 18)},
     .why = "older than the policy allows",
     .max_age_s = 60},
    {"last second of its time",
     {ISSUED(NOW - 30 * DAY, 18)},
     .why = NULL,
     .max_age_s = 40 * DAY},
    {"run out a second ago",
     {ISSUED(NOW - 30 * DAY - 1, 18)},
     .why = "_dates: ",
     .max_age_s = 40 * DAY},
    {"forged TCB info",
     {.tcb_info.json.after = {{"\"tcbEvaluationDataNumber\":18",
                               "\"tcbEvaluationDataNumber\":19"}}},
     .why = "tcb_info: "},
    {"signed by a stranger",
     {.qe_identity.json.signer = MINT_KEY_STRANGER},
     .why = "qe_identity: "},
    {"a forged CRL",
     {.pck_crl.signing.break_signature = true},
     .why = "pck_crl: "},
    {"it revokes its own signer",
     {.root_crl.revoke = MINT_REVOKE(MINT_CERT_TCB_SIGNER)},
     .why = "tcb_signer_not_revoked: "},
    {"of another platform",
     {.platform.fmspc = "00806f050000"},
     .why = "tcb_info_match: "},
    {"of another root", {.seed = OTHER_SEED}, .why = ": "},
    {"of just the evaluation that was seen",
     {ISSUED(NOW - 1, 18)},
     .why = NULL,
     .seen = 18},
    {"of an evaluation that was overtaken",
     {ISSUED(NOW - 1, 17)},
     .why = "overtaken",
     .seen = 18},
    {"of an evaluation that the policy does not take",
     {ISSUED(NOW - 1, 17)},
     .why = "older than the policy allows",
     .min_evaluation = 18},
};

static void
learn_number(struct trial *t, uint32_t number)
{
    const struct mint_options o = {ISSUED(NOW - 2 * DAY, (int32_t)number)};
    struct mint_world *w = variant(&o);
    struct assay_collateral *c = trial_collateral(pccs_ctx, w);
    struct assay_error err;

    assert_int_equal(assay_seen_learn(t->seen, pccs_root, c, &err), ASSAY_OK);
    assay_collateral_free(c);
    mint_world_free(w);
}

static void
run_staple(const struct staple_row *row)
{
    const struct assay_freshness fresh = {.has_max_age = row->max_age_s != 0,
                                          .max_age_s = row->max_age_s,
                                          .min_evaluation =
                                              row->min_evaluation};
    struct assay_buf staple;
    struct trial t;
    enum assay_origin origin;
    const char *note;

    make_staple(&row->o, &staple);
    open_trial(&t, pccs_world, 0, &fresh);
    if (row->seen != 0) {
        learn_number(&t, row->seen);
    }
    origin = get_one(&t, assay_buf_slice(&staple), NOW);
    note = assay_supply_note(t.supply);
    if (row->why == NULL ? origin != ASSAY_ORIGIN_STAPLED || note[0] != '\0'
                         : origin != ASSAY_ORIGIN_FETCHED ||
                               strstr(note, row->why) == NULL) {
        fail_msg("row \"%s\": from %d: %s", row->name, (int)origin, note);
    }
    assert_int_equal(assay_supply_staples_refused(t.supply), row->why != NULL);
    assert_int_equal(atomic_load(&t.pccs.collateral), row->why != NULL);
    close_trial(&t);
    assay_buf_free(&staple);
}

static void
what_servers_staple(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(staple_rows); i++) {
        run_staple(&staple_rows[i]);
    }
}

static void
staples_that_are_no_collateral(void **state)
{
    static const char *const texts[] = {"x",    "{}",   "[]",
                                        "null", "\"\"", "{\"tcb_info\":1}"};
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world, 0, NULL);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_int_equal(get_one(&t, assay_slice_of(texts[i]), NOW),
                         i == 0 ? ASSAY_ORIGIN_FETCHED : ASSAY_ORIGIN_CACHED);
    }
    assert_int_equal(assay_supply_staples_refused(t.supply), COUNT_OF(texts));
    close_trial(&t);
}

/* A staple of an early evaluation is used where it came from, and nothing of
 * it stays: it would shut out everybody whose sources have the usual one. */
static void
a_staple_stays_nowhere(void **state)
{
    const struct mint_options early = {ISSUED(NOW - 1, 25)};
    struct assay_evaluations e;
    struct assay_buf staple;
    struct trial t;

    (void)state;
    make_staple(&early, &staple);
    open_trial(&t, pccs_world, 0, NULL);
    assert_int_equal(get_one(&t, assay_buf_slice(&staple), NOW),
                     ASSAY_ORIGIN_STAPLED);
    e = assay_supply_seen(t.supply, &pccs_need, NOW);
    assert_true(e.tcb_info == 0 && e.qe_identity == 0);
    assert_false(has(&t, NOW));
    assert_int_equal(get_one(&t, ASSAY_EMPTY, NOW), ASSAY_ORIGIN_FETCHED);
    assert_int_equal(number_held(&t, NOW), 18);
    close_trial(&t);
    assay_buf_free(&staple);
}

/* Many sessions with staples that are no good: one search. */
static void
a_storm_of_bad_staples(void **state)
{
    struct trial t;

    (void)state;
    open_trial(&t, pccs_world, 0, NULL);
    atomic_store(&t.pccs.hold, true);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        get(&t, i, assay_slice_of("{}"), NOW);
    }
    while (assay_supply_staples_refused(t.supply) < CALLS_MAX) {
        uv_run(&t.loop.uv, UV_RUN_ONCE);
    }
    atomic_store(&t.pccs.hold, false);
    loop_run(&t.loop);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        assert_int_equal(t.calls[i].told, 1);
        assert_non_null(t.calls[i].got);
    }
    assert_int_equal(atomic_load(&t.pccs.collateral), 1);
    close_trial(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_search_for_all),
        cmocka_unit_test(supply_that_is_gone),
        cmocka_unit_test(nobody_wants_it_any_more),
        cmocka_unit_test(freed_by_an_answer),
        cmocka_unit_test(all_are_told_of_a_failure),
        cmocka_unit_test(one_bad_quote),
        cmocka_unit_test(a_signer_that_is_revoked),
        cmocka_unit_test(a_second_host_of_the_family),
        cmocka_unit_test(refreshed_in_time),
        cmocka_unit_test(refreshes_that_fail),
        cmocka_unit_test(a_refresh_is_no_rollback),
        cmocka_unit_test(a_refresh_of_one_document),
        cmocka_unit_test(an_outage),
        cmocka_unit_test(a_source_that_is_behind),
        cmocka_unit_test(the_end_of_an_outage),
        cmocka_unit_test(what_is_held_is_overtaken),
        cmocka_unit_test(what_servers_staple),
        cmocka_unit_test(staples_that_are_no_collateral),
        cmocka_unit_test(a_staple_stays_nowhere),
        cmocka_unit_test(a_storm_of_bad_staples),
    };

    return cmocka_run_group_tests(tests, pccs_setup, pccs_teardown);
}
