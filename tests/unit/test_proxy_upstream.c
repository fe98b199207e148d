/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_upstream.c - the pool of attested connections of the proxy: who
 * gets which, what becomes of those that end, and the end of all.
 */
#include "harness/upstream.h"

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

/* The loop has not heard of it yet: it is not used all the same, not even for a
 * request that could not be repeated. */
static void
one_that_has_just_been_closed(void **state)
{
    struct call_request request = ask_get;
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    n.o.warm = 1;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 1);
    far_hang_up(n.far.conns);
    request.repeatable = false;
    ask_by(&a, &n, &request);
    call_send_end(a.call, ASSAY_EMPTY);
    UNTIL(&n, a.done);
    assert_int_equal(a.status, 200);
    ask_end(&a);
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
    assert_string_equal(waits.failure.code, "settings_changed");
    assert_int_equal(ask_once(&n, &why), 0);
    assert_string_equal(why.code, "settings_changed");
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

static void
idle_ones_are_drained(void **state)
{
    struct near n;

    (void)state;
    near_open(&n);
    n.o.warm = 2;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 2);
    upstream_drain(n.up);
    assert_int_equal(GAUGE(&n, idle), 0);
    UNTIL(&n, far_open_count(&n.far) == 0);
    assert_int_equal(n.far.accepted, 2);
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
        cmocka_unit_test(a_server_that_closes),
        cmocka_unit_test(one_that_has_just_been_closed),
        cmocka_unit_test(one_that_says_more_while_it_is_idle),
        cmocka_unit_test(responses_that_are_the_last),
        cmocka_unit_test(drained),
        cmocka_unit_test(idle_ones_are_drained),
        cmocka_unit_test(freed_at_any_time),
        cmocka_unit_test(a_search_that_outlasts_it),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
