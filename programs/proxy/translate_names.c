/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_names.c - what tools are called: by the client, who may have them
 * in namespaces, and by the server, who knows none.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "translate_request.h"

#define NAME_MAX_BYTES (TRANSLATE_NAME_MAX_BYTES - 2u) /* for "__" */

struct assay_slice
translate_tool_name(const struct translation *t,
                    const struct translate_tool *tool)
{
    return (struct assay_slice){t->names.ptr + tool->at, tool->len};
}

struct assay_slice
translate_tool_space(const struct translation *t,
                     const struct translate_tool *tool)
{
    return (struct assay_slice){t->names.ptr + tool->at, tool->space};
}

struct assay_slice
translate_tool_own(const struct translation *t,
                   const struct translate_tool *tool)
{
    size_t skip = tool->space > 0 ? tool->space + strlen("__") : 0;

    return (struct assay_slice){t->names.ptr + tool->at + skip,
                                tool->len - skip};
}

const struct translate_tool *
translate_tool_find(const struct translation *t, struct assay_slice name)
{
    for (size_t i = 0; i < t->tool_count; i++) {
        if (assay_slice_equal(translate_tool_name(t, &t->tools[i]), name)) {
            return &t->tools[i];
        }
    }
    return NULL;
}

static bool
is_taken(const struct translation *t, struct assay_slice name)
{
    for (size_t i = 0; i + 1 < t->tool_count; i++) {
        if (assay_slice_equal(translate_tool_name(t, &t->tools[i]), name)) {
            return true;
        }
    }
    return false;
}

/* What the last octets of the names stand for; NULL after a failure. */
static struct translate_tool *
new_tool(struct translate_request *r, uint32_t node, size_t len)
{
    struct translation *t = r->t;
    struct translate_tool *tools;

    if (t->tool_count >= TRANSLATE_TOOLS_MAX) {
        translate_refuse(r, node, ASSAY_TOO_LARGE, "more than %u tools",
                         TRANSLATE_TOOLS_MAX);
        return NULL;
    }
    tools = realloc(t->tools, (t->tool_count + 1) * sizeof(*tools));
    if (tools == NULL) {
        translate_refuse(r, node, ASSAY_NO_MEMORY, "out of memory");
        return NULL;
    }
    t->tools = tools;
    tools[t->tool_count] =
        (struct translate_tool){.at = t->names.len - len, .len = len};
    return &tools[t->tool_count++];
}

/* False after a failure. */
static bool
add_name(struct translate_request *r, uint32_t node, struct assay_slice space,
         struct assay_slice own)
{
    struct assay_buf *names = &r->t->names;

    if (own.len == 0 || own.len + space.len > NAME_MAX_BYTES) {
        translate_refuse(r, node, ASSAY_INVALID,
                         "name: want 1 to %u bytes with its namespace",
                         NAME_MAX_BYTES);
        return false;
    }
    assay_buf_add(names, space);
    assay_buf_add_text(names, space.len > 0 ? "__" : "");
    assay_buf_add(names, own);
    return assay_buf_check(names, "names of tools", r->err) == ASSAY_OK;
}

void
translate_name(struct translate_request *r, uint32_t node,
               struct assay_slice space, bool custom)
{
    struct assay_slice own = translate_needed(r, node, "name");
    size_t before = r->t->names.len;
    struct translate_tool *tool;
    struct assay_slice name;

    if (!add_name(r, node, space, own)) {
        return;
    }
    tool = new_tool(r, node, r->t->names.len - before);
    if (tool == NULL) {
        return;
    }
    tool->space = space.len;
    tool->custom = custom;
    name = translate_tool_name(r->t, tool);
    if (is_taken(r->t, name)) {
        translate_refuse(r, node, ASSAY_INVALID, "name: %.*s is there twice",
                         (int)name.len, (const char *)name.ptr);
    }
    assay_json_out_string(&r->o, "name", name);
}
