/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_request.h - one request while it is translated: the document, where
 * in it we are, and what is being written. The path is for messages:
 * "input[3].content[0].type".
 */
#pragma once

#include "base/json.h"
#include "translate_state.h"

#define TRANSLATE_PATH_MAX 128u

struct translate_request {
    const struct assay_json *j;
    struct translation *t;
    struct assay_json_out o; /* the body for the server */
    struct assay_error *err;
    char path[TRANSLATE_PATH_MAX];
    /* Nodes of members that are read together, or NONE. */
    uint32_t instructions, input, tools, tool_choice, parallel;
};

/* Goes down to a member or an element; returns what translate_up() wants. */
size_t translate_down(struct translate_request *r, const char *member);
size_t translate_down_to(struct translate_request *r, uint32_t element);
void translate_up(struct translate_request *r, size_t length);

/* A failure at the path: "PATH: why". node gives the offset. */
enum assay_code translate_refuse(struct translate_request *r, uint32_t node,
                                 enum assay_code code, const char *fmt, ...)
    ASSAY_PRINTF(4, 5);

#define TRANSLATE_TYPE(type) (1u << ASSAY_JSON_##type)
#define TRANSLATE_BOOL       (TRANSLATE_TYPE(FALSE) | TRANSLATE_TYPE(TRUE))

/* Is the node of one of these types? If not, that is a failure at the path. */
bool translate_is(struct translate_request *r, uint32_t node, unsigned types);
/* A member of this object, NONE where it is not there or null. One that is
 * there has one of these types, or it is a failure. */
uint32_t translate_member_of(struct translate_request *r, uint32_t object,
                             const char *name, unsigned types);
/* ... which must be there, and be a string. */
struct assay_slice translate_needed(struct translate_request *r,
                                    uint32_t object, const char *name);

/* A value as it stands, without white space around its parts. */
void translate_copy(struct assay_json_out *o, const char *name,
                    const struct assay_json *j, uint32_t node);

/* The parts. Each writes members of the body, and records failures. */
void translate_members(struct translate_request *r);
void translate_messages(struct translate_request *r);
void translate_tools(struct translate_request *r);
void translate_tool_choice(struct translate_request *r);
/* The tools of a list add themselves to the translation; written to an array
 * that is open. */
void translate_tool_list(struct translate_request *r, uint32_t list);

/* A call of an earlier turn, into an array that is open. */
void translate_called(struct translate_request *r, struct assay_json_out *o,
                      uint32_t item, bool custom);

/* --- names of tools (translate_names.c) ---------------------------------- */

/* Writes the name of a tool, and keeps what it stands for. */
void translate_name(struct translate_request *r, uint32_t node,
                    struct assay_slice space, bool custom);
/* The name that the server knows. */
struct assay_slice translate_tool_name(const struct translation *t,
                                       const struct translate_tool *tool);

/* --- content of messages ------------------------------------------------- */

/* Appends the text of a string or a list of parts, joined by this; an image is
 * a failure unless it is counted. */
void translate_text(struct translate_request *r, uint32_t content,
                    const char *joint, struct assay_buf *to, uint32_t *images);
/* Member "content" of a message of the user. */
void translate_user_content(struct translate_request *r, uint32_t content);
/* The images of such a list, into an array that is open. */
void translate_images(struct translate_request *r, uint32_t content);
