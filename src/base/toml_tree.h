/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * toml_tree.h - how a TOML document is kept, and how it grows while it is
 * read. Used by toml*.c only.
 */
#pragma once

#include "base/toml.h"

enum {
    ASSAY_TOML_FLAG_IMPLIED = 1, /* a table that so far only stands in front of
                                    others in headers: it may get its own */
    ASSAY_TOML_FLAG_DOTTED = 2,  /* made by dotted keys: gets no header */
    ASSAY_TOML_FLAG_INLINE = 4,  /* complete where it stands */
    ASSAY_TOML_FLAG_TABLES = 8,  /* an array that headers append tables to */
};

struct assay_toml_node {
    uint32_t at;     /* offset of the value in the text */
    uint32_t key_at; /* offset of its key, or of the value if it has none */
    uint32_t parent; /* or NONE */
    uint32_t next;   /* sibling, or NONE */
    uint32_t first;  /* child, or NONE */
    uint32_t last;
    uint32_t count; /* children */
    uint32_t key;   /* in the arena */
    uint32_t key_len;
    uint32_t text; /* in the arena */
    uint32_t text_len;
    uint32_t around; /* the container that was open when this one opened */
    uint32_t depth;
    int64_t integer; /* a boolean: 0 or 1 */
    uint8_t type;    /* enum assay_toml_type */
    uint8_t flags;
};

struct assay_toml {
    struct assay_toml_node *nodes;
    uint8_t *arena; /* keys and texts, each with a NUL behind it */
    size_t arena_len;
    size_t arena_cap;
    uint32_t node_count;
    uint32_t node_cap;
};

/* A key or a string, read into the arena. */
struct assay_toml_word {
    uint32_t at;   /* offset in the text */
    uint32_t text; /* in the arena */
    uint32_t len;
};

/* Reads from left to right; the first failure sticks. */
struct assay_toml_parser {
    const uint8_t *start;
    const uint8_t *end;
    const uint8_t *at;
    const char *what;
    const struct assay_json_limits *limits;
    struct assay_error *err;
    struct assay_toml *t;
    uint32_t table; /* of the last header */
    uint32_t open;  /* innermost open array or inline table, or NONE */
    bool after;     /* a value ended in it since it opened or since a comma */
};

/* --- failures: all return false ------------------------------------------ */

bool assay_toml_unexpected(const struct assay_toml_parser *p, const char *want);
bool assay_toml_malformed(const struct assay_toml_parser *p, size_t offset,
                          const char *fmt, ...) ASSAY_PRINTF(3, 4);

/* --- the tree (toml_tree.c) ---------------------------------------------- */

/* A new last child of `parent` (NONE: the root), whose key is `key` unless
 * NULL. NONE after a failure. */
uint32_t assay_toml_add(struct assay_toml_parser *p, uint32_t parent,
                        const struct assay_toml_word *key,
                        enum assay_toml_type type, size_t at);
/* Text grows in the arena behind what is there, and ends with a NUL. */
bool assay_toml_put(struct assay_toml_parser *p, uint8_t c);
struct assay_slice assay_toml_word_text(const struct assay_toml *t,
                                        const struct assay_toml_word *w);

/* --- words (toml_string.c, toml_scalar.c) --------------------------------- */

/* The byte there, or '\0' at the end; no text that is read holds a NUL. */
static inline uint8_t
assay_toml_peek(const struct assay_toml_parser *p)
{
    return p->at < p->end ? *p->at : '\0';
}

static inline size_t
assay_toml_place(const struct assay_toml_parser *p)
{
    return (size_t)(p->at - p->start);
}

/* A string from its first quote; a key's has one line. */
bool assay_toml_read_string(struct assay_toml_parser *p, bool is_key,
                            struct assay_toml_word *out);
/* What begins with none of the brackets and quotes: sets type and value. */
bool assay_toml_read_scalar(struct assay_toml_parser *p, uint32_t node);

/* --- keys (toml_key.c) ----------------------------------------------------
 */

/* The dotted key of a value, from `table` on: where it leads, and its last
 * part, which is new there. */
bool assay_toml_read_key(struct assay_toml_parser *p, uint32_t table,
                         uint32_t *to, struct assay_toml_word *last);
/* From the bracket that opens a header to the one that closes it; p->table is
 * then the table. */
bool assay_toml_read_header(struct assay_toml_parser *p);
void assay_toml_skip_blank(struct assay_toml_parser *p); /* spaces and tabs */
