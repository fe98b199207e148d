/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_chunk.c - what a server of Chat Completions says: a chunk of a
 * stream has in `delta` what the whole answer has in `message`.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "translate_answer.h"

#define SERVER_TEXT_MAX_BYTES (64u * 1024u) /* of an error that is repeated */

struct chunk {
    const struct assay_json *j;
    struct translation *t;
    bool whole;
};

/* --- failures ------------------------------------------------------------ */

void
translate_fail_as(struct translation *t, const struct assay_error *err)
{
    if (t->failure.code == ASSAY_OK) {
        t->failure = *err;
        snprintf(t->failure_code, sizeof(t->failure_code), "server_error");
        assay_buf_add_text(&t->failure_text, err->msg);
    }
}

void
translate_fail(struct translation *t, enum assay_code code, const char *fmt,
               ...)
{
    struct assay_error err;
    char msg[sizeof(err.msg)];
    va_list args;

    va_start(args, fmt);
    vsnprintf(msg, sizeof(msg), fmt, args);
    va_end(args);
    assay_error_clear(&err);
    assay_fail(&err, code, ASSAY_NO_OFFSET, "%s", msg);
    translate_fail_as(t, &err);
}

static void
malformed(struct chunk *c, const char *what)
{
    translate_fail(c->t, ASSAY_REPLY, "%s", what);
}

/* A code that clients may know; what else it says is for people. */
static void
server_failed(struct chunk *c, struct assay_slice message,
              struct assay_slice code)
{
    struct translation *t = c->t;
    size_t room = sizeof(t->failure_code);

    if (t->failure.code != ASSAY_OK) {
        return;
    }
    translate_fail(t, ASSAY_REPLY, "the server says that it failed");
    if (code.len > 0 && code.len < room && assay_utf8_is_valid(code) &&
        memchr(code.ptr, '\0', code.len) == NULL) {
        snprintf(t->failure_code, room, "%.*s", (int)code.len,
                 (const char *)code.ptr);
    }
    if (message.len > 0 && message.len <= SERVER_TEXT_MAX_BYTES) {
        t->failure_text.len = 0;
        assay_buf_add(&t->failure_text, message);
    }
}

/* --- what there is ------------------------------------------------------- */

/* A text, empty where there is none. */
static struct assay_slice
text_of(struct chunk *c, uint32_t object, const char *name)
{
    uint32_t node = assay_json_member(c->j, object, name);
    enum assay_json_type type = assay_json_type(c->j, node);

    if (type != ASSAY_JSON_NULL && type != ASSAY_JSON_STRING) {
        translate_fail(c->t, ASSAY_REPLY, "the server's %s is no string", name);
    }
    return assay_json_string(c->j, node);
}

/* Servers give it one name or the other, or both. */
static void
read_reasoning(struct chunk *c, uint32_t delta)
{
    struct assay_slice text = text_of(c, delta, "reasoning_content");

    if (text.len == 0) {
        text = text_of(c, delta, "reasoning");
    }
    translate_say(c->t, TRANSLATE_REASONING, text);
}

static void
read_call(struct chunk *c, uint32_t node, uint32_t position)
{
    uint32_t function = assay_json_member(c->j, node, "function");
    struct translate_call call = {
        .has_index = c->whole,
        .index = position,
        .id = text_of(c, node, "id"),
        .name = text_of(c, function, "name"),
        .arguments = text_of(c, function, "arguments"),
    };

    if (!c->whole) {
        call.has_index = assay_json_u64(
            c->j, assay_json_member(c->j, node, "index"), &call.index);
    }
    if (c->t->failure.code == ASSAY_OK) {
        translate_call(c->t, &call);
    }
}

static void
read_calls(struct chunk *c, uint32_t delta)
{
    uint32_t calls = assay_json_member(c->j, delta, "tool_calls");
    uint32_t i = 0;

    if (assay_json_type(c->j,
                        assay_json_member(c->j, delta, "function_call")) !=
        ASSAY_JSON_NULL) {
        malformed(c, "the server speaks of function_call, which is obsolete");
    }
    if (assay_json_type(c->j, calls) != ASSAY_JSON_NULL &&
        assay_json_type(c->j, calls) != ASSAY_JSON_ARRAY) {
        malformed(c, "the server's tool_calls is no array");
    }
    for (uint32_t e = assay_json_first(c->j, calls);
         e != ASSAY_JSON_NONE && c->t->failure.code == ASSAY_OK;
         e = assay_json_next(c->j, e)) {
        read_call(c, e, i++);
    }
}

static void
read_finish(struct chunk *c, uint32_t choice)
{
    static const struct {
        const char *word;
        enum translate_finish finish;
    } rows[] = {{"stop", TRANSLATE_STOP},
                {"tool_calls", TRANSLATE_STOP},
                {"length", TRANSLATE_LENGTH},
                {"content_filter", TRANSLATE_FILTER}};
    struct assay_slice word = text_of(c, choice, "finish_reason");

    if (word.len == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (assay_slice_is(word, rows[i].word)) {
            c->t->finish = rows[i].finish;
            return;
        }
    }
    translate_fail(
        c->t, ASSAY_REPLY, "the server ended with finish_reason \"%.*s\"",
        (int)(word.len < 20 ? word.len : 20), (const char *)word.ptr);
}

static void
read_choice(struct chunk *c, uint32_t choice)
{
    uint64_t index = 0;
    uint32_t delta =
        assay_json_member(c->j, choice, c->whole ? "message" : "delta");

    (void)assay_json_u64(c->j, assay_json_member(c->j, choice, "index"),
                         &index);
    if (index != 0) {
        return; /* nobody asked for another */
    }
    read_reasoning(c, delta);
    translate_say(c->t, TRANSLATE_TEXT, text_of(c, delta, "content"));
    translate_say(c->t, TRANSLATE_REFUSAL, text_of(c, delta, "refusal"));
    read_calls(c, delta);
    read_finish(c, choice);
}

/* --- usage --------------------------------------------------------------- */

static uint64_t
count_of(struct chunk *c, uint32_t object, const char *name)
{
    uint64_t n = 0;

    (void)assay_json_u64(c->j, assay_json_member(c->j, object, name), &n);
    return n;
}

static void
read_usage(struct chunk *c)
{
    struct translate_usage *u = &c->t->usage;
    uint32_t usage = assay_json_member(c->j, ASSAY_JSON_ROOT, "usage");
    uint32_t prompt = assay_json_member(c->j, usage, "prompt_tokens_details");
    uint32_t completion =
        assay_json_member(c->j, usage, "completion_tokens_details");

    if (assay_json_type(c->j, usage) != ASSAY_JSON_OBJECT) {
        return;
    }
    u->known = true;
    u->input = count_of(c, usage, "prompt_tokens");
    u->cached = count_of(c, prompt, "cached_tokens");
    u->output = count_of(c, usage, "completion_tokens");
    u->reasoning = count_of(c, completion, "reasoning_tokens");
    if (u->reasoning == 0) {
        u->reasoning = count_of(c, usage, "reasoning_tokens"); /* SGLang */
    }
    if (!assay_json_u64(c->j, assay_json_member(c->j, usage, "total_tokens"),
                        &u->total)) {
        u->total = u->input + u->output;
    }
}

/* --- a chunk ------------------------------------------------------------- */

static void
read_model(struct chunk *c)
{
    struct assay_slice model = text_of(c, ASSAY_JSON_ROOT, "model");
    struct assay_error err;

    if (model.len > 0 &&
        !assay_slice_equal(model, assay_buf_slice(&c->t->model))) {
        c->t->model.len = 0;
        assay_buf_add(&c->t->model, model);
        assay_error_clear(&err);
        if (assay_buf_check(&c->t->model, "the server's model", &err) !=
            ASSAY_OK) {
            translate_fail_as(c->t, &err);
        }
    }
}

static void
read_chunk(struct chunk *c)
{
    uint32_t choices = assay_json_member(c->j, ASSAY_JSON_ROOT, "choices");
    struct assay_slice message;
    struct assay_slice code;

    if (translate_read_error(c->j, ASSAY_JSON_ROOT, &message, &code)) {
        server_failed(c, message, code);
        return;
    }
    if (assay_json_type(c->j, choices) != ASSAY_JSON_ARRAY) {
        malformed(c, "the server's answer has no choices");
        return;
    }
    read_model(c);
    translate_tell_created(c->t);
    read_usage(c);
    for (uint32_t e = assay_json_first(c->j, choices);
         e != ASSAY_JSON_NONE && c->t->failure.code == ASSAY_OK;
         e = assay_json_next(c->j, e)) {
        read_choice(c, e);
    }
}

void
translate_chunk(struct translation *t, struct assay_slice json, bool whole)
{
    const struct assay_json_limits limits = {
        TRANSLATE_EVENT_MAX_BYTES, TRANSLATE_DEPTH_MAX, TRANSLATE_NODES_MAX};
    struct chunk c = {.t = t, .whole = whole};
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    switch (assay_json_parse_nul(json, &limits, "answer", &j, &err)) {
    case ASSAY_OK:
        c.j = j;
        read_chunk(&c);
        break;
    case ASSAY_NO_MEMORY:
    case ASSAY_TOO_LARGE:
        translate_fail_as(t, &err);
        break;
    default:
        /* Not what it says: it may quote the answer. */
        translate_fail(t, ASSAY_REPLY,
                       "the server's answer is no JSON at byte %zu",
                       err.offset);
        break;
    }
    assay_json_free(j);
}
