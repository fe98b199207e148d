/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * toml_key.c - keys and headers, and the rules on what may be defined where:
 * each table once, by its header, by dotted keys or inline.
 */
#include "base/ascii.h"
#include "base/toml_tree.h"

void
assay_toml_skip_blank(struct assay_toml_parser *p)
{
    while (assay_toml_peek(p) == ' ' || assay_toml_peek(p) == '\t') {
        p->at++;
    }
}

static bool
is_bare(uint8_t c)
{
    return assay_is_letter(c) || assay_is_digit(c) || c == '_' || c == '-';
}

static bool
read_bare(struct assay_toml_parser *p, struct assay_toml_word *out)
{
    *out = (struct assay_toml_word){(uint32_t)assay_toml_place(p),
                                    (uint32_t)p->t->arena_len, 0};
    if (!is_bare(assay_toml_peek(p))) {
        return assay_toml_unexpected(p, "a key");
    }
    while (is_bare(assay_toml_peek(p))) {
        if (!assay_toml_put(p, *p->at++)) {
            return false;
        }
    }
    out->len = (uint32_t)p->t->arena_len - out->text;
    return assay_toml_put(p, '\0');
}

/* One part of a key and the blanks around it; *more if a dot follows. */
static bool
read_part(struct assay_toml_parser *p, struct assay_toml_word *out, bool *more)
{
    uint8_t c;

    assay_toml_skip_blank(p);
    c = assay_toml_peek(p);
    if (!(c == '"' || c == '\'' ? assay_toml_read_string(p, true, out)
                                : read_bare(p, out))) {
        return false;
    }
    assay_toml_skip_blank(p);
    *more = assay_toml_peek(p) == '.';
    p->at += *more;
    return true;
}

static bool
refuse_key(const struct assay_toml_parser *p, const struct assay_toml_word *key,
           const char *why)
{
    return assay_toml_malformed(p, key->at, "key '%.*s' %s",
                                (int)(key->len < 60 ? key->len : 60),
                                (const char *)p->t->arena + key->text, why);
}

static uint32_t
lookup(const struct assay_toml_parser *p, uint32_t table,
       const struct assay_toml_word *key)
{
    return assay_toml_find(p->t, table, assay_toml_word_text(p->t, key));
}

static bool
add_table(struct assay_toml_parser *p, uint32_t *table,
          const struct assay_toml_word *key, uint8_t flags)
{
    uint32_t node = assay_toml_add(p, *table, key, ASSAY_TOML_TABLE, key->at);

    if (node == ASSAY_TOML_NONE) {
        return false;
    }
    p->t->nodes[node].flags = flags;
    *table = node;
    return true;
}

/* From a table to the one that a part of a dotted key names in it. Only what
 * no header has defined grows so. */
static bool
step_dotted(struct assay_toml_parser *p, uint32_t *table,
            const struct assay_toml_word *key)
{
    const uint8_t open = ASSAY_TOML_FLAG_IMPLIED | ASSAY_TOML_FLAG_DOTTED;
    uint32_t child = lookup(p, *table, key);
    struct assay_toml_node *n;

    if (child == ASSAY_TOML_NONE) {
        return add_table(p, table, key, ASSAY_TOML_FLAG_DOTTED);
    }
    n = &p->t->nodes[child];
    if (n->type != ASSAY_TOML_TABLE) {
        return refuse_key(p, key, "is no table");
    }
    if ((n->flags & open) == 0) {
        return refuse_key(p, key, "is a table that is complete");
    }
    n->flags = ASSAY_TOML_FLAG_DOTTED;
    *table = child;
    return true;
}

bool
assay_toml_read_key(struct assay_toml_parser *p, uint32_t table, uint32_t *to,
                    struct assay_toml_word *last)
{
    bool more = true;

    *to = table;
    if (!read_part(p, last, &more)) {
        return false;
    }
    while (more) {
        if (!step_dotted(p, to, last) || !read_part(p, last, &more)) {
            return false;
        }
    }
    return lookup(p, *to, last) == ASSAY_TOML_NONE ||
           refuse_key(p, last, "stands twice");
}

/* The same for a part of a header: an array of tables means its last one. */
static bool
step_header(struct assay_toml_parser *p, uint32_t *table,
            const struct assay_toml_word *key)
{
    uint32_t child = lookup(p, *table, key);
    const struct assay_toml_node *n;

    if (child == ASSAY_TOML_NONE) {
        return add_table(p, table, key, ASSAY_TOML_FLAG_IMPLIED);
    }
    n = &p->t->nodes[child];
    if ((n->flags & ASSAY_TOML_FLAG_TABLES) != 0) {
        child = n->last;
    } else if (n->type != ASSAY_TOML_TABLE) {
        return refuse_key(p, key, "is no table");
    } else if ((n->flags & ASSAY_TOML_FLAG_INLINE) != 0) {
        return refuse_key(p, key, "is a table that is complete");
    }
    *table = child;
    return true;
}

static bool
define_table(struct assay_toml_parser *p, uint32_t table,
             const struct assay_toml_word *key, size_t at)
{
    uint32_t child = lookup(p, table, key);
    struct assay_toml_node *n;

    if (child == ASSAY_TOML_NONE) {
        child = assay_toml_add(p, table, key, ASSAY_TOML_TABLE, at);
        p->table = child;
        return child != ASSAY_TOML_NONE;
    }
    n = &p->t->nodes[child];
    if (n->type != ASSAY_TOML_TABLE ||
        (n->flags & ASSAY_TOML_FLAG_IMPLIED) == 0) {
        return refuse_key(p, key, "is defined twice");
    }
    n->flags = 0;
    n->at = (uint32_t)at;
    n->key_at = key->at;
    p->table = child;
    return true;
}

static bool
append_table(struct assay_toml_parser *p, uint32_t table,
             const struct assay_toml_word *key, size_t at)
{
    uint32_t list = lookup(p, table, key);

    if (list == ASSAY_TOML_NONE) {
        list = assay_toml_add(p, table, key, ASSAY_TOML_ARRAY, at);
        if (list == ASSAY_TOML_NONE) {
            return false;
        }
        p->t->nodes[list].flags = ASSAY_TOML_FLAG_TABLES;
    } else if ((p->t->nodes[list].flags & ASSAY_TOML_FLAG_TABLES) == 0) {
        return refuse_key(p, key, "is no array of tables");
    }
    p->table = assay_toml_add(p, list, NULL, ASSAY_TOML_TABLE, at);
    return p->table != ASSAY_TOML_NONE;
}

static bool
take_bracket(struct assay_toml_parser *p)
{
    if (assay_toml_peek(p) != ']') {
        return assay_toml_unexpected(p, "']'");
    }
    p->at++;
    return true;
}

bool
assay_toml_read_header(struct assay_toml_parser *p)
{
    size_t at = assay_toml_place(p);
    bool list = p->end - p->at >= 2 && p->at[1] == '[';
    uint32_t table = ASSAY_TOML_ROOT;
    struct assay_toml_word key;
    bool more = true;

    p->at += list ? 2 : 1;
    if (!read_part(p, &key, &more)) {
        return false;
    }
    while (more) {
        if (!step_header(p, &table, &key) || !read_part(p, &key, &more)) {
            return false;
        }
    }
    if (!take_bracket(p) || (list && !take_bracket(p))) {
        return false;
    }
    return list ? append_table(p, table, &key, at)
                : define_table(p, table, &key, at);
}
