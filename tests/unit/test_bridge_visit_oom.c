/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_visit_oom.c - a visit for which there is no memory, at each point
 * where some is needed: it ends, and nothing of it is left.
 */
#include "harness/oom.h"

#include "harness/visits.h"

static void
on_end(void *user, const struct visit_report *report)
{
    *(struct visit_report *)user = *report;
}

static void *
hold_nothing(void *user)
{
    (void)user;
    return NULL;
}

static void
drop_nothing(void *user, void *held)
{
    (void)user;
    (void)held;
}

/* All that the client says is there before anything of it is read. */
static void
say_all(int fd, uint16_t port)
{
    static const char form[] = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS
                               "X-Forwarded-For: 192.0.2.7\r\n\r\n";
    char request[512];

    put(fd, request, put_port(form, port, request, sizeof(request)));
    put_text(fd, "hello");
    put_close(fd, 1000);
    shutdown(fd, SHUT_WR);
}

/* To its end. */
static void
get_all(int fd, char *out, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while (len < size - 1 && (n = recv(fd, out + len, size - 1 - len, 0)) > 0) {
        len += (size_t)n;
    }
    out[len] = '\0';
}

/* Allocations from the n-th on fail, or that one alone; false: there is no
 * n-th. */
static bool
try_visit(struct tunnels *tunnels, struct places *places, long n, bool once)
{
    struct admission_rules rules = {.path = "/", .origins = ""};
    struct guard guard = {.private_ok = ""};
    struct visit_report report = {.denial = DENIALS};
    struct trial_loop loop;
    struct assay_stream *client;
    struct assay_error err;
    struct allow *allow;
    struct visits visits;
    char answer[1024];
    char list[64];
    bool refused;
    int target;
    int pair[2];
    uint16_t port = listen_at(&target);

    assay_error_clear(&err);
    snprintf(list, sizeof(list), "127.0.0.1:%u", port);
    assert_int_equal(allow_new(list, &allow, &err), ASSAY_OK);
    rules.allow = allow;
    loop_open(&loop);
    tunnels->loop = &loop.uv;
    visits = (struct visits){.loop = &loop.uv,
                             .ctx = ctx,
                             .rules = &rules,
                             .guard = &guard,
                             .tunnels = tunnels,
                             .head_ms = 10000,
                             .connect_ms = 10000,
                             .trust_forwarded = "unix",
                             .target_proxy = true,
                             .hold = hold_nothing,
                             .drop = drop_nothing,
                             .places = places,
                             .ended = on_end,
                             .user = &report};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    set_limits(pair[0]);
    say_all(pair[0], port);
    client = loop_adopt(&loop, pair[1]);
    if (once) {
        oom_fail_once(n);
    } else {
        oom_fail_after(n);
    }
    visit_open(&visits, client);
    uv_run(&loop.uv, UV_RUN_DEFAULT);
    refused = oom_stop();
    loop_close(&loop);
    get_all(pair[0], answer, sizeof(answer));
    assert_int_equal(visits.count, 0);
    assert_int_equal(tunnels->count, 0);
    assert_int_equal(places_count(places).connections, 0);
    if (!refused) {
        assert_int_equal(report.denial, ADMITTED);
        assert_int_equal(report.tunnel.up, 5);
    } else if (report.denial == DENIED_INTERNAL && answer[0] != '\0') {
        assert_true(strncmp(answer, "HTTP/1.1 ", 9) == 0);
    }
    close(pair[0]);
    close(target);
    allow_free(allow);
    return refused;
}

static void
without_memory(void **state)
{
    struct tunnels *tunnels = calloc(1, sizeof(*tunnels));
    struct assay_error err;
    struct places *places;

    (void)state;
    assert_non_null(tunnels);
    tunnels->limits.close_ms = 20; /* for a target that says nothing */
    assert_int_equal(
        places_new(&(struct place_limits){.connections = 1, .burst = 1}, ctx,
                   &places, &err),
        ASSAY_OK);
    for (int once = 0; once < 2; once++) {
        long n = 0;

        while (try_visit(tunnels, places, n, once == 1)) {
            n++;
        }
        assert_true(n > 5);
    }
    places_free(places);
    pipes_close(&tunnels->pipes);
    free(tunnels);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
