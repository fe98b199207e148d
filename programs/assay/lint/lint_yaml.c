/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint_yaml.c - findings that every YAML file can have: values that programs
 * read differently.
 */
#include "lint_yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"

#define PATH_SHOWN  60u
#define DEPTH_SHOWN 6u /* parts of a path */

/* "services.web.volumes": the keys that lead to the node, the last ones. */
static void
write_path(const struct yaml_tree *t, uint32_t node, char out[PATH_SHOWN])
{
    uint32_t keys[DEPTH_SHOWN];
    size_t count = 0;
    size_t n = 0;

    out[0] = '\0';
    while (node != YAML_NONE && count < DEPTH_SHOWN) {
        if (t->node[node].is_key) {
            keys[count++] = node;
        } else if (t->node[node].key != YAML_NONE) {
            keys[count++] = t->node[node].key;
        }
        node = t->node[node].parent;
    }
    while (count > 0 && n < PATH_SHOWN - 1) {
        int more = snprintf(out + n, PATH_SHOWN - n, "%s%.24s",
                            n > 0 ? "." : "", yaml_string(t, keys[--count]));

        n += more > 0 ? (size_t)more : 0;
    }
}

void
lint_yaml_add(const struct lint_yaml *y, enum lint_code code, uint32_t node,
              const char *fmt, ...)
{
    const struct yaml_node *n = &y->t->node[node];
    char path[PATH_SHOWN];
    char where[80];
    char text[160];
    va_list ap;

    write_path(y->t, node, path);
    (void)snprintf(where, sizeof(where), "%.40s%zu:%zu", y->where, n->line,
                   n->column);
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    lint_add(y->l, code, where, "%s%s%s", path, path[0] != '\0' ? ": " : "",
             text);
}

bool
lint_yaml_is_true(const struct lint_yaml *y, uint32_t node)
{
    static const char *const no[] = {"false", "no", "off",  "n",
                                     "0",     "",   "null", "~"};

    if (node == YAML_NONE) {
        return false;
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        if (y->t->node[node].kind == YAML_KIND_SCALAR &&
            strcasecmp(yaml_string(y->t, node), no[i]) == 0) {
            return false;
        }
    }
    return true;
}

bool
lint_yaml_is_null(const struct lint_yaml *y, uint32_t node)
{
    const char *s = yaml_string(y->t, node);

    return y->t->node[node].kind == YAML_KIND_SCALAR &&
           (s[0] == '\0' || strcmp(s, "~") == 0 || strcasecmp(s, "null") == 0);
}

/* Pairwise: maps are small by the reader's limit. */
static void
find_duplicates(const struct lint_yaml *y, uint32_t map)
{
    for (uint32_t k = yaml_first(y->t, map); k != YAML_NONE;
         k = yaml_next(y->t, k)) {
        for (uint32_t other = yaml_first(y->t, map); other != k;
             other = yaml_next(y->t, other)) {
            if (assay_slice_equal(yaml_text(y->t, k), yaml_text(y->t, other))) {
                lint_yaml_add(y, LINT_DUPLICATE, k,
                              "the name stands in line %zu as well",
                              y->t->node[other].line);
                break;
            }
        }
    }
}

static bool
has_merge(const struct lint_yaml *y, uint32_t map)
{
    for (uint32_t k = yaml_first(y->t, map);
         k != YAML_NONE && y->t->node[map].kind == YAML_KIND_MAP;
         k = yaml_next(y->t, k)) {
        if (assay_slice_is(yaml_text(y->t, k), "<<")) {
            return true;
        }
    }
    return false;
}

/* Only maps that merge nothing themselves are followed, and not many of them
 * (yaml_member()). */
static void
judge_merge(const struct lint_yaml *y, uint32_t key)
{
    uint32_t from = yaml_value(y->t, key);
    bool list = from != YAML_NONE && y->t->node[from].kind == YAML_KIND_LIST;
    uint32_t e = list ? yaml_first(y->t, from) : from;

    lint_yaml_add(y, LINT_MERGE, key,
                  "a merge key, which not every program follows");
    if (list && y->t->node[from].count > YAML_TREE_MAX_MERGED) {
        lint_yaml_add(y, LINT_DEEP_MERGE, key, "it merges more than %u maps",
                      YAML_TREE_MAX_MERGED);
        return;
    }
    for (; e != YAML_NONE; e = list ? yaml_next(y->t, e) : YAML_NONE) {
        uint32_t map = yaml_resolve(y->t, e);

        if (y->t->node[map].kind != YAML_KIND_MAP || has_merge(y, map)) {
            lint_yaml_add(y, LINT_DEEP_MERGE, key,
                          "it merges what is no plain map");
            return;
        }
    }
}

/* Each anchor once, at its first alias; merges have their own finding. */
static void
judge_alias(const struct lint_yaml *y, uint32_t alias)
{
    const struct yaml_node *n = &y->t->node[alias];

    for (uint32_t i = 0; i < alias; i++) {
        if (y->t->node[i].target == n->target) {
            return;
        }
    }
    if (n->key == YAML_NONE || !assay_slice_is(yaml_text(y->t, n->key), "<<")) {
        lint_yaml_add(y, LINT_ANCHOR, alias, "an alias of line %zu",
                      y->t->node[n->target].line);
    }
}

void
lint_yaml_ambiguities(const struct lint_yaml *y)
{
    for (uint32_t i = 0; i < y->t->count; i++) {
        const struct yaml_node *n = &y->t->node[i];

        if (n->tagged) {
            lint_yaml_add(y, LINT_TAG, i, "a tag, which changes the value");
        }
        if (n->kind == YAML_KIND_ALIAS) {
            judge_alias(y, i);
        }
        if (n->is_key && assay_slice_is(yaml_text(y->t, i), "<<")) {
            judge_merge(y, i);
        }
        if (n->kind == YAML_KIND_MAP) {
            find_duplicates(y, i);
        }
    }
    if (y->t->more_documents) {
        lint_yaml_add(y, LINT_DOCUMENTS, YAML_ROOT,
                      "another document follows this one");
    }
}
