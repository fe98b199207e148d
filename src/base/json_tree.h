/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_tree.h - how a parsed document is kept. Used by json*.c, and by
 * toml_json.c, which makes such documents of another text.
 */
#pragma once

#include "base/json.h"

enum {
    ASSAY_JSON_FLAG_NAME = 1,     /* a member's name; its value is next to it */
    ASSAY_JSON_FLAG_UNESCAPED = 2 /* its characters are in the arena */
};

/* 24 bytes, since there may be one for every two bytes of text. */
struct assay_json_node {
    uint32_t at;    /* offset in the text */
    uint32_t len;   /* bytes of text */
    uint32_t next;  /* next sibling, or NONE. While the container is open:
                       the container around it */
    uint32_t count; /* elements, members, or bytes of a string's characters */
    uint32_t aux;   /* string: offset in the arena. While the container is
                       open: its last child so far */
    uint8_t type;   /* enum assay_json_type */
    uint8_t flags;
};

struct assay_json {
    struct assay_slice text; /* borrowed */
    struct assay_json_node *nodes;
    uint8_t *arena; /* characters of the strings that had escapes */
    /* Of a document that was made from another text; otherwise NULL. */
    uint8_t *made_text; /* what `text` borrows */
    uint32_t *origins;  /* offset of each node in the other text */
    uint32_t node_count;
    uint32_t node_cap;
    uint32_t arena_len;
    uint32_t arena_cap;
};

/* The first member name of an object, in document order, that an earlier one
 * equals; or NONE. `scratch` has room for all its names, and is needed only
 * above ASSAY_JSON_FEW_MEMBERS. */
#define ASSAY_JSON_FEW_MEMBERS 16u
uint32_t assay_json_find_duplicate(const struct assay_json *j, uint32_t object,
                                   uint32_t *scratch);

/* Member names by their bytes (as characters: by code points). */
void assay_json_sort_names(const struct assay_json *j, uint32_t *names,
                           size_t count);
