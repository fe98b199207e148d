/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_ws_client.c - asking for a WebSocket, and which answers are one.
 */
#include "harness/ws_head.h"

static const char *const protocols[] = {"binary", "chat"};

static struct assay_ws_request
request(size_t protocol_count)
{
    struct assay_ws_request r = {.target = assay_slice_of("/x?target=a:1"),
                                 .host = assay_slice_of("example.com:8443"),
                                 .protocols = protocols,
                                 .protocol_count = protocol_count};

    memcpy(r.nonce, WS_NONCE, sizeof(r.nonce));
    return r;
}

#define REQUEST                                                                \
    "GET /x?target=a:1 HTTP/1.1\r\nHost: example.com:8443\r\n"                 \
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"                            \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " WS_KEY "\r\n"
#define WITH_PROTOCOLS REQUEST "Sec-WebSocket-Protocol: binary, chat\r\n"

static void
asks(void **state)
{
    struct assay_ws_request r = request(0);
    struct assay_error err;
    struct assay_buf to;

    (void)state;
    assay_buf_init(&to, 1000);
    assay_error_clear(&err);
    assert_int_equal(assay_ws_put_request(&r, &to, &err), ASSAY_OK);
    assert_true(assay_slice_is(assay_buf_slice(&to), REQUEST));
    assay_buf_free(&to);
    r = request(2);
    assert_int_equal(assay_ws_put_request(&r, &to, &err), ASSAY_OK);
    assert_true(assay_slice_is(assay_buf_slice(&to), WITH_PROTOCOLS));
    assay_buf_free(&to);
}

static void
asks_without_room(void **state)
{
    struct assay_ws_request r = request(2);

    (void)state;
    for (size_t max = 1; max <= sizeof(WITH_PROTOCOLS); max++) {
        bool fits = max >= sizeof(WITH_PROTOCOLS) - 1;
        struct assay_error err;
        struct assay_buf to;

        assay_buf_init(&to, max);
        assay_error_clear(&err);
        assert_int_equal(assay_ws_put_request(&r, &to, &err),
                         fits ? ASSAY_OK : ASSAY_TOO_LARGE);
        assert_true((to.len > 0) == fits);
        assay_buf_free(&to);
    }
}

static const struct {
    const char *row;
    const char *target;
    const char *host;
    const char *protocols[2];
    size_t protocol_count;
    const char *msg;
} bad_requests[] = {
    {"target", "/a b", "a", {NULL, NULL}, 0, "target: "},
    {"target breaks the line", "/\r\nX: y", "a", {NULL, NULL}, 0, "target: "},
    {"no path", "x", "a", {NULL, NULL}, 0, "target: "},
    {"host", "/", "a b", {NULL, NULL}, 0, "host: "},
    {"host breaks the line", "/", "a\r\nX: y", {NULL, NULL}, 0, "host: "},
    {"host is empty", "/", "", {NULL, NULL}, 0, "host: "},
    {"protocol", "/", "a", {"a", "b c"}, 2, "subprotocol 1: no token"},
    {"protocol is a list", "/", "a", {"a,b", NULL}, 1, "subprotocol 0: no"},
    {"protocol breaks the line", "/", "a", {"a\r\nX: y", NULL}, 1, "subpro"},
    {"protocol is empty", "/", "a", {"", NULL}, 1, "subprotocol 0: no token"},
    {"protocol twice", "/", "a", {"a", "a"}, 2, "subprotocol 1: there twice"},
    {"too many", "/", "a", {"a", "b"}, 33, "subprotocols: 33, more than 32"},
};

static void
asks_for_nonsense(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_requests); i++) {
        struct assay_ws_request r = {
            .target = assay_slice_of(bad_requests[i].target),
            .host = assay_slice_of(bad_requests[i].host),
            .protocols = bad_requests[i].protocols,
            .protocol_count = bad_requests[i].protocol_count};
        struct assay_error err;
        struct assay_buf to;

        assay_buf_init(&to, 1000);
        assay_error_clear(&err);
        CHECK(bad_requests[i].row,
              assay_ws_put_request(&r, &to, &err) == ASSAY_INVALID);
        check_error(bad_requests[i].row, &err, ASSAY_INVALID,
                    bad_requests[i].msg, ASSAY_NO_OFFSET);
        CHECK(bad_requests[i].row, to.len == 0);
        CHECK(bad_requests[i].row,
              assay_ws_put_request(&r, &to, &err) == ASSAY_INVALID);
        assay_buf_free(&to);
    }
}

#define LINE   "HTTP/1.1 101 Switching Protocols\r\n"
#define UP     "Upgrade: websocket\r\n"
#define CONN   "Connection: Upgrade\r\n"
#define ACCEPT "Sec-WebSocket-Accept: " WS_ACCEPT "\r\n"
#define SUB    "Sec-WebSocket-Protocol: "
#define ALL    LINE UP CONN ACCEPT

static const struct {
    const char *row;
    const char *head; /* without its end */
    size_t offered;
    const char *chosen; /* NULL for none */
    enum assay_code code;
    const char *msg;
} rows[] = {
    {"good", ALL, 2, NULL, ASSAY_OK, ""},
    {"nothing offered", ALL, 0, NULL, ASSAY_OK, ""},
    {"any case",
     "HTTP/1.1 101\r\nupgrade: WEBSOCKET\r\nCONNECTION: x, upgrade"
     "\r\nsec-websocket-accept:  " WS_ACCEPT " \r\nX: y\r\n",
     0, NULL, ASSAY_OK, ""},
    {"first", ALL SUB "binary\r\n", 2, "binary", ASSAY_OK, ""},
    {"second", ALL SUB "chat\r\n", 2, "chat", ASSAY_OK, ""},
    {"another status", "HTTP/1.1 200 OK\r\n" UP CONN ACCEPT, 0, NULL,
     ASSAY_NETWORK, "WebSocket: the server answers with status 200"},
    {"403", "HTTP/1.1 403 Forbidden\r\n", 0, NULL, ASSAY_NETWORK,
     "WebSocket: the server answers with status 403"},
    {"HTTP/1.0", "HTTP/1.0 101 x\r\n" UP CONN ACCEPT, 0, NULL, ASSAY_MALFORMED,
     "WebSocket: the answer is of HTTP/1.0"},
    {"no Upgrade", LINE CONN ACCEPT, 0, NULL, ASSAY_MALFORMED,
     "WebSocket: Upgrade is not"},
    {"another Upgrade", LINE "Upgrade: h2c\r\n" CONN ACCEPT, 0, NULL,
     ASSAY_MALFORMED, "WebSocket: Upgrade is not"},
    {"two in Upgrade", LINE "Upgrade: websocket, h2c\r\n" CONN ACCEPT, 0, NULL,
     ASSAY_MALFORMED, "WebSocket: Upgrade is not"},
    {"Upgrade twice", ALL UP, 0, NULL, ASSAY_MALFORMED,
     "WebSocket: Upgrade is not"},
    {"no Connection", LINE UP ACCEPT, 0, NULL, ASSAY_MALFORMED,
     "WebSocket: Connection does not"},
    {"Connection: close", LINE UP ACCEPT "Connection: close\r\n", 0, NULL,
     ASSAY_MALFORMED, "WebSocket: Connection does not"},
    {"no accept", LINE UP CONN, 0, NULL, ASSAY_MALFORMED,
     "WebSocket: Sec-WebSocket-Accept does not"},
    {"accept twice", ALL ACCEPT, 0, NULL, ASSAY_MALFORMED,
     "WebSocket: Sec-WebSocket-Accept does not"},
    {"accept of other case",
     LINE UP CONN "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", 0,
     NULL, ASSAY_MALFORMED, "WebSocket: Sec-WebSocket-Accept does not"},
    {"accept cut", LINE UP CONN "Sec-WebSocket-Accept: s3pPLMBiTxaQ9k\r\n", 0,
     NULL, ASSAY_MALFORMED, "WebSocket: Sec-WebSocket-Accept does not"},
    {"the key for an accept",
     LINE UP CONN "Sec-WebSocket-Accept: " WS_KEY "\r\n", 0, NULL,
     ASSAY_MALFORMED, "WebSocket: Sec-WebSocket-Accept does not"},
    {"an extension", ALL "Sec-WebSocket-Extensions: permessage-deflate\r\n", 0,
     NULL, ASSAY_MALFORMED, "WebSocket: an extension"},
    {"no extension's field", ALL "Sec-WebSocket-Extensions:\r\n", 0, NULL,
     ASSAY_MALFORMED, "WebSocket: an extension"},
    {"protocol without offer", ALL SUB "binary\r\n", 0, NULL, ASSAY_MALFORMED,
     "WebSocket: Sec-WebSocket-Protocol was not"},
    {"another protocol", ALL SUB "mqtt\r\n", 2, NULL, ASSAY_MALFORMED,
     "WebSocket: Sec-WebSocket-Protocol was not"},
    {"protocol of other case", ALL SUB "Binary\r\n", 2, NULL, ASSAY_MALFORMED,
     "WebSocket: Sec-WebSocket-Protocol was not"},
    {"all protocols", ALL SUB "binary, chat\r\n", 2, NULL, ASSAY_MALFORMED,
     "WebSocket: Sec-WebSocket-Protocol was not"},
    {"protocol twice", ALL SUB "binary\r\n" SUB "binary\r\n", 2, NULL,
     ASSAY_MALFORMED, "WebSocket: Sec-WebSocket-Protocol was not"},
    {"empty protocol", ALL SUB "\r\n", 2, NULL, ASSAY_MALFORMED,
     "WebSocket: Sec-WebSocket-Protocol was not"},
};

static void
all_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_ws_request r = request(rows[i].offered);
        const char *want = rows[i].chosen;
        const char *chosen = "unset";
        struct assay_http1_head h;
        struct assay_error err;
        char text[1000];

        (void)snprintf(text, sizeof(text), "%s\r\n", rows[i].head);
        ws_head(rows[i].row, text, false, &h);
        assay_error_clear(&err);
        CHECK(rows[i].row, assay_ws_check_response(ctx, &r, &h, &chosen,
                                                   &err) == rows[i].code);
        check_error(rows[i].row, &err, rows[i].code, rows[i].msg,
                    ASSAY_NO_OFFSET);
        CHECK(rows[i].row, (chosen == NULL) == (want == NULL));
        if (chosen != NULL && want != NULL) {
            assert_string_equal(chosen, want);
        }
    }
}

static void
first_failure_sticks(void **state)
{
    struct assay_ws_request r = request(0);
    const char *chosen = "unset";
    struct assay_http1_head h;
    struct assay_error err;

    (void)state;
    ws_head("good", ALL "\r\n", false, &h);
    assay_error_clear(&err);
    assay_fail(&err, ASSAY_TIMEOUT, ASSAY_NO_OFFSET, "before");
    assert_int_equal(assay_ws_check_response(ctx, &r, &h, &chosen, &err),
                     ASSAY_TIMEOUT);
    assert_null(chosen);
}

/* Another nonce is not answered by this answer. */
static void
each_bit_of_the_nonce(void **state)
{
    const char *chosen;
    struct assay_http1_head h;

    (void)state;
    ws_head("good", ALL "\r\n", false, &h);
    for (size_t bit = 0; bit < 8 * ASSAY_WS_NONCE_BYTES; bit++) {
        struct assay_ws_request r = request(0);
        struct assay_error err;

        assay_error_clear(&err);
        r.nonce[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(assay_ws_check_response(ctx, &r, &h, &chosen, &err),
                         ASSAY_MALFORMED);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks),
        cmocka_unit_test(asks_without_room),
        cmocka_unit_test(asks_for_nonsense),
        cmocka_unit_test(all_rows),
        cmocka_unit_test(first_failure_sticks),
        cmocka_unit_test(each_bit_of_the_nonce),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
