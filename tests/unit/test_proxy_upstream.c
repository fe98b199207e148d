/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_upstream.c - the pool of attested connections of the proxy: who
 * gets which, when they are made, renewed, replaced and closed, and what is
 * told while there is none.
 */
#include "harness/upstream.h"

#define SOON_MS 250u /* of what must happen for the test to go on */

static void
with_interval(struct near *n, struct assay_policy **own)
{
    *own = pair_policy(&platform, ",\"reattestation_interval_secs\":1");
    n->provider.policy = *own;
}

/* --- who gets which ----------------------------------------------------- */

static void
one_request(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    ask_begin(&a, &n);
    assert_true(call_wants_link(a.call));
    assert_null(call_proof(a.call));
    UNTIL(&n, a.done);
    assert_int_equal(a.status, 200);
    assert_true(assay_slice_is(assay_buf_slice(&a.body), "ok"));
    assert_string_equal(a.proof.tcb, "UpToDate");
    assert_int_equal(strlen(a.proof.evidence), PROOF_EVIDENCE_BYTES);
    assert_int_equal(strlen(a.proof.measurement), 96);
    assert_false(a.proof.partial);
    assert_int_equal(a.proof.attested_ms, n.proof.attested_ms);
    ask_end(&a);
    assert_int_equal(n.trusted, 1);
    assert_int_equal(GAUGE(&n, idle), 1);
    assert_int_equal(ask_once(&n, NULL), 200);
    assert_int_equal(n.far.accepted, 1);
    assert_int_equal(GAUGE(&n, attested), 1);
    assert_int_equal(GAUGE(&n, requests), 2);
    near_end(&n);
}

static void
warm_ones_are_there_before(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    n.o.warm = 3;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 3);
    assert_int_equal(n.far.accepted, 3);
    assert_int_equal(n.far.requests, 0);
    /* one that is taken is replaced */
    n.far.holds = true;
    ask_begin(&a, &n);
    assert_false(call_wants_link(a.call)); /* at once */
    UNTIL(&n, GAUGE(&n, idle) == 3);
    assert_int_equal(GAUGE(&n, busy), 1);
    assert_int_equal(n.far.accepted, 4);
    n.far.holds = false;
    UNTIL(&n, n.far.requests == 1);
    far_go_on(&n.far);
    UNTIL(&n, a.done);
    ask_end(&a);
    assert_int_equal(GAUGE(&n, idle), 4);
    near_end(&n);
}

static void
the_last_one_used_is_next(void **state)
{
    struct near n;
    unsigned most = 0;

    (void)state;
    near_open(&n);
    n.o.warm = 2;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 2);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ask_once(&n, NULL), 200);
    }
    for (const struct far_conn *c = n.far.conns; c != NULL; c = c->next) {
        most = c->requests > most ? c->requests : most;
    }
    assert_int_equal(most, 4);
    near_end(&n);
}

/* Which of them are done, as a set. */
static unsigned
done(const struct ask *all, size_t count)
{
    unsigned set = 0;

    for (size_t i = 0; i < count; i++) {
        set |= (unsigned)all[i].done << i;
    }
    return set;
}

static void
first_come_first_served(void **state)
{
    struct near n;
    struct ask all[4];

    (void)state;
    near_open(&n);
    n.o.max_links = 1;
    near_start(&n);
    n.far.holds = true;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        ask_begin(&all[i], &n);
    }
    assert_int_equal(GAUGE(&n, waiting), 4);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        UNTIL(&n, n.far.requests == i + 1);
        n.far.holds = false;
        n.far.answer = NULL;
        far_go_on(&n.far);
        n.far.holds = true;
        UNTIL(&n, all[i].done);
        assert_int_equal(done(all, COUNT_OF(all)), (1u << (i + 1)) - 1);
    }
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        ask_end(&all[i]);
    }
    assert_int_equal(n.far.accepted, 1);
    near_end(&n);
}

static void
a_few_attestations_at_a_time(void **state)
{
    struct near n;
    struct ask all[6];

    (void)state;
    near_open(&n);
    n.o.warm = 2;
    n.far.silent = true;
    near_start(&n);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        ask_begin(&all[i], &n);
    }
    UNTIL(&n, n.far.accepted == 4);
    assert_int_equal(GAUGE(&n, attesting), 4);
    n.far.silent = false;
    while (done(all, COUNT_OF(all)) != (1u << COUNT_OF(all)) - 1) {
        far_go_on(&n.far);
        near_step(&n);
        assert_true(GAUGE(&n, attesting) <= 4);
        assert_true(n.far.accepted <= n.o.max_links);
    }
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        assert_int_equal(all[i].status, 200);
        ask_end(&all[i]);
    }
    near_end(&n);
}

static void
nobody_waits_for_ever(void **state)
{
    struct near n;
    struct ask busy;
    struct failure why;

    (void)state;
    near_open(&n);
    n.o.max_links = 1;
    n.o.wait_ms = SOON_MS;
    n.far.silent = true;
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    assert_int_equal(why.kind, FAILURE_TIMEOUT);
    assert_string_equal(why.code, "upstream_timeout");
    n.far.silent = false;
    far_go_on(&n.far);
    UNTIL(&n, GAUGE(&n, idle) == 1);
    n.far.holds = true;
    ask_begin(&busy, &n);
    assert_int_equal(ask_once(&n, &why), 0);
    assert_int_equal(why.kind, FAILURE_OUTAGE);
    assert_string_equal(why.code, "upstream_busy");
    assert_int_equal(why.retry_after_s, 1);
    assert_false(busy.done); /* its answer has no limit here */
    ask_end(&busy);
    near_end(&n);
}

/* --- evidence that grows old -------------------------------------------- */

static void
evidence_is_renewed_behind_the_scenes(void **state)
{
    struct assay_policy *own;
    struct near n;
    int64_t before_ms;

    (void)state;
    near_open(&n);
    with_interval(&n, &own);
    n.o.warm = 3;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 3);
    before_ms = n.proof.attested_ms;
    while (n.far.quotes < 9) { /* each, twice more */
        near_step(&n);
        assert_true(GAUGE(&n, idle) > 0); /* a request would find one */
    }
    assert_true(n.proof.attested_ms > before_ms);
    assert_int_equal(n.far.accepted, 3); /* in band */
    near_end(&n);
    assay_policy_free(own);
}

/* Where there is only one, another comes first. */
static void
a_single_one_is_renewed_too(void **state)
{
    struct assay_policy *own;
    struct near n;

    (void)state;
    near_open(&n);
    with_interval(&n, &own);
    n.o.warm = 1;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 1);
    while (n.far.quotes < 4) {
        near_step(&n);
        assert_true(GAUGE(&n, idle) > 0);
    }
    assert_int_equal(n.far.accepted, 2);
    near_end(&n);
    assay_policy_free(own);
}

static void
an_interval_of_zero_is_never(void **state)
{
    struct assay_policy *own =
        pair_policy(&platform, ",\"reattestation_interval_secs\":0");
    struct near n;
    int64_t until_ms;

    (void)state;
    near_open(&n);
    n.provider.policy = own;
    n.o.warm = 1;
    n.o.idle_ms = 50; /* wakes the pool */
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 1);
    until_ms = assay_now().mono_ms + SOON_MS;
    n.o.wait_ms = SOON_MS;
    while (assay_now().mono_ms < until_ms) {
        uv_run(&n.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(n.far.quotes, 1);
    near_end(&n);
    assay_policy_free(own);
}

/* No request goes out on evidence that is due, whatever happens. */
static void
what_is_due_is_not_used(void **state)
{
    struct assay_policy *own;
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    with_interval(&n, &own);
    n.o.max_links = 1;
    near_start(&n);
    assert_int_equal(ask_once(&n, NULL), 200);
    n.far.silent = true;
    while (assay_now().mono_ms - n.proof.attested_ms < 1000) {
        near_step(&n); /* the timer of its age is there */
    }
    ask_begin(&a, &n);
    assert_true(call_wants_link(a.call));
    UNTIL(&n, GAUGE(&n, attesting) == 1);
    UNTIL(&n,
          assay_server_state(n.far.conns->pair.server) == ASSAY_SERVER_QUOTE);
    assert_int_equal(n.far.requests, 1);
    n.far.silent = false;
    far_go_on(&n.far);
    UNTIL(&n, a.done);
    assert_int_equal(a.status, 200);
    assert_true(a.proof.attested_ms >= n.proof.attested_ms);
    assert_int_equal(n.far.accepted, 1);
    assert_int_equal(n.far.quotes, 2);
    ask_end(&a);
    near_end(&n);
    assay_policy_free(own);
}

/* --- refusals ----------------------------------------------------------- */

#define REFUSED_START "Attestation verification failed: TEE not trusted: "

static void
check_refused(const struct failure *why, const char *code)
{
    assert_int_equal(why->kind, FAILURE_REFUSED);
    assert_string_equal(why->code, code);
    assert_memory_equal(why->message, REFUSED_START, strlen(REFUSED_START));
}

static void
a_refusal_cuts_the_pool(void **state)
{
    struct assay_policy *own;
    struct near n;
    struct ask busy;
    struct failure why;

    (void)state;
    near_open(&n);
    with_interval(&n, &own);
    n.o.warm = 3;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 3);
    n.far.holds = true;
    ask_begin(&busy, &n);
    UNTIL(&n, n.far.requests == 1);
    UNTIL(&n, GAUGE(&n, idle) == 3);
    n.far.lies = true;
    UNTIL(&n, n.untrusted > 0);
    assert_int_equal(GAUGE(&n, idle), 0);
    assert_int_equal(GAUGE(&n, attesting), 0);
    assert_int_equal(GAUGE(&n, refused), 1);
    UNTIL(&n, far_open_count(&n.far) == 1); /* the busy one */
    /* who comes now is told at once */
    assert_int_equal(ask_once(&n, &why), 0);
    check_refused(&why, "report_data_mismatch");
    assert_int_equal(why.retry_after_s, 0);
    check_refused(upstream_failure(n.up), "report_data_mismatch");
    assert_int_equal(n.far.requests, 1);
    /* what is under way ends, on a connection that nobody gets any more */
    n.far.lies = false;
    n.far.holds = false;
    far_go_on(&n.far);
    UNTIL(&n, busy.done);
    assert_int_equal(busy.status, 200);
    ask_end(&busy);
    assert_int_equal(GAUGE(&n, busy), 0);
    assert_int_equal(GAUGE(&n, idle), 0);
    /* a server that recovers is found again, without a restart */
    UNTIL(&n, GAUGE(&n, idle) == 3);
    assert_int_equal(upstream_failure(n.up)->kind, FAILURE_NONE);
    assert_int_equal(ask_once(&n, NULL), 200);
    near_end(&n);
    assay_policy_free(own);
}

static void
all_who_wait_are_refused(void **state)
{
    struct near n;
    struct ask all[6];
    unsigned accepted;

    (void)state;
    near_open(&n);
    n.far.lies = true;
    near_start(&n);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        ask_begin(&all[i], &n);
    }
    UNTIL(&n, done(all, COUNT_OF(all)) == (1u << COUNT_OF(all)) - 1);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        check_refused(&all[i].failure, "report_data_mismatch");
        ask_end(&all[i]);
    }
    assert_int_equal(n.far.requests, 0);
    assert_int_equal(n.untrusted, 1); /* the others were not waited for */
    /* nobody is asked again for a while */
    accepted = n.far.accepted;
    for (int i = 0; i < 5; i++) {
        struct failure why;

        assert_int_equal(ask_once(&n, &why), 0);
        check_refused(&why, "report_data_mismatch");
    }
    assert_int_equal(n.far.accepted, accepted);
    near_end(&n);
}

/* The pauses grow, but a request finds out once they are over. */
static void
one_request_tries_again(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    n.far.lies = true;
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    n.far.lies = false;
    while (ask_once(&n, &why) == 0) {
        check_refused(&why, "report_data_mismatch");
        near_step(&n);
    }
    assert_int_equal(n.far.requests, 1);
    near_end(&n);
}

/* --- outages ------------------------------------------------------------ */

static void
an_outage_is_another_thing(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    far_deafen(&n.far);
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    assert_int_equal(why.kind, FAILURE_OUTAGE);
    assert_string_equal(why.code, "upstream_unreachable");
    assert_int_equal(why.retry_after_s, 1);
    assert_int_equal(GAUGE(&n, failed), 1);
    assert_int_equal(GAUGE(&n, refused), 0);
    far_listen(&n.far);
    while (ask_once(&n, &why) == 0) {
        assert_int_equal(why.kind, FAILURE_OUTAGE);
        near_step(&n);
    }
    near_end(&n);
}

static void
the_warm_ones_come_back_by_themselves(void **state)
{
    struct near n;

    (void)state;
    near_open(&n);
    n.o.warm = 2;
    far_deafen(&n.far);
    near_start(&n);
    UNTIL(&n, GAUGE(&n, failed) == 2);
    far_listen(&n.far);
    UNTIL(&n, GAUGE(&n, idle) == 2);
    near_end(&n);
}

static void
a_server_that_is_busy(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    n.far.refuses = 503;
    n.far.retry_s = 7;
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    assert_int_equal(why.kind, FAILURE_OUTAGE);
    assert_string_equal(why.code, "evidence_unavailable");
    assert_int_equal(why.retry_after_s, 7);
    near_end(&n);
}

static void
a_server_without_evidence(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    n.far.refuses = 500;
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    check_refused(&why, "no_evidence");
    near_end(&n);
}

static void
a_server_that_hangs(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    n.far.silent = true;
    n.o.attest_ms = SOON_MS;
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    assert_int_equal(why.kind, FAILURE_TIMEOUT);
    assert_string_equal(why.code, "upstream_timeout");
    near_end(&n);
}

static void
another_name(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    n.provider.server_name = "other.example.com";
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    check_refused(&why, "tls_certificate_invalid");
    near_end(&n);
}

static void
no_collateral(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    atomic_store(&pccs.down, true);
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    assert_int_equal(why.kind, FAILURE_OUTAGE);
    assert_string_equal(why.code, "collateral_unavailable");
    atomic_store(&pccs.down, false);
    while (ask_once(&n, &why) == 0) {
        assert_string_equal(why.code, "collateral_unavailable");
        near_step(&n);
    }
    near_end(&n);
}

/* An outage concerns those who have none yet: what is open stays. */
static void
an_outage_leaves_what_is_open(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    assert_int_equal(ask_once(&n, NULL), 200);
    far_deafen(&n.far);
    n.far.holds = true;
    ask_begin(&a, &n); /* has the only one */
    UNTIL(&n, n.far.requests == 2);
    struct ask b;

    ask_begin(&b, &n);
    UNTIL(&n, GAUGE(&n, failed) == 1);
    assert_false(b.done); /* waits on, for that one */
    n.far.holds = false;
    far_go_on(&n.far);
    UNTIL(&n, a.done && b.done);
    assert_int_equal(a.status, 200);
    assert_int_equal(b.status, 200);
    ask_end(&a);
    ask_end(&b);
    near_end(&n);
}

/* --- connections that end ----------------------------------------------- */

static void
a_server_that_closes(void **state)
{
    struct near n;

    (void)state;
    for (int orderly = 0; orderly < 2; orderly++) {
        near_open(&n);
        n.o.warm = 1;
        near_start(&n);
        UNTIL(&n, GAUGE(&n, idle) == 1);
        if (orderly == 1) {
            far_goodbye(n.far.conns);
        } else {
            far_hang_up(n.far.conns);
        }
        UNTIL(&n, GAUGE(&n, idle) == 0);
        UNTIL(&n, GAUGE(&n, idle) == 1);
        assert_int_equal(n.far.accepted, 2);
        /* one that closes each of them is not asked without a pause */
        far_hang_up(n.far.conns);
        UNTIL(&n, GAUGE(&n, idle) == 0);
        UNTIL(&n, GAUGE(&n, idle) == 1);
        far_hang_up(n.far.conns);
        UNTIL(&n, GAUGE(&n, idle) == 0);
        uv_run(&n.loop.uv, UV_RUN_NOWAIT);
        uv_run(&n.loop.uv, UV_RUN_NOWAIT);
        assert_int_equal(GAUGE(&n, attesting), 0);
        assert_int_equal(n.far.accepted, 3);
        assert_int_equal(ask_once(&n, NULL), 200); /* but for a request */
        near_end(&n);
    }
}

/* The loop has not heard of it yet: it is not used all the same. */
static void
one_that_has_just_been_closed(void **state)
{
    struct near n;

    (void)state;
    near_open(&n);
    n.o.warm = 1;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 1);
    far_hang_up(n.far.conns);
    assert_int_equal(ask_once(&n, NULL), 200);
    assert_true(n.far.accepted >= 2);
    assert_int_equal(n.far.requests, 1);
    near_end(&n);
}

static void
talks_on(struct far_conn *c)
{
    if (c->far->holds) { /* its own end comes later */
        return;
    }
    c->far->holds = true;
    far_say(c, far_ok);
}

static void
one_that_says_more_while_it_is_idle(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    n.far.answer = talks_on;
    ask_begin(&a, &n);
    UNTIL(&n, a.done);
    ask_end(&a);
    assert_int_equal(GAUGE(&n, idle), 1);
    far_say(n.far.conns, "HTTP/1.1 200 OK\r\n\r\n");
    UNTIL(&n, GAUGE(&n, idle) == 0);
    UNTIL(&n, far_open_count(&n.far) == 0);
    near_end(&n);
}

static void
responses_that_are_the_last(void **state)
{
    static const struct {
        const char *response;
        bool keeps;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
         true},
        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"
         "Content-Length: 2\r\n\r\nno",
         true},
        {"HTTP/1.1 200 OK\r\n\r\nok", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct near n;
        struct ask a;

        near_open(&n);
        near_start(&n);
        n.far.response = rows[i].response;
        n.far.keeps = rows[i].keeps;
        ask_begin(&a, &n);
        UNTIL(&n, a.done);
        CHECK(rows[i].response, a.status == 200);
        CHECK(rows[i].response, assay_slice_is(assay_buf_slice(&a.body), "ok"));
        ask_end(&a);
        CHECK(rows[i].response, GAUGE(&n, idle) == 0);
        UNTIL(&n, far_open_count(&n.far) == 0);
        near_end(&n);
    }
}

/* --- rotation ----------------------------------------------------------- */

static void
so_many_requests(void **state)
{
    struct near n;

    (void)state;
    near_open(&n);
    n.o.max_requests = 2;
    near_start(&n);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ask_once(&n, NULL), 200);
    }
    assert_int_equal(n.far.accepted, 3);
    near_end(&n);
}

/* By age, and before the server's own limit: the new one first. */
static void
so_long(void **state)
{
    (void)state;
    for (int by_age = 0; by_age < 2; by_age++) {
        struct near n;

        near_open(&n);
        n.o.warm = 1;
        if (by_age == 1) {
            n.o.max_age_ms = 500;
        } else {
            n.o.keep_alive_ms = 500;
        }
        near_start(&n);
        UNTIL(&n, GAUGE(&n, idle) == 1);
        while (n.far.accepted < 4) {
            near_step(&n);
            assert_true(GAUGE(&n, idle) > 0);
            assert_true(GAUGE(&n, idle) <= 2);
        }
        UNTIL(&n, far_open_count(&n.far) == 1);
        near_end(&n);
    }
}

/* What is used does not reach the server's limit. */
static void
use_keeps_alive(void **state)
{
    struct near n;
    int64_t until_ms;

    (void)state;
    near_open(&n);
    n.o.keep_alive_ms = 600;
    n.o.max_requests = 0;
    near_start(&n);
    until_ms = assay_now().mono_ms + 900;
    while (assay_now().mono_ms < until_ms) {
        assert_int_equal(ask_once(&n, NULL), 200);
    }
    assert_int_equal(n.far.accepted, 1);
    near_end(&n);
}

static void
more_than_is_needed(void **state)
{
    struct near n;
    struct ask all[4];

    (void)state;
    near_open(&n);
    n.o.warm = 1;
    n.o.idle_ms = 300;
    n.far.holds = true;
    near_start(&n);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        ask_begin(&all[i], &n);
    }
    UNTIL(&n, n.far.requests == COUNT_OF(all));
    n.far.holds = false;
    far_go_on(&n.far);
    UNTIL(&n, done(all, COUNT_OF(all)) == (1u << COUNT_OF(all)) - 1);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        ask_end(&all[i]);
    }
    assert_true(GAUGE(&n, idle) >= 4);
    UNTIL(&n, GAUGE(&n, idle) == 1);
    UNTIL(&n, far_open_count(&n.far) == 1);
    assert_int_equal(ask_once(&n, NULL), 200);
    near_end(&n);
}

/* --- the end ------------------------------------------------------------ */

static void
drained(void **state)
{
    struct near n;
    struct ask busy;
    struct ask waits;
    struct failure why;

    (void)state;
    near_open(&n);
    n.o.max_links = 2;
    n.o.warm = 1;
    n.far.holds = true;
    near_start(&n);
    ask_begin(&busy, &n);
    UNTIL(&n, n.far.requests == 1);
    UNTIL(&n, GAUGE(&n, idle) == 1);
    n.far.silent = true;
    far_goodbye(n.far.conns); /* so that another is under way */
    UNTIL(&n, GAUGE(&n, attesting) == 1);
    ask_begin(&waits, &n);
    assert_false(upstream_is_idle(n.up));
    upstream_drain(n.up);
    UNTIL(&n, waits.done);
    assert_int_equal(waits.failure.kind, FAILURE_OUTAGE);
    assert_string_equal(waits.failure.code, "shutting_down");
    assert_int_equal(ask_once(&n, &why), 0);
    assert_string_equal(why.code, "shutting_down");
    assert_false(busy.done);
    assert_false(upstream_is_idle(n.up));
    n.far.holds = false;
    far_go_on(&n.far);
    UNTIL(&n, busy.done);
    assert_int_equal(busy.status, 200);
    ask_end(&busy);
    ask_end(&waits);
    assert_true(upstream_is_idle(n.up));
    UNTIL(&n, far_open_count(&n.far) == 0);
    assert_int_equal(n.far.accepted, 3);
    near_end(&n);
}

/* At any moment of its life, with calls that are cancelled. */
static void
freed_at_any_time(void **state)
{
    (void)state;
    for (unsigned steps = 0; steps < 60; steps++) {
        struct near n;
        struct ask all[3];

        near_open(&n);
        n.o.warm = 2;
        near_start(&n);
        for (size_t i = 0; i < COUNT_OF(all); i++) {
            ask_begin(&all[i], &n);
        }
        for (unsigned i = 0; i < steps; i++) {
            uv_run(&n.loop.uv, UV_RUN_NOWAIT);
        }
        for (size_t i = 0; i < COUNT_OF(all); i++) {
            ask_end(&all[i]);
        }
        near_end(&n);
    }
}

/* Searches for collateral are told, so that nobody frees what they use. */
static void
on_begun(void *owner)
{
    *(int *)owner += 1;
}

static void
on_ended(void *owner)
{
    *(int *)owner -= 1;
}

static void
a_search_that_outlasts_it(void **state)
{
    struct near n;
    struct ask a;
    int searches = 0;

    (void)state;
    near_open(&n);
    n.o.begun = on_begun;
    n.o.ended = on_ended;
    n.o.owner = &searches;
    atomic_store(&pccs.hold, true);
    near_start(&n);
    ask_begin(&a, &n);
    UNTIL(&n, searches == 1);
    ask_end(&a);
    upstream_free(n.up);
    n.up = NULL;
    atomic_store(&pccs.hold, false);
    UNTIL(&n, searches == 0);
    near_end(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request),
        cmocka_unit_test(warm_ones_are_there_before),
        cmocka_unit_test(the_last_one_used_is_next),
        cmocka_unit_test(first_come_first_served),
        cmocka_unit_test(a_few_attestations_at_a_time),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(evidence_is_renewed_behind_the_scenes),
        cmocka_unit_test(a_single_one_is_renewed_too),
        cmocka_unit_test(an_interval_of_zero_is_never),
        cmocka_unit_test(what_is_due_is_not_used),
        cmocka_unit_test(a_refusal_cuts_the_pool),
        cmocka_unit_test(all_who_wait_are_refused),
        cmocka_unit_test(one_request_tries_again),
        cmocka_unit_test(an_outage_is_another_thing),
        cmocka_unit_test(the_warm_ones_come_back_by_themselves),
        cmocka_unit_test(a_server_that_is_busy),
        cmocka_unit_test(a_server_without_evidence),
        cmocka_unit_test(a_server_that_hangs),
        cmocka_unit_test(another_name),
        cmocka_unit_test(no_collateral),
        cmocka_unit_test(an_outage_leaves_what_is_open),
        cmocka_unit_test(a_server_that_closes),
        cmocka_unit_test(one_that_has_just_been_closed),
        cmocka_unit_test(one_that_says_more_while_it_is_idle),
        cmocka_unit_test(responses_that_are_the_last),
        cmocka_unit_test(so_many_requests),
        cmocka_unit_test(so_long),
        cmocka_unit_test(use_keeps_alive),
        cmocka_unit_test(more_than_is_needed),
        cmocka_unit_test(drained),
        cmocka_unit_test(freed_at_any_time),
        cmocka_unit_test(a_search_that_outlasts_it),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
