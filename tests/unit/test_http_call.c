/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_http_call.c - answers, good and bad, of a server that does as it likes.
 */
#include "harness/peer.h"
#include "io/http_call.h"

#define PATIENT_MS 20000u
#define HASTY_MS   300u
#define ANSWER_MAX 64u

struct trial {
    struct trial_loop loop;
    struct peer peer;
    struct assay_http_call_options options;
    struct assay_http_call *call;
    unsigned calls;
    unsigned status;
    char body[ANSWER_MAX + 1];
    char type[32];
    struct assay_error error;
};

static void
trial_open_at(struct trial *t, const char *at)
{
    *t = (struct trial){.options = {.method = "POST",
                                    .target = "/GetQuote",
                                    .host = "dstack",
                                    .body = assay_slice_of("{\"a\":1}"),
                                    .answer_max = ANSWER_MAX,
                                    .connect_ms = PATIENT_MS,
                                    .timeout_ms = PATIENT_MS}};
    loop_open(&t->loop);
    peer_open(&t->peer, &t->loop, at);
    t->peer.behind = t->options.body.len;
    t->options.to = t->peer.at;
}

static void
trial_open(struct trial *t)
{
    trial_open_at(t, "127.0.0.1:0");
}

static void
trial_close(struct trial *t)
{
    peer_close(&t->peer);
    loop_close(&t->loop);
}

static void
on_called(void *user, const struct assay_http1_head *head,
          struct assay_slice body, const struct assay_error *err)
{
    struct trial *t = user;

    assert_true((head != NULL) == (err->code == ASSAY_OK));
    t->calls++;
    t->error = *err;
    if (head != NULL) {
        struct assay_slice type = assay_http1_get(head, "content-type");

        t->status = head->status;
        assert_true(body.len <= ANSWER_MAX && type.len < sizeof(t->type));
        assay_copy(t->body, body);
        assay_copy(t->type, type);
    }
    assay_http_call_cancel(t->call); /* of no effect any more */
    uv_stop(&t->loop.uv);
}

static void
call(struct trial *t)
{
    t->call = assay_http_call_start(&t->loop.uv, &t->options, on_called, t);
    assert_non_null(t->call);
    assert_int_equal(t->calls, 0);
    loop_run(&t->loop);
    assert_int_equal(t->calls, 1);
}

#define SIXTY_FOUR                                                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *name;
    const char *reply; /* NULL: none */
    enum peer_then then;
    unsigned status; /* 0: a failure */
    const char *body;
    enum assay_code code;
    const char *message; /* behind "127.0.0.1:PORT: POST /GetQuote: " */
} rows[] = {
    {"whole", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", PEER_STAYS, 200,
     "{}", ASSAY_OK, ""},
    {"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", PEER_STAYS, 200,
     "", ASSAY_OK, ""},
    {"no body", "HTTP/1.1 204 No Content\r\n\r\n", PEER_STAYS, 204, "",
     ASSAY_OK, ""},
    {"a failure is an answer", "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n{}",
     PEER_CLOSES, 500, "{}", ASSAY_OK, ""},
    {"in chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "1\r\n{\r\n1;x=y\r\n}\r\n0\r\nTrailer: z\r\n\r\n",
     PEER_STAYS, 200, "{}", ASSAY_OK, ""},
    {"until it closes", "HTTP/1.1 200 OK\r\n\r\n{}", PEER_CLOSES, 200, "{}",
     ASSAY_OK, ""},
    {"until it half-closes", "HTTP/1.0 200 OK\r\n\r\n{}", PEER_HALF_CLOSES, 200,
     "{}", ASSAY_OK, ""},
    {"announced",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\n"
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
     PEER_STAYS, 200, "{}", ASSAY_OK, ""},
    {"more than asked for",
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n",
     PEER_STAYS, 200, "{}", ASSAY_OK, ""},
    {"just fits", "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" SIXTY_FOUR,
     PEER_STAYS, 200, SIXTY_FOUR, ASSAY_OK, ""},
    {"too long", "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n", PEER_STAYS, 0,
     "", ASSAY_TOO_LARGE, "the answer is longer than is allowed"},
    {"too long in chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "40\r\n" SIXTY_FOUR "\r\n1\r\n",
     PEER_STAYS, 0, "", ASSAY_TOO_LARGE, "body"},
    {"too long until it closes", "HTTP/1.1 200 OK\r\n\r\n" SIXTY_FOUR "x",
     PEER_CLOSES, 0, "", ASSAY_TOO_LARGE, "body"},
    {"garbage", "SSH-2.0-OpenSSH_9\r\n\r\n", PEER_STAYS, 0, "", ASSAY_REPLY,
     ""},
    {"garbage chunk",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", PEER_STAYS,
     0, "", ASSAY_REPLY, "chunk size"},
    {"two lengths",
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
     PEER_STAYS, 0, "", ASSAY_REPLY, ""},
    {"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", PEER_STAYS, 0, "", ASSAY_REPLY, ""},
    {"switches", "HTTP/1.1 101 Switching Protocols\r\n\r\n", PEER_STAYS, 0, "",
     ASSAY_REPLY, "the server changes the protocol"},
    {"says nothing", "", PEER_HALF_CLOSES, 0, "", ASSAY_NETWORK,
     "the server closed the connection unanswered"},
    {"breaks off in the head", "HTTP/1.1 200 OK\r\nConte", PEER_HALF_CLOSES, 0,
     "", ASSAY_NETWORK, "the answer broke off"},
    {"breaks off in the body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
     PEER_CLOSES, 0, "", ASSAY_NETWORK, "the answer broke off"},
    {"breaks off in a chunk",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
     PEER_HALF_CLOSES, 0, "", ASSAY_NETWORK, "the answer broke off"},
    {"slow", NULL, PEER_STAYS, 0, "", ASSAY_TIMEOUT,
     "no whole answer within 0.3 s"},
    {"slow in the head", "HTTP/1.1 200 OK\r\n", PEER_STAYS, 0, "",
     ASSAY_TIMEOUT, "no whole answer within 0.3 s"},
    {"slow in the body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
     PEER_STAYS, 0, "", ASSAY_TIMEOUT, "no whole answer within 0.3 s"},
};

static void
answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct trial t;
        char want[200] = "";

        trial_open(&t);
        t.peer.then = rows[i].then;
        if (rows[i].reply != NULL) {
            t.peer.reply = assay_slice_of(rows[i].reply);
        }
        if (rows[i].code == ASSAY_TIMEOUT) {
            t.options.timeout_ms = HASTY_MS;
        }
        call(&t);
        if (rows[i].code != ASSAY_OK) {
            snprintf(want, sizeof(want), "127.0.0.1:%s: POST /GetQuote: %s",
                     t.options.to.port, rows[i].message);
        }
        check_error(rows[i].name, &t.error, rows[i].code, want,
                    ASSAY_NO_OFFSET);
        CHECK(rows[i].name, t.status == rows[i].status);
        CHECK(rows[i].name, strcmp(t.body, rows[i].body) == 0);
        trial_close(&t);
    }
}

static void
requests(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t);
    t.peer.reply = assay_slice_of("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                                  "Content-Type: text/x\r\n\r\n{}");
    call(&t);
    assert_string_equal(t.type, "text/x");
    assert_string_equal(t.peer.received,
                        "POST /GetQuote HTTP/1.1\r\nHost: dstack\r\n"
                        "Accept: application/json\r\nConnection: close\r\n"
                        "Content-Type: application/json\r\n"
                        "Content-Length: 7\r\n\r\n{\"a\":1}");
    t.options.method = "GET";
    t.options.body = ASSAY_EMPTY;
    t.peer.behind = 0;
    t.calls = 0;
    call(&t);
    assert_string_equal(t.body, "{}");
    assert_string_equal(t.peer.received,
                        "GET /GetQuote HTTP/1.1\r\nHost: dstack\r\n"
                        "Accept: application/json\r\nConnection: close\r\n"
                        "\r\n");
    memset(t.body, 0, sizeof(t.body));
    t.options.method = "HEAD"; /* a length, and no body */
    t.calls = 0;
    t.peer.reply = assay_slice_of("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                                  "\r\n");
    call(&t);
    assert_int_equal(t.status, 200);
    assert_string_equal(t.body, "");
    t.options.method = "POST";
    t.calls = 0;
    t.peer.reply = assay_slice_of("HTTP/1.1 204 OK\r\n\r\n");
    call(&t);
    assert_non_null(strstr(t.peer.received, "\r\nContent-Length: 0\r\n\r\n"));
    trial_close(&t);
}

/* Behind its own, in front of the body. */
static void
further_fields(void **state)
{
    struct trial t;

    (void)state;
    trial_open(&t);
    t.peer.reply = assay_slice_of("HTTP/1.1 204 OK\r\n\r\n");
    t.options.fields = "Authorization: Bearer t0ken\r\nx-a:  b \r\n";
    call(&t);
    assert_string_equal(t.peer.received,
                        "POST /GetQuote HTTP/1.1\r\nHost: dstack\r\n"
                        "Accept: application/json\r\nConnection: close\r\n"
                        "Content-Type: application/json\r\n"
                        "Content-Length: 7\r\n"
                        "Authorization: Bearer t0ken\r\nx-a: b\r\n"
                        "\r\n{\"a\":1}");
    trial_close(&t);
}

static const struct {
    const char *name;
    const char *host;
    const char *fields;
} unwritable_rows[] = {
    {"host", "a\r\nX: y", NULL},
    {"no colon", "a", "x-a\r\n"},
    {"no name", "a", ": b\r\n"},
    {"a blank before the colon", "a", "x-a : b\r\n"},
    {"no end of a line", "a", "x-a: b"},
    {"a bare LF", "a", "x-a: b\n"},
    {"a bare CR", "a", "x-a: b\rc\r\n"},
    {"LF in a value", "a", "x-a: b\nx-c: d\r\n"},
    {"folded", "a", "x-a: b\r\n c\r\n"},
    {"an end of the head", "a", "x-a: b\r\n\r\nGET / HTTP/1.1\r\n"},
    {"another host", "a", "x-a: b\r\nhost: b\r\n"},
    {"another end", "a", "Connection: keep-alive\r\n"},
    {"another length", "a", "content-length: 0\r\n"},
    {"another framing", "a", "Transfer-Encoding: chunked\r\n"},
};

static void
unwritable(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(unwritable_rows); i++) {
        struct trial t;
        char want[100];

        trial_open(&t);
        t.options.host = unwritable_rows[i].host;
        t.options.fields = unwritable_rows[i].fields;
        call(&t);
        snprintf(want, sizeof(want),
                 "127.0.0.1:%s: POST /GetQuote: ", t.options.to.port);
        check_error(unwritable_rows[i].name, &t.error, ASSAY_INVALID, want,
                    ASSAY_NO_OFFSET);
        CHECK(unwritable_rows[i].name, t.peer.accepted == 0);
        trial_close(&t);
    }
}

static void
nobody_there(void **state)
{
    struct trial t;
    char folder[] = "/tmp/assay-test-XXXXXX";
    char at[64];
    char want[128];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(at, sizeof(at), "unix:%s/s", folder);
    trial_open_at(&t, at);
    t.peer.reply = assay_slice_of("HTTP/1.1 204 OK\r\n\r\n");
    call(&t);
    assert_int_equal(t.status, 204);
    assay_listener_close(t.peer.listener);
    t.peer.listener = NULL;
    t.calls = 0;
    call(&t);
    snprintf(want, sizeof(want), "connect to %s: no such file or directory",
             at);
    check_error("gone", &t.error, ASSAY_NETWORK, want, ASSAY_NO_OFFSET);
    trial_close(&t);
    assert_int_equal(rmdir(folder), 0);
}

static void
endless_head(void **state)
{
    static uint8_t head[2 * ASSAY_HTTP1_HEAD_MAX_BYTES];
    struct trial t;

    (void)state;
    memset(head, 'a', sizeof(head));
    assay_copy(head, assay_slice_of("HTTP/1.1 200 OK\r\nA: "));
    trial_open(&t);
    t.peer.reply = ASSAY_SLICE(head);
    call(&t);
    assert_int_equal(t.error.code, ASSAY_TOO_LARGE);
    trial_close(&t);
}

static void
cancelled(void **state)
{
    (void)state;
    for (int turns = 0; turns < 6; turns++) {
        struct trial t;

        trial_open(&t);
        t.call = assay_http_call_start(&t.loop.uv, &t.options, on_called, &t);
        for (int i = 0; i < turns; i++) {
            uv_run(&t.loop.uv, UV_RUN_NOWAIT);
        }
        assay_http_call_cancel(t.call);
        assert_int_equal(t.calls, 0);
        trial_close(&t);
        assert_int_equal(t.calls, 0);
    }
    assay_http_call_cancel(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),        cmocka_unit_test(requests),
        cmocka_unit_test(further_fields), cmocka_unit_test(unwritable),
        cmocka_unit_test(nobody_there),   cmocka_unit_test(endless_head),
        cmocka_unit_test(cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
