/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_path.c - where in a request we are, and asking it for members.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"
#include "translate_request.h"

size_t
translate_down(struct translate_request *r, const char *member)
{
    size_t length = strlen(r->path);

    snprintf(r->path + length, sizeof(r->path) - length, "%s%s",
             length > 0 ? "." : "", member);
    return length;
}

size_t
translate_down_to(struct translate_request *r, uint32_t element)
{
    size_t length = strlen(r->path);

    snprintf(r->path + length, sizeof(r->path) - length, "[%u]", element);
    return length;
}

void
translate_up(struct translate_request *r, size_t length)
{
    r->path[length] = '\0';
}

enum assay_code
translate_refuse(struct translate_request *r, uint32_t node,
                 enum assay_code code, const char *fmt, ...)
{
    char why[sizeof(r->err->msg)];
    va_list args;

    va_start(args, fmt);
    vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    return assay_fail(r->err, code, assay_json_offset(r->j, node), "%s%s%s",
                      r->path, r->path[0] != '\0' ? ": " : "", why);
}

/* "a string or an array" */
static void
name_types(unsigned types, char *to, size_t room)
{
    static const struct {
        unsigned types;
        const char *name;
    } rows[] = {{TRANSLATE_BOOL, "a boolean"},
                {TRANSLATE_TYPE(NUMBER), "a number"},
                {TRANSLATE_TYPE(STRING), "a string"},
                {TRANSLATE_TYPE(ARRAY), "an array"},
                {TRANSLATE_TYPE(OBJECT), "an object"}};
    size_t n = 0;

    to[0] = '\0';
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && n < room; i++) {
        if ((types & rows[i].types) != 0) {
            n += (size_t)snprintf(to + n, room - n, "%s%s", n > 0 ? " or " : "",
                                  rows[i].name);
        }
    }
}

bool
translate_is(struct translate_request *r, uint32_t node, unsigned types)
{
    enum assay_json_type type = assay_json_type(r->j, node);
    char wanted[80];

    if ((types & (1u << type)) != 0) {
        return true;
    }
    name_types(types, wanted, sizeof(wanted));
    translate_refuse(r, node, ASSAY_INVALID, "want %s, have %s", wanted,
                     assay_json_type_name(type));
    return false;
}

uint32_t
translate_member_of(struct translate_request *r, uint32_t object,
                    const char *name, unsigned types)
{
    uint32_t node = assay_json_member(r->j, object, name);
    size_t up;

    if (assay_json_type(r->j, node) == ASSAY_JSON_NULL) {
        return ASSAY_JSON_NONE;
    }
    up = translate_down(r, name);
    if (!translate_is(r, node, types)) {
        node = ASSAY_JSON_NONE;
    }
    translate_up(r, up);
    return node;
}

struct assay_slice
translate_needed(struct translate_request *r, uint32_t object, const char *name)
{
    uint32_t node =
        translate_member_of(r, object, name, TRANSLATE_TYPE(STRING));

    if (node == ASSAY_JSON_NONE) {
        size_t up = translate_down(r, name);

        translate_refuse(r, object, ASSAY_INVALID, "missing");
        translate_up(r, up);
    }
    return assay_json_string(r->j, node);
}

/* A stream of events has one line for each, so no line end may remain. */
void
translate_copy(struct assay_json_out *o, const char *name,
               const struct assay_json *j, uint32_t node)
{
    struct assay_slice rest = assay_json_span(j, node);
    bool in_string = false;

    assay_json_out_number(o, name, ASSAY_EMPTY);
    while (rest.len > 0) {
        size_t n = 0;

        while (n < rest.len && (in_string || rest.ptr[n] > ' ')) {
            if (rest.ptr[n] == '\\') {
                n++; /* what it escapes is no quote */
            } else if (rest.ptr[n] == '"') {
                in_string = !in_string;
            }
            n++;
        }
        assay_buf_add(o->buf, (struct assay_slice){rest.ptr, n});
        n += n < rest.len ? 1 : 0;
        rest.ptr += n;
        rest.len -= n;
    }
}
