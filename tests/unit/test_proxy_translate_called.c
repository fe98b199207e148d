/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_translate_called.c - calls of tools in streams, in every form that
 * servers give them. No call may get the arguments of another, and what a
 * client was told of one once stays so.
 */
#include "harness/translate_rows.h"

/* A name that is half or whole, without an id or an index. */
#define NAMED(name, arguments)                                                 \
    "{\"function\":{\"name\":\"" name "\",\"arguments\":\"" arguments "\"}}"
#define NAMED_0(name, arguments)                                               \
    "{\"index\":0,\"function\":{\"name\":\"" name                              \
    "\",\"arguments\":\"" arguments "\"}}"
#define MADE(n) "call_0123456789abcdef01234567000" #n

/* Events of a whole call, all of whose arguments came at once. */
#define ADDED(n, call)                                                         \
    "output_item.added #" #n " function_call:" call "[] in_progress\n"
#define DELTA(n, text) "function_call_arguments.delta #" #n " " text "\n"
#define DONE_CALL(n, call, text)                                               \
    "function_call_arguments.done #" #n " " text "\n"                          \
    "output_item.done #" #n " function_call:" call "[" text "] completed\n"
#define COMPLETED          "completed completed"
#define CALLED(call, text) " | function_call:" call "[" text "] completed"

static const struct translate_row rows[] = {
    /* --- as OpenAI's servers --- */
    {"a call in pieces", TOOLS,
     CALLS(CALL(0, "c1", "f", "")) CALLS(MORE(0, "{\\\"a\\\""))
         CALLS(MORE(0, ":1}")) F("tool_calls") DONE,
     CREATED "output_item.added #0 function_call:c1:f[] in_progress\n"
             "function_call_arguments.delta #0 {\"a\"\n"
             "function_call_arguments.delta #0 :1}\n"
             "function_call_arguments.done #0 {\"a\":1}\n"
             "output_item.done #0 function_call:c1:f[{\"a\":1}] completed\n"
             "completed completed | function_call:c1:f[{\"a\":1}] completed\n",
     ASSAY_OK, "", false},
    {"calls that take turns, of a namespace and unknown", TOOLS,
     D("\"content\":\"x\"") CALLS(CALL(0, "c1", "n__g", "{"))
         CALLS(CALL(1, "c2", "h", "[")) CALLS(MORE(0, "}") "," MORE(1, "]"))
             F("tool_calls") DONE,
     CREATED
     "output_item.added #0 message[] in_progress\n"
     "content_part.added #0\n"
     "output_text.delta #0 x\n"
     "output_text.done #0 x\n"
     "content_part.done #0\n"
     "output_item.done #0 message[x] completed\n"
     "output_item.added #1 function_call:c1:n:g[] in_progress\n"
     "function_call_arguments.delta #1 {\n"
     "output_item.added #2 function_call:c2:h[] in_progress\n"
     "function_call_arguments.delta #2 [\n"
     "function_call_arguments.delta #1 }\n"
     "function_call_arguments.delta #2 ]\n"
     "function_call_arguments.done #1 {}\n"
     "output_item.done #1 function_call:c1:n:g[{}] completed\n"
     "function_call_arguments.done #2 []\n"
     "output_item.done #2 function_call:c2:h[[]] completed\n"
     "completed completed | message[x] completed | "
     "function_call:c1:n:g[{}] completed | function_call:c2:h[[]] completed\n",
     ASSAY_OK, "", false},
    {"no arguments are an empty object", TOOLS,
     CALLS(CALL(0, "c1", "f", "")) F("stop") DONE,
     CREATED "output_item.added #0 function_call:c1:f[] in_progress\n"
             "function_call_arguments.delta #0 {}\n"
             "function_call_arguments.done #0 {}\n"
             "output_item.done #0 function_call:c1:f[{}] completed\n"
             "completed completed | function_call:c1:f[{}] completed\n",
     ASSAY_OK, "", false},
    {"no id, the name late, no index", TOOLS,
     CALLS("{\"function\":{\"arguments\":\"{\"}}")
         CALLS("{\"function\":{\"name\":\"f\"}}")
             CALLS("{\"function\":{\"arguments\":\"}\"}}") F("tool_calls") DONE,
     CREATED
     "output_item.added #0 "
     "function_call:call_0123456789abcdef012345670000:f[] in_progress\n"
     "function_call_arguments.delta #0 {\n"
     "function_call_arguments.delta #0 }\n"
     "function_call_arguments.done #0 {}\n"
     "output_item.done #0 "
     "function_call:call_0123456789abcdef012345670000:f[{}] completed\n"
     "completed completed | "
     "function_call:call_0123456789abcdef012345670000:f[{}] completed\n",
     ASSAY_OK, "", false},
    {"all with index 0; pieces with ids of their own", TOOLS,
     CALLS(CALL(0, "c1", "f", "{")) CALLS(CALL(0, "c9", "", "}"))
         CALLS(CALL(0, "c2", "f", "{}")) F("tool_calls") DONE,
     CREATED "output_item.added #0 function_call:c1:f[] in_progress\n"
             "function_call_arguments.delta #0 {\n"
             "function_call_arguments.delta #0 }\n"
             "output_item.added #1 function_call:c2:f[] in_progress\n"
             "function_call_arguments.delta #1 {}\n"
             "function_call_arguments.done #0 {}\n"
             "output_item.done #0 function_call:c1:f[{}] completed\n"
             "function_call_arguments.done #1 {}\n"
             "output_item.done #1 function_call:c2:f[{}] completed\n"
             "completed completed | function_call:c1:f[{}] completed | "
             "function_call:c2:f[{}] completed\n",
     ASSAY_OK, "", false},
    {"a tool that takes text", TOOLS,
     CALLS(CALL(0, "c1", "c", "{\\\"input\\\":"))
         CALLS(MORE(0, "\\\"x\\\\n\\\"}")) F("tool_calls") DONE,
     CREATED "output_item.added #0 custom_tool_call:c1:c[] in_progress\n"
             "custom_tool_call_input.delta #0 x\n\n"
             "custom_tool_call_input.done #0 x\n\n"
             "output_item.done #0 custom_tool_call:c1:c[x\n] completed\n"
             "completed completed | custom_tool_call:c1:c[x\n] completed\n",
     ASSAY_OK, "", false},
    {"a tool that takes text, and gets it bare", TOOLS,
     CALLS(CALL(0, "c1", "c", "ls -l")) F("tool_calls") DONE,
     CREATED "output_item.added #0 custom_tool_call:c1:c[] in_progress\n"
             "custom_tool_call_input.delta #0 ls -l\n"
             "custom_tool_call_input.done #0 ls -l\n"
             "output_item.done #0 custom_tool_call:c1:c[ls -l] completed\n"
             "completed completed | custom_tool_call:c1:c[ls -l] completed\n",
     ASSAY_OK, "", false},
    {"text behind a call", TOOLS,
     CALLS(CALL(0, "c1", "f", "{}")) D("\"content\":\"x\"") F("stop") DONE,
     CREATED "output_item.added #0 function_call:c1:f[] in_progress\n"
             "function_call_arguments.delta #0 {}\n"
             "output_item.added #1 message[] in_progress\n"
             "content_part.added #1\n"
             "output_text.delta #1 x\n"
             "function_call_arguments.done #0 {}\n"
             "output_item.done #0 function_call:c1:f[{}] completed\n"
             "output_text.done #1 x\n"
             "content_part.done #1\n"
             "output_item.done #1 message[x] completed\n"
             "completed completed | function_call:c1:f[{}] completed | "
             "message[x] completed\n",
     ASSAY_OK, "", false},

    /* --- as others --- */
    {"two at once, without index and id", TOOLS,
     CALLS(NAMED("f", "{\\\"x\\\":1}") "," NAMED("h", "{}")) F("stop") DONE,
     CREATED ADDED(0, MADE(0) ":f") DELTA(0, "{\"x\":1}") ADDED(1, MADE(1) ":h")
         DELTA(1, "{}") DONE_CALL(0, MADE(0) ":f", "{\"x\":1}") DONE_CALL(
             1, MADE(1) ":h", "{}") COMPLETED CALLED(MADE(0) ":f", "{\"x\":1}")
             CALLED(MADE(1) ":h", "{}") "\n",
     ASSAY_OK, "", false},
    {"two with index 0 and no id: the first has no arguments", TOOLS,
     CALLS(NAMED_0("f", "")) CALLS(NAMED_0("n__g", "{}")) F("stop") DONE,
     CREATED ADDED(0, MADE(0) ":f") ADDED(1, MADE(1) ":n:g") DELTA(1, "{}")
         DELTA(0, "{}") DONE_CALL(0, MADE(0) ":f", "{}") DONE_CALL(
             1, MADE(1) ":n:g", "{}") COMPLETED CALLED(MADE(0) ":f", "{}")
             CALLED(MADE(1) ":n:g", "{}") "\n",
     ASSAY_OK, "", false},
    {"a name once more behind arguments is another call's, if it is another",
     TOOLS,
     CALLS(NAMED_0("f", "{")) CALLS(NAMED_0("f", "}")) CALLS(NAMED_0("h", "[]"))
         F("stop") DONE,
     CREATED ADDED(0, MADE(0) ":f") DELTA(0, "{") DELTA(0, "}") ADDED(
         1, MADE(1) ":h") DELTA(1, "[]") DONE_CALL(0, MADE(0) ":f", "{}")
         DONE_CALL(1, MADE(1) ":h", "[]") COMPLETED CALLED(MADE(0) ":f", "{}")
             CALLED(MADE(1) ":h", "[]") "\n",
     ASSAY_OK, "", false},
    {"a name in pieces", TOOLS,
     CALLS(CALL(0, "c1", "n_", "")) CALLS(NAMED_0("_g", ""))
         CALLS(MORE(0, "{}")) F("stop") DONE,
     CREATED ADDED(0, "c1:n:g") DELTA(0, "{}") DONE_CALL(0, "c1:n:g", "{}")
         COMPLETED CALLED("c1:n:g", "{}") "\n",
     ASSAY_OK, "", false},
    {"a name in pieces, whose first is a name too",
     "{\"model\":\"m\",\"input\":\"hi\",\"stream\":true,\"tools\":["
     "{\"type\":\"function\",\"name\":\"f\"},"
     "{\"type\":\"function\",\"name\":\"fg\"}]}",
     CALLS(CALL(0, "c1", "f", "")) CALLS(NAMED_0("g", "{}")) F("stop") DONE,
     CREATED ADDED(0, "c1:fg") DELTA(0, "{}") DONE_CALL(0, "c1:fg", "{}")
         COMPLETED CALLED("c1:fg", "{}") "\n",
     ASSAY_OK, "", false},
    {"a name behind another call is another call's", TOOLS,
     CALLS(NAMED_0("x", "")) CALLS(CALL(1, "c1", "f", "{}"))
         CALLS(NAMED_0("h", "[]")) F("stop") DONE,
     CREATED ADDED(0, MADE(0) ":x") ADDED(1, "c1:f") DELTA(1, "{}")
         ADDED(2, MADE(2) ":h") DELTA(2, "[]") DELTA(0, "{}")
             DONE_CALL(0, MADE(0) ":x", "{}") DONE_CALL(1, "c1:f", "{}")
                 DONE_CALL(2, MADE(2) ":h", "[]")
                     COMPLETED CALLED(MADE(0) ":x", "{}") CALLED("c1:f", "{}")
                         CALLED(MADE(2) ":h", "[]") "\n",
     ASSAY_OK, "", false},
    {"an id that comes before the arguments", TOOLS,
     CALLS(NAMED_0("f", "")) CALLS(CALL(0, "c1", "", "{}")) F("stop") DONE,
     CREATED ADDED(0, "c1:f") DELTA(0, "{}") DONE_CALL(0, "c1:f", "{}")
         COMPLETED CALLED("c1:f", "{}") "\n",
     ASSAY_OK, "", false},
    {"an id that comes too late", TOOLS,
     CALLS(NAMED_0("f", "{")) CALLS(CALL(0, "c1", "", "}")) F("stop") DONE,
     CREATED ADDED(0, MADE(0) ":f") DELTA(0, "{") DELTA(0, "}") DONE_CALL(
         0, MADE(0) ":f", "{}") COMPLETED CALLED(MADE(0) ":f", "{}") "\n",
     ASSAY_OK, "", false},
    {"an id that is there twice", TOOLS,
     CALLS(CALL(0, "c1", "f", "{}")) CALLS(CALL(1, "c1", "f", "{"))
         CALLS(CALL(1, "c1", "f", "}")) F("stop") DONE,
     CREATED ADDED(0, "c1:f") DELTA(0, "{}") ADDED(1, MADE(1) ":f")
         DELTA(1, "{") DELTA(1, "}") DONE_CALL(0, "c1:f", "{}")
             DONE_CALL(1, MADE(1) ":f", "{}") COMPLETED CALLED("c1:f", "{}")
                 CALLED(MADE(1) ":f", "{}") "\n",
     ASSAY_OK, "", false},
    {"something else before the name", TOOLS,
     CALLS(MORE(0, "{}")) D("\"content\":\"x\"") F("stop") DONE,
     CREATED "failed failed code=server_error message=the answer has a "
             "call without a name\n",
     ASSAY_REPLY, "the answer has a call without", false},
    {"cut before the arguments", TOOLS,
     CALLS(CALL(0, "c1", "f", "")) F("length") DONE,
     CREATED ADDED(0, "c1:f") "incomplete incomplete | function_call:c1:f[] "
                              "incomplete reason=max_output_tokens\n",
     ASSAY_OK, "", false},
    {"cut before the name", TOOLS, CALLS(MORE(0, "{")) F("length") DONE,
     CREATED "incomplete incomplete reason=max_output_tokens\n", ASSAY_OK, "",
     false},
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events),
        cmocka_unit_test(cut_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
