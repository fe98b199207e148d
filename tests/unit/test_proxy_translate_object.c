/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_translate_object.c - answers that are one object, and those of a
 * server that failed.
 */
#include "harness/translate.h"

#define JSON "application/json"
#define SSE  "text/event-stream"

#define MESSAGE(members, finish)                                               \
    "{\"id\":\"x\",\"object\":\"chat.completion\",\"model\":\"s\","            \
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"," members   \
    "},\"finish_reason\":" finish                                              \
    "}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5,"               \
    "\"total_tokens\":12,\"prompt_tokens_details\":{\"cached_tokens\":3},"     \
    "\"completion_tokens_details\":{\"reasoning_tokens\":2}}}"

#define ASKS                                                                   \
    "{\"model\":\"m\",\"input\":\"hi\",\"temperature\":0.5,\"metadata\":{"     \
    "\"k\" : \"v\"},\"reasoning\":{\"effort\":\"low\"},\"user\":\"u\","        \
    "\"text\":{\"format\":{\"type\":\"json_object\"}}}"

/* All of one, once. */
static void
whole_object(void **state)
{
    static const char want[] =
        "{\"id\":\"resp_" TRANSLATE_ID "\",\"object\":\"response\","
        "\"created_at\":1700000000,\"status\":\"completed\",\"background\":"
        "false,\"error\":null,\"incomplete_details\":null,\"instructions\":"
        "null,\"model\":\"s\",\"output\":[{\"id\":\"rs_" TRANSLATE_ID
        "0000\",\"type\":\"reasoning\",\"summary\":[],\"content\":[{\"type\":"
        "\"reasoning_text\",\"text\":\"t\"}],\"encrypted_content\":null,"
        "\"status\":\"completed\"},{\"id\":\"msg_" TRANSLATE_ID
        "0001\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[{"
        "\"type\":\"output_text\",\"text\":\"a\\u0000\\n\",\"annotations\":[],"
        "\"logprobs\":[]}],\"status\":\"completed\"}],"
        "\"previous_response_id\":null,\"store\":false,\"tools\":[],"
        "\"truncation\":\"disabled\",\"usage\":{\"input_tokens\":7,"
        "\"input_tokens_details\":{\"cached_tokens\":3,\"cache_write_tokens\":"
        "0},\"output_tokens\":5,\"output_tokens_details\":{"
        "\"reasoning_tokens\":2},\"total_tokens\":12},\"max_output_tokens\":"
        "null,\"metadata\":{\"k\":\"v\"},\"parallel_tool_calls\":true,"
        "\"temperature\":0.5,\"text\":{\"format\":{\"type\":\"json_object\"}},"
        "\"tool_choice\":\"auto\",\"top_p\":null,\"user\":\"u\",\"reasoning\":{"
        "\"effort\":\"low\",\"summary\":null}}";
    struct translation *t = translate_begun(ASKS, 200, JSON);
    const struct translate_pieces how = {0, SIZE_MAX, false};
    struct assay_error err;
    struct assay_buf to;

    (void)state;
    assert_false(translation_streams(t));
    assay_buf_init(&to, SIZE_MAX);
    assert_int_equal(
        translate_answered(
            t,
            assay_slice_of(MESSAGE("\"reasoning_content\":\"t\",\"content\":"
                                   "\"a\\u0000\\n\",\"tool_calls\":[]",
                                   "\"stop\"")),
            how, &to, &err),
        ASSAY_OK);
    translate_check_text("whole", &to, want);
    translation_free(t);
    assay_buf_free(&to);
}

#define TOOLS                                                                  \
    "{\"model\":\"m\",\"input\":\"hi\",\"tools\":[{\"type\":\"namespace\","    \
    "\"name\":\"n\",\"tools\":[{\"type\":\"custom\",\"name\":\"c\"}]}]}"

static const struct {
    const char *name;
    const char *request;
    const char *type;
    const char *body;
    const char *answer; /* in short; "" for none */
    enum assay_code code;
    const char *msg;
    bool truncated;
} rows[] = {
    {"calls", TOOLS, JSON,
     MESSAGE("\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"type\":"
             "\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
             "\"{}\"}},{\"id\":\"c2\",\"function\":{\"name\":\"n__c\","
             "\"arguments\":\"{\\\"input\\\":\\\"x\\\"}\"}}]",
             "\"tool_calls\""),
     " completed | function_call:c1:f[{}] completed | "
     "custom_tool_call:c2:n:c[x] completed input=7 output=5",
     ASSAY_OK, "", false},
    {"cut by a limit", TOOLS, JSON,
     MESSAGE("\"content\":\"a\",\"tool_calls\":[{\"id\":\"c1\",\"function\":{"
             "\"name\":\"f\",\"arguments\":\"{\\\"x\"}}]",
             "\"length\""),
     " incomplete | message[a] completed | function_call:c1:f[{\"x] incomplete "
     "reason=max_output_tokens input=7 output=5",
     ASSAY_OK, "", false},
    {"a refusal", TOOLS, JSON, MESSAGE("\"refusal\":\"no\"", "\"stop\""),
     " completed | message[refusal no] completed input=7 output=5", ASSAY_OK,
     "", false},
    {"a stream that nobody asked for", TOOLS, SSE,
     "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":"
     "\"stop\"}]}\n\ndata: [DONE]\n\n",
     " completed | message[a] completed", ASSAY_OK, "", false},
    {"cut", TOOLS, JSON, MESSAGE("\"content\":\"a\"", "\"stop\""), "",
     ASSAY_REPLY, "the server's answer was cut", true},
    {"no JSON", TOOLS, "text/html", "<html>", "", ASSAY_REPLY,
     "the server's answer is no JSON", false},
    {"nothing", TOOLS, "", "", "", ASSAY_REPLY,
     "the server's answer is no JSON", false},
    {"no finish_reason", TOOLS, JSON, MESSAGE("\"content\":\"a\"", "null"), "",
     ASSAY_REPLY, "the server's answer ends without", false},
    {"an error with status 200", TOOLS, JSON,
     "{\"error\":{\"message\":\"secret\"}}", "", ASSAY_REPLY,
     "the server says that it failed", false},
};

static void
objects(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t step = 1; step <= 50; step += 49) {
            struct translation *t =
                translate_begun(rows[i].request, 200, rows[i].type);
            const struct translate_pieces how = {0, step, rows[i].truncated};
            struct assay_error err;
            struct assay_buf to;
            struct assay_buf brief;

            assay_buf_init(&to, SIZE_MAX);
            assay_buf_init(&brief, SIZE_MAX);
            (void)!translate_answered(t, assay_slice_of(rows[i].body), how, &to,
                                      &err);
            check_error(rows[i].name, &err, rows[i].code, rows[i].msg,
                        ASSAY_NO_OFFSET);
            if (to.len > 0) {
                struct assay_json *j = translate_json(assay_buf_slice(&to));

                translate_short_response(j, ASSAY_JSON_ROOT, &brief);
                assay_json_free(j);
            }
            translate_check_text(rows[i].name, &brief, rows[i].answer);
            translation_free(t);
            assay_buf_free(&to);
            assay_buf_free(&brief);
        }
    }
}

/* A client that wants a stream gets one, whatever the server gives. */
static void
object_as_a_stream(void **state)
{
    struct translation *t = translate_begun(TRANSLATE_STREAM, 200, JSON);
    const struct translate_pieces how = {0, 10, false};
    struct assay_error err;
    struct assay_buf to;
    struct assay_buf brief;

    (void)state;
    assay_buf_init(&to, SIZE_MAX);
    assay_buf_init(&brief, SIZE_MAX);
    assert_int_equal(
        translate_answered(
            t, assay_slice_of(MESSAGE("\"content\":\"a\"", "\"stop\"")), how,
            &to, &err),
        ASSAY_OK);
    translate_short(assay_buf_slice(&to), &brief);
    translate_check_text("stream", &brief,
                         "created in_progress\nin_progress in_progress\n"
                         "output_item.added #0 message[] in_progress\n"
                         "content_part.added #0\n"
                         "output_text.delta #0 a\n"
                         "output_text.done #0 a\n"
                         "content_part.done #0\n"
                         "output_item.done #0 message[a] completed\n"
                         "completed completed | message[a] completed input=7 "
                         "output=5\n");
    translation_free(t);
    assay_buf_free(&to);
    assay_buf_free(&brief);
}

/* --- what the head says -------------------------------------------------- */

static void
content_types(void **state)
{
    static const struct {
        const char *request;
        unsigned status;
        const char *type;
        const char *want;
    } types[] = {
        {TRANSLATE_STREAM, 200, SSE, SSE},
        {TRANSLATE_STREAM, 200, "TEXT/Event-Stream ; charset=utf-8", SSE},
        {TRANSLATE_STREAM, 200, JSON, SSE},
        {TRANSLATE_STREAM, 201, "", SSE},
        {TRANSLATE_STREAM, 400, SSE, JSON},
        {TRANSLATE_STREAM, 302, "text/html", JSON},
        {TRANSLATE_OBJECT, 200, JSON, JSON},
        {TRANSLATE_OBJECT, 200, SSE, JSON},
        {TRANSLATE_OBJECT, 503, "", JSON},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct translation *t = translate_begun(types[i].request, 200, "");

        assert_string_equal(translation_begin(t, types[i].status,
                                              assay_slice_of(types[i].type)),
                            types[i].want);
        translation_free(t);
    }
}

/* --- errors -------------------------------------------------------------- */

#define SERVER "\"type\":\"server_error\",\"param\":null,\"code\":null}}"
#define CLIENT                                                                 \
    "\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}"

static const struct {
    const char *name;
    unsigned status;
    const char *type;
    const char *body;
    const char *want;
    bool truncated;
} errors[] = {
    {"OpenAI's shape passes as it is", 429, JSON,
     "{ \"error\" : {\"message\":\"slow\", \"x\":[1]} }\n",
     "{ \"error\" : {\"message\":\"slow\", \"x\":[1]} }\n", false},
    {"an error that is a text", 500, JSON, "{\"error\":\"oops\"}",
     "{\"error\":{\"message\":\"oops\"," SERVER, false},
    {"older vLLM", 400, JSON,
     "{\"object\":\"error\",\"message\":\"too long\",\"code\":400}",
     "{\"error\":{\"message\":\"too long\"," CLIENT, false},
    {"FastAPI", 404, JSON, "{\"detail\":\"Not Found\"}",
     "{\"error\":{\"message\":\"Not Found\"," CLIENT, false},
    {"FastAPI, in detail", 422, JSON, "{\"detail\":[{\"msg\":\"x\"}]}",
     "{\"error\":{\"message\":\"[{\\\"msg\\\":\\\"x\\\"}]\"," CLIENT, false},
    {"something else", 500, JSON, "{\"ok\":false}",
     "{\"error\":{\"message\":\"the server answered with status 500\"," SERVER,
     false},
    {"a text", 503, "text/plain", "upstream is down",
     "{\"error\":{\"message\":\"upstream is down\"," SERVER, false},
    {"a page", 502, "text/html", "<html><body>502</body></html>",
     "{\"error\":{\"message\":\"the server answered with status 502\"," SERVER,
     false},
    {"no UTF-8", 500, "text/plain", "\xff\xfe",
     "{\"error\":{\"message\":\"the server answered with status 500\"," SERVER,
     false},
    {"nothing", 401, "", "",
     "{\"error\":{\"message\":\"the server answered with status 401\"," CLIENT,
     false},
    {"cut", 400, JSON, "{\"error\":{\"message\":\"slow\"}}",
     "{\"error\":{\"message\":\"the server answered with status 400\"," CLIENT,
     true},
    {"a redirect", 307, "", "elsewhere",
     "{\"error\":{\"message\":\"elsewhere\"," SERVER, false},
};

static void
error_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        struct translation *t =
            translate_begun(TRANSLATE_STREAM, errors[i].status, errors[i].type);
        const struct translate_pieces how = {0, 3, errors[i].truncated};
        struct assay_error err;
        struct assay_buf to;

        assay_buf_init(&to, SIZE_MAX);
        (void)!translate_answered(t, assay_slice_of(errors[i].body), how, &to,
                                  &err);
        check_error(errors[i].name, &err, ASSAY_OK, "", ASSAY_NO_OFFSET);
        translate_check_text(errors[i].name, &to, errors[i].want);
        assay_json_free(translate_json(assay_buf_slice(&to)));
        translation_free(t);
        assay_buf_free(&to);
    }
}

/* Too much of an error is an error still; too much of an answer is none. */
static void
large_bodies(void **state)
{
    static uint8_t piece[1u << 20];

    (void)state;
    memset(piece, ' ', sizeof(piece));
    for (unsigned status = 200; status <= 500; status += 300) {
        struct translation *t = translate_begun(TRANSLATE_OBJECT, status, JSON);
        struct assay_error err;
        struct assay_buf to;

        assay_buf_init(&to, SIZE_MAX);
        for (size_t n = 0; n < TRANSLATE_ANSWER_MAX_BYTES; n += sizeof(piece)) {
            assert_int_equal(translation_feed(t, ASSAY_SLICE(piece), &to, &err),
                             ASSAY_OK);
        }
        assert_int_equal(translation_feed(t, ASSAY_SLICE(piece), &to, &err),
                         status == 200 ? ASSAY_TOO_LARGE : ASSAY_OK);
        assert_int_equal(to.len, 0);
        assert_int_equal(translation_end(t, false, &to, &err),
                         status == 200 ? ASSAY_TOO_LARGE : ASSAY_OK);
        assert_int_equal(to.len > 0, status != 200);
        translation_free(t);
        assay_buf_free(&to);
    }
}

/* SGLang counts thoughts elsewhere; and not all have a sum. */
static void
usage_of_others(void **state)
{
    const struct translate_pieces how = {0, SIZE_MAX, false};
    struct translation *t = translate_begun(ASKS, 200, JSON);
    struct assay_error err;
    struct assay_buf to;

    (void)state;
    assay_buf_init(&to, SIZE_MAX);
    assert_int_equal(
        translate_answered(
            t,
            assay_slice_of("{\"choices\":[{\"message\":{},\"finish_reason\":"
                           "\"stop\"}],\"usage\":{\"prompt_tokens\":7,"
                           "\"completion_tokens\":5,\"prompt_tokens_details\":"
                           "null,\"reasoning_tokens\":4}}"),
            how, &to, &err),
        ASSAY_OK);
    assert_true(
        assay_slice_find(
            assay_buf_slice(&to),
            "\"usage\":{\"input_tokens\":7,\"input_tokens_details\":{"
            "\"cached_tokens\":0,\"cache_write_tokens\":0},\"output_tokens\":"
            "5,\"output_tokens_details\":{\"reasoning_tokens\":4},"
            "\"total_tokens\":12}") != ASSAY_NO_OFFSET);
    translation_free(t);
    assay_buf_free(&to);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_object),  cmocka_unit_test(usage_of_others),
        cmocka_unit_test(objects),       cmocka_unit_test(object_as_a_stream),
        cmocka_unit_test(content_types), cmocka_unit_test(error_bodies),
        cmocka_unit_test(large_bodies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
