/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_http_later.c - answers that a handler gives later, peers that do not
 * wait for them, and servers that end.
 */
#include <stdio.h>

#include "base/buf.h"
#include "harness/loop.h"
#include "io/dial.h"
#include "io/http_server.h"

#define ONE "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
#define TWO "HEAD /2 HTTP/1.1\r\nHost: x\r\n\r\n"

struct trial {
    struct trial_loop loop;
    struct assay_http_server *server;
    struct assay_http_conn *owed; /* an answer */
    uv_timer_t soon;
    const char *send;
    bool leaves; /* the client, once its request is with the handler */
    bool drains; /* the server, then */
    struct assay_stream *client;
    unsigned asked;
    unsigned gone;
    unsigned drained;
    char got[4096];
};

static void
client_close(struct trial *t)
{
    assay_stream_close(t->client);
    t->client = NULL;
}

static void
end(struct trial *t)
{
    if (t->client != NULL) {
        client_close(t);
    }
    if (t->server != NULL) {
        assay_http_server_close(t->server);
        t->server = NULL;
        uv_close((uv_handle_t *)&t->soon, NULL);
    }
}

/* --- the server --------------------------------------------------------- */

static void
on_gone(void *user)
{
    struct trial *t = user;

    t->owed = NULL;
    t->gone++;
    if (t->leaves) {
        end(t);
    }
}

static void
on_soon(uv_timer_t *timer)
{
    struct trial *t = timer->data;
    struct assay_http_conn *to = t->owed;
    struct assay_http_answer a;

    assay_http_answer_init(&a);
    a.content_type = "text/plain";
    assay_buf_printf(&a.body, "answer %u", t->asked);
    t->owed = NULL;
    assay_http_answer_now(to, &a);
    assay_http_answer_free(&a);
}

static void
on_drained(void *user)
{
    struct trial *t = user;

    t->drained++;
}

static void
handle(void *user, const struct assay_http_request *request,
       struct assay_http_answer *answer)
{
    struct trial *t = user;

    answer->status = 500; /* not used */
    t->asked++;
    assert_null(t->owed);
    t->owed = request->from;
    assay_http_answer_later(request->from, on_gone, t);
    if (t->leaves) {
        client_close(t);
        return;
    }
    uv_timer_start(&t->soon, on_soon, 0, 0);
    if (t->drains) {
        assay_http_server_drain(t->server, on_drained, t);
        assert_int_equal(t->drained, 0); /* an answer is owed */
    }
}

/* --- the client --------------------------------------------------------- */

static void
on_data(void *user, struct assay_slice data)
{
    struct trial *t = user;
    size_t len = strlen(t->got);

    assert_true(len + data.len < sizeof(t->got));
    memcpy(t->got + len, data.ptr, data.len);
    if (strstr(t->got, "answer 2") != NULL ||
        strstr(t->got, "Content-Length: 8\r\nConnection: keep-alive\r\n\r\n"
                       "HTTP") != NULL) {
        end(t);
    }
}

static void
on_eof(void *user)
{
    end(user);
}

static void
on_dialled(void *user, struct assay_stream *stream,
           const struct assay_error *err)
{
    static const struct assay_stream_events events = {.data = on_data,
                                                      .eof = on_eof};
    struct trial *t = user;

    assert_int_equal(err->code, ASSAY_OK);
    t->client = stream;
    assay_stream_tell(stream, &events, t);
    assay_stream_read(stream, true);
    assay_stream_write(stream, assay_slice_of(t->send));
}

static void
run(struct trial *t)
{
    static const struct assay_http_server_limits limits = {.body_bytes = 16,
                                                           .connections = 8,
                                                           .request_ms = 20000,
                                                           .idle_ms = 20000};
    struct assay_dial_options to = {0};
    struct assay_address at;
    struct assay_error err;

    loop_open(&t->loop);
    uv_timer_init(&t->loop.uv, &t->soon);
    t->soon.data = t;
    assert_int_equal(assay_address_parse("127.0.0.1:0", NULL, &at, &err),
                     ASSAY_OK);
    assert_int_equal(assay_http_server_new(&t->loop.uv, &at, 0600, &limits,
                                           handle, t, &t->server, &err),
                     ASSAY_OK);
    assert_int_equal(assay_address_parse(assay_http_server_address(t->server),
                                         NULL, &to.to, &err),
                     ASSAY_OK);
    assert_non_null(assay_dial_start(&t->loop.uv, &to, on_dialled, t));
    loop_close(&t->loop);
}

/* --- tests -------------------------------------------------------------- */

/* Two at a time: the second one waits for the answer to the first. */
static void
test_in_order(void **state)
{
    struct trial t = {.send = ONE ONE};
    const char *first;

    (void)state;
    run(&t);
    first = strstr(t.got, "answer 1");
    assert_non_null(first);
    assert_non_null(strstr(first, "answer 2"));
    assert_null(strstr(t.got, "500"));
    assert_int_equal(t.asked, 2);
    assert_int_equal(t.gone, 0);
}

/* What kind of request it was is known although its head has gone. */
static void
test_head(void **state)
{
    struct trial t = {.send = TWO ONE};

    (void)state;
    run(&t);
    assert_int_equal(t.asked, 2);
    assert_null(strstr(t.got, "answer 1"));
    assert_non_null(strstr(t.got, "Content-Length: 8\r\n"));
}

static void
test_peer_leaves(void **state)
{
    struct trial t = {.send = ONE, .leaves = true};

    (void)state;
    run(&t);
    assert_int_equal(t.asked, 1);
    assert_int_equal(t.gone, 1);
}

static void
test_drain(void **state)
{
    struct trial t = {.send = ONE, .drains = true};

    (void)state;
    run(&t);
    assert_non_null(strstr(t.got, "Connection: close\r\n"));
    assert_non_null(strstr(t.got, "answer 1"));
    assert_int_equal(t.gone, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_peer_leaves),
        cmocka_unit_test(test_drain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
