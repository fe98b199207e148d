/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_members.c - the members of a request, one row each. One that has no
 * row is refused: nobody knows what it would change.
 */
#include "translate_members.h"

#include "base/bytes.h"
#include "translate_request.h"

#define NUMBER TRANSLATE_TYPE(NUMBER)
#define STRING TRANSLATE_TYPE(STRING)
#define ARRAY  TRANSLATE_TYPE(ARRAY)
#define OBJECT TRANSLATE_TYPE(OBJECT)
#define BOOL   TRANSLATE_BOOL
#define ANY    (BOOL | NUMBER | STRING | ARRAY | OBJECT)

/* --- how members are carried --------------------------------------------- */

static void
copy(struct translate_request *r, const struct translate_rule *rule,
     uint32_t node)
{
    translate_copy(&r->o, rule->to, r->j, node);
}

static void
read_model(struct translate_request *r, const struct translate_rule *rule,
           uint32_t node)
{
    copy(r, rule, node);
    assay_buf_add(&r->t->model, assay_json_string(r->j, node));
}

static void
read_stream(struct translate_request *r, const struct translate_rule *rule,
            uint32_t node)
{
    (void)rule;
    r->t->streams = assay_json_type(r->j, node) == ASSAY_JSON_TRUE;
}

/* What is read with other members, once all are known. */
static void
keep(struct translate_request *r, const struct translate_rule *rule,
     uint32_t node)
{
    struct {
        const char *name;
        uint32_t *node;
    } rows[] = {{"instructions", &r->instructions},
                {"input", &r->input},
                {"tools", &r->tools},
                {"tool_choice", &r->tool_choice},
                {"parallel_tool_calls", &r->parallel}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, rule->name) == 0) {
            *rows[i].node = node;
        }
    }
}

/* The object's members, each of which must be in the list; NULL ends it. */
static void
only_these(struct translate_request *r, uint32_t object,
           const char *const *names)
{
    for (uint32_t m = assay_json_first(r->j, object); m != ASSAY_JSON_NONE;
         m = assay_json_next(r->j, m)) {
        struct assay_slice name = assay_json_string(r->j, m);
        size_t i = 0;

        while (names[i] != NULL && !assay_slice_is(name, names[i])) {
            i++;
        }
        if (names[i] == NULL &&
            assay_json_type(r->j, assay_json_value(r->j, m)) !=
                ASSAY_JSON_NULL) {
            translate_refuse(r, m, ASSAY_UNSUPPORTED,
                             "Chat Completions has nothing for \"%.*s\"",
                             (int)(name.len < 60 ? name.len : 60),
                             (const char *)name.ptr);
        }
    }
}

/* Summaries are made by OpenAI's servers from what others give as it is. */
static void
read_reasoning(struct translate_request *r, const struct translate_rule *rule,
               uint32_t node)
{
    static const char *const known[] = {"effort", "summary", "generate_summary",
                                        "context", NULL};
    uint32_t effort = translate_member_of(r, node, "effort", STRING);

    only_these(r, node, known);
    if (effort != ASSAY_JSON_NONE) {
        translate_copy(&r->o, rule->to, r->j, effort);
    }
}

static void
write_schema(struct translate_request *r, uint32_t format)
{
    static const struct {
        const char *name;
        unsigned types;
    } rows[] = {{"name", STRING},
                {"description", STRING},
                {"schema", OBJECT},
                {"strict", BOOL}};

    (void)translate_needed(r, format, "name");
    assay_json_out_open(&r->o, "json_schema", '{');
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t node =
            translate_member_of(r, format, rows[i].name, rows[i].types);

        if (node != ASSAY_JSON_NONE) {
            translate_copy(&r->o, rows[i].name, r->j, node);
        }
    }
    assay_json_out_close(&r->o, '}');
}

static void
read_format(struct translate_request *r, uint32_t format)
{
    struct assay_slice type = translate_needed(r, format, "type");
    bool schema = assay_slice_is(type, "json_schema");

    if (assay_slice_is(type, "text") || r->err->code != ASSAY_OK) {
        return;
    }
    if (!schema && !assay_slice_is(type, "json_object")) {
        translate_refuse(r, format, ASSAY_UNSUPPORTED,
                         "Chat Completions has nothing for \"%.*s\"",
                         (int)(type.len < 60 ? type.len : 60),
                         (const char *)type.ptr);
        return;
    }
    assay_json_out_open(&r->o, "response_format", '{');
    assay_json_out_string(&r->o, "type", type);
    if (schema) {
        write_schema(r, format);
    }
    assay_json_out_close(&r->o, '}');
}

static void
read_text(struct translate_request *r, const struct translate_rule *rule,
          uint32_t node)
{
    static const char *const known[] = {"format", "verbosity", NULL};
    uint32_t format = translate_member_of(r, node, "format", OBJECT);
    uint32_t verbosity = translate_member_of(r, node, "verbosity", STRING);

    (void)rule;
    only_these(r, node, known);
    if (format != ASSAY_JSON_NONE) {
        size_t up = translate_down(r, "format");

        read_format(r, format);
        translate_up(r, up);
    }
    if (verbosity != ASSAY_JSON_NONE) {
        translate_copy(&r->o, "verbosity", r->j, verbosity);
    }
}

/* Extras of the answer: one that cannot be given is missed, unless nobody could
 * read it but the server that made it. */
static void
read_include(struct translate_request *r, const struct translate_rule *rule,
             uint32_t node)
{
    uint32_t i = 0;

    (void)rule;
    for (uint32_t e = assay_json_first(r->j, node); e != ASSAY_JSON_NONE;
         e = assay_json_next(r->j, e), i++) {
        struct assay_slice name = assay_json_string(r->j, e);

        if (!assay_slice_is(name, "reasoning.encrypted_content")) {
            size_t up = translate_down_to(r, i);

            translate_refuse(r, e, ASSAY_UNSUPPORTED,
                             "Chat Completions has nothing for \"%.*s\"",
                             (int)(name.len < 60 ? name.len : 60),
                             (const char *)name.ptr);
            translate_up(r, up);
        }
    }
}

/* Fine as long as it says what happens anyway. */
static void
unless_off(struct translate_request *r, const struct translate_rule *rule,
           uint32_t node)
{
    struct assay_slice span = assay_json_span(r->j, node);

    if (!assay_slice_is(span, "false") && !assay_slice_is(span, "0") &&
        !assay_slice_is(span, "\"disabled\"")) {
        translate_refuse(r, node, ASSAY_UNSUPPORTED, "%s", rule->why);
    }
}

/* --- the table ----------------------------------------------------------- */

#define CARRY(name, types, how)    {name, TRANSLATE_CARRIED, types, how, NULL, ""}
#define COPY(name, types, how, to) {name, TRANSLATE_CARRIED, types, how, to, ""}
#define DROP(name, why)            {name, TRANSLATE_DROPPED, ANY, NULL, NULL, why}
#define REFUSE(name, how, why)     {name, TRANSLATE_REFUSED, ANY, how, NULL, why}

const struct translate_rule translate_rules[] = {
    COPY("model", STRING, read_model, "model"),
    CARRY("instructions", STRING, keep),
    CARRY("input", STRING | ARRAY, keep),
    CARRY("tools", ARRAY, keep),
    CARRY("tool_choice", STRING | OBJECT, keep),
    CARRY("parallel_tool_calls", BOOL, keep),
    CARRY("stream", BOOL, read_stream),
    /* The one of the two that every server takes. */
    COPY("max_output_tokens", NUMBER, copy, "max_tokens"),
    COPY("temperature", NUMBER, copy, "temperature"),
    COPY("top_p", NUMBER, copy, "top_p"),
    COPY("reasoning", OBJECT, read_reasoning, "reasoning_effort"),
    CARRY("text", OBJECT, read_text),
    CARRY("include", ARRAY, read_include),
    COPY("user", STRING, copy, "user"),
    /* Responses does not know these, but the servers do, and clients send
     * them in "extra_body". */
    COPY("seed", NUMBER, copy, "seed"),
    COPY("stop", STRING | ARRAY, copy, "stop"),
    COPY("presence_penalty", NUMBER, copy, "presence_penalty"),
    COPY("frequency_penalty", NUMBER, copy, "frequency_penalty"),
    COPY("repetition_penalty", NUMBER, copy, "repetition_penalty"),
    COPY("logit_bias", OBJECT, copy, "logit_bias"),
    COPY("top_k", NUMBER, copy, "top_k"),
    COPY("min_p", NUMBER, copy, "min_p"),
    COPY("chat_template_kwargs", OBJECT, copy, "chat_template_kwargs"),

    DROP("store", "nothing is kept, and the answer says so"),
    DROP("metadata", "notes for whoever stores the answer; repeated in it"),
    DROP("client_metadata", "notes of Codex to OpenAI about the session"),
    DROP("prompt_cache_key", "a hint for the server's cache"),
    DROP("prompt_cache_retention", "a hint for the server's cache"),
    DROP("prompt_cache_options", "a hint for the server's cache"),
    DROP("safety_identifier", "an account of whoever asks, for OpenAI"),
    DROP("service_tier", "how soon and at what price, not what"),
    DROP("stream_options", "padding against guesses by length; TLS is there"),
    DROP("max_tool_calls", "about tools that the server runs; it has none"),

    REFUSE("background", unless_off,
           "answers are not kept to be fetched later"),
    REFUSE("truncation", unless_off, "the server cannot leave out items"),
    REFUSE("top_logprobs", unless_off, "probabilities are not carried"),
    REFUSE("previous_response_id", NULL, "no earlier answer was kept"),
    REFUSE("conversation", NULL, "no conversation is kept"),
    REFUSE("prompt", NULL, "no template of a prompt is kept"),
    REFUSE("context_management", NULL, "the server cannot shorten the input"),
};

const size_t translate_rules_count =
    sizeof(translate_rules) / sizeof(translate_rules[0]);

/* --- reading a request --------------------------------------------------- */

static const struct translate_rule *
find_rule(struct assay_slice name)
{
    for (size_t i = 0; i < translate_rules_count; i++) {
        if (assay_slice_is(name, translate_rules[i].name)) {
            return &translate_rules[i];
        }
    }
    return NULL;
}

static void
apply(struct translate_request *r, const struct translate_rule *rule,
      uint32_t node)
{
    size_t up = translate_down(r, rule->name);

    if (!translate_is(r, node, rule->types)) {
        /* said already */
    } else if (rule->carry != NULL) {
        rule->carry(r, rule, node);
    } else if (rule->fate == TRANSLATE_REFUSED) {
        translate_refuse(r, node, ASSAY_UNSUPPORTED, "%s", rule->why);
    }
    translate_up(r, up);
}

void
translate_members(struct translate_request *r)
{
    for (uint32_t m = assay_json_first(r->j, ASSAY_JSON_ROOT);
         m != ASSAY_JSON_NONE && r->err->code == ASSAY_OK;
         m = assay_json_next(r->j, m)) {
        struct assay_slice name = assay_json_string(r->j, m);
        uint32_t node = assay_json_value(r->j, m);
        const struct translate_rule *rule = find_rule(name);

        if (assay_json_type(r->j, node) == ASSAY_JSON_NULL) {
            continue;
        }
        if (rule == NULL) {
            translate_refuse(r, m, ASSAY_UNSUPPORTED,
                             "%.*s: not known, so nobody can say whether "
                             "Chat Completions has something for it",
                             (int)(name.len < 60 ? name.len : 60),
                             (const char *)name.ptr);
        } else {
            apply(r, rule, node);
        }
    }
}
