/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_relay.c - clients of the relay, and sources that answer, fail or
 * keep silent.
 */
#include "base/url.h"
#include "harness/relay.h"
#include "harness/trial.h"

#define NONE "http://127.0.0.1:1" /* where nobody listens */

static struct mint_world *world;
static struct assay_collateral_parts parts;

static int
setup(void **state)
{
    static const struct mint_options o = {.seed = MINT_TEST_SEED};

    (void)state;
    world = trial_world("world", &o);
    parts = mint_world_collateral_parts(world);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    mint_world_free(world);
    return 0;
}

static struct relay_trial *
open_trial(void)
{
    static struct relay_trial t;

    relay_trial_open(&t, &parts);
    return &t;
}

static uint64_t
count_of(const struct relay_trial *t, enum relay_how how)
{
    return atomic_load(&relay_counts(t->relay)->answers[how]);
}

/* --- the cache ----------------------------------------------------------- */

static void
fetched_once(void **state)
{
    struct relay_trial *t = open_trial();
    const struct client *c = client_get_now(t, QE);

    (void)state;
    client_check(c, 200, RELAY_FETCHED);
    assert_string_equal(c->path, QE);
    assert_string_equal(t->source[0].target, QE);
    assert_true(assay_slice_equal(c->body, parts.qe_identity));
    assert_int_equal(
        assay_http1_count(&c->head, "SGX-Enclave-Identity-Issuer-Chain"), 1);
    assert_true(assay_slice_is(assay_http1_get(&c->head, "Cache-Control"),
                               "public, max-age=3600"));
    assert_int_equal(assay_http1_count(&c->head, "Warning"), 0);
    c = client_get(t, QE "?update=standard"); /* the same, and at once */
    client_check(c, 200, RELAY_HIT);
    assert_string_equal(c->path, QE);
    assert_true(assay_slice_equal(c->body, parts.qe_identity));
    assert_int_equal(assay_http1_count(&c->head, "Age"), 1);
    client_check(client_get_now(t, QE "?update=early"), 200, RELAY_FETCHED);
    assert_string_equal(t->source[0].target, QE "?update=early");
    assert_int_equal(t->source[0].requests, 2);
    assert_int_equal(t->source[1].requests, 0);
    assert_int_equal(count_of(t, RELAY_FETCHED), 2);
    assert_int_equal(count_of(t, RELAY_HIT), 1);
    assert_int_equal(atomic_load(&relay_counts(t->relay)->fetches), 2);
    assert_int_equal(atomic_load(&relay_counts(t->relay)->failures), 0);
    relay_trial_close(t);
}

static void
one_fetch_for_all(void **state)
{
    struct relay_trial *t = open_trial();

    (void)state;
    t->source[0].hold = true;
    for (unsigned i = 0; i < 8; i++) {
        client_get(t, QE);
    }
    relay_cancel(t->clients[0].call); /* the one that it began with */
    relay_cancel(t->clients[3].call);
    relay_cancel(NULL);
    source_asked(t, 0, 1);
    source_let_go(&t->source[0]);
    clients_told(t, 6);
    for (unsigned i = 0; i < 8; i++) {
        if (i == 0 || i == 3) {
            assert_int_equal(t->clients[i].told, 0);
        } else {
            client_check(&t->clients[i], 200, RELAY_JOINED);
        }
    }
    assert_int_equal(t->source[0].requests, 1);
    relay_trial_close(t);
}

/* The one that nobody waits for any more is there for the next one. */
static void
nobody_waits(void **state)
{
    struct relay_trial *t = open_trial();

    (void)state;
    t->source[0].hold = true;
    relay_cancel(client_get(t, QE)->call);
    source_asked(t, 0, 1);
    client_get(t, QE);
    source_let_go(&t->source[0]);
    clients_told(t, 1);
    client_check(&t->clients[1], 200, RELAY_JOINED);
    assert_int_equal(t->source[0].requests, 1);
    relay_trial_close(t);
}

/* Nothing but the question; and of that its own spelling. */
static void
nothing_of_the_client(void **state)
{
    struct relay_trial *t = open_trial();

    (void)state;
    client_send(t, "GET /tdx" V4 "/qe/identity?update=standard HTTP/1.1\r\n"
                   "Host: bridge.example\r\nCookie: a=b\r\n"
                   "Authorization: Bearer x\r\nOrigin: https://a.example\r\n"
                   "User-Agent: u\r\nX-Forwarded-For: 192.0.2.1\r\n"
                   "Accept-Language: x\r\nIf-None-Match: \"x\"\r\n\r\n");
    clients_told(t, 1);
    client_check(&t->clients[0], 200, RELAY_FETCHED);
    assert_string_equal(t->source[0].target, QE);
    assert_string_equal(t->source[0].fields, "Host User-Agent Accept ");
    relay_trial_close(t);
}

static void
no_questions(void **state)
{
    struct relay_trial *t = open_trial();
    const struct client *c = client_get(t, QE "?x=y");

    (void)state;
    client_check(c, 400, RELAY_REFUSED);
    assert_string_equal(c->path, "");
    client_check(client_get(t, "/sgx/x"), 404, RELAY_REFUSED);
    client_check(client_send(t, "POST " QE " HTTP/1.1\r\nHost: b\r\n\r\n"), 405,
                 RELAY_REFUSED);
    client_check(client_send(t, "OPTIONS " QE " HTTP/1.1\r\nHost: b\r\n\r\n"),
                 204, RELAY_REFUSED);
    t->settings.origins = "https://a.example";
    client_check(client_send(t, "GET " QE " HTTP/1.1\r\nHost: b\r\n"
                                "Origin: https://b.example\r\n\r\n"),
                 403, RELAY_REFUSED);
    assert_int_equal(count_of(t, RELAY_REFUSED), 5);
    assert_int_equal(t->source[0].requests, 0);
    c = client_send(t, "GET " QE " HTTP/1.1\r\nHost: b\r\n"
                       "Origin: https://a.example\r\n\r\n");
    clients_told(t, 6);
    client_check(c, 200, RELAY_FETCHED);
    assert_true(
        assay_slice_is(assay_http1_get(&c->head, "Access-Control-Allow-Origin"),
                       "https://a.example"));
    relay_trial_close(t);
}

/* --- sources ------------------------------------------------------------- */

/* What is no answer is another source's to give. */
static void
next_source(void **state)
{
    static const struct {
        unsigned status;
        const char *page;
        size_t size;
    } first[] = {
        {404, NULL, 0}, {500, NULL, 0},
        {302, NULL, 0}, {0, "<html></html>", 0},
        {0, "{}", 0},   {0, NULL, ASSAY_QE_IDENTITY_MAX_BYTES + 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(first); i++) {
        struct relay_trial *t = open_trial();
        const struct client *c;

        t->source[0].status = first[i].status;
        t->source[0].page = first[i].page;
        t->source[0].size = first[i].size;
        c = client_get_now(t, QE);
        client_check(c, 200, RELAY_FETCHED);
        assert_true(assay_slice_equal(c->body, parts.qe_identity));
        assert_int_equal(t->source[0].requests, 1);
        assert_int_equal(t->source[1].requests, 1);
        assert_string_equal(t->source[1].target, QE);
        relay_trial_close(t);
    }
}

/* A PCCS that knows no numbers gives what it has. */
static void
another_number(void **state)
{
    struct relay_trial *t = open_trial();
    const struct client *c =
        client_get_now(t, QE "?tcbEvaluationDataNumber=999");

    (void)state;
    client_check(c, 404, RELAY_FETCHED);
    assert_non_null(strstr(c->why.msg, "another tcbEvaluationDataNumber"));
    assert_int_equal(t->source[1].requests, 1);
    relay_trial_close(t);
}

static void
no_source(void **state)
{
    static const struct {
        unsigned status[2]; /* of the sources */
        unsigned want;
    } rows[] = {
        {{404, 404}, 404}, {{410, 461}, 404}, {{404, 500}, 502},
        {{500, 404}, 502}, {{401, 503}, 502},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct relay_trial *t = open_trial();
        const struct client *c;

        t->source[0].status = rows[i].status[0];
        t->source[1].status = rows[i].status[1];
        c = client_get_now(t, QE);
        client_check(c, rows[i].want, RELAY_FETCHED);
        /* whose fault it is the log says, and nobody else */
        assert_non_null(strstr(c->why.msg, "127.0.0.1"));
        assert_int_equal(assay_slice_find(c->body, "127.0.0.1"),
                         ASSAY_NO_OFFSET);
        client_check(client_get(t, QE), rows[i].want, RELAY_RECALLED);
        assert_int_equal(t->source[0].requests + t->source[1].requests, 2);
        assert_int_equal(atomic_load(&relay_counts(t->relay)->failures), 1);
        relay_trial_close(t);
    }
}

static void
silent_sources(void **state)
{
    struct relay_trial *t = open_trial();

    (void)state;
    t->settings.sources.timeout_ms = 50;
    t->source[0].hold = true;
    t->source[1].hold = true;
    client_check(client_get_now(t, QE), 504, RELAY_FETCHED);
    relay_trial_close(t);
    t = open_trial();
    t->settings.sources.timeout_ms = 50;
    t->source[0].hold = true;
    t->source[1].status = 404;
    client_check(client_get_now(t, QE), 502, RELAY_FETCHED);
    relay_trial_close(t);
}

static void
nobody_listens(void **state)
{
    struct relay_trial *t = open_trial();
    const struct client *c;

    (void)state;
    t->settings.sources.list = NONE;
    c = client_get_now(t, QE);
    client_check(c, 502, RELAY_FETCHED);
    assert_non_null(strstr(c->why.msg, NONE QE));
    relay_trial_close(t);
}

/* Who does not speak TLS, or has no certificate of these roots, is not asked.
 */
static void
tls(void **state)
{
    struct relay_trial *t = open_trial();
    char list[64];
    const struct client *c;

    (void)state;
    snprintf(list, sizeof(list), "https://%s",
             assay_http_server_address(t->source[0].server));
    t->settings.sources.list = list;
    client_check(client_get_now(t, QE), 502, RELAY_FETCHED);
    t->settings.sources.ca_file = "/no/such/roots.pem";
    c = client_get_now(t, CRL);
    client_check(c, 502, RELAY_FETCHED);
    assert_string_equal(
        c->why.msg,
        "/no/such/roots.pem: not a readable file of PEM certificates");
    assert_int_equal(t->source[0].requests, 0);
    relay_trial_close(t);
}

static void
source_lists(void **state)
{
    static const struct {
        const char *list;
        const char *msg; /* NULL: it is good */
    } rows[] = {
        {"intel", NULL},
        {"https://pccs.example", NULL},
        {" https://pccs.example:8081/ ,, http://10.0.0.1, intel ", NULL},
        {"", "0 collateral sources"},
        {" , ", "0 collateral sources"},
        {"Intel", "'Intel' does not start with"},
        {"https://a, ftp://b", "'ftp://b' does not start with"},
        {"https://a/?b", "'https://a/?b' must not have"},
        {"intel,intel,intel,intel,intel,intel,intel,intel,"
         "intel,intel,intel,intel,intel,intel,intel,intel",
         NULL},
        {"intel,intel,intel,intel,intel,intel,intel,intel,intel,"
         "intel,intel,intel,intel,intel,intel,intel,intel",
         "17 collateral sources"},
    };
    char *huge = calloc(1, ASSAY_URL_MAX_BYTES + 16);
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum assay_code want = rows[i].msg != NULL ? ASSAY_INVALID : ASSAY_OK;

        assert_int_equal(relay_sources_check(rows[i].list, &err), want);
        check_error(rows[i].list, &err, want,
                    rows[i].msg != NULL ? rows[i].msg : "", ASSAY_NO_OFFSET);
    }
    assert_non_null(huge);
    memset(huge, 'a', ASSAY_URL_MAX_BYTES);
    assert_int_equal(relay_sources_check(huge, &err), ASSAY_INVALID);
    free(huge);
}

/* --- age ----------------------------------------------------------------- */

#define NOW_MS 1000000000u /* of a clock of the test's own */

/* What was said about it, and how long ago; 0: nothing. */
static const struct {
    const char *name;
    uint64_t good_ms;
    uint64_t bad_ms;
    unsigned bad_status;
    unsigned status; /* 0: a source is asked */
    enum relay_how how;
    const char *age;
} ages[] = {
    {"nothing", 0, 0, 0, 0, RELAY_HIT, NULL},
    {"good", 30999, 0, 0, 200, RELAY_HIT, "30"},
    {"good for a moment", 59999, 0, 0, 200, RELAY_HIT, "59"},
    {"too old", 60000, 0, 0, 0, RELAY_HIT, NULL},
    {"failed", 0, 1, 502, 502, RELAY_RECALLED, NULL},
    {"timed out", 0, RELAY_FAILED_MS - 1, 504, 504, RELAY_RECALLED, NULL},
    {"failed long ago", 0, RELAY_FAILED_MS, 502, 0, RELAY_HIT, NULL},
    {"absent", 0, RELAY_ABSENT_MS - 1, 404, 404, RELAY_RECALLED, NULL},
    {"absent long ago", 0, RELAY_ABSENT_MS, 404, 0, RELAY_HIT, NULL},
    {"good and failed", 59999, 1, 502, 200, RELAY_HIT, "59"},
    {"good before it failed", 60000, 1, 502, 200, RELAY_STALE, "60"},
    {"good the day before", RELAY_STALE_MAX_MS - 1, 1, 504, 200, RELAY_STALE,
     "86399"},
    {"good too long ago", RELAY_STALE_MAX_MS, 1, 502, 502, RELAY_RECALLED,
     NULL},
    {"good before it was gone", 60000, 1, 404, 404, RELAY_RECALLED, NULL},
};

static void
put_old(struct relay_trial *t, unsigned status, uint64_t age_ms)
{
    const struct relay_question q = {.path = QE};
    struct relay_reply *r =
        age_ms > 0 ? relay_reply_new(&q, status, NOW_MS - age_ms) : NULL;

    if (r != NULL) {
        relay_cache_put(status == 200 ? t->relay->good : t->relay->bad, r);
        relay_reply_release(r);
    }
}

static void
check_age(const char *row, const char *age, enum relay_how how,
          struct relay_answer *a)
{
    struct client c = {.trial = &(struct relay_trial){.told = 0}};

    client_on_done(&c, a);
    relay_answer_free(a);
    CHECK(row, c.how == how);
    CHECK(row, assay_slice_is(assay_http1_get(&c.head, "Age"),
                              age != NULL ? age : ""));
    CHECK(row, assay_http1_count(&c.head, "Warning") == (how == RELAY_STALE));
    assay_buf_free(&c.bytes);
}

static void
recalled(void **state)
{
    const struct relay_request request = {.status = 200,
                                          .question = {.path = QE}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ages); i++) {
        struct relay_trial *t = open_trial();
        struct relay_answer a;

        t->settings.max_age_s = 60;
        put_old(t, 200, ages[i].good_ms);
        put_old(t, ages[i].bad_status, ages[i].bad_ms);
        CHECK(ages[i].name, relay_recall(t->mine, &t->settings, &request,
                                         NOW_MS, &a) == (ages[i].status != 0));
        if (ages[i].status != 0) {
            CHECK(ages[i].name, a.status == ages[i].status);
            check_age(ages[i].name, ages[i].age, ages[i].how, &a);
        }
        relay_trial_close(t);
    }
}

/* The last good answer is better than none, but not if the sources say that
 * there is none. */
static void
stale(void **state)
{
    struct relay_trial *t = open_trial();
    const struct client *c;

    (void)state;
    t->settings.max_age_s = 0;
    client_check(client_get_now(t, CRL), 200, RELAY_FETCHED);
    client_check(client_get_now(t, QE), 200, RELAY_FETCHED);
    client_check(client_get_now(t, QE), 200, RELAY_FETCHED);
    assert_int_equal(t->source[0].requests, 3);
    t->source[0].status = 500;
    t->source[1].status = 500;
    c = client_get_now(t, QE);
    client_check(c, 200, RELAY_STALE);
    assert_true(assay_slice_equal(c->body, parts.qe_identity));
    assert_true(assay_slice_is(assay_http1_get(&c->head, "Warning"),
                               "110 - \"Response is Stale\""));
    assert_non_null(strstr(c->why.msg, "HTTP 500"));
    assert_int_equal(t->source[0].requests, 4);
    client_check(client_get(t, QE), 200, RELAY_STALE); /* and nobody is asked */
    t->source[0].status = 404;
    t->source[1].status = 404;
    client_check(client_get_now(t, CRL), 404, RELAY_FETCHED);
    client_check(client_get(t, CRL), 404, RELAY_RECALLED);
    assert_int_equal(t->source[0].requests, 5);
    relay_trial_close(t);
}

/* --- limits -------------------------------------------------------------- */

static void
get_fmspc(struct relay_trial *t, unsigned n)
{
    char target[64];

    snprintf(target, sizeof(target), TCB "%012x", n);
    client_get(t, target);
}

/* A few at a time, some that wait, and no more. What is in the cache is still
 * to be had. */
static void
many_questions(void **state)
{
    struct relay_trial *t = open_trial();

    (void)state;
    client_check(client_get_now(t, QE), 200, RELAY_FETCHED);
    relay_trial_forget(t);
    t->source[0].hold = true;
    for (unsigned i = 0; i <= RELAY_FETCHES_MAX; i++) {
        get_fmspc(t, i);
    }
    client_check(&t->clients[RELAY_FETCHES_MAX], 503, RELAY_BUSY);
    client_check(client_get(t, QE), 200, RELAY_HIT);
    source_asked(t, 0, 1 + RELAY_RUNNING_MAX);
    assert_int_equal(t->told, 2);
    relay_cancel(t->clients[5].call); /* it has not begun: there is room */
    get_fmspc(t, 1000);
    assert_int_equal(t->told, 2);
    t->source[0].status = 404;
    source_let_go(&t->source[0]);
    clients_told(t, RELAY_FETCHES_MAX + 2);
    assert_int_equal(t->clients[5].told, 0);
    assert_int_equal(t->source[0].requests, 1 + RELAY_FETCHES_MAX);
    client_check(client_get(t, QE), 200, RELAY_HIT); /* not pushed out */
    relay_trial_close(t);
}

static void
many_clients(void **state)
{
    struct relay_trial *t = open_trial();

    (void)state;
    t->source[0].hold = true;
    for (unsigned i = 0; i <= RELAY_WAITERS_MAX; i++) {
        client_get(t, QE);
    }
    client_check(&t->clients[RELAY_WAITERS_MAX], 503, RELAY_BUSY);
    source_asked(t, 0, 1);
    source_let_go(&t->source[0]);
    clients_told(t, RELAY_WAITERS_MAX + 1);
    for (unsigned i = 0; i < RELAY_WAITERS_MAX; i++) {
        client_check(&t->clients[i], 200,
                     i == 0 ? RELAY_FETCHED : RELAY_JOINED);
    }
    relay_trial_close(t);
}

static void
small_cache(void **state)
{
    struct relay_trial *t = open_trial();
    size_t bytes;
    unsigned replies;

    (void)state;
    relay_loop_free(t->mine);
    relay_free(t->relay);
    t->relay = relay_new(1);
    t->mine = relay_loop_new(&t->loop.uv, t->relay);
    client_check(client_get_now(t, QE), 200, RELAY_FETCHED);
    client_check(client_get_now(t, QE), 200, RELAY_FETCHED);
    relay_use(t->relay, &bytes, &replies);
    assert_int_equal(bytes, 0);
    assert_int_equal(replies, 0);
    assert_int_equal(t->source[0].requests, 2);
    relay_trial_close(t);
}

/* --- ends ---------------------------------------------------------------- */

/* What runs ends without an answer, what waits does not begin. */
static void
loop_that_is_gone(void **state)
{
    struct relay_trial *t = open_trial();
    const struct relay_counts *counts = relay_counts(t->relay);

    (void)state;
    t->settings.sources.timeout_ms = 2 * LOOP_LIMIT_MS;
    t->source[0].hold = true;
    for (unsigned i = 0; i < 2 * RELAY_RUNNING_MAX; i++) {
        get_fmspc(t, i);
    }
    source_asked(t, 0, RELAY_RUNNING_MAX);
    relay_loop_free(t->mine);
    t->mine = NULL;
    while (atomic_load(&counts->failures) < RELAY_RUNNING_MAX &&
           !t->loop.expired) { /* they are cut off, held as they are */
        uv_run(&t->loop.uv, UV_RUN_ONCE);
    }
    assert_int_equal(atomic_load(&counts->failures), RELAY_RUNNING_MAX);
    assert_int_equal(t->source[0].requests, RELAY_RUNNING_MAX);
    assert_int_equal(t->source[1].requests, 0);
    relay_trial_close(t);
    assert_int_equal(t->told, 0);
    relay_loop_free(NULL);
    relay_free(NULL);
}

static void
free_loop(struct relay_trial *t)
{
    relay_loop_free(t->mine);
    t->mine = NULL;
}

static void
freed_by_an_answer(void **state)
{
    struct relay_trial *t = open_trial();

    (void)state;
    t->source[0].hold = true;
    for (unsigned i = 0; i < 4; i++) {
        client_get(t, QE);
        get_fmspc(t, i);
    }
    source_asked(t, 0, RELAY_RUNNING_MAX);
    t->on_told = free_loop;
    t->source[0].status = 404;
    t->source[1].status = 404;
    source_let_go(&t->source[0]);
    clients_told(t, 1);
    relay_trial_close(t);
    assert_int_equal(t->told, 0);
}

/* Answers may be the reason for questions, and for leaving. */
static void
ask_again(struct relay_trial *t)
{
    if (t->told == 1) {
        relay_cancel(t->clients[1].call != NULL ? t->clients[1].call
                                                : t->clients[0].call);
        t->settings.max_age_s = 0;
        client_get(t, QE);
    }
}

static void
asked_by_an_answer(void **state)
{
    struct relay_trial *t = open_trial();

    (void)state;
    t->source[0].hold = true;
    client_get(t, QE);
    client_get(t, QE);
    source_asked(t, 0, 1);
    t->on_told = ask_again;
    source_let_go(&t->source[0]);
    clients_told(t, 2);
    client_check(&t->clients[2], 200, RELAY_FETCHED);
    assert_int_equal(t->clients[0].told + t->clients[1].told, 1);
    assert_int_equal(t->source[0].requests, 2);
    relay_trial_close(t);
}

/* --- our own verifier ---------------------------------------------------- */

/* All that it asks for is to be had here. */
static void
gathered(void **state)
{
    static const char *const sources[] = {"https://bridge.example"};
    struct relay_trial *t = open_trial();
    struct assay_ctx *ctx = trial_ctx();
    struct assay_quote *quote = trial_quote(world);
    struct assay_collateral_need need;
    struct assay_gather_request request = {
        .need = &need, .sources = sources, .source_count = 1, .early = true};
    struct assay_collateral *collateral = NULL;
    struct assay_gather *g = NULL;
    struct assay_buf bundle;
    struct assay_error err;

    (void)state;
    assay_buf_init(&bundle, ASSAY_BUNDLE_MAX_BYTES);
    assert_int_equal(assay_collateral_need(quote, ASSAY_EMPTY, &need, &err),
                     ASSAY_OK);
    assert_int_equal(assay_gather_new(ctx, &request, &g, &err), ASSAY_OK);
    while (assay_gather_wants(g)) {
        const struct client *c =
            client_get_now(t, assay_gather_url(g) + strlen(sources[0]));

        client_check(c, 200, RELAY_FETCHED);
        assay_gather_give(
            g,
            (struct assay_slice){c->bytes.ptr,
                                 (size_t)(c->body.ptr - c->bytes.ptr)},
            c->body);
    }
    if (assay_gather_take(g, &bundle, &collateral, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    assert_int_equal(t->asked, 4);
    assay_collateral_free(collateral);
    assay_buf_free(&bundle);
    assay_gather_free(g);
    assay_quote_free(quote);
    assay_ctx_free(ctx);
    relay_trial_close(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fetched_once),
        cmocka_unit_test(one_fetch_for_all),
        cmocka_unit_test(nobody_waits),
        cmocka_unit_test(nothing_of_the_client),
        cmocka_unit_test(no_questions),
        cmocka_unit_test(next_source),
        cmocka_unit_test(another_number),
        cmocka_unit_test(no_source),
        cmocka_unit_test(silent_sources),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(tls),
        cmocka_unit_test(source_lists),
        cmocka_unit_test(stale),
        cmocka_unit_test(recalled),
        cmocka_unit_test(many_questions),
        cmocka_unit_test(many_clients),
        cmocka_unit_test(small_cache),
        cmocka_unit_test(loop_that_is_gone),
        cmocka_unit_test(freed_by_an_answer),
        cmocka_unit_test(asked_by_an_answer),
        cmocka_unit_test(gathered),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
