/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_ws_server.c - requests for a WebSocket: what each is answered with, and
 * what it offers.
 */
#include "harness/ws_head.h"

#define GET  "GET /?target=a:1 HTTP/1.1\r\nHost: example.com\r\n"
#define UP   "Upgrade: websocket\r\n"
#define CONN "Connection: Upgrade\r\n"
#define KEY  "Sec-WebSocket-Key: " WS_KEY "\r\n"
#define VER  "Sec-WebSocket-Version: 13\r\n"
#define SUB  "Sec-WebSocket-Protocol: "
#define ALL  GET UP CONN KEY VER
#define N31                                                                    \
    "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,"  \
    "27,28,29,30"

static const struct {
    const char *row;
    const char *head; /* without its end */
    unsigned status;
    const char *why; /* its start */
} rows[] = {
    {"good", ALL, 101, ""},
    {"any order, any case",
     "GET / HTTP/1.1\r\nsec-websocket-version: 13\r\nSEC-WEBSOCKET-KEY: " WS_KEY
     "\r\nconnection: keep-alive, upGRADE\r\nupgrade: WebSocket\r\n"
     "host: a\r\n",
     101, ""},
    {"several protocols to upgrade to",
     GET CONN KEY VER "Upgrade: h2c, websocket\r\n", 101, ""},
    {"Connection twice", ALL "Connection: keep-alive\r\n", 101, ""},
    {"absolute target",
     "GET http://a/x HTTP/1.1\r\nHost: a\r\n" UP CONN KEY VER, 101, ""},
    {"an empty body", ALL "Content-Length: 0\r\n", 101, ""},
    {"Origin", ALL "Origin: https://example.com\r\n", 101, ""},
    /* Extensions are only taken note of by who has them: none is accepted. */
    {"extensions",
     ALL "Sec-WebSocket-Extensions: permessage-deflate; "
         "client_max_window_bits, x\r\nSec-WebSocket-Extensions: y\r\n",
     101, ""},
    {"subprotocols", ALL SUB "binary, token.abc\r\n" SUB "x\r\n", 101, ""},
    {"subprotocols, empty elements", ALL SUB ", binary,,\r\n", 101, ""},
    {"subprotocols of other case are others", ALL SUB "x, X\r\n", 101, ""},
    {"32 subprotocols", ALL SUB N31 ",31\r\n", 101, ""},
    /* 405 */
    {"POST", "POST / HTTP/1.1\r\nHost: a\r\n" UP CONN KEY VER, 405,
     "a WebSocket begins with GET"},
    {"HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n" UP CONN KEY VER, 405, "a WebS"},
    {"get", "get / HTTP/1.1\r\nHost: a\r\n" UP CONN KEY VER, 405, "a WebS"},
    /* 426 */
    {"plain GET", GET, 426, "no upgrade"},
    {"another upgrade", GET CONN KEY VER "Upgrade: h2c\r\n", 426, "no upgrade"},
    {"no word of its own", GET CONN KEY VER "Upgrade: xwebsocket\r\n", 426,
     "no upgrade"},
    {"a version of the protocol", GET CONN KEY VER "Upgrade: websocket/13\r\n",
     426, "no upgrade"},
    {"version 8", GET UP CONN KEY "Sec-WebSocket-Version: 8\r\n", 426,
     "Sec-WebSocket-Version is not 13"},
    {"version 013", GET UP CONN KEY "Sec-WebSocket-Version: 013\r\n", 426,
     "Sec-WebSocket-Version is not 13"},
    {"versions", GET UP CONN KEY "Sec-WebSocket-Version: 13, 8\r\n", 426,
     "Sec-WebSocket-Version is not 13"},
    {"version empty", GET UP CONN KEY "Sec-WebSocket-Version:\r\n", 426,
     "Sec-WebSocket-Version is not 13"},
    /* 400 */
    {"HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n" UP CONN KEY VER, 400,
     "a WebSocket needs HTTP/1.1"},
    {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n" UP CONN KEY VER, 400,
     "Host is empty"},
    {"a body", ALL "Content-Length: 1\r\n", 400, "a WebSocket begins with a r"},
    {"chunks", ALL "Transfer-Encoding: chunked\r\n", 400,
     "a WebSocket begins with a r"},
    {"no Connection", GET UP KEY VER, 400, "Connection does not"},
    {"Connection without Upgrade", GET UP "Connection: close\r\n" KEY VER, 400,
     "Connection does not"},
    {"no version", GET UP CONN KEY, 400, "Sec-WebSocket-Version is not there"},
    {"version twice", ALL VER, 400, "Sec-WebSocket-Version is not there"},
    {"no key", GET UP CONN VER, 400, "Sec-WebSocket-Key is not there"},
    {"key twice", ALL KEY, 400, "Sec-WebSocket-Key is not there"},
    {"a bad one before version 8",
     GET UP CONN "Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 8\r\n", 400,
     "Sec-WebSocket-Key is not the base64"},
    {"subprotocol is no token", ALL SUB "a b\r\n", 400,
     "Sec-WebSocket-Protocol is no list"},
    {"quoted subprotocol", ALL SUB "\"a\"\r\n", 400,
     "Sec-WebSocket-Protocol is no list"},
    {"subprotocol twice", ALL SUB "a, b, a\r\n", 400,
     "Sec-WebSocket-Protocol names one twice"},
    {"subprotocol twice in two fields", ALL SUB "a\r\n" SUB "b, a\r\n", 400,
     "Sec-WebSocket-Protocol names one twice"},
    {"33 subprotocols", ALL SUB N31 ",31, 32\r\n", 400,
     "Sec-WebSocket-Protocol names too many"},
    {"no subprotocol", ALL SUB "\r\n", 400, "Sec-WebSocket-Protocol is empty"},
    {"only commas", ALL SUB ", ,\r\n", 400, "Sec-WebSocket-Protocol is empty"},
};

static void
all_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_http1_head h;
        char text[2000];
        const char *why = "unset";
        unsigned status;

        (void)snprintf(text, sizeof(text), "%s\r\n", rows[i].head);
        ws_head(rows[i].row, text, true, &h);
        status = assay_ws_judge_request(&h, &why);
        CHECK(rows[i].row, status == rows[i].status);
        CHECK(rows[i].row, strncmp(why, rows[i].why, strlen(rows[i].why)) == 0);
        CHECK(rows[i].row, (status == 101) == (why[0] == '\0'));
    }
}

static const struct {
    const char *key;
    bool good;
} keys[] = {
    {WS_KEY, true},
    {"AAAAAAAAAAAAAAAAAAAAAA==", true},
    {"/+/+/+/+/+/+/+/+/+/+/w==", true},
    {"dGhlIHNhbXBsZSBub25jZA==", true},
    {"dGhlIHNhbXBsZSBub25jZR==", false}, /* bits that stand for nothing */
    {"dGhlIHNhbXBsZSBub25jZ===", false},
    {"dGhlIHNhbXBsZSBub25jZQ=", false},
    {"dGhlIHNhbXBsZSBub25jZQ", false},
    {"dGhlIHNhbXBsZSBub25jZQ=A", false},
    {"dGhlIHNhbXBsZSBub25jZTE=", false}, /* 17 octets */
    {"dGhlIHNhbXBsZSBub25jZQE=", false},
    {"dGhlIHNhbXBsZSBub25j", false}, /* 15 octets */
    {"dGhlIHNhbXBsZSBub25jZQ===", false},
    {"dGhl HNhbXBsZSBub25jZQ==", false},
    {"dGhlIHNhbXBsZSBub25j-Q==", false},
    {"=GhlIHNhbXBsZSBub25jZQ==", false},
    {"", false},
};

static void
each_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct assay_http1_head h;
        char text[2000];
        const char *why;

        (void)snprintf(text, sizeof(text),
                       GET UP CONN VER "Sec-WebSocket-Key: %s\r\n\r\n",
                       keys[i].key);
        ws_head(keys[i].key, text, true, &h);
        CHECK(keys[i].key,
              assay_ws_judge_request(&h, &why) == (keys[i].good ? 101u : 400u));
    }
}

static void
offers(void **state)
{
    static const char *const some[] = {"mqtt", "binary"};
    struct assay_ws_offers o;
    struct assay_http1_head h;
    struct assay_slice offer;

    (void)state;
    ws_head("offers",
            ALL SUB "token.abc , binary\r\nX: y\r\nsec-websocket-protocol: "
                    ",mqtt\r\n\r\n",
            true, &h);
    o = (struct assay_ws_offers){.h = &h};
    assert_true(assay_ws_offers_next(&o, &offer));
    assert_true(assay_slice_is(offer, "token.abc"));
    assert_true(assay_ws_offers_next(&o, &offer));
    assert_true(assay_slice_is(offer, "binary"));
    assert_true(assay_ws_offers_next(&o, &offer));
    assert_true(assay_slice_is(offer, "mqtt"));
    assert_false(assay_ws_offers_next(&o, &offer));
    assert_false(assay_ws_offers_next(&o, &offer));
    /* the client's order counts */
    assert_true(assay_slice_is(assay_ws_choose(&h, some, 2), "binary"));
    assert_true(assay_slice_is(assay_ws_choose(&h, some, 1), "mqtt"));
    assert_int_equal(assay_ws_choose(&h, some, 0).len, 0);
    ws_head("none", ALL "\r\n", true, &h);
    assert_int_equal(assay_ws_choose(&h, some, 2).len, 0);
    ws_head("exactly", ALL SUB "Binary, binary2, bin\r\n\r\n", true, &h);
    assert_int_equal(assay_ws_choose(&h, some, 2).len, 0);
}

#define ANSWER                                                                 \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"               \
    "Connection: Upgrade\r\nSec-WebSocket-Accept: " WS_ACCEPT "\r\n"

static void
answers(void **state)
{
    struct assay_http1_head h;
    struct assay_error err;
    struct assay_buf to;

    (void)state;
    ws_head("answers", ALL SUB "x, binary\r\n\r\n", true, &h);
    assay_buf_init(&to, 1000);
    assay_error_clear(&err);
    assert_int_equal(assay_ws_put_accept(ctx, &h, ASSAY_EMPTY, &to, &err),
                     ASSAY_OK);
    assert_true(assay_slice_is(assay_buf_slice(&to), ANSWER));
    assay_buf_free(&to);
    assert_int_equal(
        assay_ws_put_accept(ctx, &h, assay_slice_of("binary"), &to, &err),
        ASSAY_OK);
    assert_true(assay_slice_is(assay_buf_slice(&to), ANSWER SUB "binary\r\n"));
    assay_buf_free(&to);
}

static void
answers_refused(void **state)
{
    struct assay_http1_head h;
    struct assay_error err;
    struct assay_buf to;

    (void)state;
    ws_head("refused", ALL SUB "x, binary\r\n\r\n", true, &h);
    assay_buf_init(&to, 1000);
    assay_buf_add_text(&to, "before");
    assay_error_clear(&err);
    assert_int_equal(
        assay_ws_put_accept(ctx, &h, assay_slice_of("Binary"), &to, &err),
        ASSAY_INVALID);
    check_error("not offered", &err, ASSAY_INVALID,
                "subprotocol: was not offered", ASSAY_NO_OFFSET);
    assert_true(assay_slice_is(assay_buf_slice(&to), "before"));
    /* a failure that is there already */
    assert_int_equal(assay_ws_put_accept(ctx, &h, ASSAY_EMPTY, &to, &err),
                     ASSAY_INVALID);
    assert_int_equal(assay_ws_put_refusal_fields(426, &to, &err),
                     ASSAY_INVALID);
    assert_int_equal(to.len, 6);
    ws_head("plain", GET "\r\n", true, &h);
    assay_error_clear(&err);
    assert_int_equal(assay_ws_put_accept(ctx, &h, ASSAY_EMPTY, &to, &err),
                     ASSAY_INVALID);
    check_error("plain", &err, ASSAY_INVALID, "request: no upgrade",
                ASSAY_NO_OFFSET);
    assay_buf_free(&to);
}

/* A buffer that is too small gets nothing, wherever it ends. */
static void
answers_without_room(void **state)
{
    struct assay_http1_head h;

    (void)state;
    ws_head("room", ALL SUB "binary\r\n\r\n", true, &h);
    for (size_t max = 1; max <= sizeof(ANSWER SUB "binary\r\n"); max++) {
        bool fits = max >= sizeof(ANSWER SUB "binary\r\n") - 1;
        struct assay_error err;
        struct assay_buf to;

        assay_buf_init(&to, max);
        assay_error_clear(&err);
        assert_int_equal(
            assay_ws_put_accept(ctx, &h, assay_slice_of("binary"), &to, &err),
            fits ? ASSAY_OK : ASSAY_TOO_LARGE);
        assert_true((to.len > 0) == fits);
        assay_buf_free(&to);
    }
}

static void
refusals(void **state)
{
    struct assay_error err;
    struct assay_buf to;

    (void)state;
    assay_buf_init(&to, 100);
    assay_error_clear(&err);
    assert_int_equal(assay_ws_put_refusal_fields(405, &to, &err), ASSAY_OK);
    assert_true(assay_slice_is(assay_buf_slice(&to), "Allow: GET\r\n"));
    assay_buf_free(&to);
    assert_int_equal(assay_ws_put_refusal_fields(426, &to, &err), ASSAY_OK);
    assert_true(assay_slice_is(assay_buf_slice(&to),
                               UP CONN "Sec-WebSocket-Version: 13\r\n"));
    assay_buf_free(&to);
    assert_int_equal(assay_ws_put_refusal_fields(400, &to, &err), ASSAY_OK);
    assert_int_equal(to.len, 0);
    assay_buf_init(&to, 30);
    assert_int_equal(assay_ws_put_refusal_fields(426, &to, &err),
                     ASSAY_TOO_LARGE);
    assert_int_equal(to.len, 0);
    assay_buf_free(&to);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows),
        cmocka_unit_test(each_key),
        cmocka_unit_test(offers),
        cmocka_unit_test(answers),
        cmocka_unit_test(answers_refused),
        cmocka_unit_test(answers_without_room),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
