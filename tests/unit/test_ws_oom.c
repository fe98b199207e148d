/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_ws_oom.c - every allocation refused in turn during a handshake; a
 * decoder makes none.
 */
#include "harness/oom.h"

#include "harness/ws_head.h"
#include "ws/ws.h"

#define ANSWER                                                                 \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"               \
    "Connection: Upgrade\r\nSec-WebSocket-Accept: " WS_ACCEPT "\r\n\r\n"
#define REQUEST                                                                \
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"                      \
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                     \
    "Sec-WebSocket-Key: " WS_KEY "\r\n\r\n"

static const struct assay_ws_request request = {
    .target = {(const uint8_t *)"/", 1},
    .host = {(const uint8_t *)"a", 1},
    .nonce = {'t', 'h', 'e', ' ', 's', 'a', 'm', 'p', 'l', 'e', ' ', 'n', 'o',
              'n', 'c', 'e'},
};

static enum assay_code
answer(struct assay_error *err)
{
    struct assay_http1_head h;
    struct assay_buf to;
    enum assay_code code;

    ws_head("request", REQUEST, true, &h);
    assay_buf_init(&to, 1000);
    code = assay_ws_put_accept(ctx, &h, ASSAY_EMPTY, &to, err);
    assert_true((to.len > 0) == (code == ASSAY_OK));
    assay_buf_free(&to);
    return code;
}

static enum assay_code
ask(struct assay_error *err)
{
    struct assay_buf to;
    enum assay_code code;

    assay_buf_init(&to, 1000);
    code = assay_ws_put_request(&request, &to, err);
    assert_true((to.len > 0) == (code == ASSAY_OK));
    assay_buf_free(&to);
    return code;
}

static enum assay_code
check(struct assay_error *err)
{
    struct assay_http1_head h;
    const char *chosen;

    ws_head("answer", ANSWER, false, &h);
    return assay_ws_check_response(ctx, &request, &h, &chosen, err);
}

static void
handshakes(void **state)
{
    static enum assay_code (*const steps[])(struct assay_error *) = {
        answer, ask, check};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct assay_error err;
        enum assay_code code;
        long n = 0;

        for (;; n++) {
            assay_error_clear(&err);
            oom_fail_after(n);
            code = steps[i](&err);
            if (!oom_stop()) {
                break;
            }
            assert_int_equal(code, ASSAY_NO_MEMORY);
        }
        assert_int_equal(code, ASSAY_OK);
        assert_true(n > 0);
    }
}

static void
frames(void **state)
{
    uint8_t in[] = {0x81, 0x82, 1, 2, 3, 4, 'a' ^ 1, 'b' ^ 2,
                    0x89, 0x81, 0, 0, 0, 0, 'p'};
    uint8_t out[ASSAY_WS_CONTROL_FRAME_MAX_BYTES];
    struct assay_ws_decoder d;
    struct assay_ws_event e;
    struct assay_error err;
    size_t used;

    (void)state;
    assay_error_clear(&err);
    oom_fail_after(0);
    assay_ws_decoder_init(&d, ASSAY_WS_SERVER, 10, 10);
    assert_int_equal(assay_ws_feed(&d, in, 15, &used, &e, &err), ASSAY_OK);
    assert_true(used == 8 && e.last);
    assert_int_equal(assay_ws_feed(&d, in + 8, 7, &used, &e, &err), ASSAY_OK);
    assert_true(used == 7 && e.kind == ASSAY_WS_GOT_PING);
    assert_int_equal(assay_ws_put_control(out, ASSAY_WS_PONG, e.payload, NULL),
                     3);
    assert_false(oom_stop());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes),
        cmocka_unit_test(frames),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
