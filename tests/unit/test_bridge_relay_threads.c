/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_relay_threads.c - loops on threads of their own, which share what
 * was fetched.
 */
#include <pthread.h>
#include <stdio.h>

#include "harness/loop.h"
#include "harness/pccs.h"
#include "programs/bridge/relay.h"

#define LOOPS  4u
#define ROUNDS 8u

static const char *const paths[] = {
    "/tdx/certification/v4/qe/identity",
    "/sgx/certification/v4/qe/identity",
    "/tdx/certification/v4/qe/identity?update=early",
    "/sgx/certification/v4/pckcrl?ca=platform",
    "/sgx/certification/v4/pckcrl?ca=processor&encoding=der",
    "/sgx/certification/v4/rootcacrl",
    "/tdx/certification/v4/tcb?fmspc=000000000000", /* there is no such */
};

struct worker {
    pthread_t thread;
    struct relay *relay;
    struct relay_settings settings;
    unsigned told;
    unsigned good;
};

static void
take(void *user, const struct relay_answer *a)
{
    struct worker *w = user;

    w->told++;
    w->good += a->status == 200 && a->bytes.len > 0;
}

static void
ask(struct worker *w, struct relay_loop *l, const char *path)
{
    const struct assay_http1_head head = {.method = assay_slice_of("GET"),
                                          .target = assay_slice_of(path)};
    struct relay_answer a;

    if (relay_ask(l, &w->settings, &head, &a, take, w) == NULL) {
        take(w, &a);
        relay_answer_free(&a);
    }
}

static void *
run(void *user)
{
    struct worker *w = user;
    uv_loop_t uv;
    struct relay_loop *l;

    if (uv_loop_init(&uv) != 0) {
        abort();
    }
    l = relay_loop_new(&uv, w->relay);
    for (unsigned i = 0; i < ROUNDS; i++) {
        for (size_t p = 0; p < COUNT_OF(paths); p++) {
            ask(w, l, paths[p]);
        }
        uv_run(&uv, UV_RUN_DEFAULT);
    }
    relay_loop_free(l);
    uv_run(&uv, UV_RUN_DEFAULT);
    if (uv_loop_close(&uv) != 0) {
        abort();
    }
    return NULL;
}

static void
run_all(struct worker workers[LOOPS])
{
    for (unsigned i = 0; i < LOOPS; i++) {
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
    }
    for (unsigned i = 0; i < LOOPS; i++) {
        pthread_join(workers[i].thread, NULL);
    }
}

static void
shared(void **state)
{
    struct worker workers[LOOPS];
    struct relay *relay = relay_new(RELAY_CACHE_BYTES);
    const struct relay_counts *counts = relay_counts(relay);
    struct pccs pccs;
    uint64_t answers = 0;

    (void)state;
    pccs_open(&pccs, pccs_world);
    for (unsigned i = 0; i < LOOPS; i++) {
        workers[i] = (struct worker){
            .relay = relay,
            .settings = {{.list = pccs.url}, "", 3600},
        };
    }
    run_all(workers);
    for (unsigned i = 0; i < LOOPS; i++) {
        assert_int_equal(workers[i].told, ROUNDS * COUNT_OF(paths));
        assert_int_equal(workers[i].good, ROUNDS * (COUNT_OF(paths) - 1));
    }
    for (unsigned i = 0; i < RELAY_HOWS; i++) {
        answers += atomic_load(&counts->answers[i]);
    }
    assert_int_equal(answers, LOOPS * ROUNDS * COUNT_OF(paths));
    /* each once for each loop at most, and then never again */
    assert_int_equal(atomic_load(&pccs.requests),
                     atomic_load(&counts->fetches));
    assert_in_range(atomic_load(&counts->fetches), COUNT_OF(paths),
                    LOOPS * COUNT_OF(paths));
    pccs_close(&pccs);
    relay_free(relay);
}

/* Nothing is kept for long: replies come and go while others are read. */
static void
shared_and_dropped(void **state)
{
    struct worker workers[LOOPS];
    struct relay *relay = relay_new(64u << 10);
    struct pccs pccs;

    (void)state;
    pccs_open(&pccs, pccs_world);
    for (unsigned i = 0; i < LOOPS; i++) {
        workers[i] = (struct worker){
            .relay = relay,
            .settings = {{.list = pccs.url}, "", i % 2 == 0 ? 3600 : 0},
        };
    }
    run_all(workers);
    for (unsigned i = 0; i < LOOPS; i++) {
        assert_int_equal(workers[i].good, ROUNDS * (COUNT_OF(paths) - 1));
    }
    pccs_close(&pccs);
    relay_free(relay);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared),
        cmocka_unit_test(shared_and_dropped),
    };

    return cmocka_run_group_tests(tests, pccs_setup, pccs_teardown);
}
