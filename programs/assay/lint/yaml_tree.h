/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * yaml_tree.h - YAML as a tree of nodes that know where they stood.
 *
 * Made for looking at a docker-compose file, not for running it: no value is
 * typed, no alias is copied (a node refers to what it stands for, so that text
 * of a kilobyte cannot become one of a gigabyte), and what programs read in
 * different ways (merge keys, tags, names that stand twice) stays visible.
 */
#pragma once

#include "assay/bytes.h"

#define YAML_TREE_MAX_BYTES   (1024u * 1024u)
#define YAML_TREE_MAX_NODES   (32u * 1024u)
#define YAML_TREE_MAX_DEPTH   64u
#define YAML_TREE_MAX_ENTRIES 1024u /* of one map */
#define YAML_TREE_MAX_ANCHORS 128u
#define YAML_TREE_MAX_ALIASES 256u
#define YAML_TREE_MAX_MERGED  16u /* maps of one merge key that are followed */

enum yaml_kind {
    YAML_KIND_SCALAR,
    YAML_KIND_LIST,
    YAML_KIND_MAP,   /* children: key, value, key, value ... */
    YAML_KIND_ALIAS, /* see `target` */
};

#define YAML_NONE UINT32_MAX
#define YAML_ROOT 0u

struct yaml_node {
    enum yaml_kind kind;
    uint32_t parent;
    uint32_t key; /* of a map's value: its key; or NONE */
    uint32_t first;
    uint32_t next;
    uint32_t target; /* of an alias; never an alias or an ancestor itself */
    uint32_t count;  /* elements, or entries of a map */
    size_t line;     /* from 1 */
    size_t column;
    size_t text; /* offset in yaml_tree.text; NUL-terminated there */
    size_t len;
    bool is_key;
    bool plain;  /* a scalar without quotes */
    bool tagged; /* a tag is written out */
    bool anchored;
};

struct yaml_tree {
    struct yaml_node *node;
    uint32_t count; /* 0: an empty document */
    struct assay_buf text;
    bool more_documents; /* one follows that was not read */
};

/* One document. *out is empty unless ASSAY_OK; freed with yaml_tree_free().
 * ASSAY_MALFORMED (message with line and column), ASSAY_TOO_LARGE (a limit
 * above), ASSAY_INVALID (NUL in a text, a key that is no scalar),
 * ASSAY_UNSUPPORTED (libyaml cannot be loaded), ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code yaml_tree_parse(struct assay_slice yaml,
                                                 struct yaml_tree *out,
                                                 struct assay_error *err);
void yaml_tree_free(struct yaml_tree *t);

/* What an alias stands for, or the node itself; NONE stays NONE. */
uint32_t yaml_resolve(const struct yaml_tree *t, uint32_t node);
/* A scalar's characters, which have no NUL; "" and nothing for others. */
const char *yaml_string(const struct yaml_tree *t, uint32_t node);
struct assay_slice yaml_text(const struct yaml_tree *t, uint32_t node);
/* The value of a map's member, resolved; also one that a merge key ("<<")
 * brings, but not a merge inside of that, nor a map beyond
 * YAML_TREE_MAX_MERGED. NONE if it has none, or is no map. */
uint32_t yaml_member(const struct yaml_tree *t, uint32_t map, const char *name);
/* Elements of a list, or keys of a map; NONE for others and at the end. */
uint32_t yaml_first(const struct yaml_tree *t, uint32_t node);
uint32_t yaml_next(const struct yaml_tree *t, uint32_t child);
/* The value behind a key, resolved. */
uint32_t yaml_value(const struct yaml_tree *t, uint32_t key);
