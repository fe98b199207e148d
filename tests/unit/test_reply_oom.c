/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_reply_oom.c - every allocation of reading and writing a reply, and of
 * both ends of TLS, refused in turn.
 */
#include "harness/oom.h"

#include "assay/verify.h"
#include "atls/tls.h"
#include "atls/wire.h"
#include "base/text.h"
#include "harness/reply.h"
#include "harness/unit.h"
#include "harness/world.h"

static struct assay_buf quote;

static struct assay_quote_reply
good_reply(void)
{
    return (struct assay_quote_reply){
        .quote = assay_buf_slice(&quote),
        .event_log = assay_slice_of(
            "[{\"imr\":3,\"event_type\":1,\"digest\":\"\",\"event\":\"a\","
            "\"event_payload\":\"00\"}]"),
        .vm_config = assay_slice_of("{\"cpu\":1}"),
        .collateral = assay_slice_of("{\"tcb_info\":{}}"),
        .tcb_info = assay_slice_of("{\"app_compose\":\"{}\"}"),
    };
}

static void
test_write(void **state)
{
    static const uint8_t report_data[64] = {0};
    const struct assay_quote_reply reply = good_reply();
    long n = 0;

    (void)state;
    for (;; n++) {
        struct assay_buf out;
        struct assay_error err;
        enum assay_code code;

        assay_error_clear(&err);
        assay_buf_init(&out, 1u << 20);
        oom_fail_after(n);
        code = assay_reply_write(&reply, report_data, &out, &err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            assay_buf_free(&out);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assay_buf_free(&out);
    }
    assert_true(n > 5);
}

static void
test_write_error(void **state)
{
    static const struct assay_refusal why = {500, "code", "message", "hint", 0};
    long n = 0;

    (void)state;
    for (;; n++) {
        struct assay_buf out;
        bool failed;

        assay_buf_init(&out, 1u << 20);
        oom_fail_after(n);
        assay_reply_write_error(&why, true, &out);
        failed = out.failed;
        assay_buf_free(&out);
        if (!oom_stop()) {
            assert_false(failed);
            break;
        }
        assert_true(failed);
    }
    assert_true(n > 2);
}

static struct assay_buf
written(void)
{
    static const uint8_t report_data[64] = {0};
    const struct assay_quote_reply reply = good_reply();
    struct assay_buf out;
    struct assay_error err;

    assay_error_clear(&err);
    assay_buf_init(&out, 1u << 20);
    assert_int_equal(assay_reply_write(&reply, report_data, &out, &err),
                     ASSAY_OK);
    return out;
}

static void
test_read(void **state)
{
    struct assay_buf text = written();
    long n = 0;

    (void)state;
    for (;; n++) {
        struct assay_reply_reader reader;
        struct assay_queue q;
        struct assay_error err;
        bool done = false;
        uint8_t *room;
        bool refused;

        assay_error_clear(&err);
        assay_queue_init(&q, 1u << 20);
        room = assay_queue_extend(&q, text.len);
        assert_non_null(room);
        memcpy(room, text.ptr, text.len);
        assay_reply_reader_init(&reader, "quote reply",
                                ASSAY_REPLY_BODY_MAX_BYTES);
        oom_fail_after(n);
        (void)!assay_reply_reader_take(&reader, &q, &done, &err);
        refused = oom_stop();
        assay_reply_reader_free(&reader);
        assay_queue_free(&q);
        assert_int_equal(err.code, refused ? ASSAY_NO_MEMORY : ASSAY_OK);
        assert_int_equal(done, !refused);
        if (!refused) {
            break;
        }
    }
    assert_true(n > 0);
    assay_buf_free(&text);
}

static void
test_parse(void **state)
{
    struct assay_buf text = written();
    struct assay_slice body = assay_buf_slice(&text);
    size_t head = assay_slice_find(body, "\r\n\r\n") + 4;
    long n = 0;

    (void)state;
    body = (struct assay_slice){body.ptr + head, body.len - head};
    for (;; n++) {
        struct assay_reply_evidence e;
        struct assay_error err;
        enum assay_code code;

        assay_error_clear(&err);
        oom_fail_after(n);
        code = assay_reply_parse(body, &e, &err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            assay_reply_evidence_free(&e);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assert_true(e.quote == NULL && e.event_log == NULL &&
                    e.app_compose.ptr == NULL && e.vm_config.ptr == NULL &&
                    e.collateral.ptr == NULL);
    }
    assert_true(n > 8);
    assay_buf_free(&text);
}

static void
test_client_evidence(void **state)
{
    static const uint8_t report_data[64] = {0};
    const struct assay_quote_reply reply = good_reply();
    long n = 0;

    (void)state;
    for (;; n++) {
        struct assay_reply_evidence e;
        struct assay_buf b;
        struct assay_error err;
        enum assay_code code;

        assay_error_clear(&err);
        assay_buf_init(&b, 1u << 20);
        assay_reply_evidence_init(&e);
        oom_fail_after(n);
        code = assay_client_evidence_write(&reply, report_data, &b, &err);
        if (code == ASSAY_OK) {
            code = assay_client_evidence_parse(assay_buf_slice(&b), &e, &err);
        }
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            assay_reply_evidence_free(&e);
            assay_buf_free(&b);
            break;
        }
        assay_buf_free(&b);
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assert_true(e.quote == NULL && e.event_log == NULL &&
                    e.app_compose.ptr == NULL && e.vm_config.ptr == NULL);
    }
    assert_true(n > 8);
}

static void
test_nonce(void **state)
{
    static const char body[] =
        "{\"nonce_hex\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123"
        "456789abcdef\"}";
    long n = 0;

    (void)state;
    for (;; n++) {
        struct assay_wire_ask ask;
        struct assay_error err;
        enum assay_code code;

        assay_error_clear(&err);
        oom_fail_after(n);
        code = assay_wire_ask_parse(assay_slice_of(body), &ask, &err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
    }
    assert_true(n > 1);
}

/* --- TLS: our own allocations; OpenSSL has its own --------------------- */

struct ends {
    struct assay_tls_identity *identity;
    struct assay_tls_roots *roots;
    struct assay_tls *client;
    struct assay_tls *server;
    struct assay_queue plain[2];
};

static void
move(struct assay_tls *from, struct assay_tls *to, struct assay_queue *plain,
     struct assay_error *err)
{
    struct assay_slice out = assay_queue_slice(assay_tls_output(from));
    size_t used = 0;

    if (err->code == ASSAY_OK) {
        (void)!assay_tls_feed(to, out, &used, plain, 65536, err);
        assay_queue_take(assay_tls_output(from), out.len);
    }
}

/* Everything that two ends do, until it fails. */
static void
live(const struct assay_ctx *ctx, struct ends *e, struct assay_error *err)
{
    static const char *const name = "a.example";
    struct assay_tls_client_setup setup = {.ctx = ctx,
                                           .check_certificate = true,
                                           .server_name = name,
                                           .now_s = MINT_NOW_S};
    struct assay_buf pem;
    size_t count;

    if (assay_tls_identity_make(ctx, &name, 1, MINT_NOW_S, 1, &e->identity,
                                err) != ASSAY_OK) {
        return;
    }
    assay_buf_init(&pem, 65536);
    assay_tls_identity_pem(e->identity, &pem);
    if (assay_buf_check(&pem, "chain", err) == ASSAY_OK) {
        (void)!assay_tls_roots_parse(ctx, assay_buf_slice(&pem), &e->roots,
                                     &count, err);
    }
    assay_buf_free(&pem);
    setup.roots = e->roots;
    if (err->code != ASSAY_OK ||
        assay_tls_client_new(&setup, &e->client, err) != ASSAY_OK ||
        assay_tls_server_new(ctx, e->identity, &e->server, err) != ASSAY_OK) {
        return;
    }
    for (int turn = 0; turn < 3; turn++) {
        move(e->client, e->server, &e->plain[0], err);
        move(e->server, e->client, &e->plain[1], err);
    }
    if (err->code == ASSAY_OK &&
        assay_tls_write(e->client, assay_slice_of("hello"), err) == ASSAY_OK) {
        move(e->client, e->server, &e->plain[0], err);
    }
}

static void
test_tls(void **state)
{
    struct assay_ctx *ctx = NULL;
    struct assay_error err;
    long n = 0;
    bool refused = true;

    (void)state;
    assert_int_equal(assay_ctx_new(&ctx, &err), ASSAY_OK);
    for (; refused; n++) {
        struct ends e;

        memset(&e, 0, sizeof(e));
        assay_queue_init(&e.plain[0], 65536);
        assay_queue_init(&e.plain[1], 65536);
        assay_error_clear(&err);
        oom_fail_after(n);
        live(ctx, &e, &err);
        refused = oom_stop();
        if (refused && err.code != ASSAY_NO_MEMORY) {
            fail_msg("allocation %ld: %s: %s", n, assay_code_name(err.code),
                     err.msg);
        }
        if (!refused) {
            assert_int_equal(err.code, ASSAY_OK);
            assert_true(
                assay_slice_is(assay_queue_slice(&e.plain[0]), "hello"));
        }
        assay_tls_free(e.client);
        assay_tls_free(e.server);
        assay_tls_roots_free(e.roots);
        assay_tls_identity_free(e.identity);
        assay_queue_free(&e.plain[0]);
        assay_queue_free(&e.plain[1]);
    }
    assert_true(n > 10);
    assay_ctx_free(ctx);
}

static int
setup(void **state)
{
    struct mint_options o = evidence_options(EVIDENCE_TDX_V4);
    struct mint_world *w = NULL;
    struct assay_error err;

    (void)state;
    evidence_need(mint_world_new(&o, &w, &err) == ASSAY_OK, &err);
    assay_buf_init(&quote, MINT_QUOTE_MAX);
    evidence_need(mint_world_quote(w, &quote, &err) == ASSAY_OK, &err);
    mint_world_free(w);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    assay_buf_free(&quote);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_error),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_client_evidence),
        cmocka_unit_test(test_nonce),
        cmocka_unit_test(test_tls),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
