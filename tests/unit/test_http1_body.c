/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_http1_body.c - bodies: the same payload, or the same refusal at the same
 * byte, however the octets arrive.
 */
#include "harness/http1.h"

#include "harness/unit.h"

#define LENGTH(n) {.framing = ASSAY_HTTP1_LENGTH, .content_length = (n)}
#define CHUNKED   {.framing = ASSAY_HTTP1_CHUNKED}

static const struct assay_http1_head none = {.framing = ASSAY_HTTP1_NO_BODY};
static const struct assay_http1_head chunked = CHUNKED;
static const struct assay_http1_head until_close = {
    .framing = ASSAY_HTTP1_UNTIL_CLOSE};
static const struct assay_http1_head length_0 = LENGTH(0);
static const struct assay_http1_head length_5 = LENGTH(5);
static const struct assay_http1_head length_max = LENGTH(UINT64_MAX);

struct row {
    const char *row;
    const struct assay_http1_head *head;
    uint64_t max;
    struct assay_slice before; /* the body, or up to the byte refused */
    struct assay_slice after;
    const char *payload;
    enum assay_code code;
    const char *msg; /* "" if there is no failure */
};

#define ANY     UINT64_MAX
#define T(text) HTTP1_TEXT(text)
#define GOOD(name, text, payload)                                              \
    {name, &chunked, ANY, T(text), T("\0more\r\n"), payload, ASSAY_OK, ""}
#define BAD(name, before, after, payload, msg)                                 \
    {name, &chunked, ANY, T(before), T(after), payload, ASSAY_MALFORMED, msg}
#define SIZE(before, after)                                                    \
    BAD("size " before after, before, after "\r\nx", "", "chunk size: no hex")
#define X16 "0123456789abcdef"
#define END "0\r\n\r\n"

static const struct row rows[] = {
    {"no body", &none, 0, T(""), T("more"), "", ASSAY_OK, ""},
    {"length 0", &length_0, 0, T(""), T("more"), "", ASSAY_OK, ""},
    {"length 5", &length_5, 5, T("he\0lo"), T("more"), "he", ASSAY_OK, ""},
    {"length too large", &length_5, 4, T(""), T("hello"), "", ASSAY_TOO_LARGE,
     "body: too large"},
    {"greatest length", &length_max, UINT64_MAX - 1, T(""), T("hello"), "",
     ASSAY_TOO_LARGE, "body: too large"},
    {"until close, too large", &until_close, 4, T("hell"), T("o"), "hell",
     ASSAY_TOO_LARGE, "body: too large"},
    {"until close, nothing allowed", &until_close, 0, T(""), T("h"), "",
     ASSAY_TOO_LARGE, "body: too large"},
    /* chunks */
    GOOD("nothing", END, ""),
    GOOD("one chunk", "5\r\nhello\r\n" END, "hello"),
    GOOD("chunks", "5\r\nhello\r\n1\r\n \r\n0005\r\nworld\r\n" END,
         "hello world"),
    GOOD("hex digits", "a\r\n0123456789\r\nA\r\n0123456789\r\n" END,
         "01234567890123456789"),
    GOOD("a chunk that looks like the end", "5\r\n" END "\r\n" END, END),
    GOOD("16 digits", "0000000000000002\r\nhi\r\n0000000000000000\r\n\r\n",
         "hi"),
    GOOD("extensions", "2;a;b=c; d = \"\xff\t;\"\r\nhi\r\n0;\r\n\r\n", "hi"),
    GOOD("trailers", "2\r\nhi\r\n0\r\nA:\r\nb!: \tc: d\xff\r\n\r\n", "hi"),
    GOOD("trailers that lie",
         "0\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n", ""),
    {"as large as allowed", &chunked, 5, T("2\r\nhe\r\n3\r\nllo\r\n" END),
     T("5\r\n"), "hello", ASSAY_OK, ""},
    /* sizes */
    SIZE("", ""),
    SIZE("", " 1"),
    SIZE("", "\t1"),
    SIZE("1", " "),
    SIZE("1", "\t"),
    SIZE("1", " ;a"),
    SIZE("1", " 1"),
    SIZE("", "+1"),
    SIZE("", "-1"),
    SIZE("0", "x1"),
    SIZE("1", "h"),
    SIZE("1", "_0"),
    SIZE("1", ",1"),
    SIZE("", ";a"),
    SIZE("", "g"),
    SIZE("", "G"),
    SIZE("", "@"),
    SIZE("", "`"),
    SIZE("", "/"),
    SIZE("", ":"),
    SIZE("1", "\x80"),
    BAD("NUL for a size", "", "\0" END, "", "chunk size: no hex digit"),
    BAD("NUL behind a size", "1", "\0\r\nx", "", "chunk size: no hex digit"),
    BAD("17 digits", X16, "0\r\n", "", "chunk size: too long"),
    BAD("17 zeros", "0000000000000000", "0\r\n\r\n", "",
        "chunk size: too long"),
    BAD("a number much too large", "ffffffffffffffff", "ffffffff\r\n", "",
        "chunk size: too long"),
    /* ends of lines */
    BAD("bare LF behind a size", "1", "\nx\r\n" END, "",
        "chunk size: no hex digit"),
    BAD("bare CR behind a size", "1\r", "x\r\n" END, "",
        "chunk size: CR without LF"),
    BAD("CR CR LF", "1\r", "\r\nx\r\n" END, "", "chunk size: CR without LF"),
    BAD("bare LF in an extension", "1;a", "\nx\r\n" END, "",
        "chunk extension: control"),
    BAD("bare CR in an extension", "1;a\r", "b\r\nx\r\n" END, "",
        "chunk size: CR without LF"),
    BAD("NUL in an extension", "1;a", "\0\r\nx\r\n" END, "",
        "chunk extension: control character"),
    BAD("DEL in an extension", "1;", "\x7f\r\nx\r\n" END, "",
        "chunk extension: control character"),
    BAD("bare LF behind a chunk", "1\r\nx", "\n" END, "x",
        "chunk: no CR behind it"),
    BAD("bare CR behind a chunk", "1\r\nx\r", END, "x", "chunk: CR without LF"),
    BAD("chunk too long", "1\r\nx", "y\r\n" END, "x", "chunk: no CR behind it"),
    BAD("chunk too short", "3\r\nx\r\n", "0\r\n\r\n", "x\r\n",
        "chunk: no CR behind it"),
    BAD("chunk without an end", "1\r\nx", END, "x", "chunk: no CR behind it"),
    BAD("empty line between chunks", "1\r\nx\r\n", "\r\n" END, "x",
        "chunk size: no hex digit"),
    BAD("bare LF at the end", "0\r\n", "\n", "", "trailer: does not begin"),
    BAD("bare CR at the end", "0\r\n\r", "\r\n", "",
        "chunks: CR without LF at the end"),
    /* trailers */
    BAD("trailer folded", "0\r\nA: b\r\n", " c\r\n\r\n", "",
        "trailer: does not begin with a name"),
    BAD("trailer without a name", "0\r\n", ": b\r\n\r\n", "",
        "trailer: does not begin with a name"),
    BAD("trailer without a colon", "0\r\nA", "\r\n\r\n", "",
        "trailer: name is no token"),
    BAD("space before a colon", "0\r\nA", " : b\r\n\r\n", "",
        "trailer: name is no token"),
    BAD("NUL in a trailer", "0\r\nA:", "\0\r\n\r\n", "",
        "trailer: control character"),
    BAD("bare LF in a trailer", "0\r\nA: b", "\nC: d\r\n\r\n", "",
        "trailer: control character"),
    BAD("bare CR in a trailer", "0\r\nA: b\r", "C: d\r\n\r\n", "",
        "trailer: CR without LF"),
    BAD("a request for a trailer", "0\r\nGET", " / HTTP/1.1\r\n\r\n", "",
        "trailer: name is no token"),
    /* payload's limit */
    {"one chunk too large", &chunked, 4, T("5\r\n"), T("hello"), "",
     ASSAY_TOO_LARGE, "body: too large"},
    {"greatest chunk", &chunked, UINT64_MAX - 1, T("ffffffffffffffff\r\n"),
     T("hello"), "", ASSAY_TOO_LARGE, "body: too large"},
    {"chunks together too large", &chunked, 4, T("2\r\nhe\r\n2\r\nll\r\n1\r\n"),
     T("o\r\n"), "hell", ASSAY_TOO_LARGE, "body: too large"},
    {"the sum wraps", &chunked, ANY, T("1\r\nx\r\nffffffffffffffff\r\n"),
     T("y"), "x", ASSAY_TOO_LARGE, "body: too large"},
};

static void
check_row(const struct row *r, const struct http1_body *b)
{
    struct assay_slice payload = assay_buf_slice(&b->payload);

    CHECK(r->row, b->err.code == r->code);
    CHECK(r->row, strncmp(b->err.msg, r->msg, strlen(r->msg)) == 0);
    CHECK(r->row, b->decoder.done == (r->code == ASSAY_OK));
    CHECK(r->row, b->decoder.total == payload.len);
    CHECK(r->row, payload.len >= strlen(r->payload));
    CHECK(r->row, memcmp(r->payload, payload.len > 0 ? (char *)payload.ptr : "",
                         strlen(r->payload)) == 0);
    if (r->code == ASSAY_OK) {
        CHECK(r->row, b->used == r->before.len);
    } else {
        CHECK(r->row, b->offset == r->before.len);
    }
}

/* In one piece, in two cut anywhere, byte by byte. */
static void
all_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *r = &rows[i];
        size_t len = r->before.len + r->after.len;
        uint8_t *text = malloc(len);
        struct http1_body b;

        assert_non_null(text);
        assay_copy(text, r->before);
        assay_copy(text + r->before.len, r->after);
        for (size_t first = 0; first <= len; first++) {
            http1_body_read(&b, r->head, r->max,
                            (struct assay_slice){text, len}, first, len);
            check_row(r, &b);
            assay_buf_free(&b.payload);
        }
        http1_body_read(&b, r->head, r->max, (struct assay_slice){text, len}, 1,
                        1);
        check_row(r, &b);
        assay_buf_free(&b.payload);
        free(text);
    }
}

/* Each truncation of a good body is neither done nor refused, and an error if
 * the peer closes there. */
static void
truncations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *r = &rows[i];

        for (size_t len = 0; r->code == ASSAY_OK && len < r->before.len;
             len++) {
            struct assay_slice in =
                exact_copy((struct assay_slice){r->before.ptr, len});
            struct http1_body b;

            http1_body_read(&b, r->head, r->max, in, len, 1);
            CHECK(r->row, b.err.code == ASSAY_OK);
            CHECK(r->row, b.used == len && !b.decoder.done);
            CHECK(r->row,
                  assay_http1_body_eof(&b.decoder, &b.err) == ASSAY_TRUNCATED);
            check_error(r->row, &b.err, ASSAY_TRUNCATED,
                        "body: the peer closed", ASSAY_NO_OFFSET);
            assay_buf_free(&b.payload);
            free((void *)(uintptr_t)in.ptr);
        }
    }
}

static void
end_of_input(void **state)
{
    struct assay_slice in = assay_slice_of("hello");
    struct http1_body b;

    (void)state;
    http1_body_read(&b, &until_close, 5, in, 2, 1);
    assert_int_equal(b.err.code, ASSAY_OK);
    assert_false(b.decoder.done);
    assert_int_equal(assay_http1_body_eof(&b.decoder, &b.err), ASSAY_OK);
    assert_true(b.decoder.done);
    assert_true(assay_slice_equal(assay_buf_slice(&b.payload), in));
    assay_buf_free(&b.payload);

    http1_body_read(&b, &length_5, 5, in, 2, 1);
    assert_true(b.decoder.done);
    assert_int_equal(assay_http1_body_eof(&b.decoder, &b.err), ASSAY_OK);
    assay_buf_free(&b.payload);
}

/* A decoder that has refused goes on refusing, and the end is none. */
static void
failure_is_final(void **state)
{
    static const struct assay_http1_head *const heads[] = {
        &chunked, &until_close, &length_5};
    struct assay_slice in = assay_slice_of("11\r\nhello");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        struct http1_body b;
        struct assay_slice data;
        size_t used;

        http1_body_read(&b, heads[i], 3, in, in.len, 1);
        assert_int_equal(b.err.code, ASSAY_TOO_LARGE);
        assay_error_clear(&b.err);
        assert_int_equal(
            assay_http1_body_feed(&b.decoder, in, &used, &data, &b.err),
            ASSAY_MALFORMED);
        assert_true(used == 0 && data.len == 0);
        assay_error_clear(&b.err);
        assert_int_equal(assay_http1_body_eof(&b.decoder, &b.err),
                         ASSAY_TRUNCATED);
        assert_false(b.decoder.done);
        assay_buf_free(&b.payload);
    }
}

static void
first_failure_sticks(void **state)
{
    struct assay_slice in = assay_slice_of("hello");
    struct assay_http1_body b;
    struct assay_slice data;
    struct assay_error err;
    size_t used;

    (void)state;
    assay_error_clear(&err);
    assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET, "before");
    assay_http1_body_init(&b, &length_5, 5);
    assert_int_equal(assay_http1_body_feed(&b, in, &used, &data, &err),
                     ASSAY_NETWORK);
    assert_int_equal(assay_http1_body_eof(&b, &err), ASSAY_NETWORK);
    assert_true(used == 0 && data.len == 0 && b.total == 0);
    assay_error_clear(&err);
    assert_int_equal(assay_http1_body_feed(&b, in, &used, &data, &err),
                     ASSAY_OK);
    assert_true(used == 5 && data.ptr == in.ptr && data.len == 5 && b.done);
    assert_int_equal(assay_http1_body_feed(&b, in, &used, &data, &err),
                     ASSAY_OK);
    assert_true(used == 0 && data.len == 0);
}

/* Payload is where it arrived, and a length beyond 32 bits is counted. */
static void
not_copied(void **state)
{
    static const char text[] = "5;x\r\nhello\r\n0\r\n\r\n";
    struct assay_slice in = assay_slice_of(text);
    struct assay_http1_head h = LENGTH(UINT64_C(0x100000003));
    struct assay_http1_body b;
    struct assay_slice data;
    struct assay_error err;
    size_t used;

    (void)state;
    assay_error_clear(&err);
    assay_http1_body_init(&b, &chunked, 5);
    assert_int_equal(assay_http1_body_feed(&b, in, &used, &data, &err),
                     ASSAY_OK);
    assert_true(data.ptr == in.ptr + 5 && data.len == 5 && used == 10);
    assay_http1_body_init(&b, &h, ANY);
    assert_int_equal(assay_http1_body_feed(&b, in, &used, &data, &err),
                     ASSAY_OK);
    assert_true(b.left == UINT64_C(0x100000003) - in.len && used == in.len);
}

static const struct {
    const char *row;
    const char *body;
    const char *trailers; /* as lines */
    const char *again;    /* name and value of each, as they are read */
} trailer_rows[] = {
    {"none", END, "", ""},
    {"some", "2\r\nhi\r\n0\r\nA: b\r\nC:d\r\n\r\n", "A: b\r\nC:d\r\n",
     "A=b|C=d|"},
    {"empty values", "0\r\nA:\r\nB: \t \r\n\r\n", "A:\r\nB: \t \r\n", "A=|B=|"},
    {"colons", "0\r\nA: b:c: d \r\n\r\n", "A: b:c: d \r\n", "A=b:c: d|"},
};

static void
trailers_are_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(trailer_rows); i++) {
        struct assay_slice in = assay_slice_of(trailer_rows[i].body);

        for (size_t step = 1; step <= in.len; step++) {
            struct assay_http1_field f;
            struct assay_slice lines;
            struct assay_buf kept;
            struct assay_buf again;
            struct http1_body b;

            assay_buf_init(&kept, ASSAY_HTTP1_TRAILERS_MAX_BYTES);
            assay_buf_init(&again, 100);
            http1_body_read_all(&b, &chunked, ANY, in, step, step, &kept);
            CHECK(trailer_rows[i].row, b.decoder.done);
            lines = assay_buf_slice(&kept);
            CHECK(trailer_rows[i].row,
                  assay_slice_is(lines, trailer_rows[i].trailers));
            while (assay_http1_trailer_next(&lines, &f)) {
                assay_buf_add(&again, f.name);
                assay_buf_add_u8(&again, '=');
                assay_buf_add(&again, f.value);
                assay_buf_add_u8(&again, '|');
            }
            CHECK(trailer_rows[i].row, assay_slice_is(assay_buf_slice(&again),
                                                      trailer_rows[i].again));
            assay_buf_free(&b.payload);
            assay_buf_free(&kept);
            assay_buf_free(&again);
        }
    }
}

/* A buffer that is too small is a failure, and no shorter trailer. */
static void
trailers_without_room(void **state)
{
    struct assay_slice in = assay_slice_of("0\r\nA: bcd\r\n\r\n");
    struct assay_buf kept;
    struct http1_body b;

    (void)state;
    assay_buf_init(&kept, 4);
    http1_body_read_all(&b, &chunked, ANY, in, in.len, 1, &kept);
    assert_int_equal(b.err.code, ASSAY_NO_MEMORY);
    assert_false(b.decoder.done);
    assay_buf_free(&b.payload);
    assay_buf_free(&kept);
}

static void
trailers_that_pass(void **state)
{
    static const struct {
        const char *name;
        bool passes;
    } names[] = {
        {"Server-Timing", true},   {"Digest", true},
        {"grpc-status", true},     {"X-Sum", true},
        {"Content-Length", false}, {"content-length", false},
        {"Host", false},           {"Transfer-Encoding", false},
        {"Trailer", false},        {"Connection", false},
        {"Authorization", false},  {"Cookie", false},
        {"Set-Cookie", false},     {"Content-Type", false},
        {"Cache-Control", false},  {"TE", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CHECK(names[i].name, assay_http1_trailer_passes(assay_slice_of(
                                 names[i].name)) == names[i].passes);
    }
}

/* Lines as long as they may be, and one octet more. */
static void
limits(void **state)
{
    static const struct {
        const char *row;
        const char *start, *end, *rest;
        size_t max; /* of start, filling and end together */
        const char *msg;
    } lines[] = {
        {"extension", "1;", "\r\n", "x\r\n" END,
         ASSAY_HTTP1_CHUNK_LINE_MAX_BYTES, "chunk extensions: too long"},
        {"last extension", "0;", "\r\n", "\r\n",
         ASSAY_HTTP1_CHUNK_LINE_MAX_BYTES, "chunk extensions: too long"},
        {"trailer", "0\r\nA:", "\r\n\r\n", "",
         ASSAY_HTTP1_TRAILERS_MAX_BYTES + 3, "trailers: too long"},
        {"trailers", "0\r\nA:\r\nB:", "\r\nC: d\r\n\r\n", "",
         ASSAY_HTTP1_TRAILERS_MAX_BYTES + 3, "trailers: too long"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        for (size_t over = 0; over < 2; over++) {
            size_t ends = strlen(lines[i].start) + strlen(lines[i].end);
            size_t fill = lines[i].max + over - ends;
            struct assay_buf text;
            struct http1_body b;

            assay_buf_init(&text, 65536);
            assay_buf_add_text(&text, lines[i].start);
            memset(assay_buf_extend(&text, fill), 'a', fill);
            assay_buf_add_text(&text, lines[i].end);
            assay_buf_add_text(&text, lines[i].rest);
            for (size_t step = 1; step < 20000; step *= 16) {
                http1_body_read(&b, &chunked, ANY, assay_buf_slice(&text), step,
                                step);
                if (over == 0) {
                    CHECK(lines[i].row, b.decoder.done);
                } else {
                    CHECK(lines[i].row, b.err.code == ASSAY_TOO_LARGE);
                    CHECK(lines[i].row, b.offset == lines[i].max);
                    CHECK(lines[i].row, strcmp(b.err.msg, lines[i].msg) == 0);
                }
                assay_buf_free(&b.payload);
            }
            assay_buf_free(&text);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows),
        cmocka_unit_test(truncations),
        cmocka_unit_test(end_of_input),
        cmocka_unit_test(failure_is_final),
        cmocka_unit_test(first_failure_sticks),
        cmocka_unit_test(not_copied),
        cmocka_unit_test(trailers_are_kept),
        cmocka_unit_test(trailers_without_room),
        cmocka_unit_test(trailers_that_pass),
        cmocka_unit_test(limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
