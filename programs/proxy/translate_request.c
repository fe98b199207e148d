/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_request.c - the body of a request, from the client's form to the
 * server's.
 */
#include "translate_request.h"

#include <stdlib.h>

#include "base/bytes.h"

/* What the answer repeats of the request. Texts and tools, which are large and
 * which the client knows, are not. */
static void
write_echo(struct translate_request *r)
{
    static const struct {
        const char *name;
        const char *otherwise;
    } rows[] = {
        {"max_output_tokens", "null"},
        {"metadata", "{}"},
        {"parallel_tool_calls", "true"},
        {"temperature", "null"},
        {"text", "{\"format\":{\"type\":\"text\"}}"},
        {"tool_choice", "\"auto\""},
        {"top_p", "null"},
        {"user", "null"},
    };
    uint32_t reasoning = assay_json_member(r->j, ASSAY_JSON_ROOT, "reasoning");
    uint32_t effort = assay_json_member(r->j, reasoning, "effort");
    struct assay_json_out o;

    assay_json_out_init(&o, &r->t->echo, true);
    o.depth = 1; /* so that it goes on where an object is open */
    o.need_comma = true;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t node = assay_json_member(r->j, ASSAY_JSON_ROOT, rows[i].name);

        if (assay_json_type(r->j, node) != ASSAY_JSON_NULL) {
            translate_copy(&o, rows[i].name, r->j, node);
        } else {
            assay_json_out_document(&o, rows[i].name,
                                    assay_slice_of(rows[i].otherwise));
        }
    }
    assay_json_out_open(&o, "reasoning", '{');
    if (assay_json_type(r->j, effort) == ASSAY_JSON_STRING) {
        translate_copy(&o, "effort", r->j, effort);
    } else {
        assay_json_out_null(&o, "effort");
    }
    assay_json_out_null(&o, "summary");
    assay_json_out_close(&o, '}');
}

/* Usage is wanted in any case, which a stream only has if it is asked for. */
static void
write_stream(struct translate_request *r)
{
    assay_json_out_bool(&r->o, "stream", r->t->streams);
    if (r->t->streams) {
        assay_json_out_open(&r->o, "stream_options", '{');
        assay_json_out_bool(&r->o, "include_usage", true);
        assay_json_out_close(&r->o, '}');
    }
}

static enum assay_code
translate(struct translate_request *r)
{
    if (assay_json_type(r->j, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT) {
        return translate_refuse(r, ASSAY_JSON_ROOT, ASSAY_INVALID,
                                "the request is no object");
    }
    (void)translate_needed(r, ASSAY_JSON_ROOT, "model");
    assay_json_out_open(&r->o, NULL, '{');
    translate_members(r);
    translate_messages(r);
    translate_tools(r);
    translate_tool_choice(r);
    write_stream(r);
    assay_json_out_close(&r->o, '}');
    write_echo(r);
    assay_buf_check(&r->t->model, "model", r->err);
    assay_buf_check(&r->t->echo,
                    "what the answer repeats (metadata, text, user)", r->err);
    assay_buf_check(r->o.buf, "request", r->err);
    return r->err->code;
}

static struct translation *
new_translation(const char *id, int64_t now_s)
{
    struct translation *t = calloc(1, sizeof(*t));

    if (t == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < TRANSLATE_ID_DIGITS && id[i] != '\0'; i++) {
        t->id[i] = id[i];
    }
    t->now_s = now_s;
    assay_buf_init(&t->model, TRANSLATE_MODEL_MAX_BYTES);
    assay_buf_init(&t->echo, TRANSLATE_ECHO_MAX_BYTES);
    assay_buf_init(&t->names, TRANSLATE_BODY_MAX_BYTES);
    assay_buf_init(&t->body, TRANSLATE_ANSWER_MAX_BYTES);
    assay_buf_init(&t->failure_text, TRANSLATE_ANSWER_MAX_BYTES);
    assay_error_clear(&t->failure);
    translate_sse_init(&t->sse);
    return t;
}

enum assay_code
translation_new(struct assay_slice body, const char *id, int64_t now_s,
                struct assay_buf *chat, struct translation **out,
                struct assay_error *err)
{
    const struct assay_json_limits limits = {
        TRANSLATE_BODY_MAX_BYTES, TRANSLATE_DEPTH_MAX, TRANSLATE_NODES_MAX};
    struct translate_request r = {
        .err = err,
        .instructions = ASSAY_JSON_NONE,
        .input = ASSAY_JSON_NONE,
        .tools = ASSAY_JSON_NONE,
        .tool_choice = ASSAY_JSON_NONE,
        .parallel = ASSAY_JSON_NONE,
    };
    struct assay_json *j = NULL;
    size_t length = chat->len;

    *out = NULL;
    assay_error_clear(err);
    r.t = new_translation(id, now_s);
    if (r.t == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "request");
    } else if (assay_json_parse_nul(body, &limits, "request", &j, err) ==
               ASSAY_OK) {
        r.j = j;
        assay_json_out_init(&r.o, chat, true);
        if (translate(&r) == ASSAY_OK) {
            *out = r.t;
            r.t = NULL; /* handed to the caller */
        }
    }
    if (err->code != ASSAY_OK) {
        chat->len = length;
    }
    assay_json_free(j);
    translation_free(r.t);
    return err->code;
}
