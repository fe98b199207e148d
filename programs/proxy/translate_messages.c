/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_messages.c - the items of the input as messages. Items are finer:
 * what the model said and all that it called before the next answer to it is
 * one message, so that is gathered, and written when another speaks.
 *
 * Many templates of prompts know a system message at the beginning only, and
 * none of developers. So what is said by either there is one system message;
 * later, it is said by the user, in its place.
 */
#include "base/bytes.h"
#include "translate_request.h"

/* Raw arguments are unescaped and escaped again, so they may grow. */
#define GATHERED_MAX_BYTES (4u * (size_t)TRANSLATE_BODY_MAX_BYTES)
#define JOINT              "\n\n"

struct writer {
    struct translate_request *r;
    bool begun; /* something else than the system has spoken */
    struct assay_buf system;
    /* What the model said, and is not written yet. */
    bool speaking;
    bool has_text;
    struct assay_buf text;
    struct assay_buf calls;
    struct assay_json_out calls_out;
    /* Outputs of tools, from this item on, that have images: those cannot
     * stand in messages of tools, nor between them. */
    uint32_t images_from;
    uint32_t images;
};

static struct assay_json_out *
out(struct writer *w)
{
    return &w->r->o;
}

/* --- writing what was gathered ------------------------------------------- */

static void
flush_system(struct writer *w)
{
    if (!w->begun && w->system.len > 0) {
        assay_json_out_open(out(w), NULL, '{');
        assay_json_out_text(out(w), "role", "system");
        assay_json_out_string(out(w), "content", assay_buf_slice(&w->system));
        assay_json_out_close(out(w), '}');
    }
    w->begun = true;
}

static void
flush_model(struct writer *w)
{
    if (!w->speaking) {
        return;
    }
    assay_json_out_open(out(w), NULL, '{');
    assay_json_out_text(out(w), "role", "assistant");
    if (w->has_text) {
        assay_json_out_string(out(w), "content", assay_buf_slice(&w->text));
    } else {
        assay_json_out_null(out(w), "content");
    }
    if (w->calls.len > 0) {
        assay_json_out_close(&w->calls_out, ']');
        assay_json_out_document(out(w), "tool_calls",
                                assay_buf_slice(&w->calls));
    }
    assay_json_out_close(out(w), '}');
    w->text.len = 0;
    w->calls.len = 0;
    w->has_text = false;
    w->speaking = false;
}

/* The images of the outputs up to this item, as if the user showed them. */
static void
flush_images(struct writer *w, uint32_t end)
{
    struct translate_request *r = w->r;

    if (w->images == 0) {
        return;
    }
    assay_json_out_open(out(w), NULL, '{');
    assay_json_out_text(out(w), "role", "user");
    assay_json_out_open(out(w), "content", '[');
    for (uint32_t e = w->images_from; e != end && r->err->code == ASSAY_OK;
         e = assay_json_next(r->j, e)) {
        translate_images(r, assay_json_member(r->j, e, "output"));
    }
    assay_json_out_close(out(w), ']');
    assay_json_out_close(out(w), '}');
    w->images = 0;
}

/* --- kinds of items ------------------------------------------------------ */

/* A text or a list of parts, which must be there. */
static uint32_t
said_in(struct translate_request *r, uint32_t item, const char *name)
{
    uint32_t node = translate_member_of(
        r, item, name, TRANSLATE_TYPE(STRING) | TRANSLATE_TYPE(ARRAY));

    if (node == ASSAY_JSON_NONE) {
        size_t up = translate_down(r, name);

        translate_refuse(r, item, ASSAY_INVALID, "missing");
        translate_up(r, up);
    }
    return node;
}

static void
add_joint(struct assay_buf *b)
{
    assay_buf_add_text(b, b->len > 0 ? JOINT : "");
}

static void
say_system(struct writer *w, uint32_t content)
{
    add_joint(&w->system);
    translate_text(w->r, content, JOINT, &w->system, NULL);
}

static void
say_model(struct writer *w, uint32_t content)
{
    if (w->speaking && w->calls.len == 0) {
        flush_model(w); /* two messages are two messages */
    }
    flush_system(w);
    add_joint(&w->text);
    translate_text(w->r, content, "", &w->text, NULL);
    w->has_text = true;
    w->speaking = true;
}

static void
say_user(struct writer *w, uint32_t content)
{
    flush_model(w);
    flush_system(w);
    assay_json_out_open(out(w), NULL, '{');
    assay_json_out_text(out(w), "role", "user");
    translate_user_content(w->r, content);
    assay_json_out_close(out(w), '}');
}

static void
read_message(struct writer *w, uint32_t item)
{
    struct translate_request *r = w->r;
    struct assay_slice role = translate_needed(r, item, "role");
    uint32_t content = said_in(r, item, "content");
    size_t up;

    if (r->err->code != ASSAY_OK) {
        return;
    }
    up = translate_down(r, "content");
    if (assay_slice_is(role, "assistant")) {
        say_model(w, content);
    } else if (assay_slice_is(role, "user")) {
        say_user(w, content);
    } else if (!assay_slice_is(role, "system") &&
               !assay_slice_is(role, "developer")) {
        translate_up(r, up);
        up = translate_down(r, "role");
        translate_refuse(r, item, ASSAY_UNSUPPORTED,
                         "want user, assistant, system or developer");
    } else if (!w->begun) {
        say_system(w, content);
    } else {
        say_user(w, content);
    }
    translate_up(r, up);
}

static void
add_call(struct writer *w, uint32_t item, bool custom)
{
    struct assay_json_out *o = &w->calls_out;

    flush_system(w);
    if (w->calls.len == 0) {
        assay_json_out_init(o, &w->calls, true);
        assay_json_out_open(o, NULL, '[');
    }
    translate_called(w->r, o, item, custom);
    w->speaking = true;
}

static void
read_call(struct writer *w, uint32_t item)
{
    add_call(w, item, false);
}

static void
read_custom_call(struct writer *w, uint32_t item)
{
    add_call(w, item, true);
}

static void
read_output(struct writer *w, uint32_t item)
{
    struct translate_request *r = w->r;
    struct assay_buf text;
    uint32_t output = said_in(r, item, "output");
    uint32_t images = 0;
    size_t up;

    flush_model(w);
    flush_system(w);
    assay_buf_init(&text, TRANSLATE_BODY_MAX_BYTES);
    up = translate_down(r, "output");
    translate_text(r, output, "\n", &text, &images);
    translate_up(r, up);
    if (images > 0 && text.len == 0) {
        assay_buf_add_text(&text, "(what follows the outputs of tools)");
    }
    assay_buf_check(&text, "output", r->err);
    assay_json_out_open(out(w), NULL, '{');
    assay_json_out_text(out(w), "role", "tool");
    assay_json_out_string(out(w), "tool_call_id",
                          translate_needed(r, item, "call_id"));
    assay_json_out_string(out(w), "content", assay_buf_slice(&text));
    assay_json_out_close(out(w), '}');
    assay_buf_free(&text);
    if (w->images == 0) {
        w->images_from = item;
    }
    w->images += images;
}

/* What it thought is the model's own business: most templates leave it out of
 * earlier turns, and nobody but the server that encrypted it could read the
 * other form. */
static void
pass_over(struct writer *w, uint32_t item)
{
    (void)w;
    (void)item;
}

/* --- the input ----------------------------------------------------------- */

static const struct {
    const char *type;
    void (*read)(struct writer *w, uint32_t item);
    bool is_output; /* images of outputs may wait on */
} kinds[] = {
    {"message", read_message, false},
    {"function_call", read_call, false},
    {"custom_tool_call", read_custom_call, false},
    {"function_call_output", read_output, true},
    {"custom_tool_call_output", read_output, true},
    {"reasoning", pass_over, true},
    {"additional_tools", pass_over, true}, /* translate_tools() reads them */
};

static void
read_item(struct writer *w, uint32_t item)
{
    struct translate_request *r = w->r;
    struct assay_slice type = assay_slice_of("message");
    size_t up;

    if (!translate_is(r, item, TRANSLATE_TYPE(OBJECT))) {
        return;
    }
    if (assay_json_member(r->j, item, "type") != ASSAY_JSON_NONE ||
        assay_json_member(r->j, item, "role") == ASSAY_JSON_NONE) {
        type = translate_needed(r, item, "type");
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (assay_slice_is(type, kinds[i].type)) {
            if (!kinds[i].is_output) {
                flush_images(w, item);
            }
            kinds[i].read(w, item);
            return;
        }
    }
    up = translate_down(r, "type");
    translate_refuse(
        r, item, ASSAY_UNSUPPORTED, "Chat Completions has nothing for \"%.*s\"",
        (int)(type.len < 60 ? type.len : 60), (const char *)type.ptr);
    translate_up(r, up);
}

static void
read_items(struct writer *w)
{
    struct translate_request *r = w->r;
    uint32_t i = 0;

    for (uint32_t item = assay_json_first(r->j, r->input);
         item != ASSAY_JSON_NONE && r->err->code == ASSAY_OK;
         item = assay_json_next(r->j, item), i++) {
        size_t up = translate_down_to(r, i);

        read_item(w, item);
        translate_up(r, up);
    }
    flush_images(w, ASSAY_JSON_NONE);
}

static void
check_gathered(struct writer *w)
{
    assay_buf_check(&w->system, "input", w->r->err);
    assay_buf_check(&w->text, "input", w->r->err);
    assay_buf_check(&w->calls, "input", w->r->err);
    assay_buf_free(&w->system);
    assay_buf_free(&w->text);
    assay_buf_free(&w->calls);
}

void
translate_messages(struct translate_request *r)
{
    struct writer w = {.r = r};
    size_t up = translate_down(r, "input");

    assay_buf_init(&w.system, GATHERED_MAX_BYTES);
    assay_buf_init(&w.text, GATHERED_MAX_BYTES);
    assay_buf_init(&w.calls, GATHERED_MAX_BYTES);
    assay_buf_add(&w.system, assay_json_string(r->j, r->instructions));
    assay_json_out_open(&r->o, "messages", '[');
    if (r->input == ASSAY_JSON_NONE) {
        translate_refuse(r, ASSAY_JSON_ROOT, ASSAY_INVALID, "missing");
    } else if (assay_json_type(r->j, r->input) == ASSAY_JSON_STRING) {
        say_user(&w, r->input);
    } else {
        read_items(&w);
    }
    flush_model(&w);
    flush_system(&w);
    assay_json_out_close(&r->o, ']');
    check_gathered(&w);
    translate_up(r, up);
}
