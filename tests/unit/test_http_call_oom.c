/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_http_call_oom.c - a call through a proxy-less dial to a server of ours,
 * and a dial through a proxy, with one allocation after another failing: on
 * whichever side that is, the call ends, and nothing is left.
 */
#include "harness/oom.h"
#include "harness/peer.h"
#include "io/http_call.h"
#include "io/http_server.h"

struct trial {
    struct trial_loop loop;
    unsigned calls;
    enum assay_code code;
    struct assay_stream *stream;
};

static void
handle(void *user, const struct assay_http_request *request,
       struct assay_http_answer *answer)
{
    (void)user;
    (void)request;
    assay_http_answer_error(answer, 404, "not_found", "no", NULL);
}

static void
on_called(void *user, const struct assay_http1_head *head,
          struct assay_slice body, const struct assay_error *err)
{
    struct trial *t = user;

    (void)head;
    (void)body;
    t->calls++;
    t->code = err->code;
    uv_stop(&t->loop.uv);
}

/* Nobody answers late: what cannot be done is told. */
static void
check_end(const struct trial *t)
{
    assert_int_equal(t->calls, 1);
    assert_true(t->code == ASSAY_OK || t->code == ASSAY_NO_MEMORY ||
                t->code == ASSAY_NETWORK);
}

static bool
try_call(long n)
{
    static const struct assay_http_server_limits limits = {64, 4, 20000, 20000};
    struct assay_http_server *server;
    struct assay_http_call_options options = {.method = "POST",
                                              .target = "/",
                                              .host = "h",
                                              .body =
                                                  assay_slice_of("{\"a\":1}"),
                                              .answer_max = 4096};
    struct assay_address at;
    struct assay_error err;
    struct trial t = {.calls = 0};
    bool refused;

    loop_open(&t.loop);
    assert_int_equal(assay_address_parse("127.0.0.1:0", NULL, &at, &err),
                     ASSAY_OK);
    oom_fail_once(n);
    if (assay_http_server_new(&t.loop.uv, &at, 0600, &limits, handle, NULL,
                              &server, &err) != ASSAY_OK) {
        assert_int_equal(err.code, ASSAY_NO_MEMORY);
        assert_null(server);
    } else {
        assert_int_equal(assay_address_parse(assay_http_server_address(server),
                                             NULL, &options.to, &err),
                         ASSAY_OK);
        if (assay_http_call_start(&t.loop.uv, &options, on_called, &t) !=
            NULL) {
            loop_run(&t.loop);
            check_end(&t);
        }
    }
    refused = oom_stop();
    assert_true(refused || t.code == ASSAY_OK);
    assay_http_server_close(server);
    loop_close(&t.loop);
    return refused;
}

static void
calls(void **state)
{
    long n = 0;

    (void)state;
    while (try_call(n)) {
        n++;
    }
    assert_true(n > 8);
}

static void
on_dialed(void *user, struct assay_stream *stream,
          const struct assay_error *err)
{
    struct trial *t = user;

    t->calls++;
    t->code = err->code;
    t->stream = stream;
    uv_stop(&t->loop.uv);
}

static bool
try_dial(long n)
{
    struct assay_dial_options options = {.timeout_ms = 20000};
    struct trial t = {.calls = 0};
    struct peer peer;
    char proxy[64];
    bool refused;

    loop_open(&t.loop);
    peer_open(&peer, &t.loop, "127.0.0.1:0");
    peer.reply = assay_slice_of("HTTP/1.1 200 OK\r\n\r\n");
    options.to = peer.at;
    snprintf(proxy, sizeof(proxy), "http://u:p@127.0.0.1:%s", peer.at.port);
    options.proxy = proxy;
    oom_fail_once(n);
    if (assay_dial_start(&t.loop.uv, &options, on_dialed, &t) != NULL) {
        loop_run(&t.loop);
        check_end(&t);
    }
    refused = oom_stop();
    assert_true(refused || t.code == ASSAY_OK);
    assay_stream_close(t.stream);
    peer_close(&peer);
    loop_close(&t.loop);
    return refused;
}

static void
dials(void **state)
{
    long n = 0;

    (void)state;
    while (try_dial(n)) {
        n++;
    }
    assert_true(n > 5);
}

/* Bytes that cannot be queued are a failure that is told. */
static void
on_failed(void *user, const struct assay_error *err)
{
    struct trial *t = user;

    t->calls++;
    t->code = err->code;
}

static void
writes(void **state)
{
    static const struct assay_stream_events events = {.failed = on_failed};
    static uint8_t bytes[8u * 1024u * 1024u];
    struct trial t = {.calls = 0};
    struct assay_stream *pair[2];

    (void)state;
    loop_open(&t.loop);
    loop_pair(&t.loop, pair);
    assay_stream_tell(pair[0], &events, &t);
    oom_fail_after(0);
    assay_stream_write(pair[0], ASSAY_SLICE(bytes));
    assert_true(oom_stop());
    assert_int_equal(t.calls, 0);
    loop_run(&t.loop);
    assert_int_equal(t.calls, 1);
    assert_int_equal(t.code, ASSAY_NO_MEMORY);
    assay_stream_close(pair[0]);
    assay_stream_close(pair[1]);
    loop_close(&t.loop);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls),
        cmocka_unit_test(dials),
        cmocka_unit_test(writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
