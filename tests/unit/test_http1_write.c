/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_http1_write.c - what is written, what is not, and that the readers take
 * it for the same.
 */
#include "harness/http1.h"

#include "harness/unit.h"

static void
check_text(const struct assay_buf *b, const char *want)
{
    if (!assay_slice_is(assay_buf_slice(b), want)) {
        fail_msg("\"%.*s\", want \"%s\"", (int)b->len, (char *)b->ptr, want);
    }
}

static void
whole_messages(void **state)
{
    struct assay_slice body = assay_slice_of("hello world, this is one chunk");
    struct assay_buf b;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    assay_buf_init(&b, 4096);
    assert_int_equal(assay_http1_put_request(&b, assay_slice_of("POST"),
                                             assay_slice_of("/tdx_quote"),
                                             &err),
                     ASSAY_OK);
    assert_int_equal(assay_http1_put_field(&b, assay_slice_of("Host"),
                                           assay_slice_of("a.example"), &err),
                     ASSAY_OK);
    assert_int_equal(
        assay_http1_put_field(&b, assay_slice_of("X-Empty"), ASSAY_EMPTY, &err),
        ASSAY_OK);
    assert_int_equal(assay_http1_put_field(&b, assay_slice_of("X-Blank"),
                                           assay_slice_of(" \ta b\t"), &err),
                     ASSAY_OK);
    assay_http1_put_end(&b);
    check_text(&b, "POST /tdx_quote HTTP/1.1\r\nHost: a.example\r\n"
                   "X-Empty: \r\nX-Blank: a b\r\n\r\n");
    assay_buf_free(&b);

    assert_int_equal(
        assay_http1_put_status(&b, 404, assay_slice_of("Not Found"), &err),
        ASSAY_OK);
    assert_int_equal(assay_http1_put_field(&b,
                                           assay_slice_of("Transfer-Encoding"),
                                           assay_slice_of("chunked"), &err),
                     ASSAY_OK);
    assay_http1_put_end(&b);
    assay_http1_put_chunk(&b, body);
    assay_http1_put_chunk(&b, ASSAY_EMPTY);
    assay_http1_put_chunk(&b, assay_slice_of("x"));
    assay_http1_put_last_chunk(&b, ASSAY_EMPTY);
    check_text(&b, "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n"
                   "\r\n1e\r\nhello world, this is one chunk\r\n1\r\nx\r\n"
                   "0\r\n\r\n");
    assay_buf_free(&b);
    assert_int_equal(assay_http1_put_status(&b, 200, ASSAY_EMPTY, &err),
                     ASSAY_OK);
    check_text(&b, "HTTP/1.1 200 \r\n");
    assay_buf_free(&b);
    assay_http1_put_last_chunk(&b, assay_slice_of("A: b\r\n"));
    check_text(&b, "0\r\nA: b\r\n\r\n");
    assay_buf_free(&b);
}

/* --- refused ---------------------------------------------------------------
 */

enum what { REQUEST, STATUS, FIELD };

static const struct {
    const char *row;
    enum what what;
    unsigned status;
    struct assay_slice first, second;
    const char *msg; /* NULL: written */
} rows[] = {
#define T(text) HTTP1_TEXT(text)
#define REQ(row, method, target, msg)                                          \
    {row, REQUEST, 0, T(method), T(target), msg}
#define RES(row, status, reason, msg)                                          \
    {row, STATUS, status, T(reason), T(""), msg}
#define FLD(row, name, value, msg) {row, FIELD, 0, T(name), T(value), msg}
    REQ("plain", "GET", "/a?b", NULL),
    REQ("connect", "CONNECT", "a:443", NULL),
    REQ("options", "OPTIONS", "*", NULL),
    REQ("absolute", "GET", "http://a/b", NULL),
    REQ("no method", "", "/", "method: no token"),
    REQ("two words", "GET /a", "/", "method: no token"),
    REQ("CR LF in a method", "GET\r\n", "/", "method: no token"),
    REQ("NUL in a method", "GET\0", "/", "method: no token"),
    REQ("no target", "GET", "", "target: of no form"),
    REQ("space in a target", "GET", "/ HTTP/1.1", "target: a character"),
    REQ("HTAB in a target", "GET", "/\t", "target: a character"),
    REQ("CR in a target", "GET", "/\r", "target: a character"),
    REQ("LF in a target", "GET", "/\n", "target: a character"),
    REQ("NUL in a target", "GET", "/\0", "target: a character"),
    REQ("above ASCII", "GET", "/\xc3\xa4", "target: a character"),
    REQ("fragment", "GET", "/#a", "target: a character"),
    REQ("relative", "GET", "a", "target: of no form"),
    REQ("asterisk", "GET", "*", "target: of no form"),
    REQ("connect to a path", "CONNECT", "/", "target: of no form"),
    RES("least", 100, "Continue", NULL),
    RES("greatest", 599, "\t\xff ", NULL),
    RES("99", 99, "X", "status: not 100 to 599"),
    RES("600", 600, "X", "status: not 100 to 599"),
    RES("0", 0, "X", "status: not 100 to 599"),
    RES("CR in a reason", 200, "O\rK", "reason: a control character"),
    RES("LF in a reason", 200, "O\nK", "reason: a control character"),
    RES("NUL in a reason", 200, "O\0K", "reason: a control character"),
    RES("DEL in a reason", 200, "O\x7fK", "reason: a control character"),
    FLD("token", "!#$%&'*+-.^_`|~9aZ", "\t\xff a", NULL),
    FLD("empty value", "A", "", NULL),
    FLD("no name", "", "a", "field name: no token"),
    FLD("space in a name", "A ", "a", "field name: no token"),
    FLD("colon in a name", "A:", "a", "field name: no token"),
    FLD("CR LF in a name", "A: b\r\nC", "d", "field name: no token"),
    FLD("NUL in a name", "A\0", "a", "field name: no token"),
    FLD("name above ASCII", "\xff", "a", "field name: no token"),
    FLD("CR LF in a value", "A", "b\r\nC: d", "field value: a control"),
    FLD("CR in a value", "A", "b\r", "field value: a control"),
    FLD("LF in a value", "A", "b\n", "field value: a control"),
    FLD("folded value", "A", "b\r\n c", "field value: a control"),
    FLD("NUL in a value", "A", "\0", "field value: a control"),
    FLD("DEL in a value", "A", "\x7f", "field value: a control"),
};

static enum assay_code
put(size_t i, struct assay_buf *b, struct assay_error *err)
{
    switch (rows[i].what) {
    case REQUEST:
        return assay_http1_put_request(b, rows[i].first, rows[i].second, err);
    case STATUS:
        return assay_http1_put_status(b, rows[i].status, rows[i].first, err);
    default:
        return assay_http1_put_field(b, rows[i].first, rows[i].second, err);
    }
}

static void
refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf b;
        struct assay_error err;

        assay_error_clear(&err);
        assay_buf_init(&b, 256);
        if (rows[i].msg == NULL) {
            CHECK(rows[i].row, put(i, &b, &err) == ASSAY_OK && b.len > 0);
        } else {
            CHECK(rows[i].row, put(i, &b, &err) == ASSAY_INVALID);
            check_error(rows[i].row, &err, ASSAY_INVALID, rows[i].msg,
                        ASSAY_NO_OFFSET);
            CHECK(rows[i].row, b.len == 0 && !b.failed);
        }
        assay_buf_free(&b);
    }
}

static void
first_failure_sticks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf b;
        struct assay_error err;

        assay_error_clear(&err);
        assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET, "before");
        assay_buf_init(&b, 256);
        CHECK(rows[i].row, put(i, &b, &err) == ASSAY_NETWORK && b.len == 0);
    }
}

static void
full_buffer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf b;
        struct assay_error err;

        assay_error_clear(&err);
        assay_buf_init(&b, 4);
        if (rows[i].msg == NULL && rows[i].first.len > 1) {
            CHECK(rows[i].row, put(i, &b, &err) == ASSAY_TOO_LARGE);
        }
        assay_buf_free(&b);
    }
}

static void
long_target(void **state)
{
    static uint8_t target[ASSAY_HTTP1_TARGET_MAX_BYTES + 1];
    struct assay_slice s = {target, sizeof(target) - 1};
    struct assay_buf b;
    struct assay_error err;

    (void)state;
    memset(target, '/', sizeof(target));
    assay_error_clear(&err);
    assay_buf_init(&b, 65536);
    assert_int_equal(
        assay_http1_put_request(&b, assay_slice_of("GET"), s, &err), ASSAY_OK);
    s.len++;
    assert_int_equal(
        assay_http1_put_request(&b, assay_slice_of("GET"), s, &err),
        ASSAY_INVALID);
    assay_buf_free(&b);
}

/* Chunks of many sizes come back as they were, byte by byte too. */
static void
chunks_come_back(void **state)
{
    static const struct assay_http1_head head = {.framing =
                                                     ASSAY_HTTP1_CHUNKED};
    static uint8_t bytes[70000];
    struct assay_buf b;
    struct http1_body got;
    size_t total = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
    assay_buf_init(&b, 2 * sizeof(bytes));
    for (size_t n = 0; total + n <= sizeof(bytes); n = n * 2 + 1) {
        assay_http1_put_chunk(&b, (struct assay_slice){bytes + total, n});
        total += n;
    }
    assay_http1_put_last_chunk(&b, ASSAY_EMPTY);
    assert_false(b.failed);
    for (size_t step = 1; step < 100000; step *= 31) {
        http1_body_read(&got, &head, total, assay_buf_slice(&b), step, step);
        assert_int_equal(got.err.code, ASSAY_OK);
        assert_true(got.decoder.done && got.used == b.len);
        assert_int_equal(got.payload.len, total);
        assert_memory_equal(got.payload.ptr, bytes, total);
        assay_buf_free(&got.payload);
    }
    assay_buf_free(&b);
}

static void
reasons(void **state)
{
    (void)state;
    assert_string_equal(assay_http1_reason(200), "OK");
    assert_string_equal(assay_http1_reason(404), "Not Found");
    assert_string_equal(assay_http1_reason(505), "HTTP Version Not Supported");
    assert_string_equal(assay_http1_reason(299), "Status");
    assert_string_equal(assay_http1_reason(0), "Status");
    for (unsigned status = 100; status < 600; status++) {
        struct assay_buf b;
        struct assay_error err;

        assay_error_clear(&err);
        assay_buf_init(&b, 256);
        assert_int_equal(
            assay_http1_put_status(
                &b, status, assay_slice_of(assay_http1_reason(status)), &err),
            ASSAY_OK);
        assay_buf_free(&b);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_messages),
        cmocka_unit_test(refused),
        cmocka_unit_test(first_failure_sticks),
        cmocka_unit_test(full_buffer),
        cmocka_unit_test(long_target),
        cmocka_unit_test(chunks_come_back),
        cmocka_unit_test(reasons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
