/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_events.c - an answer as a stream of events.
 */
#include "base/bytes.h"
#include "translate_answer.h"

/* From this octet on. */
static void
replace(struct assay_buf *b, size_t from, const char *what, const char *with)
{
    struct assay_slice rest = {b->ptr + from, b->len - from};
    size_t at = assay_slice_find(rest, what);
    struct assay_buf out;

    if (at == ASSAY_NO_OFFSET) {
        return;
    }
    assay_buf_init(&out, SIZE_MAX);
    for (; at != ASSAY_NO_OFFSET; at = assay_slice_find(rest, what)) {
        assay_buf_add(&out, (struct assay_slice){rest.ptr, at});
        assay_buf_add_text(&out, with);
        rest.ptr += at + strlen(what);
        rest.len -= at + strlen(what);
    }
    assay_buf_add(&out, rest);
    b->len = from;
    assay_buf_add(b, assay_buf_slice(&out));
    b->failed = b->failed || out.failed;
    b->no_memory = b->no_memory || out.no_memory;
    assay_buf_free(&out);
}

/* Readers that take a stream for lines of text (httpx's iter_lines() is one)
 * end lines here too. What a model says would then be fields of the stream, and
 * events. In JSON, they stand in strings only. */
static void
escape_line_ends(struct assay_buf *b, size_t from)
{
    replace(b, from, "\xc2\x85", "\\u0085");
    replace(b, from, "\xe2\x80\xa8", "\\u2028");
    replace(b, from, "\xe2\x80\xa9", "\\u2029");
}

/* An event that is open; data is one line. */
static struct assay_json_out
begin(struct translation *t, const char *type)
{
    struct assay_json_out o;

    t->event_at = t->to->len;
    assay_buf_add_text(t->to, "event: ");
    assay_buf_add_text(t->to, type);
    assay_buf_add_text(t->to, "\ndata: ");
    assay_json_out_init(&o, t->to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_text(&o, "type", type);
    assay_json_out_u64(&o, "sequence_number", t->sequence++);
    return o;
}

static void
end(struct translation *t, struct assay_json_out *o)
{
    assay_json_out_close(o, '}');
    escape_line_ends(o->buf, t->event_at);
    assay_buf_add_text(o->buf, "\n\n");
}

static void
tell_object(struct translation *t, const char *type)
{
    struct assay_json_out o = begin(t, type);

    translate_write_object(t, &o, "response");
    end(t, &o);
}

void
translate_tell_created(struct translation *t)
{
    if (t->streams && !t->created) {
        t->created = true;
        tell_object(t, "response.created");
        tell_object(t, "response.in_progress");
    }
}

void
translate_tell_alive(struct translation *t)
{
    if (t->streams && !t->told) {
        assay_buf_add_text(t->to, ": the server is at it\n\n");
    }
}

/* --- items --------------------------------------------------------------- */

static void
tell_item(struct translation *t, const char *type, size_t i)
{
    struct assay_json_out o = begin(t, type);

    assay_json_out_u64(&o, "output_index", i);
    translate_write_item(t, &o, "item", i);
    end(t, &o);
}

/* Which item, and which part where it has parts. */
static void
write_place(const struct translation *t, struct assay_json_out *o, size_t i)
{
    translate_write_id(t, o, "item_id", i);
    assay_json_out_u64(o, "output_index", i);
    if (t->items[i].kind != TRANSLATE_CALL) {
        assay_json_out_u64(o, "content_index", 0);
    }
}

static void
tell_part(struct translation *t, const char *type, size_t i, bool with_text)
{
    struct assay_json_out o;

    if (t->items[i].kind != TRANSLATE_CALL) {
        o = begin(t, type);
        write_place(t, &o, i);
        translate_write_part(&t->items[i], &o, "part", with_text);
        end(t, &o);
    }
}

void
translate_tell_added(struct translation *t, size_t i)
{
    if (t->streams) {
        tell_item(t, "response.output_item.added", i);
        tell_part(t, "response.content_part.added", i, false);
    }
}

/* Of each kind: its events, and what the whole text is called there. */
struct names {
    const char *delta;
    const char *done;
    const char *text;
};

static const struct names *
names_of(const struct translate_item *item)
{
    static const struct names rows[] = {
        [TRANSLATE_REASONING] = {"response.reasoning_text.delta",
                                 "response.reasoning_text.done", "text"},
        [TRANSLATE_TEXT] = {"response.output_text.delta",
                            "response.output_text.done", "text"},
        [TRANSLATE_REFUSAL] = {"response.refusal.delta",
                               "response.refusal.done", "refusal"},
        [TRANSLATE_CALL] = {"response.function_call_arguments.delta",
                            "response.function_call_arguments.done",
                            "arguments"},
    };
    static const struct names custom = {"response.custom_tool_call_input.delta",
                                        "response.custom_tool_call_input.done",
                                        "input"};

    return item->tool != NULL && item->tool->custom ? &custom
                                                    : &rows[item->kind];
}

static void
write_no_logprobs(const struct translate_item *item, struct assay_json_out *o)
{
    if (item->kind == TRANSLATE_TEXT) {
        assay_json_out_open(o, "logprobs", '[');
        assay_json_out_close(o, ']');
    }
}

void
translate_tell_delta(struct translation *t, size_t i, struct assay_slice text)
{
    struct assay_json_out o;

    if (t->streams && t->failure.code == ASSAY_OK) {
        o = begin(t, names_of(&t->items[i])->delta);
        write_place(t, &o, i);
        assay_json_out_string(&o, "delta", text);
        write_no_logprobs(&t->items[i], &o);
        end(t, &o);
    }
}

void
translate_tell_done(struct translation *t, size_t i)
{
    const struct translate_item *item = &t->items[i];
    const struct names *names = names_of(item);
    struct assay_json_out o;

    if (!t->streams) {
        return;
    }
    o = begin(t, names->done);
    write_place(t, &o, i);
    assay_json_out_string(&o, names->text, assay_buf_slice(&item->text));
    write_no_logprobs(item, &o);
    end(t, &o);
    tell_part(t, "response.content_part.done", i, true);
    tell_item(t, "response.output_item.done", i);
}

void
translate_tell_end(struct translation *t)
{
    if (!t->streams || t->told) {
        return;
    }
    translate_tell_created(t);
    t->told = true;
    if (t->failure.code != ASSAY_OK) {
        tell_object(t, "response.failed");
    } else if (t->finish == TRANSLATE_STOP) {
        tell_object(t, "response.completed");
    } else {
        tell_object(t, "response.incomplete");
    }
}
