/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_quote_gate.c - one gate for loops on several threads: never more at a
 * time than there may be, nobody forgotten, and whoever leaves, at whatever
 * moment, gives on the turn.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "harness/ctx.h"
#include "harness/loop.h"
#include "io/quote_gate.h"

#define THREADS 4
#define TICKETS 200
#define AT_ONCE 3
#define BATCH   8 /* tickets between two looks */

static struct assay_quote_gate *
new_gate(uint32_t at_once, uint32_t waiting, uint32_t per_s, bool one_peer)
{
    struct assay_quote_limits limits = {at_once, waiting, per_s, 2, one_peer};
    struct assay_quote_gate *g = NULL;
    struct assay_error err;

    assert_int_equal(assay_quote_gate_new(&limits, ctx, &g, &err), ASSAY_OK);
    return g;
}

/* --- who a peer is ------------------------------------------------------ */

static void
test_key(void **state)
{
    static const struct {
        const char *peer;
        const char *hex;
    } rows[] = {
        {"192.0.2.1:8443", "04c0000201"},
        {"192.0.2.1:1", "04c0000201"}, /* ports do not tell people apart */
        {"[::ffff:192.0.2.1]:5", "04c0000201"},
        {"[2001:db8:1:2:3:4:5:6]:7", "0620010db800010002"},
        {"[2001:db8:1:2::9]:7", "0620010db800010002"},
        {"[2001:db8:1:3::9]:7", "0620010db800010003"},
        {"[fe80::1%eth0]:7", "06fe80000000000000"},
        {"unix", "00"},
        {"", "00"},
        {NULL, "01"}, /* the process itself */
        {"[::1", "060000000000000000"},
        {"a name that is longer than any address of IPv6 could be:1", "00"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t key[ASSAY_GATE_KEY_BYTES];
        size_t len = assay_quote_gate_key(rows[i].peer, key);
        char hex[2 * ASSAY_GATE_KEY_BYTES + 1] = "";

        for (size_t k = 0; k < len; k++) {
            snprintf(hex + 2 * k, 3, "%02x", key[k]);
        }
        assert_string_equal(hex, rows[i].hex);
    }
}

/* --- one loop ----------------------------------------------------------- */

static struct assay_gate_ticket *last_called;

static void
note_called(struct assay_gate_ticket *t)
{
    last_called = t;
}

static void
run_once(struct trial_loop *loop)
{
    last_called = NULL;
    uv_run(&loop->uv, UV_RUN_NOWAIT);
}

static void
test_answers(void **state)
{
    struct assay_quote_gate *g = new_gate(1, 4, 1, false);
    struct assay_gate_ticket a;
    struct assay_gate_ticket b;
    struct assay_gate_ticket c;
    struct assay_gate_ticket d;
    struct assay_gate_end *end = NULL;
    struct trial_loop loop;
    struct assay_error err;
    uint32_t retry = 0;

    (void)state;
    loop_open(&loop);
    assert_int_equal(assay_gate_end_new(g, &loop.uv, note_called, &end, &err),
                     ASSAY_OK);
    assert_int_equal(assay_gate_ask(end, &a, "192.0.2.1:1", &retry),
                     ASSAY_GATE_GO);
    assert_int_equal(assay_gate_ask(end, &b, "192.0.2.1:2", &retry),
                     ASSAY_GATE_WAIT);
    assert_int_equal(assay_gate_ask(end, &c, "192.0.2.1:3", &retry),
                     ASSAY_GATE_BUSY);
    assert_int_equal(retry, 1);
    assay_gate_leave(&c, 0);
    assert_int_equal(assay_quote_gate_counts(g).waiting, 1);
    assay_gate_leave(&a, 5000000);
    assert_int_equal(assay_gate_retry_s(end), 10);
    run_once(&loop);
    assert_ptr_equal(last_called, &b);
    assay_gate_leave(&b, 0);
    assert_int_equal(assay_quote_gate_counts(g).active, 0);
    /* Its two tokens are gone; another address has its own. */
    assert_int_equal(assay_gate_ask(end, &a, "192.0.2.1:4", &retry),
                     ASSAY_GATE_RATE);
    assert_int_equal(retry, 1);
    assay_gate_leave(&a, 0);
    assert_int_equal(assay_gate_ask(end, &d, "192.0.2.2:4", &retry),
                     ASSAY_GATE_GO);
    assay_gate_leave(&d, 0);
    assay_gate_end_close(end);
    loop_close(&loop);
    assay_quote_gate_free(g);
}

/* Called, and gone before its loop has looked. */
static void
test_leaves_when_called(void **state)
{
    struct assay_quote_gate *g = new_gate(2, 8, 0, true);
    struct assay_gate_ticket t[5];
    struct assay_gate_end *end = NULL;
    struct trial_loop loop;
    struct assay_error err;
    uint32_t retry;

    (void)state;
    loop_open(&loop);
    assert_int_equal(assay_gate_end_new(g, &loop.uv, note_called, &end, &err),
                     ASSAY_OK);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(assay_gate_ask(end, &t[i], "unix", &retry),
                         i < 2 ? ASSAY_GATE_GO : ASSAY_GATE_WAIT);
    }
    assay_gate_leave(&t[0], 0);
    assay_gate_leave(&t[1], 0); /* 2 and 3 are called */
    assay_gate_leave(&t[3], 0); /* the last of them: 4 instead */
    assay_gate_leave(&t[2], 0); /* the first */
    assert_int_equal(assay_quote_gate_counts(g).active, 1);
    run_once(&loop);
    assert_ptr_equal(last_called, &t[4]);
    assay_gate_leave(&t[4], 0);
    assert_int_equal(assay_quote_gate_counts(g).active, 0);
    assay_gate_end_close(end);
    loop_close(&loop);
    assay_quote_gate_free(g);
}

/* --- threads ------------------------------------------------------------ */

struct job {
    struct assay_gate_ticket ticket;
    struct crowd *crowd;
    uv_timer_t timer; /* the work, or patience */
    bool working;
    bool impatient; /* leaves before or when it is called */
    bool left;
};

struct crowd {
    struct assay_quote_gate *gate;
    struct assay_gate_end *end;
    struct trial_loop loop;
    struct job jobs[TICKETS];
    size_t index;
    size_t worked;
    size_t left;
};

static atomic_int working;
static atomic_int most;

static void
leave(struct job *j)
{
    struct crowd *crowd = j->crowd;

    if (j->working) {
        atomic_fetch_sub(&working, 1);
        crowd->worked++;
    }
    j->left = true;
    assay_gate_leave(&j->ticket, j->working ? 1000 : 0);
    uv_close((uv_handle_t *)&j->timer, NULL);
    if (++crowd->left == TICKETS) {
        assay_gate_end_close(crowd->end);
    }
}

static void
on_work_done(uv_timer_t *timer)
{
    leave(timer->data);
}

static void
work(struct job *j)
{
    int now = atomic_fetch_add(&working, 1) + 1;
    int seen = atomic_load(&most);

    while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now)) {
    }
    j->working = true;
    uv_timer_start(&j->timer, on_work_done, 0, 0);
}

static void
on_called(struct assay_gate_ticket *t)
{
    struct job *j = t->user;

    assert_false(j->left);
    work(j);
}

static void
ask(struct job *j)
{
    char peer[32];
    uint32_t retry;

    snprintf(peer, sizeof(peer), "192.0.2.%zu:1", j->crowd->index % 2);
    switch (assay_gate_ask(j->crowd->end, &j->ticket, peer, &retry)) {
    case ASSAY_GATE_GO:
        work(j);
        break;
    case ASSAY_GATE_WAIT:
        uv_timer_start(&j->timer, on_work_done, j->impatient ? 0 : 60000, 0);
        break;
    default:
        fail_msg("refused");
    }
}

static void *
run_crowd(void *arg)
{
    struct crowd *crowd = arg;
    struct assay_error err;

    loop_open(&crowd->loop);
    assert_int_equal(assay_gate_end_new(crowd->gate, &crowd->loop.uv, on_called,
                                        &crowd->end, &err),
                     ASSAY_OK);
    for (size_t i = 0; i < TICKETS; i++) {
        struct job *j = &crowd->jobs[i];

        j->crowd = crowd;
        j->ticket.user = j;
        j->impatient = i % 3 == 0;
        uv_timer_init(&crowd->loop.uv, &j->timer);
        j->timer.data = j;
        ask(j);
        if (i % BATCH == 0) {
            uv_run(&crowd->loop.uv, UV_RUN_NOWAIT);
        }
    }
    loop_close(&crowd->loop);
    return NULL;
}

static void
test_threads(void **state)
{
    struct assay_quote_gate *g =
        new_gate(AT_ONCE, ASSAY_QUOTES_WAITING_MAX, 0, true);
    struct crowd *crowds = calloc(THREADS, sizeof(*crowds));
    pthread_t threads[THREADS];

    (void)state;
    assert_non_null(crowds);
    for (size_t i = 0; i < THREADS; i++) {
        crowds[i].gate = g;
        crowds[i].index = i;
        assert_int_equal(
            pthread_create(&threads[i], NULL, run_crowd, &crowds[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(crowds[i].left, TICKETS);
        /* Whoever has patience has had a turn. */
        assert_true(crowds[i].worked >= TICKETS - (TICKETS + 2) / 3);
    }
    assert_int_equal(atomic_load(&most), AT_ONCE);
    assert_int_equal(assay_quote_gate_counts(g).active, 0);
    assert_int_equal(assay_quote_gate_counts(g).waiting, 0);
    free(crowds);
    assay_quote_gate_free(g);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_leaves_when_called),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
