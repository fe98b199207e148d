/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_ws_decode.c - frames: the same events, or the same refusal at the same
 * octet, however the octets arrive, to a server and to a client.
 */
#include "harness/ws_rows.h"

#define X125                                                                   \
    "0123456789012345678901234567890123456789012345678901234567890123456789"   \
    "0123456789012345678901234567890123456789012345678901234"
#define X123                                                                   \
    "01234567890123456789012345678901234567890123456789012345678901234567"     \
    "8901234567890123456789012345678901234567890123456789012"

#define BROKEN ASSAY_WS_PROTOCOL_ERROR

#define GOOD(name, events, ...)                                                \
    {.row = name, .frames = {__VA_ARGS__}, .log = events}
#define BAD(name, events, close_code, sentence, in_frame, at_place, ...)       \
    {.row = name,                                                              \
     .frames = {__VA_ARGS__},                                                  \
     .log = events,                                                            \
     .code = close_code,                                                       \
     .msg = sentence,                                                          \
     .frame = in_frame,                                                        \
     .place = at_place}
#define BAD_TEXT(name, events, sentence, in_frame, octet, ...)                 \
    {.row = name,                                                              \
     .frames = {__VA_ARGS__},                                                  \
     .log = events,                                                            \
     .code = ASSAY_WS_BAD_DATA,                                                \
     .msg = sentence,                                                          \
     .frame = in_frame,                                                        \
     .place = WS_AT_PAYLOAD,                                                   \
     .at = octet}
#define LIMIT(name, of_frame, of_message, events, close_code, sentence,        \
              in_frame, ...)                                                   \
    {.row = name,                                                              \
     .frames = {__VA_ARGS__},                                                  \
     .log = events,                                                            \
     .code = close_code,                                                       \
     .msg = sentence,                                                          \
     .frame = in_frame,                                                        \
     .place = WS_AT_LENGTH,                                                    \
     .frame_max = of_frame,                                                    \
     .message_max = of_message}

static const struct ws_row good[] = {
    GOOD("text", "T[hello]", WS_TEXT("hello")),
    GOOD("binary with any octet", "B[\x01\xff\xfe]", WS_BIN("\x01\xff\xfe")),
    GOOD("empty messages", "T[]B[]T[]", WS_TEXT(""), WS_BIN(""), WS_TEXT("")),
    GOOD("messages", "T[a]B[b]T[c]", WS_TEXT("a"), WS_BIN("b"), WS_TEXT("c")),
    GOOD("125 octets", "B[" X125 "]", WS_BIN(X125)),
    GOOD("126 octets", "B[" X125 "x]", WS_BIN(X125 "x")),
    GOOD("127 octets", "B[" X125 "xy]", WS_BIN(X125 "xy")),
    {.row = "65535 octets", .frames = {WS_MANY(WS_FIN | 2, "x", 65535)}},
    {.row = "65536 octets", .frames = {WS_MANY(WS_FIN | 2, "x", 65536)}},
    GOOD("fragments", "T[hello]", WS_TEXT_("he"), WS_CONT_("ll"), WS_CONT("o")),
    GOOD("empty fragments", "T[hi]", WS_TEXT_(""), WS_CONT_("h"), WS_CONT_(""),
         WS_CONT_("i"), WS_CONT("")),
    GOOD("only empty fragments", "B[]", WS_BIN_(""), WS_CONT_(""), WS_CONT("")),
    GOOD("control frames between fragments", "T[heI[1]llO[2]o]", WS_TEXT_("he"),
         WS_PING("1"), WS_CONT_("ll"), WS_PONG("2"), WS_CONT("o")),
    GOOD("Ping before an empty fragment's message", "I[]T[a]", WS_TEXT_(""),
         WS_PING(""), WS_CONT("a")),
    GOOD("Ping within a character", "T[\xe2I[x]\x82\xac]", WS_TEXT_("\xe2"),
         WS_PING("x"), WS_CONT("\x82\xac")),
    GOOD("a character in four fragments", "T[\xf0\x9f\x92\xa9]",
         WS_TEXT_("\xf0"), WS_CONT_("\x9f"), WS_CONT_("\x92"), WS_CONT("\xa9")),
    GOOD("no UTF-8 in control frames", "I[\xff]O[\xc0]", WS_PING("\xff"),
         WS_PONG("\xc0")),
    GOOD("largest Ping", "I[" X125 "]O[" X125 "]", WS_PING(X125),
         WS_PONG(X125)),
    GOOD("binary after half a character is not checked", "B[\xe2]B[\x28]",
         WS_BIN("\xe2"), WS_BIN("\x28")),
    GOOD("text after text begins anew", "T[\xc3\xa9]T[\xc3\xa9]",
         WS_TEXT("\xc3\xa9"), WS_TEXT("\xc3\xa9")),
    GOOD("Close without a code", "C1005[]", WS_CLOSE("")),
    GOOD("Close with a code", "C1000[]", WS_CLOSE("\x03\xe8")),
    GOOD("Close with a reason", "C4999[\xe2\x82\xac]",
         WS_CLOSE("\x13\x87\xe2\x82\xac")),
    GOOD("longest reason", "C1001[" X123 "]", WS_CLOSE("\x03\xe9" X123)),
    GOOD("Close within a message", "T[heC1000[]", WS_TEXT_("he"),
         WS_CLOSE("\x03\xe8")),
    GOOD("what follows a Close is discarded", "T[a]C1000[]", WS_TEXT("a"),
         WS_CLOSE("\x03\xe8"), WS_TEXT("b"), WS_PING("c"), WS_RAW("\xff\xff"),
         WS_CLOSE("\x03\xe9")),
};

static const struct ws_row bad[] = {
    /* section 5.2 */
    BAD("RSV1", "T[a]", BROKEN, "frame: a reserved bit", 1, WS_AT_FIRST,
        WS_TEXT("a"), WS_ANY(WS_FIN | 0x41, "b")),
    BAD("RSV2", "", BROKEN, "frame: a reserved bit", 0, WS_AT_FIRST,
        WS_ANY(WS_FIN | 0x22, "b")),
    BAD("RSV3", "", BROKEN, "frame: a reserved bit", 0, WS_AT_FIRST,
        WS_ANY(WS_FIN | 0x19, "b")),
    BAD("opcode 3", "", BROKEN, "frame: a reserved opcode", 0, WS_AT_FIRST,
        WS_ANY(WS_FIN | 3, "b")),
    BAD("opcode 7", "", BROKEN, "frame: a reserved opcode", 0, WS_AT_FIRST,
        WS_ANY(WS_FIN | 7, "b")),
    BAD("opcode 11", "", BROKEN, "frame: a reserved opcode", 0, WS_AT_FIRST,
        WS_ANY(WS_FIN | 11, "b")),
    BAD("opcode 15", "", BROKEN, "frame: a reserved opcode", 0, WS_AT_FIRST,
        WS_ANY(WS_FIN | 15, "b")),
    BAD("126 in two octets too short", "", BROKEN, "frame: a length in more", 0,
        WS_AT_LENGTH, WS_LONG(WS_FIN | 2, X125, 2)),
    BAD("125 in eight octets", "", BROKEN, "frame: a length in more", 0,
        WS_AT_LENGTH, WS_LONG(WS_FIN | 2, X125, 8)),
    BAD("nothing in two octets", "", BROKEN, "frame: a length in more", 0,
        WS_AT_LENGTH, WS_LONG(WS_FIN | 2, "", 2)),
    {.row = "65535 in eight octets",
     .frames = {{WS_FIN | 2, "x", 1, 65535, 8, false, false}},
     .log = "",
     .code = BROKEN,
     .msg = "frame: a length in more",
     .place = WS_AT_LENGTH},
    /* section 5.1 */
    BAD("mask", "T[a]", BROKEN, "frame: ", 1, WS_AT_SECOND, WS_TEXT("a"),
        WS_ODD(WS_FIN | 2, "b")),
    BAD("mask of a Ping", "", BROKEN, "frame: ", 0, WS_AT_SECOND,
        WS_ODD(WS_FIN | 9, "")),
    /* section 5.4 */
    BAD("continuation of nothing", "", BROKEN, "frame: continues no message", 0,
        WS_AT_FIRST, WS_CONT("a")),
    BAD("continuation behind a message", "T[a]", BROKEN, "frame: continues no",
        1, WS_AT_FIRST, WS_TEXT("a"), WS_CONT_("b")),
    BAD("continuation behind fragments", "T[ab]", BROKEN, "frame: continues no",
        2, WS_AT_FIRST, WS_TEXT_("a"), WS_CONT("b"), WS_CONT("c")),
    BAD("text within a message", "T[a", BROKEN, "frame: a message within", 1,
        WS_AT_FIRST, WS_TEXT_("a"), WS_TEXT("b")),
    BAD("binary within a message", "T[aI[]", BROKEN, "frame: a message within",
        2, WS_AT_FIRST, WS_TEXT_("a"), WS_PING(""), WS_BIN_("b")),
    /* section 5.5 */
    BAD("Ping in fragments", "", BROKEN, "frame: a control frame in fr", 0,
        WS_AT_FIRST, WS_ANY(WS_MORE | 9, "a"), WS_CONT("b")),
    BAD("Close in fragments", "", BROKEN, "frame: a control frame in fr", 0,
        WS_AT_FIRST, WS_ANY(WS_MORE | 8, "")),
    BAD("Ping too long", "", BROKEN, "frame: a control frame with too", 0,
        WS_AT_SECOND, WS_PING(X125 "x")),
    BAD("Close too long", "", BROKEN, "frame: a control frame with too", 0,
        WS_AT_SECOND, WS_CLOSE("\x03\xe8" X123 "x")),
    BAD("short Ping in a long form", "", BROKEN, "frame: a control frame with",
        0, WS_AT_SECOND, WS_LONG(WS_FIN | 9, "x", 8)),
    BAD("Close with half a code", "", BROKEN, "close: half a code", 0,
        WS_AT_SECOND, WS_CLOSE("\x03")),
    /* section 7.4; all codes are in each_code() */
    BAD("Close with a code never sent", "", BROKEN, "close: a code that is", 0,
        WS_AT_END, WS_CLOSE("\x03\xed")),
    BAD("the code before the reason", "", BROKEN, "close: a code that is", 0,
        WS_AT_END, WS_CLOSE("\x03\xed\xff")),
    /* section 8.1 */
    BAD("reason is no UTF-8", "", ASSAY_WS_BAD_DATA, "close: the reason", 0,
        WS_AT_END,
        WS_CLOSE("\x03\xe8"
                 "a\xff"
                 "b")),
    BAD("reason ends within a character", "", ASSAY_WS_BAD_DATA,
        "close: the reason", 0, WS_AT_END, WS_CLOSE("\x03\xe8\xe2\x82")),
    BAD_TEXT("no UTF-8 at once", "", "text: no UTF-8", 0, 0, WS_TEXT("\xff")),
    BAD_TEXT("no UTF-8 behind text", "T[hello", "text: no UTF-8", 0, 5,
             WS_TEXT("hello\xff"
                     "world")),
    BAD_TEXT("no UTF-8 far behind", "T[" X125 X125, "text: no UTF-8", 0, 250,
             WS_TEXT(X125 X125 "\x80" X125)),
    BAD_TEXT("surrogate", "T[\xed", "text: no UTF-8", 0, 1,
             WS_TEXT("\xed\xa0\x80")),
    BAD_TEXT("overlong", "T[\xe0", "text: no UTF-8", 0, 1,
             WS_TEXT("\xe0\x80\xaf")),
    BAD_TEXT("above U+10FFFF", "T[a\xf4", "text: no UTF-8", 0, 2,
             WS_TEXT("a\xf4\x90\x80\x80")),
    BAD_TEXT("no UTF-8 in a fragment", "T[a\xe2\x82", "text: no UTF-8", 1, 1,
             WS_TEXT_("a\xe2"), WS_CONT_("\x82\x28"), WS_CONT("c")),
    BAD_TEXT("no UTF-8 across a Ping", "T[\xe2I[]", "text: no UTF-8", 2, 0,
             WS_TEXT_("\xe2"), WS_PING(""), WS_CONT("(")),
    BAD_TEXT("ends within a character", "T[a", "text: ends within", 0, 1,
             WS_TEXT("a\xe2")),
    BAD_TEXT("ends within four octets", "T[\xf0\x9f", "text: ends within", 0, 2,
             WS_TEXT("\xf0\x9f\x92")),
    BAD_TEXT("fragments end within", "T[\xe2", "text: ends within", 1, 0,
             WS_TEXT_("\xe2"), WS_CONT("\x82")),
    BAD("an empty fragment ends within", "T[\xe2", ASSAY_WS_BAD_DATA,
        "text: ends within", 1, WS_AT_HEADER, WS_TEXT_("\xe2"), WS_CONT("")),
};

static const struct ws_row limits[] = {
    LIMIT("as large as allowed", 5, 8, "T[hello]B[helloyou]", 0, NULL, 0,
          WS_TEXT("hello"), WS_BIN_("hello"), WS_CONT("you")),
    LIMIT("control frames do not count", 1, 1, "B[aI[" X125 "]]", 0, NULL, 0,
          WS_BIN_("a"), WS_PING(X125), WS_CONT("")),
    LIMIT("frame too large", 4, 0, "T[hell]", 1009, "frame: larger", 1,
          WS_TEXT("hell"), WS_TEXT("hello")),
    LIMIT("message too large", 0, 4, "", 1009, "message: larger", 0,
          WS_TEXT("hello")),
    LIMIT("fragments too large", 4, 8, "B[hellhell", 1009, "message: larger", 2,
          WS_BIN_("hell"), WS_CONT_("hell"), WS_CONT("o")),
    LIMIT("too large before its text is bad", 4, 4, "", 1009, "frame: larger",
          0, WS_TEXT("\xff\xff\xff\xff\xff")),
};

static void
good_rows(void **state)
{
    (void)state;
    ws_rows_check(good, COUNT_OF(good));
}

static void
bad_rows(void **state)
{
    (void)state;
    ws_rows_check(bad, COUNT_OF(bad));
}

static void
limit_rows(void **state)
{
    (void)state;
    ws_rows_check(limits, COUNT_OF(limits));
}

/* Lengths of 8 octets, whose frames are too long for a table. */
static void
huge_lengths(void **state)
{
    static const struct {
        const char *row;
        const char *head;
        uint64_t max;
        size_t offset;
        unsigned code;
    } rows[] = {
        {"2^63 - 1", "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", UINT64_MAX, 0,
         0},
        {"2^63", "\x82\x7f\x80\0\0\0\0\0\0\0", UINT64_MAX, 2, 1002},
        {"2^64 - 1", "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", UINT64_MAX, 2,
         1002},
        {"2^63 - 1, limited", "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
         INT64_MAX - 1, 9, 1009},
        {"2^32 + 1, limited", "\x82\x7f\0\0\0\1\0\0\0\1", 1u << 20, 9, 1009},
        {"2^32", "\x82\x7f\0\0\0\1\0\0\0\0", UINT64_C(1) << 32, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice in = {(const uint8_t *)rows[i].head, 10};

        for (size_t step = 1; step <= 10; step++) {
            struct ws_run r;

            ws_read(&r, ASSAY_WS_CLIENT, rows[i].max, rows[i].max, in, step,
                    step);
            CHECK(rows[i].row, r.broken == NULL && r.log.len == 0);
            CHECK(rows[i].row, r.decoder.close_code == rows[i].code);
            CHECK(rows[i].row, (r.err.code == ASSAY_OK) == (rows[i].code == 0));
            CHECK(rows[i].row, rows[i].code == 0 || r.offset == rows[i].offset);
            assay_buf_free(&r.log);
        }
    }
}

/* Fragments whose sum would wrap do not pass a limit. */
static void
sum_of_lengths(void **state)
{
    static const uint8_t text[] = "\x02\x01"
                                  "a"
                                  "\x00\x7f\x7f\xff\xff\xff\xff\xff\xff\xff";
    struct assay_slice in = {text, sizeof(text) - 1};
    struct ws_run r;

    (void)state;
    ws_read(&r, ASSAY_WS_CLIENT, UINT64_MAX, INT64_MAX, in, in.len, 1);
    assert_int_equal(r.err.code, ASSAY_TOO_LARGE);
    assert_int_equal(r.offset, in.len - 1);
    assay_buf_free(&r.log);
    ws_read(&r, ASSAY_WS_CLIENT, UINT64_MAX, UINT64_MAX, in, in.len, 1);
    assert_int_equal(r.err.code, ASSAY_OK);
    assert_true(r.decoder.left == INT64_MAX);
    assay_buf_free(&r.log);
    /* a third such fragment; two of them take too long for a test */
    ws_begin(&r, ASSAY_WS_CLIENT, UINT64_MAX, UINT64_MAX);
    ws_piece(&r, (struct assay_slice){text, 3});
    r.decoder.message = UINT64_MAX - INT64_MAX + 1;
    ws_piece(&r, (struct assay_slice){text + 3, in.len - 3});
    assert_int_equal(r.err.code, ASSAY_TOO_LARGE);
    assay_buf_free(&r.log);
}

/* Section 7.4.1, the registry, and nothing else. */
static void
each_code(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= UINT16_MAX; code++) {
        const uint8_t frame[] = {0x88, 2, (uint8_t)(code >> 8), (uint8_t)code};
        bool sent =
            (code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006)) ||
            (code >= 3000 && code < 5000);
        struct ws_run r;

        ws_read(&r, ASSAY_WS_CLIENT, 0, 0, ASSAY_SLICE(frame), 4, 1);
        assert_true(assay_ws_code_is_sent(code) == sent);
        assert_true((r.err.code == ASSAY_OK) == sent);
        assert_true(r.decoder.closed == sent);
        assert_int_equal(r.decoder.close_code, sent ? 0 : 1002);
        assay_buf_free(&r.log);
    }
    assert_false(assay_ws_code_is_sent(66536)); /* 1000 in 16 bits */
}

/* Every truncation of every good row fails in nothing and asks for more. */
static void
truncations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct ws_span spans[WS_FRAMES];
        struct assay_buf in;

        assay_buf_init(&in, WS_LOG_MAX);
        (void)ws_row_write(&good[i], ASSAY_WS_SERVER, &in, spans);
        for (size_t len = 0; len < in.len && len < 1000; len++) {
            struct ws_run r;

            ws_read(&r, ASSAY_WS_SERVER, UINT64_MAX, UINT64_MAX,
                    (struct assay_slice){in.ptr, len}, len, 1);
            CHECK(good[i].row, r.err.code == ASSAY_OK && r.broken == NULL);
            CHECK(good[i].row, r.used == len);
            assay_buf_free(&r.log);
        }
        assay_buf_free(&in);
    }
}

/* A failure is told again in the same words, without a place, and is not
 * undone by what comes then. */
static void
failure_is_final(void **state)
{
    uint8_t in[] = {0x81, 0x01, 'a', 0x83, 0x00, 0x81, 0x01, 'b'};
    struct assay_ws_decoder d;
    struct assay_ws_event e;
    struct assay_error err;
    char msg[sizeof(err.msg)];
    size_t used;

    (void)state;
    assay_error_clear(&err);
    assay_ws_decoder_init(&d, ASSAY_WS_CLIENT, 9, 9);
    assert_int_equal(assay_ws_feed(&d, in, 8, &used, &e, &err), ASSAY_OK);
    assert_int_equal(used, 3);
    assert_int_equal(assay_ws_feed(&d, in + 3, 5, &used, &e, &err),
                     ASSAY_MALFORMED);
    assert_true(used == 0 && e.kind == ASSAY_WS_NOTHING && err.offset == 0);
    memcpy(msg, err.msg, sizeof(msg));
    for (size_t i = 0; i < 3; i++) {
        assay_error_clear(&err);
        assert_int_equal(assay_ws_feed(&d, in + 5, 3, &used, &e, &err),
                         ASSAY_MALFORMED);
        assert_true(used == 0 && e.kind == ASSAY_WS_NOTHING);
        check_error("again", &err, ASSAY_MALFORMED, msg, ASSAY_NO_OFFSET);
        assert_int_equal(d.close_code, 1002);
    }
}

/* The text before an octet that is none comes first, in one event. */
static void
text_before_failure(void **state)
{
    uint8_t in[] = {0x81, 0x04, 'a', 'b', 0xff, 'c'};
    struct assay_ws_decoder d;
    struct assay_ws_event e;
    struct assay_error err;
    size_t used;

    (void)state;
    assay_error_clear(&err);
    assay_ws_decoder_init(&d, ASSAY_WS_CLIENT, 9, 9);
    assert_int_equal(assay_ws_feed(&d, in, 6, &used, &e, &err), ASSAY_OK);
    assert_int_equal(used, 4);
    assert_true(e.payload.ptr == in + 2 && e.payload.len == 2 && !e.last);
    assert_int_equal(assay_ws_feed(&d, in + 4, 2, &used, &e, &err),
                     ASSAY_MALFORMED);
    check_error("at once", &err, ASSAY_MALFORMED, "text: no UTF-8", 0);
    assert_int_equal(d.close_code, 1007);
}

static void
first_failure_sticks(void **state)
{
    uint8_t in[] = {0x81, 0x01, 'a'};
    struct assay_ws_decoder d;
    struct assay_ws_event e;
    struct assay_error err;
    size_t used;

    (void)state;
    assay_error_clear(&err);
    assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET, "before");
    assay_ws_decoder_init(&d, ASSAY_WS_CLIENT, 9, 9);
    assert_int_equal(assay_ws_feed(&d, in, 3, &used, &e, &err), ASSAY_NETWORK);
    assert_true(used == 0 && e.kind == ASSAY_WS_NOTHING);
    assay_error_clear(&err);
    assert_int_equal(assay_ws_feed(&d, in, 3, &used, &e, &err), ASSAY_OK);
    assert_true(used == 3 && e.first && e.last && e.text);
}

/* Payload is unmasked where it lies, and nothing behind the frame is touched.
 */
static void
in_place(void **state)
{
    uint8_t in[] = {0x82, 0x83, 1, 2, 3, 4, 'a' ^ 1, 'b' ^ 2, 'c' ^ 3, 0x82};
    struct assay_ws_decoder d;
    struct assay_ws_event e;
    struct assay_error err;
    size_t used;

    (void)state;
    assay_error_clear(&err);
    assay_ws_decoder_init(&d, ASSAY_WS_SERVER, 9, 9);
    assert_int_equal(assay_ws_feed(&d, in, 10, &used, &e, &err), ASSAY_OK);
    assert_true(used == 9 && e.payload.ptr == in + 6 && e.payload.len == 3);
    assert_memory_equal(in + 6, "abc\x82", 4);
    assert_int_equal(in[0], 0x82);
}

/* Many connections wait for something at a time. */
static void
decoder_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct assay_ws_decoder) <= 256);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rows),
        cmocka_unit_test(bad_rows),
        cmocka_unit_test(limit_rows),
        cmocka_unit_test(huge_lengths),
        cmocka_unit_test(sum_of_lengths),
        cmocka_unit_test(each_code),
        cmocka_unit_test(truncations),
        cmocka_unit_test(failure_is_final),
        cmocka_unit_test(text_before_failure),
        cmocka_unit_test(first_failure_sticks),
        cmocka_unit_test(in_place),
        cmocka_unit_test(decoder_is_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
