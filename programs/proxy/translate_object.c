/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_object.c - an answer and its items as objects of Responses.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "translate_answer.h"

/* --- items --------------------------------------------------------------- */

static bool
is_custom(const struct translate_item *item)
{
    return item->tool != NULL && item->tool->custom;
}

static const char *
prefix_of(const struct translate_item *item)
{
    switch (item->kind) {
    case TRANSLATE_REASONING:
        return "rs";
    case TRANSLATE_TEXT:
    case TRANSLATE_REFUSAL:
        return "msg";
    case TRANSLATE_CALL:
        return is_custom(item) ? "ctc" : "fc";
    }
    return "item";
}

void
translate_write_id(const struct translation *t, struct assay_json_out *o,
                   const char *name, size_t item)
{
    char id[64];

    snprintf(id, sizeof(id), "%s_%s%04zx", prefix_of(&t->items[item]), t->id,
             item);
    assay_json_out_text(o, name, id);
}

void
translate_write_part(const struct translate_item *item,
                     struct assay_json_out *o, const char *name, bool with_text)
{
    struct assay_slice text =
        with_text ? assay_buf_slice(&item->text) : ASSAY_EMPTY;

    assay_json_out_open(o, name, '{');
    switch (item->kind) {
    case TRANSLATE_REASONING:
        assay_json_out_text(o, "type", "reasoning_text");
        assay_json_out_string(o, "text", text);
        break;
    case TRANSLATE_REFUSAL:
        assay_json_out_text(o, "type", "refusal");
        assay_json_out_string(o, "refusal", text);
        break;
    case TRANSLATE_TEXT:
    case TRANSLATE_CALL:
        assay_json_out_text(o, "type", "output_text");
        assay_json_out_string(o, "text", text);
        assay_json_out_open(o, "annotations", '[');
        assay_json_out_close(o, ']');
        assay_json_out_open(o, "logprobs", '[');
        assay_json_out_close(o, ']');
        break;
    }
    assay_json_out_close(o, '}');
}

static void
write_content(const struct translate_item *item, struct assay_json_out *o)
{
    assay_json_out_open(o, "content", '[');
    if (item->text.len > 0) {
        translate_write_part(item, o, NULL, true);
    }
    assay_json_out_close(o, ']');
}

static void
write_call(const struct translation *t, struct assay_json_out *o, size_t i)
{
    const struct translate_item *item = &t->items[i];
    struct assay_slice name = assay_buf_slice(&item->name);
    char made[64];

    if (!item->made_id) {
        assay_json_out_string(o, "call_id", assay_buf_slice(&item->call_id));
    } else {
        snprintf(made, sizeof(made), "call_%s%04zx", t->id, i);
        assay_json_out_text(o, "call_id", made);
    }
    if (item->tool != NULL) {
        name = translate_tool_own(t, item->tool);
    }
    assay_json_out_string(o, "name", name);
    if (item->tool != NULL && item->tool->space > 0) {
        assay_json_out_string(o, "namespace",
                              translate_tool_space(t, item->tool));
    }
    if (!is_custom(item)) {
        /* What has come so far is told as deltas. */
        assay_json_out_string(
            o, "arguments",
            item->done || t->told ? assay_buf_slice(&item->text) : ASSAY_EMPTY);
    } else {
        assay_json_out_string(o, "input",
                              item->done ? assay_buf_slice(&item->text)
                                         : ASSAY_EMPTY);
    }
}

/* One that is done was cut nevertheless where it is the last of an answer that
 * was. */
static const char *
item_status(const struct translation *t, size_t i)
{
    bool is_cut =
        t->finish == TRANSLATE_LENGTH || t->finish == TRANSLATE_FILTER;

    if (is_cut && (t->items[i].done ? i + 1 == t->item_count : t->told)) {
        return "incomplete";
    }
    return t->items[i].done ? "completed" : "in_progress";
}

void
translate_write_item(const struct translation *t, struct assay_json_out *o,
                     const char *name, size_t i)
{
    const struct translate_item *item = &t->items[i];

    assay_json_out_open(o, name, '{');
    translate_write_id(t, o, "id", i);
    switch (item->kind) {
    case TRANSLATE_REASONING:
        assay_json_out_text(o, "type", "reasoning");
        assay_json_out_open(o, "summary", '[');
        assay_json_out_close(o, ']');
        write_content(item, o);
        assay_json_out_null(o, "encrypted_content");
        break;
    case TRANSLATE_TEXT:
    case TRANSLATE_REFUSAL:
        assay_json_out_text(o, "type", "message");
        assay_json_out_text(o, "role", "assistant");
        write_content(item, o);
        break;
    case TRANSLATE_CALL:
        assay_json_out_text(
            o, "type", is_custom(item) ? "custom_tool_call" : "function_call");
        write_call(t, o, i);
        break;
    }
    assay_json_out_text(o, "status", item_status(t, i));
    assay_json_out_close(o, '}');
}

/* --- the answer ---------------------------------------------------------- */

const char *
translate_status(const struct translation *t)
{
    if (!t->told) {
        return "in_progress";
    }
    if (t->failure.code != ASSAY_OK) {
        return "failed";
    }
    return t->finish == TRANSLATE_STOP ? "completed" : "incomplete";
}

static void
write_usage(const struct translation *t, struct assay_json_out *o)
{
    const struct translate_usage *u = &t->usage;

    if (!u->known || !t->told) {
        assay_json_out_null(o, "usage");
        return;
    }
    assay_json_out_open(o, "usage", '{');
    assay_json_out_u64(o, "input_tokens", u->input);
    assay_json_out_open(o, "input_tokens_details", '{');
    assay_json_out_u64(o, "cached_tokens", u->cached);
    assay_json_out_u64(o, "cache_write_tokens", 0);
    assay_json_out_close(o, '}');
    assay_json_out_u64(o, "output_tokens", u->output);
    assay_json_out_open(o, "output_tokens_details", '{');
    assay_json_out_u64(o, "reasoning_tokens", u->reasoning);
    assay_json_out_close(o, '}');
    assay_json_out_u64(o, "total_tokens", u->total);
    assay_json_out_close(o, '}');
}

static void
write_error(const struct translation *t, struct assay_json_out *o)
{
    if (!t->told || t->failure.code == ASSAY_OK) {
        assay_json_out_null(o, "error");
        return;
    }
    assay_json_out_open(o, "error", '{');
    assay_json_out_text(o, "code", t->failure_code);
    assay_json_out_string(o, "message", assay_buf_slice(&t->failure_text));
    assay_json_out_close(o, '}');
}

static void
write_incomplete(const struct translation *t, struct assay_json_out *o)
{
    if (strcmp(translate_status(t), "incomplete") != 0) {
        assay_json_out_null(o, "incomplete_details");
        return;
    }
    assay_json_out_open(o, "incomplete_details", '{');
    assay_json_out_text(o, "reason",
                        t->finish == TRANSLATE_LENGTH ? "max_output_tokens"
                                                      : "content_filter");
    assay_json_out_close(o, '}');
}

void
translate_write_object(const struct translation *t, struct assay_json_out *o,
                       const char *name)
{
    char id[64];

    snprintf(id, sizeof(id), "resp_%s", t->id);
    assay_json_out_open(o, name, '{');
    assay_json_out_text(o, "id", id);
    assay_json_out_text(o, "object", "response");
    assay_json_out_i64(o, "created_at", t->now_s);
    assay_json_out_text(o, "status", translate_status(t));
    assay_json_out_bool(o, "background", false);
    write_error(t, o);
    write_incomplete(t, o);
    assay_json_out_null(o, "instructions");
    assay_json_out_string(o, "model", assay_buf_slice(&t->model));
    assay_json_out_open(o, "output", '[');
    for (size_t i = 0; i < t->item_count && t->told; i++) {
        if (t->items[i].announced && t->failure.code == ASSAY_OK) {
            translate_write_item(t, o, NULL, i);
        }
    }
    assay_json_out_close(o, ']');
    assay_json_out_null(o, "previous_response_id");
    assay_json_out_bool(o, "store", false);
    assay_json_out_open(o, "tools", '[');
    assay_json_out_close(o, ']');
    assay_json_out_text(o, "truncation", "disabled");
    write_usage(t, o);
    assay_buf_add(o->buf, assay_buf_slice(&t->echo));
    assay_json_out_close(o, '}');
}
