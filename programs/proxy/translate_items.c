/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_items.c - the items of an answer, from pieces of texts and calls.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "translate_answer.h"

#define ITEMS_MAX 1024u

static bool
is_custom(const struct translate_item *item)
{
    return item->tool != NULL && item->tool->custom;
}

/* Two calls of one answer with the same id: clients could not tell their
 * outputs apart. */
static bool
is_id_taken(const struct translation *t, size_t i)
{
    struct assay_slice id = assay_buf_slice(&t->items[i].call_id);

    for (size_t k = 0; k < i; k++) {
        if (t->items[k].kind == TRANSLATE_CALL && !t->items[k].made_id &&
            assay_slice_equal(assay_buf_slice(&t->items[k].call_id), id)) {
            return true;
        }
    }
    return false;
}

/* The client is told of a call once its name is known, and is told nothing else
 * of it later. */
static void
announce(struct translation *t, size_t i)
{
    struct translate_item *item = &t->items[i];

    item->announced = true;
    item->made_id = item->call_id.len == 0 || is_id_taken(t, i);
    item->tool = translate_tool_find(t, assay_buf_slice(&item->name));
    translate_tell_added(t, i);
}

/* Nothing more comes of the last call's name. False: it has none. Clients want
 * items in the order in which they hear of them. */
static bool
settle_name(struct translation *t)
{
    size_t last = t->item_count - 1;

    if (t->item_count == 0 || t->items[last].announced) {
        return true;
    }
    if (t->items[last].name.len == 0) {
        return false;
    }
    announce(t, last);
    return true;
}

static void
fail_nameless(struct translation *t)
{
    translate_fail(t, ASSAY_REPLY, "the answer has a call without a name");
}

static struct translate_item *
new_item(struct translation *t, enum translate_item_kind kind)
{
    struct translate_item *items;

    if (!settle_name(t)) {
        fail_nameless(t);
        return NULL;
    }
    if (t->item_count >= ITEMS_MAX) {
        translate_fail(t, ASSAY_TOO_LARGE, "the answer has more than %u items",
                       ITEMS_MAX);
        return NULL;
    }
    items = realloc(t->items, (t->item_count + 1) * sizeof(*items));
    if (items == NULL) {
        translate_fail(t, ASSAY_NO_MEMORY, "out of memory");
        return NULL;
    }
    t->items = items;
    items[t->item_count] = (struct translate_item){.kind = kind};
    assay_buf_init(&items[t->item_count].text, TRANSLATE_ANSWER_MAX_BYTES);
    assay_buf_init(&items[t->item_count].name, TRANSLATE_ANSWER_MAX_BYTES);
    assay_buf_init(&items[t->item_count].call_id, TRANSLATE_ANSWER_MAX_BYTES);
    return &items[t->item_count++];
}

/* As JSON has it: what the client gets, and what memory it takes. */
static size_t
written_bytes(struct assay_slice text)
{
    size_t n = text.len;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];

        if (c < ' ') {
            n += strlen("\\u0000") - 1;
        } else if (c == '"' || c == '\\') {
            n++;
        }
    }
    return n;
}

/* To a buffer of an item. */
static void
add(struct translation *t, struct assay_buf *b, struct assay_slice text)
{
    struct assay_error err;
    size_t written = written_bytes(text);

    if (written > TRANSLATE_ANSWER_MAX_BYTES - t->text_bytes) {
        translate_fail(t, ASSAY_TOO_LARGE, "the answer has more than %u bytes",
                       TRANSLATE_ANSWER_MAX_BYTES);
        return;
    }
    t->text_bytes += written;
    assay_buf_add(b, text);
    assay_error_clear(&err);
    if (assay_buf_check(b, "answer", &err) != ASSAY_OK) {
        translate_fail_as(t, &err);
    }
}

static void
finish_item(struct translation *t, size_t i)
{
    t->items[i].done = true;
    translate_tell_done(t, i);
}

/* --- what the model says ------------------------------------------------- */

/* The last item, if it is what the model says just now. */
static struct translate_item *
open_text(struct translation *t)
{
    struct translate_item *last =
        t->item_count > 0 ? &t->items[t->item_count - 1] : NULL;

    return last != NULL && last->kind != TRANSLATE_CALL && !last->done ? last
                                                                       : NULL;
}

static void
close_text(struct translation *t)
{
    if (open_text(t) != NULL) {
        finish_item(t, t->item_count - 1);
    }
}

void
translate_say(struct translation *t, enum translate_item_kind kind,
              struct assay_slice text)
{
    struct translate_item *item = open_text(t);

    if (text.len == 0 || t->failure.code != ASSAY_OK) {
        return;
    }
    if (item == NULL || item->kind != kind) {
        close_text(t);
        item = new_item(t, kind);
        if (item == NULL) {
            return;
        }
        item->announced = true;
        translate_tell_added(t, t->item_count - 1);
    }
    add(t, &item->text, text);
    translate_tell_delta(t, t->item_count - 1, text);
}

/* --- what the model calls ------------------------------------------------ */

static void
add_name(struct translation *t, struct translate_item *item,
         struct assay_slice name)
{
    if (!item->announced &&
        !assay_slice_equal(assay_buf_slice(&item->name), name)) {
        add(t, &item->name, name);
    }
}

void
translate_call(struct translation *t, const struct translate_call *call)
{
    size_t i = translate_find_call(t, call);
    struct translate_item *item;
    size_t told;

    if (i == t->item_count) {
        close_text(t);
        if (t->failure.code != ASSAY_OK ||
            new_item(t, TRANSLATE_CALL) == NULL) {
            return;
        }
        t->items[i].index = call->index;
    }
    item = &t->items[i];
    if (item->call_id.len == 0 && !item->announced) {
        add(t, &item->call_id, call->id);
    }
    add_name(t, item, call->name);
    told = item->announced ? item->text.len : 0;
    add(t, &item->text, call->arguments);
    if (!item->announced && item->name.len > 0 && item->text.len > 0) {
        announce(t, i);
    }
    if (t->failure.code == ASSAY_OK && item->announced && !is_custom(item) &&
        item->text.len > told) {
        translate_tell_delta(
            t, i,
            (struct assay_slice){item->text.ptr + told, item->text.len - told});
    }
}

/* The input of a tool that takes text was asked for as {"input": "..."}. What
 * is something else is taken for the text itself. */
static void
unwrap_input(struct translation *t, struct translate_item *item)
{
    const struct assay_json_limits limits = {TRANSLATE_ANSWER_MAX_BYTES, 1, 3};
    struct assay_json *j = NULL;
    struct assay_error err;
    uint32_t input;

    assay_error_clear(&err);
    if (assay_json_parse_nul(assay_buf_slice(&item->text), &limits, "input", &j,
                             &err) == ASSAY_NO_MEMORY) {
        translate_fail_as(t, &err);
    }
    input = j != NULL ? assay_json_member(j, ASSAY_JSON_ROOT, "input")
                      : ASSAY_JSON_NONE;
    if (input != ASSAY_JSON_NONE &&
        assay_json_type(j, input) == ASSAY_JSON_STRING) {
        struct assay_slice text = assay_json_string(j, input);
        struct assay_buf b;

        assay_buf_init(&b, TRANSLATE_ANSWER_MAX_BYTES);
        assay_buf_add(&b, text);
        assay_error_clear(&err);
        if (assay_buf_check(&b, "input", &err) != ASSAY_OK) {
            translate_fail_as(t, &err);
        }
        assay_buf_free(&item->text);
        item->text = b;
    }
    assay_json_free(j);
}

static void
finish_call(struct translation *t, size_t i)
{
    struct translate_item *item = &t->items[i];

    if (is_custom(item)) {
        unwrap_input(t, item);
        translate_tell_delta(t, i, assay_buf_slice(&item->text));
    } else if (item->text.len == 0) {
        add(t, &item->text, assay_slice_of("{}")); /* no arguments at all */
        translate_tell_delta(t, i, assay_buf_slice(&item->text));
    }
    if (t->failure.code == ASSAY_OK) {
        finish_item(t, i);
    }
}

void
translate_close_items(struct translation *t)
{
    if (t->failure.code == ASSAY_OK && !settle_name(t) &&
        t->finish == TRANSLATE_STOP) {
        fail_nameless(t);
    }
    for (size_t i = 0; i < t->item_count && t->failure.code == ASSAY_OK; i++) {
        if (t->items[i].done) {
            continue;
        }
        if (t->items[i].kind != TRANSLATE_CALL) {
            finish_item(t, i);
        } else if (t->finish == TRANSLATE_STOP) {
            finish_call(t, i);
        }
    }
}
