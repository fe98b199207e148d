/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_ws_autobahn.c - what the cases of Autobahn's WebSocket testsuite ask of
 * an endpoint, by their numbers, told anew: streams and what they come to.
 *
 * Sections 1 to 7, 9 and 10. In the suite an echo server is asked; here the
 * events are compared that it would answer. Sections 12 and 13 are about
 * compression, which is never agreed on: an offer is ignored (extensions in
 * test_ws_server.c), and a compressed message breaks the protocol (12.1.1
 * below). Section 8 has no cases; 9.7 and 9.8 measure round trips of many
 * messages, which is a matter of benchmarks; their sizes are in 1.1 and 1.2.
 */
#include <stdio.h>

#include "harness/ws_rows.h"

#define OK(id, words, ...)                                                     \
    {                                                                          \
        .row = id, .what = words, .frames = { __VA_ARGS__ }                    \
    }
/* Events that are not simply the frames' payload. */
#define SEES(id, words, events, ...)                                           \
    {.row = id, .what = words, .frames = {__VA_ARGS__}, .log = events}
/* Broken protocol, noticed at this place of this frame. */
#define BREAKS(id, words, events, in_frame, at_place, ...)                     \
    {.row = id,                                                                \
     .what = words,                                                            \
     .frames = {__VA_ARGS__},                                                  \
     .log = events,                                                            \
     .code = ASSAY_WS_PROTOCOL_ERROR,                                          \
     .msg = "",                                                                \
     .frame = in_frame,                                                        \
     .place = at_place}
/* No UTF-8, noticed at this octet of this frame. */
#define NO_UTF8(id, words, events, in_frame, octet, ...)                       \
    {.row = id,                                                                \
     .what = words,                                                            \
     .frames = {__VA_ARGS__},                                                  \
     .log = events,                                                            \
     .code = ASSAY_WS_BAD_DATA,                                                \
     .msg = "text: ",                                                          \
     .frame = in_frame,                                                        \
     .place = WS_AT_PAYLOAD,                                                   \
     .at = octet}

#define X10  "0123456789"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X123 X100 X10 X10 "abc"

#define DONE   WS_CLOSE("\x03\xe8")
#define TEXTED WS_FIN | 1
#define BINARY WS_FIN | 2
#define PINGED WS_FIN | 9

#define KOSME                                                                  \
    "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5" /* a Greek word             \
                                                    */
#define EDITED  "edited"
#define TOO_BIG "\xf4\x90\x80\x80" /* U+110000 */

static const struct ws_row framing[] = {
    OK("1.1.1", "text, 0 octets", WS_TEXT("")),
    OK("1.1.2", "text, 125", WS_MANY(TEXTED, "*", 125)),
    OK("1.1.3", "text, 126", WS_MANY(TEXTED, "*", 126)),
    OK("1.1.4", "text, 127", WS_MANY(TEXTED, "*", 127)),
    OK("1.1.5", "text, 128", WS_MANY(TEXTED, "*", 128)),
    OK("1.1.6", "text, 65535", WS_MANY(TEXTED, "*", 65535)),
    OK("1.1.7", "text, 65536", WS_MANY(TEXTED, "*", 65536)),
    OK("1.1.8", "text, 65536, cut every 997: a step of every row",
       WS_MANY(TEXTED, "*", 65536)),
    OK("1.2.1", "binary, 0 octets", WS_BIN("")),
    OK("1.2.2", "binary, 125", WS_MANY(BINARY, "\xfe", 125)),
    OK("1.2.3", "binary, 126", WS_MANY(BINARY, "\xfe", 126)),
    OK("1.2.4", "binary, 127", WS_MANY(BINARY, "\xfe", 127)),
    OK("1.2.5", "binary, 128", WS_MANY(BINARY, "\xfe", 128)),
    OK("1.2.6", "binary, 65535", WS_MANY(BINARY, "\xfe", 65535)),
    OK("1.2.7", "binary, 65536", WS_MANY(BINARY, "\xfe", 65536)),
    OK("1.2.8", "binary, 65536, cut every 997", WS_MANY(BINARY, "\xfe", 65536)),
};

#define PINGS                                                                  \
    WS_PING("0"), WS_PING("1"), WS_PING("2"), WS_PING("3"), WS_PING("4"),      \
        WS_PING("5"), WS_PING("6"), WS_PING("7"), WS_PING("8"), WS_PING("9")
#define PINGS_SEEN "I[0]I[1]I[2]I[3]I[4]I[5]I[6]I[7]I[8]I[9]"

static const struct ws_row pings[] = {
    SEES("2.1", "Ping without payload", "I[]", WS_PING("")),
    SEES("2.2", "Ping with text", "I[Hello, world!]", WS_PING("Hello, world!")),
    OK("2.3", "Ping with octets that are no text",
       WS_PING("\x00\xff\xfe\xfd\xfc\xfb\x00\xff")),
    OK("2.4", "Ping as long as allowed", WS_MANY(PINGED, "\xfe", 125)),
    BREAKS("2.5", "Ping longer than allowed", "", 0, WS_AT_SECOND,
           WS_MANY(PINGED, "\xfe", 126)),
    OK("2.6", "the longest Ping, octet by octet", WS_MANY(PINGED, "\xfe", 125)),
    SEES("2.7", "Pong that nobody asked for, empty", "O[]", WS_PONG("")),
    SEES("2.8", "Pong that nobody asked for", "O[x]", WS_PONG("x")),
    SEES("2.9", "such a Pong, then a Ping", "O[x]I[y]", WS_PONG("x"),
         WS_PING("y")),
    SEES("2.10", "ten Pings", PINGS_SEEN, PINGS),
    SEES("2.11", "ten Pings, octet by octet", PINGS_SEEN, PINGS),
};

#define RSV(bits) ((unsigned)(bits) << 4)

static const struct ws_row reserved[] = {
    BREAKS("3.1", "text, RSV 1", "", 0, WS_AT_FIRST,
           WS_ANY(TEXTED | RSV(1), "x")),
    BREAKS("3.2", "text; text, RSV 2; Ping", "T[x]", 1, WS_AT_FIRST,
           WS_TEXT("x"), WS_ANY(TEXTED | RSV(2), "x"), WS_PING("")),
    BREAKS("3.3", "the same with RSV 3, frame by frame", "T[x]", 1, WS_AT_FIRST,
           WS_TEXT("x"), WS_ANY(TEXTED | RSV(3), "x"), WS_PING("")),
    BREAKS("3.4", "the same with RSV 4, octet by octet", "T[x]", 1, WS_AT_FIRST,
           WS_TEXT("x"), WS_ANY(TEXTED | RSV(4), "x"), WS_PING("")),
    BREAKS("3.5", "binary, RSV 5", "", 0, WS_AT_FIRST,
           WS_ANY(BINARY | RSV(5), "\xff\xfe")),
    BREAKS("3.6", "Ping, RSV 6", "", 0, WS_AT_FIRST,
           WS_ANY(PINGED | RSV(6), "x")),
    BREAKS("3.7", "Close, RSV 7", "", 0, WS_AT_FIRST,
           WS_ANY(WS_FIN | 8 | RSV(7), "\x03\xe8")),
    BREAKS("12.1.1", "a compressed message has RSV 4", "", 0, WS_AT_FIRST,
           WS_ANY(TEXTED | RSV(4), "\xf2\x48\xcd\xc9\xc9\x07\x00")),
};

/* Empty, with payload, and behind a text with a Ping to follow. */
#define OPCODE(id, words, opcode)                                              \
    BREAKS(id, words, "", 0, WS_AT_FIRST, WS_ANY(WS_FIN | (opcode), ""))
#define OPCODE_X(id, words, opcode)                                            \
    BREAKS(id, words, "", 0, WS_AT_FIRST, WS_ANY(WS_FIN | (opcode), "x"))
#define OPCODE_LATE(id, words, opcode, p)                                      \
    BREAKS(id, words, "T[x]", 1, WS_AT_FIRST, WS_TEXT("x"),                    \
           WS_ANY(WS_FIN | (opcode), p), WS_PING(""))

static const struct ws_row opcodes[] = {
    OPCODE("4.1.1", "opcode 3, empty", 3),
    OPCODE_X("4.1.2", "opcode 4", 4),
    OPCODE_LATE("4.1.3", "text; opcode 5, empty; Ping", 5, ""),
    OPCODE_LATE("4.1.4", "text; opcode 6; Ping", 6, "x"),
    OPCODE_LATE("4.1.5", "text; opcode 7; Ping", 7, "x"),
    OPCODE("4.2.1", "opcode 11, empty", 11),
    OPCODE_X("4.2.2", "opcode 12", 12),
    OPCODE_LATE("4.2.3", "text; opcode 13, empty; Ping", 13, ""),
    OPCODE_LATE("4.2.4", "text; opcode 14; Ping", 14, "x"),
    OPCODE_LATE("4.2.5", "text; opcode 15; Ping", 15, "x"),
};

#define F1    "fragment1"
#define F2    "fragment2"
#define F3    "fragment3"
#define F4    "fragment4"
#define F5    "fragment5"
#define PARTS WS_TEXT_(F1), WS_CONT(F2)
/* Five fragments, two Pings. */
#define PINGED_PARTS                                                           \
    WS_TEXT_(F1), WS_CONT_(F2), WS_PING("1"), WS_CONT_(F3), WS_CONT_(F4),      \
        WS_PING("2"), WS_CONT(F5)

static const struct ws_row fragments[] = {
    BREAKS("5.1", "Ping in two fragments", "", 0, WS_AT_FIRST,
           WS_ANY(WS_MORE | 9, F1), WS_CONT(F2)),
    BREAKS("5.2", "Pong in two fragments", "", 0, WS_AT_FIRST,
           WS_ANY(WS_MORE | 10, F1), WS_CONT(F2)),
    SEES("5.3", "text in two fragments", "T[" F1 F2 "]", PARTS),
    SEES("5.4", "the same, frame by frame", "T[" F1 F2 "]", PARTS),
    SEES("5.5", "the same, octet by octet", "T[" F1 F2 "]", PARTS),
    SEES("5.6", "a Ping between the two", "T[" F1 "I[p]" F2 "]", WS_TEXT_(F1),
         WS_PING("p"), WS_CONT(F2)),
    SEES("5.7", "the same, frame by frame", "T[" F1 "I[p]" F2 "]", WS_TEXT_(F1),
         WS_PING("p"), WS_CONT(F2)),
    SEES("5.8", "the same, octet by octet", "T[" F1 "I[p]" F2 "]", WS_TEXT_(F1),
         WS_PING("p"), WS_CONT(F2)),
    BREAKS("5.9", "the end of nothing; text", "", 0, WS_AT_FIRST, WS_CONT("x"),
           WS_TEXT(F1)),
    BREAKS("5.10", "the same, frame by frame", "", 0, WS_AT_FIRST, WS_CONT("x"),
           WS_TEXT(F1)),
    BREAKS("5.11", "the same, octet by octet", "", 0, WS_AT_FIRST, WS_CONT("x"),
           WS_TEXT(F1)),
    BREAKS("5.12", "the middle of nothing; text", "", 0, WS_AT_FIRST,
           WS_CONT_("x"), WS_TEXT(F1)),
    BREAKS("5.13", "the same, frame by frame", "", 0, WS_AT_FIRST,
           WS_CONT_("x"), WS_TEXT(F1)),
    BREAKS("5.14", "the same, octet by octet", "", 0, WS_AT_FIRST,
           WS_CONT_("x"), WS_TEXT(F1)),
    BREAKS("5.15", "two fragments; the middle of nothing; text", "T[" F1 F2 "]",
           2, WS_AT_FIRST, PARTS, WS_CONT_(F3), WS_TEXT(F4)),
    BREAKS("5.16", "twice: the middle of nothing, then two fragments", "", 0,
           WS_AT_FIRST, WS_CONT_(F1), WS_TEXT_(F2), WS_CONT(F3), WS_CONT_(F1),
           WS_TEXT_(F2), WS_CONT(F3)),
    BREAKS("5.17", "twice: the end of nothing, then two fragments", "", 0,
           WS_AT_FIRST, WS_CONT(F1), WS_TEXT_(F2), WS_CONT(F3), WS_CONT(F1),
           WS_TEXT_(F2), WS_CONT(F3)),
    BREAKS("5.18", "two fragments that both say text", "T[" F1, 1, WS_AT_FIRST,
           WS_TEXT_(F1), WS_TEXT(F2)),
    SEES("5.19", "five fragments, two Pings, with a pause",
         "T[" F1 F2 "I[1]" F3 F4 "I[2]" F5 "]", PINGED_PARTS),
    SEES("5.20", "the same without a pause",
         "T[" F1 F2 "I[1]" F3 F4 "I[2]" F5 "]", PINGED_PARTS),
};

#define C_(c) WS_CONT_(c)

static const struct ws_row utf8_fragments[] = {
    SEES("6.1.1", "empty text", "T[]", WS_TEXT("")),
    SEES("6.1.2", "three empty fragments", "T[]", WS_TEXT_(""), WS_CONT_(""),
         WS_CONT("")),
    SEES("6.1.3", "only the middle fragment is not empty", "T[middle]",
         WS_TEXT_(""), WS_CONT_("middle"), WS_CONT("")),
    SEES("6.2.1", "text in one frame", "T[a " KOSME " b]",
         WS_TEXT("a " KOSME " b")),
    SEES("6.2.2", "fragments between characters", "T[a " KOSME " b]",
         WS_TEXT_("a \xce\xba\xe1\xbd\xb9"),
         WS_CONT("\xcf\x83\xce\xbc\xce\xb5 b")),
    SEES("6.2.3", "a fragment for each octet", "T[-\xc2\xb5@\xc3\x9f!]",
         WS_TEXT_("-"), C_("\xc2"), C_("\xb5"), C_("@"), C_("\xc3"), C_("\x9f"),
         WS_CONT("!")),
    SEES("6.2.4", "the same with another text", "T[" KOSME "]",
         WS_TEXT_("\xce"), C_("\xba"), C_("\xe1"), C_("\xbd"), C_("\xb9"),
         C_("\xcf"), C_("\x83"), C_("\xce"), C_("\xbc"), C_("\xce"),
         WS_CONT("\xb5")),
    NO_UTF8("6.3.1", "a surrogate in the middle", "T[" KOSME "\xed", 0, 12,
            WS_TEXT(KOSME "\xed\xa0\x80" EDITED)),
    NO_UTF8("6.3.2", "the same, a fragment for each octet", "T[" KOSME "\xed",
            12, 0, WS_TEXT_("\xce"), C_("\xba"), C_("\xe1"), C_("\xbd"),
            C_("\xb9"), C_("\xcf"), C_("\x83"), C_("\xce"), C_("\xbc"),
            C_("\xce"), C_("\xb5"), C_("\xed"), C_("\xa0"), C_("\x80"),
            WS_CONT("e")),
    NO_UTF8("6.4.1", "refused within the second of three fragments",
            "T[" KOSME "\xf4", 1, 1, WS_TEXT_(KOSME), WS_CONT_(TOO_BIG),
            WS_CONT(EDITED)),
    NO_UTF8("6.4.2", "the second one is the octet that is too much",
            "T[" KOSME "\xf4", 1, 0, WS_TEXT_(KOSME "\xf4"), WS_CONT_("\x90"),
            WS_CONT("\x80\x80" EDITED)),
    NO_UTF8("6.4.3", "6.4.1 in one frame that comes in three pieces",
            "T[" KOSME "\xf4", 0, 12, WS_TEXT(KOSME TOO_BIG EDITED)),
    NO_UTF8("6.4.4", "6.4.2 in one frame that comes in three pieces",
            "T[" KOSME "\xf4", 0, 12, WS_TEXT(KOSME TOO_BIG EDITED)),
};

static const struct ws_row closing[] = {
    SEES("7.1.1", "text; Close", "T[x]C1000[]", WS_TEXT("x"), DONE),
    SEES("7.1.2", "two Closes", "C1000[]", DONE, DONE),
    SEES("7.1.3", "a Ping behind a Close", "C1000[]", DONE, WS_PING("")),
    SEES("7.1.4", "text behind a Close", "C1000[]", DONE, WS_TEXT("x")),
    SEES("7.1.5", "a Close between fragments", "T[" F1 "C1000[]", WS_TEXT_(F1),
         DONE, WS_CONT(F2)),
    SEES("7.3.1", "Close without payload", "C1005[]", WS_CLOSE("")),
    BREAKS("7.3.2", "Close with one octet", "", 0, WS_AT_SECOND, WS_CLOSE("a")),
    SEES("7.3.3", "Close with a code", "C1000[]", DONE),
    SEES("7.3.4", "Close with a reason", "C1000[Hello World!]",
         WS_CLOSE("\x03\xe8"
                  "Hello World!")),
    SEES("7.3.5", "the longest reason", "C1000[" X123 "]",
         WS_CLOSE("\x03\xe8" X123)),
    BREAKS("7.3.6", "a reason too long", "", 0, WS_AT_SECOND,
           WS_CLOSE("\x03\xe8" X123 "x")),
    {.row = "7.5.1",
     .what = "a reason that is no UTF-8",
     .frames = {WS_CLOSE("\x03\xe8" KOSME "\xed\xa0\x80" EDITED)},
     .log = "",
     .code = ASSAY_WS_BAD_DATA,
     .msg = "close: ",
     .place = WS_AT_END},
    SEES("7.7.1", "1000", "C1000[]", WS_CLOSE("\x03\xe8")),
    SEES("7.7.2", "1001", "C1001[]", WS_CLOSE("\x03\xe9")),
    SEES("7.7.3", "1002", "C1002[]", WS_CLOSE("\x03\xea")),
    SEES("7.7.4", "1003", "C1003[]", WS_CLOSE("\x03\xeb")),
    SEES("7.7.5", "1007", "C1007[]", WS_CLOSE("\x03\xef")),
    SEES("7.7.6", "1008", "C1008[]", WS_CLOSE("\x03\xf0")),
    SEES("7.7.7", "1009", "C1009[]", WS_CLOSE("\x03\xf1")),
    SEES("7.7.8", "1010", "C1010[]", WS_CLOSE("\x03\xf2")),
    SEES("7.7.9", "1011", "C1011[]", WS_CLOSE("\x03\xf3")),
    SEES("7.7.10", "3000", "C3000[]", WS_CLOSE("\x0b\xb8")),
    SEES("7.7.11", "3999", "C3999[]", WS_CLOSE("\x0f\x9f")),
    SEES("7.7.12", "4000", "C4000[]", WS_CLOSE("\x0f\xa0")),
    SEES("7.7.13", "4999", "C4999[]", WS_CLOSE("\x13\x87")),
    BREAKS("7.9.1", "0", "", 0, WS_AT_END, WS_CLOSE("\x00\x00")),
    BREAKS("7.9.2", "999", "", 0, WS_AT_END, WS_CLOSE("\x03\xe7")),
    BREAKS("7.9.3", "1004", "", 0, WS_AT_END, WS_CLOSE("\x03\xec")),
    BREAKS("7.9.4", "1005", "", 0, WS_AT_END, WS_CLOSE("\x03\xed")),
    BREAKS("7.9.5", "1006", "", 0, WS_AT_END, WS_CLOSE("\x03\xee")),
    BREAKS("7.9.6", "1016", "", 0, WS_AT_END, WS_CLOSE("\x03\xf8")),
    BREAKS("7.9.7", "1100", "", 0, WS_AT_END, WS_CLOSE("\x04\x4c")),
    BREAKS("7.9.8", "2000", "", 0, WS_AT_END, WS_CLOSE("\x07\xd0")),
    BREAKS("7.9.9", "2999", "", 0, WS_AT_END, WS_CLOSE("\x0b\xb7")),
    BREAKS("7.13.1", "5000", "", 0, WS_AT_END, WS_CLOSE("\x13\x88")),
    BREAKS("7.13.2", "65535", "", 0, WS_AT_END, WS_CLOSE("\xff\xff")),
};

static void
section_1(void **state)
{
    (void)state;
    ws_rows_check(framing, COUNT_OF(framing));
}

static void
section_2(void **state)
{
    (void)state;
    ws_rows_check(pings, COUNT_OF(pings));
}

static void
section_3(void **state)
{
    (void)state;
    ws_rows_check(reserved, COUNT_OF(reserved));
}

static void
section_4(void **state)
{
    (void)state;
    ws_rows_check(opcodes, COUNT_OF(opcodes));
}

static void
section_5(void **state)
{
    (void)state;
    ws_rows_check(fragments, COUNT_OF(fragments));
}

static void
section_6_fragments(void **state)
{
    (void)state;
    ws_rows_check(utf8_fragments, COUNT_OF(utf8_fragments));
}

static void
section_7(void **state)
{
    (void)state;
    ws_rows_check(closing, COUNT_OF(closing));
}

/* --- 6.5 to 6.23: one text a case, in one frame --------------------------- */

#define GOOD SIZE_MAX

/* The texts of a group are numbered from 1. */
static const struct {
    const char *group;
    const char *text;
    size_t len;
    size_t bad_at; /* the octet refused, or GOOD */
} texts[] = {
#define U(group, text, bad_at) {group, text, sizeof(text) - 1, bad_at}
    /* characters of 1 to 4 octets, and a word */
    U("6.5", "hello\x24world", GOOD),
    U("6.5", "hello\xc2\xa2world", GOOD),
    U("6.5", "hello\xe2\x82\xacworld", GOOD),
    U("6.5", "hello\xf0\xa4\xad\xa2world", GOOD),
    U("6.5", KOSME, GOOD),
    /* that word, longer by one octet each time */
    U("6.6", "\xce", 0),
    U("6.6", "\xce\xba", GOOD),
    U("6.6", "\xce\xba\xe1", 2),
    U("6.6", "\xce\xba\xe1\xbd", 3),
    U("6.6", "\xce\xba\xe1\xbd\xb9", GOOD),
    U("6.6", "\xce\xba\xe1\xbd\xb9\xcf", 5),
    U("6.6", "\xce\xba\xe1\xbd\xb9\xcf\x83", GOOD),
    U("6.6", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce", 7),
    U("6.6", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc", GOOD),
    U("6.6", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce", 9),
    U("6.6", KOSME, GOOD),
    /* the first character of each length */
    U("6.7", "\0", GOOD),
    U("6.7", "\xc2\x80", GOOD),
    U("6.7", "\xe0\xa0\x80", GOOD),
    U("6.7", "\xf0\x90\x80\x80", GOOD),
    U("6.8", "\xf8\x88\x80\x80\x80", 0),
    U("6.8", "\xfc\x84\x80\x80\x80\x80", 0),
    /* the last one */
    U("6.9", "\x7f", GOOD),
    U("6.9", "\xdf\xbf", GOOD),
    U("6.9", "\xef\xbf\xbf", GOOD),
    U("6.9", "\xf4\x8f\xbf\xbf", GOOD),
    U("6.10", "\xf7\xbf\xbf\xbf", 0),
    U("6.10", "\xfb\xbf\xbf\xbf\xbf", 0),
    U("6.10", "\xfd\xbf\xbf\xbf\xbf\xbf", 0),
    /* around the surrogates, and above Unicode */
    U("6.11", "\xed\x9f\xbf", GOOD),
    U("6.11", "\xee\x80\x80", GOOD),
    U("6.11", "\xef\xbf\xbd", GOOD),
    U("6.11", "\xf4\x8f\xbf\xbf", GOOD),
    U("6.11", TOO_BIG, 1),
    /* what continues nothing; 6.12.8 is in section_6_runs() */
    U("6.12", "\x80", 0),
    U("6.12", "\xbf", 0),
    U("6.12", "\x80\xbf", 0),
    U("6.12", "\x80\xbf\x80", 0),
    U("6.12", "\x80\xbf\x80\xbf", 0),
    U("6.12", "\x80\xbf\x80\xbf\x80", 0),
    U("6.12", "\x80\xbf\x80\xbf\x80\xbf", 0),
    /* characters without their last octet; 6.13 is in section_6_runs() */
    U("6.14", "\xc0", 0),
    U("6.14", "\xe0\x80", 1),
    U("6.14", "\xf0\x80\x80", 1),
    U("6.14", "\xf8\x80\x80\x80", 0),
    U("6.14", "\xfc\x80\x80\x80\x80", 0),
    U("6.14", "\xdf", 0),
    U("6.14", "\xef\xbf", 1),
    U("6.14", "\xf7\xbf\xbf", 0),
    U("6.14", "\xfb\xbf\xbf\xbf", 0),
    U("6.14", "\xfd\xbf\xbf\xbf\xbf", 0),
    /* all of those together */
    U("6.15",
      "\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef"
      "\xbf\xf7\xbf\xbf\xfb\xbf\xbf\xbf\xfd\xbf\xbf\xbf\xbf",
      0),
    /* octets of no character */
    U("6.16", "\xfe", 0),
    U("6.16", "\xff", 0),
    U("6.16", "\xfe\xfe\xff\xff", 0),
    /* a slash in too many octets */
    U("6.17", "\xc0\xaf", 0),
    U("6.17", "\xe0\x80\xaf", 1),
    U("6.17", "\xf0\x80\x80\xaf", 1),
    U("6.17", "\xf8\x80\x80\x80\xaf", 0),
    U("6.17", "\xfc\x80\x80\x80\x80\xaf", 0),
    /* the last ones in too many octets */
    U("6.18", "\xc1\xbf", 0),
    U("6.18", "\xe0\x9f\xbf", 1),
    U("6.18", "\xf0\x8f\xbf\xbf", 1),
    U("6.18", "\xf8\x87\xbf\xbf\xbf", 0),
    U("6.18", "\xfc\x83\xbf\xbf\xbf\xbf", 0),
    /* NUL in too many octets */
    U("6.19", "\xc0\x80", 0),
    U("6.19", "\xe0\x80\x80", 1),
    U("6.19", "\xf0\x80\x80\x80", 1),
    U("6.19", "\xf8\x80\x80\x80\x80", 0),
    U("6.19", "\xfc\x80\x80\x80\x80\x80", 0),
    /* surrogates, alone and in pairs */
    U("6.20", "\xed\xa0\x80", 1),
    U("6.20", "\xed\xad\xbf", 1),
    U("6.20", "\xed\xae\x80", 1),
    U("6.20", "\xed\xaf\xbf", 1),
    U("6.20", "\xed\xb0\x80", 1),
    U("6.20", "\xed\xbe\x80", 1),
    U("6.20", "\xed\xbf\xbf", 1),
    U("6.21", "\xed\xa0\x80\xed\xb0\x80", 1),
    U("6.21", "\xed\xa0\x80\xed\xbf\xbf", 1),
    U("6.21", "\xed\xad\xbf\xed\xb0\x80", 1),
    U("6.21", "\xed\xad\xbf\xed\xbf\xbf", 1),
    U("6.21", "\xed\xae\x80\xed\xb0\x80", 1),
    U("6.21", "\xed\xae\x80\xed\xbf\xbf", 1),
    U("6.21", "\xed\xaf\xbf\xed\xb0\x80", 1),
    U("6.21", "\xed\xaf\xbf\xed\xbf\xbf", 1),
    /* 6.22 is in section_6_noncharacters() */
    /* what stands for others, and the last of a plane */
    U("6.23", "\xef\xbf\xb9", GOOD),
    U("6.23", "\xef\xbf\xba", GOOD),
    U("6.23", "\xef\xbf\xbb", GOOD),
    U("6.23", "\xef\xbf\xbc", GOOD),
    U("6.23", "\xef\xbf\xbd", GOOD),
    U("6.23", "\xef\xbf\xbe", GOOD),
    U("6.23", "\xef\xbf\xbf", GOOD),
#undef U
};

static void
check_utf8(const char *name, const char *text, size_t len, size_t bad_at)
{
    struct assay_buf log;
    struct ws_row r = {.row = name,
                       .frames = {{TEXTED, text, len, 0, 0, false, false}}};

    assay_buf_init(&log, 2 * len + 8);
    if (bad_at != GOOD) {
        if (bad_at > 0) {
            assay_buf_add_text(&log, "T[");
            assay_buf_add(&log,
                          (struct assay_slice){(const uint8_t *)text, bad_at});
        }
        assay_buf_add_u8(&log, '\0');
        r.log = (const char *)log.ptr;
        r.code = ASSAY_WS_BAD_DATA;
        r.msg = "text: ";
        r.place = WS_AT_PAYLOAD;
        r.at = bad_at;
    }
    ws_row_check(&r, ASSAY_WS_SERVER);
    ws_row_check(&r, ASSAY_WS_CLIENT);
    assay_buf_free(&log);
}

static void
section_6_texts(void **state)
{
    const char *group = "";
    unsigned number = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        char name[16];

        number = strcmp(group, texts[i].group) == 0 ? number + 1 : 1;
        group = texts[i].group;
        (void)snprintf(name, sizeof(name), "%s.%u", group, number);
        check_utf8(name, texts[i].text, texts[i].len, texts[i].bad_at);
    }
}

/* 6.12.8: 63 octets that continue nothing; 6.13: each lead octet but the last
 * of its kind, with a blank behind it. */
static void
section_6_runs(void **state)
{
    static const struct {
        const char *row;
        unsigned from, to; /* exclusive */
        size_t bad_at;
    } runs[] = {
        {"6.13.1", 0xc0, 0xdf, 0}, {"6.13.2", 0xe0, 0xef, 1},
        {"6.13.3", 0xf0, 0xf7, 1}, {"6.13.4", 0xf8, 0xfb, 0},
        {"6.13.5", 0xfc, 0xfd, 0},
    };
    char text[64];
    size_t len = 0;

    (void)state;
    for (unsigned c = 0x80; c < 0xbf; c++) {
        text[len++] = (char)c;
    }
    check_utf8("6.12.8", text, len, 0);
    for (size_t i = 0; i < COUNT_OF(runs); i++) {
        len = 0;
        for (unsigned c = runs[i].from; c < runs[i].to; c++) {
            text[len++] = (char)c;
            text[len++] = ' ';
        }
        check_utf8(runs[i].row, text, len, runs[i].bad_at);
    }
}

/* 6.22: U+FFFE and U+FFFF of every plane are no characters, and good UTF-8. */
static void
section_6_noncharacters(void **state)
{
    unsigned number = 0;

    (void)state;
    for (uint32_t plane = 0; plane <= 16; plane++) {
        for (uint32_t c = 0xfffe; c <= 0xffff; c++) {
            uint8_t text[4];
            size_t len = assay_utf8_encode(plane << 16 | c, text);
            char name[16];

            (void)snprintf(name, sizeof(name), "6.22.%u", ++number);
            check_utf8(name, (const char *)text, len, GOOD);
        }
    }
    assert_int_equal(number, 34);
}

/* --- 7.1.6, 9 and 10: sizes ----------------------------------------------- */

#define KIB 1024u
#define MIB (1024u * KIB)

/* A message of so many octets in frames of so many, which comes in pieces of
 * so many. */
static void
check_size(const char *row, bool text, size_t size, size_t fragment,
           size_t piece)
{
    const char *stuff = text ? "BAsd7&jh" : "\x00\xfe\xff\x80\x01\x02\xc0\xed";
    struct ws_span span;
    struct ws_run run;
    struct assay_buf in;
    size_t index = 0;

    assay_buf_init(&in, 2 * WS_LOG_MAX);
    for (size_t left = size; left > 0; index++) {
        size_t n = left < fragment ? left : fragment;
        unsigned opcode = index > 0 ? 0 : text ? 1 : 2;
        struct ws_frame f = {(n == left ? WS_FIN : WS_MORE) | opcode,
                             stuff,
                             n % 8 == 0 ? 8 : 1,
                             n % 8 == 0 ? n / 8 : n,
                             0,
                             false,
                             false};

        ws_write(&in, ASSAY_WS_SERVER, &f, index, &span);
        left -= n;
    }
    CHECK(row, !in.failed);
    ws_read(&run, ASSAY_WS_SERVER, UINT64_MAX, size, assay_buf_slice(&in),
            piece, piece);
    CHECK(row, run.broken == NULL && run.err.code == ASSAY_OK && !run.open);
    CHECK(row, run.log.len == size + 3 && run.log.ptr[0] == (text ? 'T' : 'B'));
    for (size_t i = 0; fragment % 8 == 0 && i < size; i++) {
        CHECK(row, run.log.ptr[2 + i] == (uint8_t)stuff[i % 8]);
    }
    assay_buf_free(&run.log);
    /* one octet less allowed, and it is too big */
    ws_read(&run, ASSAY_WS_SERVER, UINT64_MAX, size - 1, assay_buf_slice(&in),
            piece, piece);
    CHECK(row, run.decoder.close_code == ASSAY_WS_TOO_BIG);
    assay_buf_free(&run.log);
    assay_buf_free(&in);
}

static void
section_9(void **state)
{
    static const struct {
        const char *row; /* for text; one group on for binary */
        size_t size, fragment, piece;
    } rows[] = {
        {"9.1.1 9.2.1", 64 * KIB, MIB, 64 * KIB},
        {"9.1.2 9.2.2", 256 * KIB, MIB, 64 * KIB},
        {"9.1.3 9.2.3", MIB, MIB, 64 * KIB},
        {"9.1.4 9.2.4", 4 * MIB, 4 * MIB, 64 * KIB},
        {"9.1.5 9.2.5", 8 * MIB, 8 * MIB, 64 * KIB},
        {"9.1.6 9.2.6", 16 * MIB, 16 * MIB, 64 * KIB},
        {"9.3.1 9.4.1", 4 * MIB, 64, 64 * KIB},
        {"9.3.2 9.4.2", 4 * MIB, 256, 64 * KIB},
        {"9.3.3 9.4.3", 4 * MIB, KIB, 64 * KIB},
        {"9.3.4 9.4.4", 4 * MIB, 4 * KIB, 64 * KIB},
        {"9.3.5 9.4.5", 4 * MIB, 16 * KIB, 64 * KIB},
        {"9.3.6 9.4.6", 4 * MIB, 64 * KIB, 64 * KIB},
        {"9.3.7 9.4.7", 4 * MIB, 256 * KIB, 64 * KIB},
        {"9.3.8 9.4.8", 4 * MIB, MIB, 64 * KIB},
        {"9.3.9 9.4.9", 4 * MIB, 4 * MIB, 64 * KIB},
        {"9.5.1 9.6.1", MIB, MIB, 64},
        {"9.5.2 9.6.2", MIB, MIB, 128},
        {"9.5.3 9.6.3", MIB, MIB, 256},
        {"9.5.4 9.6.4", MIB, MIB, 512},
        {"9.5.5 9.6.5", MIB, MIB, KIB},
        {"9.5.6 9.6.6", MIB, MIB, 2 * KIB},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_size(rows[i].row, true, rows[i].size, rows[i].fragment,
                   rows[i].piece);
        check_size(rows[i].row, false, rows[i].size, rows[i].fragment,
                   rows[i].piece);
    }
}

static void
section_10(void **state)
{
    (void)state;
    check_size("10.1.1", true, 65536, 1300, 65536);
}

/* 7.1.6: 256 KiB, a short text, a Close, a Ping, all at once. */
static void
close_behind_much(void **state)
{
    static const struct ws_row row = {
        .row = "7.1.6", .frames = {WS_MANY(TEXTED, "BAsd7&jh", 32 * KIB)}};
    static const struct ws_frame rest[] = {WS_TEXT("Hello World!"), DONE,
                                           WS_PING("")};
    static const char end[] = "]T[Hello World!]C1000[]";
    struct ws_span spans[WS_FRAMES];
    struct ws_run run;
    struct assay_buf in;

    (void)state;
    assay_buf_init(&in, WS_LOG_MAX);
    (void)ws_row_write(&row, ASSAY_WS_SERVER, &in, spans);
    for (size_t i = 0; i < COUNT_OF(rest); i++) {
        ws_write(&in, ASSAY_WS_SERVER, &rest[i], i, &spans[0]);
    }
    ws_read(&run, ASSAY_WS_SERVER, UINT64_MAX, UINT64_MAX, assay_buf_slice(&in),
            in.len, 1);
    assert_true(run.broken == NULL && run.err.code == ASSAY_OK);
    assert_int_equal(run.log.len, 2 + 256 * KIB + sizeof(end) - 1);
    assert_memory_equal(run.log.ptr + 2 + 256 * KIB, end, sizeof(end) - 1);
    assay_buf_free(&run.log);
    assay_buf_free(&in);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(section_1),
        cmocka_unit_test(section_2),
        cmocka_unit_test(section_3),
        cmocka_unit_test(section_4),
        cmocka_unit_test(section_5),
        cmocka_unit_test(section_6_fragments),
        cmocka_unit_test(section_6_texts),
        cmocka_unit_test(section_6_runs),
        cmocka_unit_test(section_6_noncharacters),
        cmocka_unit_test(section_7),
        cmocka_unit_test(close_behind_much),
        cmocka_unit_test(section_9),
        cmocka_unit_test(section_10),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
