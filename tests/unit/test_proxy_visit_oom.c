/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_visit_oom.c - clients of the proxy for whom there is no memory, at
 * each point where some is needed: they go, and nothing of them is left.
 */
#include "harness/oom.h"

#include "harness/proxy_visits.h"

#define HEALTH  "GET /healthz HTTP/1.1\r\n" HERE "\r\n"
#define NOTHING "GET /other/x HTTP/1.1\r\n" HERE "\r\n"

/* The client's end is a plain descriptor, which needs no memory. Allocations
 * from the n-th on fail, or that one alone; false: there is no n-th. */
static bool
try_visit(const char *request, const char *answer, long n, bool once)
{
    struct house h;
    char got[2048];
    ssize_t len;
    bool refused;
    int ends[2];

    house_open(&h);
    house_start(&h);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(write(ends[0], request, strlen(request)),
                     (ssize_t)strlen(request));
    shutdown(ends[0], SHUT_WR);
    visit_open(&h.visits, loop_adopt(&h.n.loop, ends[1]));
    (once ? oom_fail_once : oom_fail_after)(n);
    for (int i = 0; i < 20 && h.visits.count > 0; i++) {
        uv_run(&h.n.loop.uv, UV_RUN_NOWAIT);
    }
    refused = oom_stop();
    UNTIL(&h.n, h.visits.count == 0);
    assert_int_equal(h.inside, 0);
    len = recv(ends[0], got, sizeof(got) - 1, MSG_DONTWAIT);
    got[len > 0 ? len : 0] = '\0';
    if (!refused) {
        assert_true(strncmp(got, answer, strlen(answer)) == 0);
        assert_int_equal(h.told.count, 1);
    }
    close(ends[0]);
    house_end(&h);
    return refused;
}

static void
test_each(void **state)
{
    (void)state;
    for (int once = 0; once < 2; once++) {
        long n = 0;

        while (try_visit(HEALTH, "HTTP/1.1 200 OK\r\n", n, once != 0)) {
            n++;
        }
        assert_true(n > 3);
        n = 0;
        while (try_visit(NOTHING, "HTTP/1.1 404 ", n, once != 0)) {
            n++;
        }
        assert_true(n > 3);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each)};

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
