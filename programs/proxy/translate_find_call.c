/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_find_call.c - which call of an answer a piece belongs to.
 */
#include "base/bytes.h"
#include "translate_answer.h"

/* Is there a tool whose name is these two, one behind the other? */
static bool
is_offered(const struct translation *t, struct assay_slice begin,
           struct assay_slice rest)
{
    uint8_t name[TRANSLATE_NAME_MAX_BYTES];
    struct assay_slice whole = {name, begin.len + rest.len};

    if (begin.len > sizeof(name) || rest.len > sizeof(name) - begin.len) {
        return false;
    }
    assay_copy(name, begin);
    assay_copy(name + begin.len, rest);
    return translate_tool_find(t, whole) != NULL;
}

/* Does this name say more of the item's, which the client knows nothing of? */
static bool
is_more_of_name(const struct translation *t, const struct translate_item *item,
                struct assay_slice name)
{
    struct assay_slice begin = assay_buf_slice(&item->name);

    return !item->announced &&
           (is_offered(t, begin, name) || !is_offered(t, begin, ASSAY_EMPTY));
}

/* A piece with a name begins a call, unless it says the same once more. Some
 * servers give every call the index 0, others none, others every piece a new
 * id. No call may get the arguments of another. */
static bool
is_other(const struct translation *t, const struct translate_item *item,
         const struct translate_call *call)
{
    if (call->name.len == 0 || item->name.len == 0) {
        return false;
    }
    if (call->id.len > 0 &&
        !assay_slice_equal(assay_buf_slice(&item->call_id), call->id)) {
        return true;
    }
    if (call->id.len == 0 && !call->has_index) {
        return true;
    }
    return !assay_slice_equal(assay_buf_slice(&item->name), call->name) &&
           !is_more_of_name(t, item, call->name);
}

size_t
translate_find_call(const struct translation *t,
                    const struct translate_call *call)
{
    for (size_t i = t->item_count; i > 0; i--) {
        const struct translate_item *item = &t->items[i - 1];

        if (item->kind == TRANSLATE_CALL &&
            (!call->has_index || item->index == call->index)) {
            return is_other(t, item, call) ? t->item_count : i - 1;
        }
    }
    return t->item_count;
}
