/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_translate_request.c - requests of Responses as requests of Chat
 * Completions.
 */
#include "harness/translate.h"

/* Behind "model" and before what every request has at its end. */
#define HI   "\"input\":\"hi\""
#define END  ",\"stream\":false}"
#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static const struct {
    const char *name;
    const char *request; /* behind {"model":"m", */
    const char *chat;    /* the same */
} good[] = {
    {"a text", HI "}", USER END},
    {"no stream", HI ",\"stream\":false}", USER END},
    {"a stream", HI ",\"stream\":true}",
     USER ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}"},
    {"null is nothing",
     HI ",\"tools\":null,\"prompt\":null,\"temperature\":null,"
        "\"stream\":null,\"nonsense\":null}",
     USER END},
    {"white space",
     HI " ,\r\n\t\"logit_bias\" : { \"1\" :\n[ 2 , \" a\\\" b \" ] } }",
     "\"logit_bias\":{\"1\":[2,\" a\\\" b \"]}," USER END},

    /* --- members --- */
    {"instructions", HI ",\"instructions\":\"Be kind.\"}",
     "\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},"
     "{\"role\":\"user\",\"content\":\"hi\"}]" END},
    {"numbers as they are spelt",
     HI ",\"temperature\":0.70,\"top_p\":1e0,\"max_output_tokens\":5}",
     "\"temperature\":0.70,\"top_p\":1e0,\"max_tokens\":5," USER END},
    {"reasoning",
     HI ",\"reasoning\":{\"effort\":\"high\",\"summary\":\"auto\"}}",
     "\"reasoning_effort\":\"high\"," USER END},
    {"reasoning without effort", HI ",\"reasoning\":{\"summary\":\"auto\"}}",
     USER END},
    {"text", HI ",\"text\":{\"format\":{\"type\":\"text\"}}}", USER END},
    {"verbosity", HI ",\"text\":{\"verbosity\":\"low\"}}",
     "\"verbosity\":\"low\"," USER END},
    {"any object", HI ",\"text\":{\"format\":{\"type\":\"json_object\"}}}",
     "\"response_format\":{\"type\":\"json_object\"}," USER END},
    {"a schema",
     HI ",\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\","
        "\"description\":null,\"strict\":true,\"schema\":{\"type\":\"x\"}}}}",
     "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{"
     "\"name\":\"n\",\"schema\":{\"type\":\"x\"},\"strict\":true}}," USER END},
    {"what others know", HI ",\"seed\":1,\"stop\":[\"a\"],\"top_k\":2}",
     "\"seed\":1,\"stop\":[\"a\"],\"top_k\":2," USER END},
    {"what is dropped",
     HI ",\"store\":true,\"metadata\":{\"a\":\"b\"},\"client_metadata\":{},"
        "\"prompt_cache_key\":\"k\",\"prompt_cache_retention\":\"24h\","
        "\"safety_identifier\":\"s\",\"service_tier\":\"priority\","
        "\"stream_options\":{\"include_obfuscation\":true},"
        "\"max_tool_calls\":3,\"include\":[\"reasoning.encrypted_content\"]}",
     USER END},
    {"what is off anyway",
     HI ",\"background\":false,\"truncation\":\"disabled\","
        "\"top_logprobs\":0}",
     USER END},

    /* --- messages --- */
    {"systems and developers at the beginning are one",
     "\"instructions\":\"one\",\"input\":[{\"role\":\"system\",\"content\":"
     "\"two\"},{\"type\":\"message\",\"role\":\"developer\",\"content\":["
     "{\"type\":\"input_text\",\"text\":\"three\"},"
     "{\"type\":\"input_text\",\"text\":\"four\"}]},"
     "{\"role\":\"user\",\"content\":\"hi\"}]}",
     "\"messages\":[{\"role\":\"system\",\"content\":"
     "\"one\\n\\ntwo\\n\\nthree\\n\\nfour\"},"
     "{\"role\":\"user\",\"content\":\"hi\"}]" END},
    {"later ones are said by the user",
     "\"input\":[{\"role\":\"user\",\"content\":\"hi\"},"
     "{\"role\":\"developer\",\"content\":\"stop\"}]}",
     "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"},"
     "{\"role\":\"user\",\"content\":\"stop\"}]" END},
    {"only a system", "\"input\":[{\"role\":\"system\",\"content\":\"s\"}]}",
     "\"messages\":[{\"role\":\"system\",\"content\":\"s\"}]" END},
    {"nothing at all", "\"input\":[]}", "\"messages\":[]" END},
    {"one part is a string",
     "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
     "\"text\":\"a\\u0000\\\"\\u00e9\"}]}]}",
     "\"messages\":[{\"role\":\"user\",\"content\":"
     "\"a\\u0000\\\"\xc3\xa9\"}]" END},
    {"parts and images",
     "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
     "\"text\":\"see\"},{\"type\":\"input_image\",\"detail\":\"low\","
     "\"image_url\":\"data:x\",\"file_id\":null},{\"type\":\"input_image\","
     "\"image_url\":\"u\",\"detail\":\"original\"}]}]}",
     "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
     "\"text\":\"see\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
     "\"data:x\",\"detail\":\"low\"}},{\"type\":\"image_url\",\"image_url\":{"
     "\"url\":\"u\",\"detail\":\"high\"}}]}]" END},
    {"an assistant's parts",
     "\"input\":[{\"role\":\"assistant\",\"id\":\"x\",\"status\":\"completed\","
     "\"content\":[{\"type\":\"output_text\",\"text\":\"a\",\"annotations\":"
     "[],\"logprobs\":[]},{\"type\":\"refusal\",\"refusal\":\"b\"}]}]}",
     "\"messages\":[{\"role\":\"assistant\",\"content\":\"ab\"}]" END},
    {"two messages stay two",
     "\"input\":[{\"role\":\"assistant\",\"content\":\"a\"},"
     "{\"role\":\"assistant\",\"content\":\"b\"}]}",
     "\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"},"
     "{\"role\":\"assistant\",\"content\":\"b\"}]" END},

    /* --- calls --- */
    {"a message, thoughts and calls are one message",
     "\"input\":[{\"role\":\"assistant\",\"content\":\"a\"},"
     "{\"type\":\"reasoning\",\"id\":\"r\",\"summary\":[{\"type\":"
     "\"summary_text\",\"text\":\"s\"}],\"content\":[{\"type\":"
     "\"reasoning_text\",\"text\":\"t\"}],\"encrypted_content\":\"e\"},"
     "{\"type\":\"function_call\",\"call_id\":\"1\",\"name\":\"f\","
     "\"arguments\":\"{\\\"x\\\": 1}\"},"
     "{\"type\":\"function_call\",\"call_id\":\"2\",\"name\":\"g\","
     "\"namespace\":\"n\",\"arguments\":\"\"},"
     "{\"role\":\"assistant\",\"content\":\"b\"},"
     "{\"type\":\"function_call_output\",\"call_id\":\"1\",\"output\":\"one\"},"
     "{\"type\":\"function_call_output\",\"call_id\":\"2\",\"output\":["
     "{\"type\":\"input_text\",\"text\":\"two\"},"
     "{\"type\":\"input_text\",\"text\":\"three\"}]}]}",
     "\"messages\":[{\"role\":\"assistant\",\"content\":\"a\\n\\nb\","
     "\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\",\"function\":{"
     "\"name\":\"f\",\"arguments\":\"{\\\"x\\\": 1}\"}},{\"id\":\"2\",\"type\":"
     "\"function\",\"function\":{\"name\":\"n__g\",\"arguments\":\"{}\"}}]},"
     "{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"one\"},"
     "{\"role\":\"tool\",\"tool_call_id\":\"2\",\"content\":"
     "\"two\\nthree\"}]" END},
    {"calls alone, in two turns",
     "\"input\":[{\"type\":\"function_call\",\"call_id\":\"1\",\"name\":\"f\","
     "\"arguments\":\"{}\"},{\"type\":\"function_call_output\",\"call_id\":"
     "\"1\",\"output\":\"o\"},{\"type\":\"function_call\",\"call_id\":\"2\","
     "\"name\":\"f\",\"arguments\":\"{}\"}]}",
     "\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
     "{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
     "\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"1\","
     "\"content\":\"o\"},{\"role\":\"assistant\",\"content\":null,"
     "\"tool_calls\":[{\"id\":\"2\",\"type\":\"function\",\"function\":{"
     "\"name\":\"f\",\"arguments\":\"{}\"}}]}]" END},
    {"a model's mistake does not stay",
     "\"input\":[{\"type\":\"function_call\",\"call_id\":\"1\",\"name\":\"f\","
     "\"arguments\":\"{\\\"x\"},{\"type\":\"function_call\",\"call_id\":\"2\","
     "\"name\":\"f\",\"arguments\":\"[]\"}]}",
     "\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
     "{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
     "\"arguments\":\"{\\\"malformed_arguments\\\":\\\"{\\\\\\\"x\\\"}\"}},"
     "{\"id\":\"2\",\"type\":\"function\",\"function\":{\"name\":\"f\","
     "\"arguments\":\"{\\\"malformed_arguments\\\":\\\"[]\\\"}\"}}]}]" END},
    {"calls with text",
     "\"input\":[{\"type\":\"custom_tool_call\",\"call_id\":\"1\",\"name\":"
     "\"p\",\"input\":\"a\\n\\\"\"},{\"type\":\"custom_tool_call_output\","
     "\"call_id\":\"1\",\"output\":\"done\"}]}",
     "\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
     "{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"p\","
     "\"arguments\":\"{\\\"input\\\":\\\"a\\\\n\\\\\\\"\\\"}\"}}]},"
     "{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"done\"}]" END},
    {"images of outputs come behind all outputs",
     "\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"1\","
     "\"output\":[{\"type\":\"input_image\",\"image_url\":\"u\"}]},"
     "{\"type\":\"function_call_output\",\"call_id\":\"2\",\"output\":["
     "{\"type\":\"input_text\",\"text\":\"t\"},{\"type\":\"input_image\","
     "\"image_url\":\"v\"}]},{\"role\":\"user\",\"content\":\"hi\"}]}",
     "\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":"
     "\"(what follows the outputs of tools)\"},{\"role\":\"tool\","
     "\"tool_call_id\":\"2\",\"content\":\"t\"},{\"role\":\"user\","
     "\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}},"
     "{\"type\":\"image_url\",\"image_url\":{\"url\":\"v\"}}]},"
     "{\"role\":\"user\",\"content\":\"hi\"}]" END},
    {"images at the end",
     "\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"1\","
     "\"output\":[{\"type\":\"input_image\",\"image_url\":\"u\"}]}]}",
     "\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":"
     "\"(what follows the outputs of tools)\"},{\"role\":\"user\","
     "\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}}]}"
     "]" END},

    /* --- tools --- */
    {"functions",
     HI ",\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"description\":"
        "\"d\",\"parameters\":{\"type\":\"object\"},\"strict\":false,"
        "\"defer_loading\":false}],\"tool_choice\":\"auto\","
        "\"parallel_tool_calls\":true}",
     USER ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"description\":\"d\",\"parameters\":{\"type\":\"object\"},"
          "\"strict\":false}}],\"tool_choice\":\"auto\","
          "\"parallel_tool_calls\":true" END},
    {"namespaces",
     HI ",\"tools\":[{\"type\":\"namespace\",\"name\":\"n\",\"description\":"
        "\"d\",\"tools\":[{\"type\":\"function\",\"name\":\"f\"},{\"type\":"
        "\"custom\",\"name\":\"c\"}]},{\"type\":\"function\",\"name\":\"f\"}],"
        "\"tool_choice\":{\"type\":\"function\",\"name\":\"f\",\"namespace\":"
        "\"n\"}}",
     USER
     ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"n__f\"}},"
     "{\"type\":\"function\",\"function\":{\"name\":\"n__c\",\"description\":"
     "\"\",\"parameters\":{\"type\":\"object\",\"properties\":{\"input\":{"
     "\"type\":\"string\",\"description\":\"The whole input of this tool, as "
     "plain text.\"}},\"required\":[\"input\"],\"additionalProperties\":false}"
     "}},{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],"
     "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"n__f\"}"
     "}" END},
    {"a grammar",
     HI ",\"tools\":[{\"type\":\"custom\",\"name\":\"c\",\"description\":\"d\","
        "\"format\":{\"type\":\"grammar\",\"syntax\":\"lark\",\"definition\":"
        "\"s: X\"}}],\"tool_choice\":\"required\"}",
     USER
     ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"c\","
     "\"description\":\"d\\n\\nThe input has to match this lark grammar:"
     "\\ns: X\",\"parameters\":{\"type\":\"object\",\"properties\":{"
     "\"input\":{\"type\":\"string\",\"description\":\"The whole input of "
     "this tool, as plain text.\"}},\"required\":[\"input\"],"
     "\"additionalProperties\":false}}}],\"tool_choice\":\"required\"" END},
    {"tools in the input",
     "\"input\":[{\"type\":\"additional_tools\",\"role\":\"developer\","
     "\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]},"
     "{\"role\":\"user\",\"content\":\"hi\"}]}",
     USER
     ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]" END},
    {"no tools, and so no choice",
     HI ",\"tools\":[],\"tool_choice\":\"auto\",\"parallel_tool_calls\":true}",
     USER END},
};

static void
good_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct translation *t = NULL;
        struct assay_error err;
        struct assay_buf request;
        struct assay_buf want;
        struct assay_buf chat;
        struct assay_slice body;

        assay_buf_init(&request, SIZE_MAX);
        assay_buf_init(&want, SIZE_MAX);
        assay_buf_init(&chat, SIZE_MAX);
        assay_buf_printf(&request, "{\"model\":\"m\",%s", good[i].request);
        assay_buf_printf(&want, "{\"model\":\"m\",%s%c", good[i].chat, 0);
        body = exact_copy(assay_buf_slice(&request));
        (void)!translation_new(body, TRANSLATE_ID, TRANSLATE_NOW_S, &chat, &t,
                               &err);
        check_error(good[i].name, &err, ASSAY_OK, "", ASSAY_NO_OFFSET);
        free((void *)(uintptr_t)body.ptr);
        CHECK(good[i].name, t != NULL);
        translate_check_text(good[i].name, &chat, (const char *)want.ptr);
        assay_json_free(translate_json(assay_buf_slice(&chat)));
        translation_free(t);
        assay_buf_free(&request);
        assay_buf_free(&want);
        assay_buf_free(&chat);
    }
}

#define ITEM(item)    "{\"model\":\"m\",\"input\":[" item "]}"
#define MEMBER(text)  "{\"model\":\"m\",\"input\":\"hi\"," text "}"
#define CONTENT(part) ITEM("{\"role\":\"user\",\"content\":[" part "]}")
#define TOOL(tool)    MEMBER("\"tools\":[" tool "]")

static const struct {
    const char *name;
    const char *request;
    enum assay_code code;
    const char *msg;
    size_t offset;
} bad[] = {
    {"nothing", "", ASSAY_TRUNCATED, "request: ", 0},
    {"cut", "{\"model\":", ASSAY_TRUNCATED, "request: ", 9},
    {"twice", "{\"model\":\"m\",\"model\":\"n\"}", ASSAY_MALFORMED,
     "request: JSON has the member \"model\" twice", 13},
    {"no UTF-8", "{\"model\":\"\xff\"}", ASSAY_MALFORMED, "request: ", 10},
    {"no object", "[]", ASSAY_INVALID, "the request is no object", 0},
    {"no model", "{\"input\":\"hi\"}", ASSAY_INVALID, "model: missing", 0},
    {"no input", "{\"model\":\"m\"}", ASSAY_INVALID, "input: missing", 0},
    {"a model that is a number", "{\"model\":1,\"input\":\"hi\"}",
     ASSAY_INVALID, "model: want a string, have number", 9},
    {"input of a wrong type", "{\"model\":\"m\",\"input\":{}}", ASSAY_INVALID,
     "input: want a string or an array, have object", 21},

    {"a member nobody knows", MEMBER("\"frobnicate\":1"), ASSAY_UNSUPPORTED,
     "frobnicate: not known", 26},
    {"an earlier answer", MEMBER("\"previous_response_id\":\"resp_1\""),
     ASSAY_UNSUPPORTED, "previous_response_id: no earlier answer", 49},
    {"a conversation", MEMBER("\"conversation\":\"c\""), ASSAY_UNSUPPORTED,
     "conversation: ", 41},
    {"a prompt", MEMBER("\"prompt\":{\"id\":\"p\"}"), ASSAY_UNSUPPORTED,
     "prompt: ", 35},
    {"in the background", MEMBER("\"background\":true"), ASSAY_UNSUPPORTED,
     "background: ", 39},
    {"truncation", MEMBER("\"truncation\":\"auto\""), ASSAY_UNSUPPORTED,
     "truncation: ", 39},
    {"probabilities", MEMBER("\"top_logprobs\":2"), ASSAY_UNSUPPORTED,
     "top_logprobs: ", 41},
    {"an extra",
     MEMBER("\"include\":[\"reasoning.encrypted_content\","
            "\"message.output_text.logprobs\"]"),
     ASSAY_UNSUPPORTED,
     "include[1]: Chat Completions has nothing for "
     "\"message.output_text.logprobs\"",
     67},
    {"a number that is none", MEMBER("\"temperature\":\"hot\""), ASSAY_INVALID,
     "temperature: want a number, have string", 40},
    {"effort of a wrong type", MEMBER("\"reasoning\":{\"effort\":3}"),
     ASSAY_INVALID, "reasoning.effort: want a string, have number", 48},
    {"more about reasoning", MEMBER("\"reasoning\":{\"mode\":\"pro\"}"),
     ASSAY_UNSUPPORTED, "reasoning: Chat Completions has nothing for \"mode\"",
     39},
    {"a format", MEMBER("\"text\":{\"format\":{\"type\":\"grammar\"}}"),
     ASSAY_UNSUPPORTED,
     "text.format: Chat Completions has nothing for \"grammar\"", 43},
    {"a schema without a name",
     MEMBER("\"text\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}"),
     ASSAY_INVALID, "text.format.name: missing", 43},

    {"an item that is a string", ITEM("\"x\""), ASSAY_INVALID,
     "input[0]: want an object, have string", 22},
    {"an item without a type", ITEM("{}"), ASSAY_INVALID,
     "input[0].type: missing", 22},
    {"a type that is null", ITEM("{\"type\":null,\"role\":\"user\"}"),
     ASSAY_INVALID, "input[0].type: missing", 22},
    {"an item of a hosted tool",
     ITEM(
         "{\"role\":\"user\",\"content\":\"\"},{\"type\":\"web_search_call\"}"),
     ASSAY_UNSUPPORTED,
     "input[1].type: Chat Completions has nothing for \"web_search_call\"", 51},
    {"a reference", ITEM("{\"type\":\"item_reference\",\"id\":\"x\"}"),
     ASSAY_UNSUPPORTED, "input[0].type: ", 22},
    {"a compaction",
     ITEM("{\"type\":\"compaction\",\"encrypted_content\":\"x\"}"),
     ASSAY_UNSUPPORTED, "input[0].type: ", 22},
    {"a type in control characters", ITEM("{\"type\":\"\\u001b[31m\"}"),
     ASSAY_UNSUPPORTED,
     "input[0].type: Chat Completions has nothing for \"?[31m\"", 22},
    {"a role", ITEM("{\"role\":\"root\",\"content\":\"x\"}"), ASSAY_UNSUPPORTED,
     "input[0].role: want user", 22},
    {"no content", ITEM("{\"role\":\"user\"}"), ASSAY_INVALID,
     "input[0].content: missing", 22},
    {"a file",
     CONTENT("{\"type\":\"input_text\",\"text\":\"\"},"
             "{\"type\":\"input_file\",\"file_id\":\"x\"}"),
     ASSAY_UNSUPPORTED,
     "input[0].content[1]: Chat Completions has nothing for \"input_file\"",
     80},
    {"a part without a text",
     CONTENT("{\"type\":\"input_text\"},{\"type\":\"input_text\"}"),
     ASSAY_INVALID, "input[0].content[0].text: missing", 48},
    {"a lone part without a text", CONTENT("{\"type\":\"input_text\"}"),
     ASSAY_INVALID, "input[0].content[0].text: missing", 48},
    {"a part that is a string", CONTENT("\"x\""), ASSAY_INVALID,
     "input[0].content[0]: want an object, have string", 48},
    {"an image that is a file",
     CONTENT("{\"type\":\"input_image\",\"file_id\":\"x\"}"), ASSAY_UNSUPPORTED,
     "input[0].content[0]: file_id: the server", 48},
    {"an image of nothing", CONTENT("{\"type\":\"input_image\"}"),
     ASSAY_INVALID, "input[0].content[0].image_url: missing", 48},
    {"an image that an assistant says",
     ITEM("{\"role\":\"assistant\",\"content\":[{\"type\":\"input_image\","
          "\"image_url\":\"u\"}]}"),
     ASSAY_UNSUPPORTED, "input[0].content[0]: an image can only", 53},
    {"a call without a name",
     ITEM("{\"type\":\"function_call\",\"call_id\":\"c\",\"arguments\":\"\"}"),
     ASSAY_INVALID, "input[0].name: missing", 22},
    {"a call without an id",
     ITEM("{\"type\":\"function_call\",\"name\":\"c\",\"arguments\":\"\"}"),
     ASSAY_INVALID, "input[0].call_id: missing", 22},
    {"an output that is an object",
     ITEM("{\"type\":\"function_call_output\",\"call_id\":\"c\","
          "\"output\":{}}"),
     ASSAY_INVALID, "input[0].output: want a string or an array", 76},
    {"no output", ITEM("{\"type\":\"function_call_output\",\"call_id\":\"c\"}"),
     ASSAY_INVALID, "input[0].output: missing", 22},

    {"a tool that Codex adds", TOOL("{\"type\":\"web_search\"}"),
     ASSAY_UNSUPPORTED,
     "tools[0].type: Chat Completions has nothing for \"web_search\"; Codex "
     "leaves it out with -c web_search=\"disabled\"",
     35},
    {"a hosted tool", TOOL("{\"type\":\"mcp\",\"server_label\":\"x\"}"),
     ASSAY_UNSUPPORTED,
     "tools[0].type: Chat Completions has nothing for \"mcp\"", 35},
    {"a hosted tool in a namespace",
     TOOL("{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[{\"type\":"
          "\"shell\"}]}"),
     ASSAY_UNSUPPORTED,
     "tools[0].tools[0].type: Chat Completions has nothing for \"shell\"", 75},
    {"a tool without a name", TOOL("{\"type\":\"function\"}"), ASSAY_INVALID,
     "tools[0].name: missing", 35},
    {"a choice of a tool without a name",
     MEMBER("\"tools\":[{\"type\":\"function\"}],\"tool_choice\":{\"type\":"
            "\"function\",\"name\":\"f\"}"),
     ASSAY_INVALID, "tools[0].name: missing", 35},
    {"an empty name", TOOL("{\"type\":\"function\",\"name\":\"\"}"),
     ASSAY_INVALID, "tools[0]: name: want 1 to 256 bytes", 35},
    {"a name that is there twice",
     TOOL("{\"type\":\"namespace\",\"name\":\"a\",\"tools\":[{\"type\":"
          "\"function\",\"name\":\"b\"}]},{\"type\":\"custom\",\"name\":"
          "\"a__b\"}"),
     ASSAY_INVALID, "tools[1]: name: a__b is there twice", 108},
    {"a format of a tool",
     TOOL("{\"type\":\"custom\",\"name\":\"c\",\"format\":{\"type\":\"x\"}}"),
     ASSAY_UNSUPPORTED, "tools[0]: format.type: want text or grammar", 72},
    {"a hosted tool in the input",
     ITEM("{\"type\":\"additional_tools\",\"tools\":[{\"type\":\"mcp\"}]}"),
     ASSAY_UNSUPPORTED, "input[0].tools[0].type: ", 58},
    {"a choice without tools", MEMBER("\"tool_choice\":\"required\""),
     ASSAY_INVALID, "tool_choice: there are no tools", 40},
    {"a choice that is no word",
     MEMBER("\"tools\":[{\"type\":\"function\",\"name\":\"f\"}],"
            "\"tool_choice\":\"some\""),
     ASSAY_INVALID, "tool_choice: want auto, none, required", 81},
    {"a choice that is not there",
     MEMBER("\"tools\":[{\"type\":\"function\",\"name\":\"f\"}],"
            "\"tool_choice\":{\"type\":\"function\",\"name\":\"g\"}"),
     ASSAY_INVALID, "tool_choice: name: no such tool", 81},
    {"a choice of a hosted tool",
     MEMBER("\"tools\":[{\"type\":\"function\",\"name\":\"f\"}],"
            "\"tool_choice\":{\"type\":\"file_search\"}"),
     ASSAY_UNSUPPORTED, "tool_choice.type: Chat Completions has nothing", 81},
};

/* Nothing is written, and nothing remains. */
static void
bad_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct translation *t = (void *)1;
        struct assay_slice body = exact_copy(assay_slice_of(bad[i].request));
        struct assay_error err;
        struct assay_buf chat;

        assay_buf_init(&chat, SIZE_MAX);
        assay_buf_add_text(&chat, "before");
        (void)!translation_new(body, TRANSLATE_ID, TRANSLATE_NOW_S, &chat, &t,
                               &err);
        check_error(bad[i].name, &err, bad[i].code, bad[i].msg, bad[i].offset);
        CHECK(bad[i].name, t == NULL);
        translate_check_text(bad[i].name, &chat, "before");
        assay_buf_free(&chat);
        free((void *)(uintptr_t)body.ptr);
    }
}

static void
every_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct assay_buf request;
        size_t whole;

        assay_buf_init(&request, SIZE_MAX);
        assay_buf_printf(&request, "{\"model\":\"m\",%s", good[i].request);
        whole = request.len;
        for (size_t n = 0; n < whole; n++) {
            struct assay_slice body =
                exact_copy((struct assay_slice){request.ptr, n});
            struct translation *t = NULL;
            struct assay_error err;
            struct assay_buf chat;

            assay_buf_init(&chat, SIZE_MAX);
            (void)!translation_new(body, TRANSLATE_ID, TRANSLATE_NOW_S, &chat,
                                   &t, &err);
            CHECK(good[i].name,
                  err.code == ASSAY_TRUNCATED || err.code == ASSAY_MALFORMED);
            CHECK(good[i].name, t == NULL && chat.len == 0);
            assay_buf_free(&chat);
            free((void *)(uintptr_t)body.ptr);
        }
        assay_buf_free(&request);
    }
}

/* The body for the server has a limit of its caller's. */
static void
too_large_for_the_caller(void **state)
{
    struct translation *t = NULL;
    struct assay_error err;
    struct assay_buf chat;

    (void)state;
    assay_buf_init(&chat, 20);
    assert_int_equal(translation_new(assay_slice_of(TRANSLATE_OBJECT),
                                     TRANSLATE_ID, TRANSLATE_NOW_S, &chat, &t,
                                     &err),
                     ASSAY_TOO_LARGE);
    assert_null(t);
    assay_buf_free(&chat);
}

static void
too_many_tools(void **state)
{
    struct translation *t = NULL;
    struct assay_error err;
    struct assay_buf chat;
    struct assay_buf request;

    (void)state;
    for (unsigned n = 1024; n <= 1025; n++) {
        assay_buf_init(&chat, SIZE_MAX);
        assay_buf_init(&request, SIZE_MAX);
        assay_buf_add_text(&request,
                           "{\"model\":\"m\",\"input\":\"\",\"tools\":[");
        for (unsigned i = 0; i < n; i++) {
            assay_buf_printf(&request,
                             "%s{\"type\":\"function\",\"name\":\"f%u\"}",
                             i > 0 ? "," : "", i);
        }
        assay_buf_add_text(&request, "]}");
        assert_int_equal(translation_new(assay_buf_slice(&request),
                                         TRANSLATE_ID, TRANSLATE_NOW_S, &chat,
                                         &t, &err),
                         n <= 1024 ? ASSAY_OK : ASSAY_TOO_LARGE);
        translation_free(t);
        assay_buf_free(&chat);
        assay_buf_free(&request);
    }
    assert_string_equal(err.msg, "tools[1024]: more than 1024 tools");
}

/* A stream says these three times. */
static void
too_large_to_repeat(void **state)
{
    static const struct {
        const char *member;
        const char *msg;
        size_t max;
    } limits[] = {
        {"\"model", "model: more than 4096 bytes", 4096},
        {"\"model\":\"m\",\"metadata\":{\"k\":\"\"},\"user",
         "what the answer repeats (metadata, text, user): more than 1048576 "
         "bytes",
         (1u << 20) - 1024},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        for (size_t over = 0; over <= 1; over++) {
            struct translation *t = NULL;
            struct assay_error err;
            struct assay_buf chat;
            struct assay_buf request;
            size_t n = limits[i].max + over * 1024;

            assay_buf_init(&chat, SIZE_MAX);
            assay_buf_init(&request, SIZE_MAX);
            assay_buf_printf(&request, "{\"input\":\"\",%s\":\"",
                             limits[i].member);
            memset(assay_buf_extend(&request, n), 'x', n);
            assay_buf_add_text(&request, "\"}");
            assert_int_equal(translation_new(assay_buf_slice(&request),
                                             TRANSLATE_ID, TRANSLATE_NOW_S,
                                             &chat, &t, &err),
                             over > 0 ? ASSAY_TOO_LARGE : ASSAY_OK);
            CHECK(limits[i].member,
                  over == 0 || strcmp(err.msg, limits[i].msg) == 0);
            translation_free(t);
            assay_buf_free(&chat);
            assay_buf_free(&request);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rows),
        cmocka_unit_test(bad_rows),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(too_large_for_the_caller),
        cmocka_unit_test(too_many_tools),
        cmocka_unit_test(too_large_to_repeat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
