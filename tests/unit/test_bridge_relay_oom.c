/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_relay_oom.c - a relay that gets no memory says so, or nothing.
 */
#include <stdio.h>

#include "harness/oom.h"
#include "harness/relay.h"

static const struct relay_question question = {.kind = RELAY_QE_IDENTITY,
                                               .path = QE};

static void
made(void **state)
{
    struct relay_trial t;
    bool refused = true;

    (void)state;
    loop_open(&t.loop);
    for (long n = 0; refused; n++) {
        oom_fail_after(n);
        t.relay = relay_new(1);
        t.mine = t.relay != NULL ? relay_loop_new(&t.loop.uv, t.relay) : NULL;
        refused = oom_stop();
        assert_int_equal(refused, t.mine == NULL);
        relay_loop_free(t.mine);
        relay_free(t.relay);
    }
    loop_close(&t.loop);
}

/* Whole, or not there at all. */
static void
check_bytes(const struct assay_buf *bytes, unsigned status)
{
    struct assay_http1_head head;
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    if (bytes->len > 0) {
        assert_int_equal(assay_http1_response(assay_buf_slice(bytes), "GET",
                                              &scanned, &head, &used, &err),
                         ASSAY_OK);
        assert_int_equal(head.status, status);
        assert_int_equal(head.content_length, bytes->len - used);
    }
}

static void
no_answer(void *user, const struct relay_answer *a)
{
    (void)user;
    (void)a;
    fail_msg("it was not to be answered");
}

/* Questions and what is none; of those that wait nothing begins. */
static void
asked(void **state)
{
    static const char *const targets[] = {QE, QE "?x=y", CRL};
    struct relay_trial t = {
        .settings = {.sources = {.list = "http://127.0.0.1", .ca_file = "x"},
                     .origins = "",
                     .max_age_s = 3600}};
    struct relay_reply *r;

    (void)state;
    loop_open(&t.loop);
    t.relay = relay_new(1u << 20);
    t.mine = relay_loop_new(&t.loop.uv, t.relay);
    t.mine->running = RELAY_RUNNING_MAX;
    r = relay_reply_new(&question, 200, uv_now(&t.loop.uv));
    relay_cache_put(t.relay->good, r);
    relay_reply_release(r);
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        struct assay_http1_head head = {.method = assay_slice_of("GET"),
                                        .target = assay_slice_of(targets[i])};
        bool refused = true;

        for (long n = 0; refused; n++) {
            struct relay_answer a;
            struct relay_call *c;

            oom_fail_after(n);
            c = relay_ask(t.mine, &t.settings, &head, &a, no_answer, NULL);
            refused = oom_stop();
            if (c == NULL) {
                check_bytes(&a.bytes, a.status);
                assert_true(refused || a.bytes.len > 0);
                assert_true(i != 2 || a.how == RELAY_BUSY);
                relay_answer_free(&a);
            }
            assert_true(i == 2 || c == NULL);
            relay_cancel(c);
            assert_null(t.mine->fetches);
        }
    }
    relay_loop_free(t.mine);
    relay_free(t.relay);
    loop_close(&t.loop);
}

static void
read_replies(void **state)
{
    static const char headers[] =
        "HTTP/1.1 200 OK\r\nSGX-Enclave-Identity-Issuer-Chain: a\r\n\r\n";
    bool refused = true;

    (void)state;
    for (long n = 0; refused; n++) {
        struct relay_reply *r = NULL;
        struct assay_buf body;
        struct assay_error err;
        enum assay_code code;

        assay_buf_init(&body, 4096);
        assay_buf_add_text(&body, "{\"enclaveIdentity\":{}}");
        oom_fail_after(n);
        code = relay_reply_read(&question, assay_slice_of(headers), &body, 0,
                                &r, &err);
        refused = oom_stop();
        assert_int_equal(code, refused ? ASSAY_NO_MEMORY : ASSAY_OK);
        assert_int_equal(r == NULL, refused);
        assay_buf_free(&body);
        relay_reply_release(r);
    }
}

/* What cannot be kept is not there, and what was there before has gone. */
static void
kept(void **state)
{
    struct relay_cache *c = relay_cache_new(1u << 20, 2);
    struct relay_reply *r = relay_reply_new(&question, 200, 1);

    (void)state;
    relay_cache_put(c, r);
    oom_fail_after(0);
    relay_cache_put(c, r);
    assert_true(oom_stop());
    assert_null(relay_cache_get(c, QE));
    relay_reply_release(r);
    relay_cache_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made),
        cmocka_unit_test(asked),
        cmocka_unit_test(read_replies),
        cmocka_unit_test(kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
