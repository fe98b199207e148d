/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_upstream_oom.c - every allocation of an upstream and its calls
 * refused in turn: requests fail or do not, nothing is left, and the next one
 * finds all in order. The server, which lacks nothing, is a process of its own.
 */
#include "harness/oom.h"

#include <signal.h>
#include <sys/wait.h>

#include "harness/upstream.h"

/* Where the server is. */
struct place {
    char port[6];
    char pccs[40];
};

static struct place place;
static pid_t child;

static void
serve(int to)
{
    static struct trial_loop loop;
    static struct far far;

    pccs_open(&pccs, mint_machine_world(platform.machine, MINT_MACHINE_TDX));
    loop_open(&loop);
    far.loop = &loop;
    far_listen(&far);
    memcpy(place.port, far.port, sizeof(place.port));
    memcpy(place.pccs, pccs.url, sizeof(place.pccs));
    if (write(to, &place, sizeof(place)) != sizeof(place)) {
        _exit(1);
    }
    for (;;) {
        uv_run(&loop.uv, UV_RUN_DEFAULT);
    }
}

static int
setup(void **state)
{
    int ends[2];

    (void)state;
    pair_platform_make_at(&platform, assay_now().wall_s);
    pair_announce(&platform, assay_tls_identity_leaf(platform.identity));
    policy = pair_policy(&platform, NULL);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        serve(ends[1]);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &place, sizeof(place)), sizeof(place));
    close(ends[0]);
    memcpy(pccs.url, place.pccs, sizeof(place.pccs));
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assay_policy_free(policy);
    pair_platform_free(&platform);
    return 0;
}

static void
open_to_it(struct near *n)
{
    near_open(n);
    memcpy(n->provider.dial.to.port, place.port, sizeof(place.port));
}

static void
without_an_upstream(void **state)
{
    (void)state;
    for (long i = 0;; i++) {
        struct near n;
        bool refused;

        open_to_it(&n);
        oom_fail_once(i);
        n.up = upstream_new(&n.provider, &n.o);
        refused = oom_stop();
        assert_int_equal(n.up == NULL, refused);
        near_end(&n);
        if (!refused) {
            break;
        }
    }
}

/* Of two requests one has the connection that is there, and the other a new
 * one. Of the collateral, which threads find, they lack nothing. */
static void
two_requests(struct near *n, long after)
{
    struct ask all[2];
    unsigned left = 0;

    for (size_t i = 0; i < 2; i++) {
        memset(&all[i], 0, sizeof(all[i]));
        assay_buf_init(&all[i].body, 1000);
    }
    oom_fail_once(after);
    for (size_t i = 0; i < 2; i++) {
        all[i].call = call_new(n->up, &ask_get, ask_on_changed, &all[i]);
        if (all[i].call != NULL) {
            call_send_end(all[i].call, ASSAY_EMPTY);
            left++;
        }
    }
    while (left > 0 || GAUGE(n, attesting) > 0) {
        left = 0;
        near_step(n);
        for (size_t i = 0; i < 2; i++) {
            left += all[i].call != NULL;
        }
    }
    oom.on = false;
    for (size_t i = 0; i < 2; i++) {
        if (all[i].failed) {
            assert_true(all[i].failure.kind == FAILURE_OUTAGE ||
                        all[i].failure.kind == FAILURE_REPLY);
        } else if (all[i].done) {
            assert_int_equal(all[i].status, 200);
        }
        ask_end(&all[i]);
    }
}

static void
without_a_call(void **state)
{
    bool refused = true;

    (void)state;
    for (long i = 0; refused; i++) {
        struct near n;

        open_to_it(&n);
        n.o.keep_alive_ms = 0;
        near_start(&n);
        assert_int_equal(ask_once(&n, NULL), 200);
        two_requests(&n, i);
        refused = oom.refused > 0;
        /* behind its pause, at the latest */
        while (ask_once(&n, NULL) != 200) {
            near_step(&n);
        }
        assert_int_equal(GAUGE(&n, busy), 0);
        assert_int_equal(GAUGE(&n, waiting), 0);
        near_end(&n);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_upstream),
        cmocka_unit_test(without_a_call),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
