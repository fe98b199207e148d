/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_tools.c - tools that the client runs, as functions. Those that the
 * server would have to run are refused: offered, the model would call what
 * nobody answers; left out, it would answer without.
 */
#include "base/bytes.h"
#include "translate_request.h"

/* --- kinds of tools ------------------------------------------------------ */

static void
copy_member(struct translate_request *r, uint32_t tool, const char *name,
            unsigned types)
{
    uint32_t node = translate_member_of(r, tool, name, types);

    if (node != ASSAY_JSON_NONE) {
        translate_copy(&r->o, name, r->j, node);
    }
}

static void
open_function(struct translate_request *r)
{
    assay_json_out_open(&r->o, NULL, '{');
    assay_json_out_text(&r->o, "type", "function");
    assay_json_out_open(&r->o, "function", '{');
}

static void
close_function(struct translate_request *r)
{
    assay_json_out_close(&r->o, '}');
    assay_json_out_close(&r->o, '}');
}

static void
write_function(struct translate_request *r, uint32_t tool,
               struct assay_slice space)
{
    open_function(r);
    translate_name(r, tool, space, false);
    copy_member(r, tool, "description", TRANSLATE_TYPE(STRING));
    copy_member(r, tool, "parameters", TRANSLATE_TYPE(OBJECT));
    copy_member(r, tool, "strict", TRANSLATE_BOOL);
    close_function(r);
}

/* No server can be held to a grammar, but the model can be told of it. */
static void
describe_custom(struct translate_request *r, uint32_t tool)
{
    uint32_t format =
        translate_member_of(r, tool, "format", TRANSLATE_TYPE(OBJECT));
    struct assay_slice description =
        assay_json_string(r->j, translate_member_of(r, tool, "description",
                                                    TRANSLATE_TYPE(STRING)));
    struct assay_slice type =
        assay_json_string(r->j, assay_json_member(r->j, format, "type"));
    struct assay_buf b;

    assay_buf_init(&b, TRANSLATE_BODY_MAX_BYTES);
    assay_buf_add(&b, description);
    if (assay_slice_is(type, "grammar")) {
        assay_buf_add_text(&b, b.len > 0 ? "\n\n" : "");
        assay_buf_add_text(&b, "The input has to match this ");
        assay_buf_add(&b, translate_needed(r, format, "syntax"));
        assay_buf_add_text(&b, " grammar:\n");
        assay_buf_add(&b, translate_needed(r, format, "definition"));
    } else if (format != ASSAY_JSON_NONE && !assay_slice_is(type, "text")) {
        translate_refuse(r, format, ASSAY_UNSUPPORTED,
                         "format.type: want text or grammar");
    }
    assay_buf_check(&b, "description", r->err);
    assay_json_out_string(&r->o, "description", assay_buf_slice(&b));
    assay_buf_free(&b);
}

static void
write_custom(struct translate_request *r, uint32_t tool,
             struct assay_slice space)
{
    static const char parameters[] =
        "{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\","
        "\"description\":\"The whole input of this tool, as plain text.\"}},"
        "\"required\":[\"input\"],\"additionalProperties\":false}";

    open_function(r);
    translate_name(r, tool, space, true);
    describe_custom(r, tool);
    assay_json_out_document(&r->o, "parameters", assay_slice_of(parameters));
    close_function(r);
}

static void
refuse_type(struct translate_request *r, uint32_t tool, struct assay_slice type)
{
    size_t up = translate_down(r, "type");
    bool search = assay_slice_is(type, "web_search");

    translate_refuse(r, tool, ASSAY_UNSUPPORTED,
                     "Chat Completions has nothing for \"%.*s\"%s",
                     (int)(type.len < 60 ? type.len : 60),
                     (const char *)type.ptr,
                     search ? "; Codex leaves it out with "
                              "-c web_search=\"disabled\""
                            : "");
    translate_up(r, up);
}

static void
write_in_space(struct translate_request *r, uint32_t tool,
               struct assay_slice space)
{
    struct assay_slice type = ASSAY_EMPTY;

    if (translate_is(r, tool, TRANSLATE_TYPE(OBJECT))) {
        type = translate_needed(r, tool, "type");
    }
    if (assay_slice_is(type, "function")) {
        write_function(r, tool, space);
    } else if (assay_slice_is(type, "custom")) {
        write_custom(r, tool, space);
    } else {
        refuse_type(r, tool, type);
    }
}

/* Where a namespace has a text of its own, its tools' texts say enough. */
static void
write_namespace(struct translate_request *r, uint32_t node)
{
    struct assay_slice space = translate_needed(r, node, "name");
    uint32_t list =
        translate_member_of(r, node, "tools", TRANSLATE_TYPE(ARRAY));
    size_t up = translate_down(r, "tools");
    uint32_t i = 0;

    for (uint32_t tool = assay_json_first(r->j, list);
         tool != ASSAY_JSON_NONE && r->err->code == ASSAY_OK;
         tool = assay_json_next(r->j, tool), i++) {
        size_t up_again = translate_down_to(r, i);

        write_in_space(r, tool, space);
        translate_up(r, up_again);
    }
    translate_up(r, up);
}

void
translate_tool_list(struct translate_request *r, uint32_t list)
{
    uint32_t i = 0;

    for (uint32_t tool = assay_json_first(r->j, list);
         tool != ASSAY_JSON_NONE && r->err->code == ASSAY_OK;
         tool = assay_json_next(r->j, tool), i++) {
        size_t up = translate_down_to(r, i);
        struct assay_slice type =
            assay_json_string(r->j, assay_json_member(r->j, tool, "type"));

        if (assay_slice_is(type, "namespace")) {
            write_namespace(r, tool);
        } else {
            write_in_space(r, tool, ASSAY_EMPTY);
        }
        translate_up(r, up);
    }
}

/* --- all of a request ---------------------------------------------------- */

/* Codex says the tools of some models in the input. */
static void
write_additional(struct translate_request *r)
{
    uint32_t i = 0;

    if (assay_json_type(r->j, r->input) != ASSAY_JSON_ARRAY) {
        return;
    }
    for (uint32_t item = assay_json_first(r->j, r->input);
         item != ASSAY_JSON_NONE && r->err->code == ASSAY_OK;
         item = assay_json_next(r->j, item), i++) {
        struct assay_slice type =
            assay_json_string(r->j, assay_json_member(r->j, item, "type"));
        size_t up = translate_down(r, "input");

        (void)translate_down_to(r, i);
        if (assay_slice_is(type, "additional_tools")) {
            uint32_t list =
                translate_member_of(r, item, "tools", TRANSLATE_TYPE(ARRAY));

            (void)translate_down(r, "tools");
            translate_tool_list(r, list);
        }
        translate_up(r, up);
    }
}

/* No list is not the same as an empty one, which vLLM refuses. */
void
translate_tools(struct translate_request *r)
{
    struct assay_buf *body = r->o.buf;
    struct assay_json_out before = r->o;
    size_t length = body->len;
    size_t up;

    assay_json_out_open(&r->o, "tools", '[');
    up = translate_down(r, "tools");
    translate_tool_list(r, r->tools);
    translate_up(r, up);
    write_additional(r);
    assay_json_out_close(&r->o, ']');
    if (r->t->tool_count == 0) {
        r->o = before;
        body->len = length;
    }
}

/* --- which of them ------------------------------------------------------- */

/* The tool of these names, or NULL. */
static const struct translate_tool *
find_tool(const struct translation *t, struct assay_slice space,
          struct assay_slice own)
{
    for (size_t i = 0; i < t->tool_count; i++) {
        const struct translate_tool *tool = &t->tools[i];

        if (assay_slice_equal(translate_tool_space(t, tool), space) &&
            assay_slice_equal(translate_tool_own(t, tool), own)) {
            return tool;
        }
    }
    return NULL;
}

static void
write_chosen(struct translate_request *r, uint32_t choice)
{
    struct assay_slice type = translate_needed(r, choice, "type");
    struct assay_slice space =
        assay_json_string(r->j, translate_member_of(r, choice, "namespace",
                                                    TRANSLATE_TYPE(STRING)));
    const struct translate_tool *tool;

    if (!assay_slice_is(type, "function") && !assay_slice_is(type, "custom")) {
        refuse_type(r, choice, type);
        return;
    }
    tool = find_tool(r->t, space, translate_needed(r, choice, "name"));
    if (tool == NULL) {
        translate_refuse(r, choice, ASSAY_INVALID, "name: no such tool");
        return;
    }
    assay_json_out_open(&r->o, "tool_choice", '{');
    assay_json_out_text(&r->o, "type", "function");
    assay_json_out_open(&r->o, "function", '{');
    assay_json_out_string(&r->o, "name", translate_tool_name(r->t, tool));
    assay_json_out_close(&r->o, '}');
    assay_json_out_close(&r->o, '}');
}

/* Servers refuse both members where there is no tool, even "auto". */
void
translate_tool_choice(struct translate_request *r)
{
    struct assay_slice word = assay_json_string(r->j, r->tool_choice);
    size_t up = translate_down(r, "tool_choice");

    if (r->tool_choice == ASSAY_JSON_NONE) {
        /* the server's default is the same */
    } else if (r->t->tool_count == 0) {
        if (!assay_slice_is(word, "auto") && !assay_slice_is(word, "none")) {
            translate_refuse(r, r->tool_choice, ASSAY_INVALID,
                             "there are no tools");
        }
    } else if (assay_json_type(r->j, r->tool_choice) == ASSAY_JSON_OBJECT) {
        write_chosen(r, r->tool_choice);
    } else if (assay_slice_is(word, "auto") || assay_slice_is(word, "none") ||
               assay_slice_is(word, "required")) {
        assay_json_out_string(&r->o, "tool_choice", word);
    } else {
        translate_refuse(r, r->tool_choice, ASSAY_INVALID,
                         "want auto, none, required or a tool");
    }
    translate_up(r, up);
    if (r->parallel != ASSAY_JSON_NONE && r->t->tool_count > 0) {
        translate_copy(&r->o, "parallel_tool_calls", r->j, r->parallel);
    }
}
