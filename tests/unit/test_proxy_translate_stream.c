/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_translate_stream.c - streams of chunks as streams of events, in
 * short (harness/translate.h), however they are cut.
 */
#include "harness/translate_rows.h"

static const struct translate_row rows[] = {
    {"text", TRANSLATE_STREAM,
     D("\"role\":\"assistant\",\"content\":\"\"") D("\"content\":\"Hel\"")
         D("\"content\":\"lo\"") F("stop") USAGE DONE,
     CREATED HELLO HELLO_DONE(
         "completed") "completed completed | message[Hello] completed input=7 "
                      "output=5\n",
     ASSAY_OK, "", false},
    {"no usage, no [DONE]", TRANSLATE_STREAM,
     D("\"content\":\"Hel\"") D("\"content\":\"lo\"") F("stop"),
     CREATED HELLO HELLO_DONE(
         "completed") "completed completed | message[Hello] completed\n",
     ASSAY_OK, "", false},
    {"no blank line at the end", TRANSLATE_STREAM,
     D("\"content\":\"Hel\"") D("\"content\":\"lo\"") F("stop") "data: [DONE]",
     CREATED HELLO HELLO_DONE(
         "completed") "completed completed | message[Hello] completed\n",
     ASSAY_OK, "", false},
    {"CR LF, CR, comments, other fields, a byte order mark", TRANSLATE_STREAM,
     "\xef\xbb\xbf: PROCESSING\r\n\r\nevent: x\r\nid: 1\r\nretry: 5\r\ndata"
     "\r\n\r\n"
     "data: {\"choices\":\rdata:[{\"delta\":{\"content\":\rdata: \"Hel\"}}]}"
     "\r\r:\n" D("\"content\":\"lo\"") F("stop") DONE,
     CREATED
     ":\n"
     "output_item.added #0 message[] in_progress\n"
     "content_part.added #0\n"
     "output_text.delta #0 Hel\n"
     ":\n"
     "output_text.delta #0 lo\n" HELLO_DONE(
         "completed") "completed completed | message[Hello] completed\n",
     ASSAY_OK, "", false},
    {"CR LF within an event", TRANSLATE_STREAM,
     "data: {\"choices\":[{\"delta\":{},\r\ndata: \"finish_reason\":\r\n"
     "data: \"stop\"}]}\r\n\r\n",
     CREATED "completed completed\n", ASSAY_OK, "", false},
    {"behind [DONE] is nothing", TRANSLATE_STREAM,
     F("stop") DONE D("\"content\":\"x\"") "data: }{\n\n",
     CREATED "completed completed\n", ASSAY_OK, "", false},
    {"cut behind [DONE]", TRANSLATE_STREAM, F("stop") DONE,
     CREATED "completed completed\n", ASSAY_OK, "", true},
    {"other choices are nobody's", TRANSLATE_STREAM,
     "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"},"
     "\"finish_reason\":\"abort\"}]}\n\n" F("stop") DONE,
     CREATED "completed completed\n", ASSAY_OK, "", false},

    /* --- reasoning, refusals --- */
    {"reasoning, by either name, then text", TRANSLATE_STREAM,
     D("\"reasoning_content\":\"a\"") D("\"reasoning\":\"b\"")
         D("\"reasoning_content\":\"c\",\"reasoning\":\"c\"") D(
             "\"reasoning_content\":null,\"content\":\"Hello\"") F("stop") DONE,
     CREATED "output_item.added #0 reasoning[] in_progress\n"
             "content_part.added #0\n"
             "reasoning_text.delta #0 a\n"
             "reasoning_text.delta #0 b\n"
             "reasoning_text.delta #0 c\n"
             "reasoning_text.done #0 abc\n"
             "content_part.done #0\n"
             "output_item.done #0 reasoning[abc] completed\n"
             "output_item.added #1 message[] in_progress\n"
             "content_part.added #1\n"
             "output_text.delta #1 Hello\n"
             "output_text.done #1 Hello\n"
             "content_part.done #1\n"
             "output_item.done #1 message[Hello] completed\n"
             "completed completed | reasoning[abc] completed | "
             "message[Hello] completed\n",
     ASSAY_OK, "", false},
    {"a refusal", TRANSLATE_STREAM, D("\"refusal\":\"no\"") F("stop") DONE,
     CREATED "output_item.added #0 message[] in_progress\n"
             "content_part.added #0\n"
             "refusal.delta #0 no\n"
             "refusal.done #0 no\n"
             "content_part.done #0\n"
             "output_item.done #0 message[refusal no] completed\n"
             "completed completed | message[refusal no] completed\n",
     ASSAY_OK, "", false},

    /* --- answers that are cut --- */
    {"too long", TRANSLATE_STREAM,
     D("\"content\":\"Hel\"") D("\"content\":\"lo\"") F("length") USAGE DONE,
     CREATED HELLO HELLO_DONE(
         "incomplete") "incomplete incomplete | message[Hello] incomplete "
                       "reason=max_output_tokens input=7 output=5\n",
     ASSAY_OK, "", false},
    {"filtered", TRANSLATE_STREAM,
     D("\"content\":\"Hel\"") D("\"content\":\"lo\"") F("content_filter") DONE,
     CREATED HELLO HELLO_DONE(
         "incomplete") "incomplete incomplete | message[Hello] incomplete "
                       "reason=content_filter\n",
     ASSAY_OK, "", false},
    {"half a command is never done", TOOLS,
     CALLS(CALL(0, "c1", "c", "rm -rf /")) F("length") DONE,
     CREATED "output_item.added #0 custom_tool_call:c1:c[] in_progress\n"
             "incomplete incomplete | custom_tool_call:c1:c[] incomplete "
             "reason=max_output_tokens\n",
     ASSAY_OK, "", false},

    /* --- failures --- */
    {"the stream is cut", TRANSLATE_STREAM,
     D("\"content\":\"Hel\"") D("\"content\":\"lo\"") F("stop"),
     CREATED HELLO "failed failed code=server_error "
                   "message=the server's answer was cut\n",
     ASSAY_REPLY, "the server's answer was cut", true},
    {"no finish_reason", TRANSLATE_STREAM,
     D("\"content\":\"Hel\"") D("\"content\":\"lo\"") DONE,
     CREATED HELLO
     "failed failed code=server_error message=the server's answer ends "
     "without a finish_reason\n",
     ASSAY_REPLY, "the server's answer ends without", false},
    {"nothing comes", TRANSLATE_STREAM, "",
     CREATED "failed failed code=server_error message=the server's answer "
             "ends without a finish_reason\n",
     ASSAY_REPLY, "the server's answer ends without", false},
    {"no JSON", TRANSLATE_STREAM, "data: secret\n\n" F("stop") DONE,
     CREATED "failed failed code=server_error message=the server's answer "
             "is no JSON at byte 0\n",
     ASSAY_REPLY, "the server's answer is no JSON", false},
    {"no UTF-8", TRANSLATE_STREAM, D("\"content\":\"\xc3\"") F("stop") DONE,
     CREATED "failed failed code=server_error message=the server's answer "
             "is no JSON at byte 55\n",
     ASSAY_REPLY, "the server's answer is no JSON", false},
    {"no chunk", TRANSLATE_STREAM, "data: [1]\n\n" DONE,
     CREATED "failed failed code=server_error message=the server's answer "
             "has no choices\n",
     ASSAY_REPLY, "the server's answer has no choices", false},
    {"content that is no string", TRANSLATE_STREAM,
     D("\"content\":[{\"text\":\"x\"}]") DONE,
     CREATED "failed failed code=server_error message=the server's content "
             "is no string\n",
     ASSAY_REPLY, "the server's content", false},
    {"tool_calls that are no array", TRANSLATE_STREAM,
     D("\"tool_calls\":{}") DONE,
     CREATED "failed failed code=server_error message=the server's "
             "tool_calls is no array\n",
     ASSAY_REPLY, "the server's tool_calls", false},
    {"the obsolete call", TRANSLATE_STREAM,
     D("\"function_call\":{\"name\":\"f\"}") DONE,
     CREATED "failed failed code=server_error message=the server speaks of "
             "function_call, which is obsolete\n",
     ASSAY_REPLY, "the server speaks of function_call", false},
    {"a call without a name", TOOLS, CALLS(MORE(0, "{}")) F("stop") DONE,
     CREATED "failed failed code=server_error message=the answer has a "
             "call without a name\n",
     ASSAY_REPLY, "the answer has a call without", false},
    {"another finish_reason", TRANSLATE_STREAM,
     D("\"content\":\"Hel\"") D("\"content\":\"lo\"") F("abort") DONE,
     CREATED HELLO "failed failed code=server_error message=the server ended "
                   "with finish_reason \"abort\"\n",
     ASSAY_REPLY, "the server ended with finish_reason \"abort\"", false},
    {"an error with a code", TRANSLATE_STREAM,
     D("\"content\":\"Hel\"")
         D("\"content\":\"lo\"") "data: {\"error\":{\"message\":\"too "
                                 "\\u00e9long\",\"type\":\"x\",\"code\":"
                                 "\"context_length_exceeded\"}}\n\n" DONE,
     CREATED HELLO "failed failed code=context_length_exceeded message="
                   "too \xc3\xa9long\n",
     ASSAY_REPLY, "the server says that it failed", false},
    {"an error with a number", TRANSLATE_STREAM,
     "event: error\ndata: {\"error\":{\"message\":\"oops\",\"code\":500}}\n\n",
     CREATED "failed failed code=server_error message=oops\n", ASSAY_REPLY,
     "the server says that it failed", false},
    {"an error of older vLLM", TRANSLATE_STREAM,
     "data: {\"object\":\"error\",\"message\":\"oops\",\"code\":400}\n\n",
     CREATED "failed failed code=server_error message=oops\n", ASSAY_REPLY,
     "the server says that it failed", false},
    {"an error that says nothing", TRANSLATE_STREAM, "data: {\"error\":{}}\n\n",
     CREATED "failed failed code=server_error message=the server says that it "
             "failed\n",
     ASSAY_REPLY, "the server says that it failed", false},
};

static void
events(void **state)
{
    (void)state;
    translate_check_events(rows, COUNT_OF(rows));
}

static void
cut_anywhere(void **state)
{
    (void)state;
    translate_check_cuts(rows, COUNT_OF(rows));
}

/* A stream that ends early is never taken for a whole one. */
static void
every_truncation(void **state)
{
    const char *stream = rows[0].stream;
    size_t whole = strlen(stream) - strlen(DONE) - strlen(USAGE);

    (void)state;
    for (size_t n = 0; n < whole; n++) {
        struct translation *t =
            translate_begun(TRANSLATE_STREAM, 200, "text/event-stream");
        const struct translate_pieces how = {0, SIZE_MAX, false};
        struct assay_slice cut = {(const uint8_t *)stream, n};
        struct assay_error err;
        struct assay_buf to;
        bool is_all = n + 2 >= whole; /* but for its blank line */

        assay_buf_init(&to, SIZE_MAX);
        assert_int_equal(translate_answered(t, cut, how, &to, &err),
                         is_all ? ASSAY_OK : ASSAY_REPLY);
        translation_free(t);
        assay_buf_free(&to);
    }
}

/* The same answer once more is the same error, and says nothing more. */
static void
after_a_failure(void **state)
{
    struct translation *t =
        translate_begun(TRANSLATE_STREAM, 200, "text/event-stream");
    struct assay_error err;
    struct assay_buf to;
    size_t length;

    (void)state;
    assay_buf_init(&to, SIZE_MAX);
    assert_int_equal(
        translation_feed(t, assay_slice_of("data: x\n\n"), &to, &err),
        ASSAY_REPLY);
    length = to.len;
    assert_int_equal(
        translation_feed(t, assay_slice_of("data: x\n\n"), &to, &err),
        ASSAY_REPLY);
    assert_int_equal(translation_end(t, false, &to, &err), ASSAY_REPLY);
    assert_int_equal(to.len, length);
    translation_free(t);
    assay_buf_free(&to);
}

/* What a server that thinks for long has answered so far is told at once. */
static void
begins_at_once(void **state)
{
    struct translation *t =
        translate_begun(TRANSLATE_STREAM, 200, "text/event-stream");
    struct assay_error err;
    struct assay_buf to;
    struct assay_buf brief;

    (void)state;
    assay_buf_init(&to, SIZE_MAX);
    assay_buf_init(&brief, SIZE_MAX);
    assert_int_equal(translation_feed(t, ASSAY_EMPTY, &to, &err), ASSAY_OK);
    assert_int_equal(translation_feed(t, ASSAY_EMPTY, &to, &err), ASSAY_OK);
    translate_short(assay_buf_slice(&to), &brief);
    translate_check_text("begun", &brief, CREATED);
    translation_free(t);
    assay_buf_free(&to);
    assay_buf_free(&brief);
}

/* What ends lines as Unicode has it ends none of the stream. */
static void
no_other_line_ends(void **state)
{
    static const char *const ends[] = {"\xc2\x85", "\xe2\x80\xa8",
                                       "\xe2\x80\xa9"};
    static const char request[] =
        "{\"model\":\"\\u2028m\",\"input\":\"hi\",\"stream\":true,"
        "\"metadata\":{\"a\":\"\xe2\x80\xa9\"}}";
    const struct translate_pieces whole = {0, SIZE_MAX, false};
    struct translation *t = translate_begun(request, 200, "text/event-stream");
    struct assay_error err;
    struct assay_buf to;
    struct assay_buf brief;

    (void)state;
    assay_buf_init(&to, SIZE_MAX);
    assay_buf_init(&brief, SIZE_MAX);
    assert_int_equal(
        translate_answered(
            t,
            assay_slice_of(D("\"content\":\"\xe2\x80\xa8"
                             "data: [DONE]\\u2028\xe2\x80\xa9\xc2\x85\"")
                               F("stop") DONE),
            whole, &to, &err),
        ASSAY_OK);
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        assert_int_equal(assay_slice_find(assay_buf_slice(&to), ends[i]),
                         ASSAY_NO_OFFSET);
    }
    translate_short(assay_buf_slice(&to), &brief);
    assert_true(assay_slice_find(assay_buf_slice(&brief),
                                 "output_text.delta #0 \xe2\x80\xa8"
                                 "data: [DONE]\xe2\x80\xa8\xe2\x80\xa9"
                                 "\xc2\x85\n") != ASSAY_NO_OFFSET);
    translation_free(t);
    assay_buf_free(&to);
    assay_buf_free(&brief);
}

/* --- limits -------------------------------------------------------------- */

/* A chunk whose content has n octets. */
static void
add_chunk(struct assay_buf *b, size_t n)
{
    assay_buf_add_text(b, "data: {\"choices\":[{\"delta\":{\"content\":\"");
    memset(assay_buf_extend(b, n), 'x', n);
    assay_buf_add_text(b, "\"}}]}\n\n");
}

static void
check_large(const struct assay_buf *stream, enum assay_code code,
            const char *client_code)
{
    struct translation *t =
        translate_begun(TRANSLATE_STREAM, 200, "text/event-stream");
    const struct translate_pieces how = {0, 65536, false};
    struct assay_error err;
    struct assay_buf to;
    struct assay_buf brief;

    assay_buf_init(&to, SIZE_MAX);
    assay_buf_init(&brief, SIZE_MAX);
    assert_int_equal(
        translate_answered(t, assay_buf_slice(stream), how, &to, &err), code);
    translate_short(assay_buf_slice(&to), &brief);
    assert_true(assay_slice_find(assay_buf_slice(&brief), client_code) !=
                ASSAY_NO_OFFSET);
    translation_free(t);
    assay_buf_free(&to);
    assay_buf_free(&brief);
}

static void
limits(void **state)
{
    struct assay_buf stream;

    (void)state;
    assay_buf_init(&stream, SIZE_MAX);
    for (size_t i = 0; i < 8; i++) {
        add_chunk(&stream, TRANSLATE_ANSWER_MAX_BYTES / 8);
    }
    assay_buf_add_text(&stream, F("stop") DONE);
    check_large(&stream, ASSAY_OK, "\ncompleted ");
    stream.len -= strlen(F("stop") DONE);
    add_chunk(&stream, 1);
    check_large(&stream, ASSAY_TOO_LARGE, "\nfailed failed code=server_error");
    /* What is short here and long for the client. */
    for (size_t over = 0; over <= 1; over++) {
        stream.len = 0;
        for (size_t i = 0; i < 8; i++) {
            assay_buf_add_text(
                &stream, "data: {\"choices\":[{\"delta\":{\"content\":\"");
            for (size_t n = 0; n < TRANSLATE_ANSWER_MAX_BYTES / 48 + over;
                 n++) {
                assay_buf_add_text(&stream, "\\u0001");
            }
            assay_buf_add_text(&stream, "\"}}]}\n\n");
        }
        assay_buf_add_text(&stream, F("stop") DONE);
        check_large(&stream, over > 0 ? ASSAY_TOO_LARGE : ASSAY_OK,
                    over > 0 ? "\nfailed failed " : "\ncompleted ");
    }
    stream.len = 0;
    add_chunk(&stream, 8u << 20); /* an event */
    check_large(&stream, ASSAY_TOO_LARGE, "\nfailed failed code=server_error");
    stream.len = 0;
    for (size_t i = 0; i < 1025; i++) {
        assay_buf_printf(&stream,
                         "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{"
                         "\"index\":%zu,\"function\":{\"name\":\"f\"}}]}}]}"
                         "\n\n",
                         i);
    }
    check_large(&stream, ASSAY_TOO_LARGE, "\nfailed failed code=server_error");
    stream.len = 0;
    assay_buf_add_text(&stream, "data: {\"choices\":[],\"model\":\"");
    memset(assay_buf_extend(&stream, 4097), 'x', 4097);
    assay_buf_add_text(&stream, "\"}\n\n" F("stop") DONE);
    check_large(&stream, ASSAY_TOO_LARGE, "\nfailed failed code=server_error");
    assay_buf_free(&stream);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(after_a_failure),
        cmocka_unit_test(begins_at_once),
        cmocka_unit_test(limits),
        cmocka_unit_test(no_other_line_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
