/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_search.c - which collateral a search ends with, of what is stapled,
 * cached, held and served, and what becomes of it.
 */
#include "harness/gather.h"
#include "harness/trial.h"
#include "search/search.h"

#define NOW MINT_NOW_S
#define DAY INT64_C(86400)

static struct assay_ctx *ctx;
static struct mint_world *world;
static struct assay_root *root;
static struct assay_quote *quote;
static struct assay_collateral_need need;
static struct assay_verifier *verifier;

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
#define FORGED .qe_identity.json.signer = MINT_KEY_STRANGER

static const struct mint_options today = {ISSUED(NOW - 1, 18)};
static const struct mint_options of_17 = {ISSUED(NOW - 2 * DAY, 17)};
static const struct mint_options of_19 = {ISSUED(NOW - 2, 19)};
static const struct mint_options aged = {ISSUED(NOW - 20 * DAY, 18)};
static const struct mint_options last_week = {ISSUED(NOW - 7 * DAY - 1, 18)};
static const struct mint_options run_out = {ISSUED(NOW - 40 * DAY, 18)};
static const struct mint_options long_ago = {ISSUED(NOW - 50 * DAY, 18)};
static const struct mint_options other = {ISSUED(NOW - 1, 18),
                                          .platform.fmspc = "00806f050000"};
static const struct mint_options forged = {.tcb_info.evaluation_number = 18,
                                           FORGED};
static const struct mint_options forged_17 = {.tcb_info.evaluation_number = 17,
                                              .qe_identity.evaluation_number =
                                                  17,
                                              FORGED};
/* Its dates have run out, and what has signed it is none of Intel's. */
static const struct mint_options forged_old = {
    .tcb_info = {.issue_s = NOW - 40 * DAY,
                 .next_update_s = NOW - 10 * DAY,
                 .json.signer = MINT_KEY_STRANGER}};

enum source {
    SILENT, /* no source answers */
    NOBODY, /* there is none who could ask */
    NONE,   /* there is no source */
};

static const struct row {
    const char *name;
    const struct mint_options *stapled;
    const struct mint_options *cached;
    const struct mint_options *held;
    const struct mint_options *served; /* NULL: `source` says more */
    enum source source;
    const char *cached_text; /* instead of `cached` */
    int64_t grace_s;
    int64_t max_age_s;                    /* 0: no such rule */
    uint32_t seen;                        /* both evaluations */
    const struct mint_options *refreshed; /* newer than this; NULL: any */
    /* --- what comes of it --- */
    enum assay_code code;
    enum assay_origin origin;
    uint32_t number; /* evaluation of the TCB info */
    bool asked;
    bool authentic;
    bool damaged;
    bool keep;
    bool learn;
    const char *says; /* part of the note, or of the error; NULL: nothing */
} rows[] = {
#define FETCHED(n)                                                             \
    .origin = ASSAY_ORIGIN_FETCHED, .number = (n), .asked = true,              \
    .authentic = true
#define GOOD .keep = true, .learn = true
#define CACHED(n)                                                              \
    .origin = ASSAY_ORIGIN_CACHED, .number = (n), .authentic = true,           \
    .learn = true
#define STALE      .origin = ASSAY_ORIGIN_STALE, .number = 18, .asked = true
#define STAPLED(n) .origin = ASSAY_ORIGIN_STAPLED, .number = (n)
    /* sources */
    {"nothing at hand", .served = &today, FETCHED(18), GOOD},
    {"nothing anywhere", .asked = true, .code = ASSAY_TIMEOUT,
     .says = "silent"},
    {"a forger serves", .served = &forged, .origin = ASSAY_ORIGIN_FETCHED,
     .number = 18, .asked = true},
    {"run out on arrival", .served = &run_out, FETCHED(18)},
    {"overtaken on arrival", .served = &of_17, .seen = 18, FETCHED(17),
     .learn = true},
    {"nobody asks", .source = NOBODY, .asked = true, .code = ASSAY_UNSUPPORTED,
     .says = "no HTTP"},
    {"no sources", .source = NONE, .code = ASSAY_INVALID,
     .says = "0 collateral sources"},
    /* cached and held */
    {"cached", .cached = &today, CACHED(18)},
    {"held", .held = &today, CACHED(18)},
    {"cached before held", .cached = &today, .held = &of_19, CACHED(18)},
    {"cached without sources", .cached = &today, .source = NONE, CACHED(18)},
    {"no bundle is cached", .cached_text = "{}", .served = &today, FETCHED(18),
     GOOD, .says = "the cache is no use: name.json: "},
    {"no bundle is cached, and one held", .cached_text = "x", .held = &today,
     CACHED(18), .says = "the cache is no use: name.json: "},
    {"another's is cached", .cached = &other, .served = &today, FETCHED(18),
     GOOD, .says = "name.json: TCB info of tdx 00806f050000"},
    {"another's is held", .held = &other, .served = &today, FETCHED(18), GOOD},
    /* dates */
    {"run out", .cached = &run_out, .served = &today, FETCHED(18), GOOD},
    {"run out, and silence", .cached = &run_out, .asked = true,
     .code = ASSAY_TIMEOUT, .says = "silent"},
    {"grace to the second", .cached = &run_out, .grace_s = 10 * DAY, STALE,
     .authentic = true},
    {"grace, but for a second", .cached = &run_out, .grace_s = 10 * DAY - 1,
     .asked = true, .code = ASSAY_TIMEOUT, .says = "silent"},
    {"grace where nobody asks", .cached = &run_out, .source = NOBODY,
     .grace_s = 10 * DAY, STALE, .authentic = true},
    {"a source that is behind", .cached = &run_out, .served = &long_ago,
     .grace_s = 10 * DAY, STALE, .authentic = true},
    {"a source that is behind, and no grace", .cached = &run_out,
     .served = &long_ago, FETCHED(18)},
    {"a source that is late, but less so", .cached = &long_ago,
     .served = &run_out, .grace_s = 30 * DAY, FETCHED(18)},
    {"old, to the second", .cached = &aged, .max_age_s = 20 * DAY, CACHED(18)},
    {"too old", .cached = &aged, .served = &today, .max_age_s = 20 * DAY - 1,
     FETCHED(18), GOOD},
    {"too old, and silence", .cached = &aged, .max_age_s = 20 * DAY - 1,
     .grace_s = 30 * DAY, .asked = true, .code = ASSAY_TIMEOUT,
     .says = "silent"},
    /* evaluations */
    {"just what was seen", .cached = &today, .seen = 18, CACHED(18)},
    {"overtaken", .cached = &of_17, .served = &today, .seen = 18, FETCHED(18),
     GOOD},
    {"overtaken, where a source has what runs out sooner", .cached = &of_17,
     .served = &last_week, .seen = 18, FETCHED(18), GOOD},
    {"overtaken, and silence", .cached = &of_17, .seen = 18, CACHED(17),
     .asked = true},
    /* refreshes */
    {"something newer", .cached = &of_17, .served = &today, .refreshed = &of_17,
     FETCHED(18), GOOD},
    {"nothing newer", .cached = &today, .refreshed = &today, .asked = true,
     .code = ASSAY_TIMEOUT, .says = "silent"},
    {"a refresh has no grace", .cached = &run_out, .grace_s = 10 * DAY,
     .refreshed = &run_out, .asked = true, .code = ASSAY_TIMEOUT,
     .says = "silent"},
    {"another process was first", .cached = &today, .refreshed = &of_17,
     CACHED(18)},
    /* forged */
    {"forged in the cache", .cached = &forged, .served = &today, FETCHED(18),
     GOOD, .damaged = true},
    {"forged in the cache, and silence", .cached = &forged,
     .origin = ASSAY_ORIGIN_CACHED, .number = 18, .asked = true},
    {"forged in the cache, and nobody asks", .cached = &forged,
     .source = NOBODY, .origin = ASSAY_ORIGIN_CACHED, .number = 18,
     .asked = true},
    {"forged in the cache, and no sources", .cached = &forged, .source = NONE,
     .origin = ASSAY_ORIGIN_CACHED, .number = 18},
    {"forged in the cache, where sources are late", .cached = &forged,
     .served = &run_out, FETCHED(18), .damaged = true},
    {"forged and overtaken, where sources are late", .cached = &forged_17,
     .served = &run_out, .seen = 18, FETCHED(18), .damaged = true},
    {"forged and overtaken, and silence", .cached = &forged_17, .seen = 18,
     .origin = ASSAY_ORIGIN_CACHED, .number = 17, .asked = true},
    {"forged and newer, and silence", .cached = &forged, .refreshed = &aged,
     .origin = ASSAY_ORIGIN_CACHED, .number = 18, .asked = true},
    {"forged and late", /* nobody has better: the verdict says it */
     .cached = &forged_old, .served = &long_ago, .grace_s = 10 * DAY, STALE},
    /* stapled */
    {"stapled", .stapled = &today, STAPLED(18)},
    {"stapled before cached", .stapled = &of_19, .cached = &today, STAPLED(19)},
    {"stapled without sources", .stapled = &today, .source = NONE, STAPLED(18)},
    {"a forged staple", .stapled = &forged, .cached = &today, CACHED(18),
     .says = "stapled collateral was not used: qe_identity"},
    {"another's staple", .stapled = &other, .served = &today, FETCHED(18), GOOD,
     .says = "stapled collateral was not used: tcb_info_match"},
    {"a staple of more than a week", .stapled = &last_week, .served = &today,
     FETCHED(18), GOOD,
     .says = "stapled collateral was not used: it is older than the policy"},
    {"a policy that allows more", .stapled = &last_week, .max_age_s = 8 * DAY,
     STAPLED(18)},
    {"a staple that was overtaken", .stapled = &of_17, .served = &today,
     .seen = 18, FETCHED(18), GOOD,
     .says = "stapled collateral was not used: its TCB evaluation"},
    {"bad staple, bad cache", .stapled = &of_17, .cached_text = "x",
     .served = &today, .seen = 18, FETCHED(18), GOOD,
     .says = "was overtaken; the cache is no use: "},
    {"nothing but a bad staple", .stapled = &of_17, .cached = &today,
     .source = NONE, .seen = 18, .code = ASSAY_INVALID,
     .says = "its TCB evaluation was overtaken"},
};

static void
make_bundle(const struct mint_options *o, struct assay_buf *out)
{
    struct mint_world *w;
    struct assay_error err;

    assay_buf_init(out, ASSAY_BUNDLE_MAX_BYTES);
    if (o != NULL) {
        w = trial_world("bundle", o);
        assert_int_equal(mint_world_bundle(w, out, &err), ASSAY_OK);
        mint_world_free(w);
    }
}

static struct assay_issued
issued_of(const struct mint_options *o)
{
    struct mint_world *w = trial_world("issued", o);
    struct assay_collateral *c = trial_collateral(ctx, w);
    struct assay_issued issued = assay_issued_of(c);

    assay_collateral_free(c);
    mint_world_free(w);
    return issued;
}

static void
answer(const struct row *row, struct assay_search *s)
{
    const struct assay_error silent = {ASSAY_TIMEOUT, ASSAY_NO_OFFSET,
                                       "https://one.test: silent"};
    const struct assay_error nobody = {ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                                       "no HTTP here"};
    struct assay_gather *g = assay_search_asks(s);
    struct mint_world *w;

    if (g != NULL && row->served != NULL) {
        w = trial_world(row->name, row->served);
        const struct assay_collateral_parts parts =
            mint_world_collateral_parts(w);

        while (assay_gather_wants(g)) {
            gather_give_of(g, &parts);
        }
        mint_world_free(w);
    } else if (g != NULL && row->source == NOBODY) {
        assay_search_give_up(s, &nobody);
    } else if (g != NULL) {
        assay_gather_fail(g, &silent);
    }
}

static void
check_found(const struct row *row, const struct assay_obtained *o)
{
    const char *name = row->name;

    if (row->code != ASSAY_OK) {
        CHECK(name, o->collateral == NULL && o->bundle.len == 0);
        CHECK(name, !o->keep && !o->learn && !o->authentic);
        return;
    }
    CHECK(name, o->origin == row->origin);
    CHECK(name,
          assay_collateral_evaluations(o->collateral).tcb_info == row->number);
    CHECK(name, o->authentic == row->authentic);
    CHECK(name, o->damaged == row->damaged);
    CHECK(name, o->keep == row->keep);
    CHECK(name, o->learn == row->learn);
    CHECK(name, (o->bundle.len > 0) == (row->origin != ASSAY_ORIGIN_STAPLED));
}

static void
check_said(const struct row *row, const char *said)
{
    if (row->says == NULL ? said[0] != '\0' : strstr(said, row->says) == NULL) {
        fail_msg("row \"%s\": %s", row->name, said);
    }
}

static void
run(const struct row *row)
{
    static const char *const sources[] = {"https://one.test"};
    struct assay_search_input in = {
        .ctx = ctx,
        .verifier = verifier,
        .root = root,
        .quote = quote,
        .request = {.need = &need,
                    .sources = sources,
                    .source_count = row->source == NONE ? 0 : 1,
                    .seen = {row->seen, row->seen},
                    .now_s = NOW,
                    .fresh = {.has_max_age = row->max_age_s != 0,
                              .max_age_s = row->max_age_s}},
        .grace_s = row->grace_s,
        .cached_name = "name.json",
        .refresh = row->refreshed != NULL,
    };
    struct assay_buf stapled;
    struct assay_buf cached;
    struct assay_buf held;
    struct assay_obtained o;
    struct assay_search *s = NULL;
    struct assay_error err;

    make_bundle(row->stapled, &stapled);
    make_bundle(row->cached, &cached);
    make_bundle(row->held, &held);
    if (row->cached_text != NULL) {
        assay_buf_add_text(&cached, row->cached_text);
    }
    if (row->refreshed != NULL) {
        in.newer_than = issued_of(row->refreshed);
    }
    in.stapled = assay_buf_slice(&stapled);
    in.cached = assay_buf_slice(&cached);
    in.held = assay_buf_slice(&held);
    assert_int_equal(assay_search_new(&in, &s, &err), ASSAY_OK);
    assay_buf_free(&stapled); /* they are copied */
    assay_buf_free(&cached);
    assay_buf_free(&held);
    CHECK(row->name, (assay_search_asks(s) != NULL) == row->asked);
    answer(row, s);
    CHECK(row->name, assay_search_take(s, &o, &err) == row->code);
    check_found(row, &o);
    check_said(row, row->code != ASSAY_OK ? err.msg : assay_search_note(s));
    assay_obtained_free(&o);
    CHECK(row->name, assay_search_take(s, &o, &err) == ASSAY_INVALID);
    CHECK(row->name, strcmp(err.msg, "collateral: was taken before") == 0);
    assay_search_free(s);
}

static void
decisions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        run(&rows[i]);
    }
}

/* Who has not been answered yet has nothing, and what was not asked for is no
 * help. */
static void
taken_too_early(void **state)
{
    static const char *const sources[] = {"https://one.test"};
    const struct assay_search_input in = {
        .ctx = ctx,
        .verifier = verifier,
        .root = root,
        .quote = quote,
        .request = {.need = &need,
                    .sources = sources,
                    .source_count = 1,
                    .now_s = NOW},
    };
    struct assay_obtained o;
    struct assay_search *s = NULL;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_search_new(&in, &s, &err), ASSAY_OK);
    assert_true(assay_gather_wants(assay_search_asks(s)));
    assert_int_equal(assay_search_take(s, &o, &err), ASSAY_INVALID);
    assert_string_equal(err.msg, "collateral: a source has not answered");
    assert_null(o.collateral);
    assay_search_free(s);
    assay_search_free(NULL);
}

static int
setup(void **state)
{
    struct assay_error err;

    (void)state;
    ctx = trial_ctx();
    world = trial_world("world", &today);
    root = trial_root(ctx, mint_world_root_pem(world));
    quote = trial_quote(world);
    return assay_collateral_need(quote, ASSAY_EMPTY, &need, &err) != ASSAY_OK ||
           assay_verifier_new(ctx, 8, &verifier, &err) != ASSAY_OK;
}

static int
teardown(void **state)
{
    (void)state;
    assay_verifier_free(verifier);
    assay_quote_free(quote);
    assay_root_free(root);
    mint_world_free(world);
    assay_ctx_free(ctx);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions),
        cmocka_unit_test(taken_too_early),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
