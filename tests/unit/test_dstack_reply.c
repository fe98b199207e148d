/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_dstack_reply.c - what the guest agent is asked and answers.
 */
#include "harness/unit.h"

#include "base/buf.h"
#include "io/dstack_reply.h"

#define LOG  "[{\"imr\":3,\"event\":\"a\"}]"
#define GOOD "{\"quote\":\"00fFa1\",\"event_log\":" LOG ",\"vm_config\":{}}"

static void
test_asks(void **state)
{
    uint8_t data[64];
    struct assay_buf b;

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(0xc0 + i);
    }
    assay_buf_init(&b, 512);
    assay_dstack_ask_quote(&b, data);
    assert_true(assay_slice_is(
        assay_buf_slice(&b),
        "{\"report_data\":\"c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8"
        "d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafb"
        "fcfdfeff\"}"));
    assay_buf_free(&b);
    assay_dstack_ask_announce(&b, data);
    assert_true(assay_slice_is(
        assay_buf_slice(&b),
        "{\"event\":\"New TLS "
        "Certificate\",\"payload\":\"6330633163326333633463"
        "3563366337633863396361636263636364636563666430643164326433643464356436"
        "643764386439646164626463646464656466\"}"));
    assay_buf_free(&b);
}

static const struct {
    const char *name;
    const char *body;
    const char *log;
    const char *config;
} good[] = {
    {"as they are", GOOD, LOG, "{}"},
    {"as strings",
     "{\"quote\":\"00FFA1\",\"event_log\":\"[{\\\"imr\\\":3,\\u0022event\\\":"
     "\\\"a\\\"}]\",\"vm_config\":\"{\\\"cpu\\\" : 1}\"}",
     LOG, "{\"cpu\" : 1}"},
    {"empty log, no config", "{\"event_log\":\"[]\",\"quote\":\"00ffa1\"}",
     "[]", ""},
    {"config is null",
     "{\"quote\":\"00ffa1\",\"event_log\":[],\"vm_config\":null}", "[]", ""},
    {"config is empty",
     " {\"quote\":\"00ffa1\",\"event_log\":[ ],\"vm_config\":\"\"}\n", "[ ]",
     ""},
    {"other members",
     "{\"report_data\":\"zz\",\"attestation\":[1],\"quote\":\"00ffa1\","
     "\"event_log\":[],\"x\":{}}",
     "[]", ""},
};

static void
test_good(void **state)
{
    static const uint8_t octets[] = {0x00, 0xff, 0xa1};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct assay_slice body = exact_copy(assay_slice_of(good[i].body));
        struct assay_dstack_quote q;
        struct assay_error err;
        enum assay_code code = assay_dstack_read_quote(body, &q, &err);

        free((void *)body.ptr);
        CHECK(good[i].name, code == ASSAY_OK && err.code == ASSAY_OK);
        CHECK(good[i].name, assay_slice_equal(assay_buf_slice(&q.quote),
                                              ASSAY_SLICE(octets)));
        CHECK(good[i].name,
              assay_slice_is(assay_buf_slice(&q.event_log), good[i].log));
        CHECK(good[i].name,
              assay_slice_is(assay_buf_slice(&q.vm_config), good[i].config));
        assay_dstack_quote_free(&q);
    }
}

static const struct {
    const char *name;
    const char *body;
    const char *msg;
    size_t offset;
} bad[] = {
    {"nothing", "", "answer", 0},
    {"no JSON", "<html>", "answer", 0},
    {"array", "[]", "answer: is no JSON object", ASSAY_NO_OFFSET},
    {"number", "7", "answer: is no JSON object", ASSAY_NO_OFFSET},
    {"goes on", GOOD "{}", "answer", sizeof(GOOD) - 1},
    {"twice", "{\"quote\":\"00\",\"quote\":\"00\",\"event_log\":[]}", "answer",
     14},
    {"no quote", "{\"event_log\":[]}", "quote: must be", ASSAY_NO_OFFSET},
    {"quote is null", "{\"quote\":null,\"event_log\":[]}", "quote: must be",
     ASSAY_NO_OFFSET},
    {"quote is an array", "{\"quote\":[1],\"event_log\":[]}", "quote: must be",
     ASSAY_NO_OFFSET},
    {"empty quote", "{\"quote\":\"\",\"event_log\":[]}", "quote: must be",
     ASSAY_NO_OFFSET},
    {"odd", "{\"quote\":\"00f\",\"event_log\":[]}", "quote: must be",
     ASSAY_NO_OFFSET},
    {"no hex", "{\"quote\":\"00fg\",\"event_log\":[]}", "quote: 'g'", 3},
    {"0x", "{\"quote\":\"0x00\",\"event_log\":[]}", "quote: 'x'", 1},
    {"no log", "{\"quote\":\"00\"}", "event_log: missing", ASSAY_NO_OFFSET},
    {"log is null", "{\"quote\":\"00\",\"event_log\":null}",
     "event_log: is neither", ASSAY_NO_OFFSET},
    {"log is an object", "{\"quote\":\"00\",\"event_log\":{}}",
     "event_log: is neither", ASSAY_NO_OFFSET},
    {"log is empty", "{\"quote\":\"00\",\"event_log\":\"\"}",
     "text in event_log", 0},
    {"log is no JSON", "{\"quote\":\"00\",\"event_log\":\"[1,]\"}",
     "text in event_log", 3},
    {"log's text is an object", "{\"quote\":\"00\",\"event_log\":\"{}\"}",
     "event_log: its text is no JSON array", ASSAY_NO_OFFSET},
    {"config is an array",
     "{\"quote\":\"00\",\"event_log\":[],\"vm_config\":[]}",
     "vm_config: is neither", ASSAY_NO_OFFSET},
    {"config is no JSON",
     "{\"quote\":\"00\",\"event_log\":[],\"vm_config\":\"x\"}",
     "text in vm_config", 0},
    {"config's text is an array",
     "{\"quote\":\"00\",\"event_log\":[],\"vm_config\":\"[]\"}",
     "vm_config: its text is no JSON object", ASSAY_NO_OFFSET},
};

static void
test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct assay_dstack_quote q;
        struct assay_error err;

        CHECK(bad[i].name, assay_dstack_read_quote(assay_slice_of(bad[i].body),
                                                   &q, &err) == ASSAY_REPLY);
        check_error(bad[i].name, &err, ASSAY_REPLY, bad[i].msg, bad[i].offset);
        CHECK(bad[i].name, q.quote.ptr == NULL && q.event_log.ptr == NULL &&
                               q.vm_config.ptr == NULL);
    }
}

static void
test_truncated(void **state)
{
    struct assay_dstack_quote q;
    struct assay_error err;

    (void)state;
    for (size_t len = 0; len < sizeof(GOOD) - 1; len++) {
        struct assay_slice cut =
            exact_copy((struct assay_slice){(const uint8_t *)GOOD, len});

        assert_int_equal(assay_dstack_read_quote(cut, &q, &err), ASSAY_REPLY);
        free((void *)cut.ptr);
    }
}

static void
test_limits(void **state)
{
    struct assay_buf body;
    struct assay_dstack_quote q;
    struct assay_error err;

    (void)state;
    assay_buf_init(&body, 1u << 20);
    for (int over = 0; over < 2; over++) {
        assay_buf_add_text(&body, "{\"event_log\":[],\"quote\":\"");
        for (int i = 0; i < 64 * 1024 + over; i++) {
            assay_buf_add_text(&body, "0a");
        }
        assay_buf_add_text(&body, "\"}");
        assert_int_equal(
            assay_dstack_read_quote(assay_buf_slice(&body), &q, &err),
            over ? ASSAY_TOO_LARGE : ASSAY_OK);
        assert_int_equal(q.quote.len, over ? 0 : 64 * 1024);
        assay_dstack_quote_free(&q);
        assay_buf_free(&body);
    }
    assay_buf_add_text(&body, "{\"quote\":\"00\",\"event_log\":\"");
    for (unsigned i = 0; i <= ASSAY_DSTACK_REPLY_MAX_DEPTH; i++) {
        assay_buf_add_text(&body, "[");
    }
    for (unsigned i = 0; i <= ASSAY_DSTACK_REPLY_MAX_DEPTH; i++) {
        assay_buf_add_text(&body, "]");
    }
    assay_buf_add_text(&body, "\"}");
    assert_int_equal(assay_dstack_read_quote(assay_buf_slice(&body), &q, &err),
                     ASSAY_TOO_LARGE);
    check_error("depth", &err, ASSAY_TOO_LARGE, "text in event_log",
                err.offset);
    assay_buf_free(&body);
}

static void
test_tcb_info(void **state)
{
    static const struct {
        const char *body;
        enum assay_code code;
        const char *want; /* the text, or the message */
    } rows[] = {
        {"{\"tcb_info\":\"{\\\"mrtd\\\":1}\"}", ASSAY_OK, "{\"mrtd\":1}"},
        {"{\"x\":1,\"tcb_info\":{\"a\" :2}}", ASSAY_OK, "{\"a\" :2}"},
        {"{}", ASSAY_REPLY, "tcb_info: missing"},
        {"{\"tcb_info\":null}", ASSAY_REPLY, "tcb_info: is neither"},
        {"{\"tcb_info\":\"\"}", ASSAY_REPLY, "text in tcb_info"},
        {"{\"tcb_info\":\"[]\"}", ASSAY_REPLY, "tcb_info: its text is no"},
        {"{\"tcb_info\":[]}", ASSAY_REPLY, "tcb_info: is neither"},
        {"\"tcb_info\"", ASSAY_REPLY, "answer: is no JSON object"},
        {"", ASSAY_REPLY, "answer"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf out;
        struct assay_error err;
        enum assay_code code = assay_dstack_read_tcb_info(
            assay_slice_of(rows[i].body), &out, &err);

        check_error(rows[i].body, &err, rows[i].code,
                    code == ASSAY_OK ? "" : rows[i].want, err.offset);
        CHECK(rows[i].body,
              assay_slice_is(assay_buf_slice(&out),
                             code == ASSAY_OK ? rows[i].want : ""));
        assay_buf_free(&out);
    }
}

static void
test_status(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
        enum assay_code code;
        const char *msg;
    } rows[] = {
        {200, "", ASSAY_OK, ""},
        {200, "{}", ASSAY_OK, ""},
        {200, "null", ASSAY_OK, ""},
        {200, "what?", ASSAY_OK, ""},
        {204, "", ASSAY_OK, ""},
        {200, "{\"error\":null}", ASSAY_OK, ""},
        {200, "{\"error\":\"\"}", ASSAY_OK, ""},
        {200, "{\"error\":\"broken\"}", ASSAY_NETWORK, "HTTP 200: broken"},
        {200, "{\"error\":{\"message\":\"so\"}}", ASSAY_NETWORK,
         "HTTP 200: so"},
        {200, "{\"error\":{}}", ASSAY_NETWORK, "HTTP 200: {\"error\":{}}"},
        {404, "", ASSAY_NOT_FOUND, "HTTP 404"},
        {405, "no", ASSAY_NOT_FOUND, "HTTP 405: no"},
        {501, "", ASSAY_NOT_FOUND, "HTTP 501"},
        {400, "{\"error\":\"Unknown Method: EmitEvent\"}", ASSAY_NOT_FOUND,
         "HTTP 400: Unknown Method: EmitEvent"},
        {500, "method not found", ASSAY_NOT_FOUND, "HTTP 500: method"},
        {200, "{\"error\":\"no such method\"}", ASSAY_NOT_FOUND, "HTTP 200"},
        {400, "unknown metho", ASSAY_NETWORK, "HTTP 400: unknown metho"},
        {500, "line\nfeed", ASSAY_NETWORK, "HTTP 500: line?feed"},
        {503, "", ASSAY_NETWORK, "HTTP 503"},
        {302, "", ASSAY_NETWORK, "HTTP 302"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice body = exact_copy(assay_slice_of(rows[i].body));
        struct assay_error err;

        CHECK(rows[i].body, assay_dstack_check_status(rows[i].status, body,
                                                      &err) == rows[i].code);
        check_error(rows[i].body, &err, rows[i].code, rows[i].msg,
                    ASSAY_NO_OFFSET);
        free((void *)body.ptr);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asks),   cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),    cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_limits), cmocka_unit_test(test_tcb_info),
        cmocka_unit_test(test_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
