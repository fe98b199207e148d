/* Target functions: yaml_tree_parse
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Any YAML becomes a tree within its limits, or an error with a place. Nodes
 * are tied as they say: parents above children, aliases to nodes that are whole
 * and no aliases, keys before values.
 */
#include "base/bytes.h"
#include "harness/fuzz.h"
#include "programs/assay/lint/yaml_tree.h"

static void
check_node(const struct yaml_tree *t, uint32_t i)
{
    const struct yaml_node *n = &t->node[i];

    PROMISE((n->parent == YAML_NONE) == (i == YAML_ROOT));
    PROMISE(n->parent == YAML_NONE || n->parent < i);
    PROMISE(n->next == YAML_NONE || (n->next > i && n->next < t->count));
    PROMISE(n->first == YAML_NONE || n->first == i + 1);
    PROMISE(n->line >= 1 && n->column >= 1);
    PROMISE((n->kind == YAML_KIND_ALIAS) == (n->target != YAML_NONE));
    PROMISE(n->target == YAML_NONE || n->target < i);
    PROMISE(n->target == YAML_NONE ||
            t->node[n->target].kind != YAML_KIND_ALIAS);
    PROMISE(!n->is_key || (n->kind == YAML_KIND_SCALAR && n->next == i + 1));
    PROMISE(n->key == YAML_NONE || t->node[n->key].is_key);
    PROMISE(strlen(yaml_string(t, i)) == yaml_text(t, i).len);
    PROMISE(yaml_resolve(t, i) < t->count);
    (void)yaml_member(t, i, "a");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml_tree t;
    struct assay_error err;
    enum assay_code code =
        yaml_tree_parse((struct assay_slice){data, size}, &t, &err);

    fuzz_check_error(&err, code, size);
    PROMISE(code != ASSAY_UNSUPPORTED);
    PROMISE(code == ASSAY_OK || (t.node == NULL && t.count == 0));
    PROMISE(t.count <= YAML_TREE_MAX_NODES);
    for (uint32_t i = 0; t.node != NULL && i < t.count; i++) {
        check_node(&t, i);
    }
    yaml_tree_free(&t);
    return 0;
}
