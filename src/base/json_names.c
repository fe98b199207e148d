/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_names.c - sorting member names, and finding one that occurs twice. Small
 * objects are compared pair by pair; large ones are sorted, because an attacker
 * can choose names that meet in any hash table whose function he knows.
 */
#include "base/json_tree.h"

static bool
same_name(const struct assay_json *j, uint32_t a, uint32_t b)
{
    return j->nodes[a].count == j->nodes[b].count &&
           assay_slice_equal(assay_json_string(j, a), assay_json_string(j, b));
}

static uint32_t
find_among_few(const struct assay_json *j, uint32_t first)
{
    for (uint32_t b = first; b != ASSAY_JSON_NONE; b = j->nodes[b].next) {
        for (uint32_t a = first; a != b; a = j->nodes[a].next) {
            if (same_name(j, a, b)) {
                return b;
            }
        }
    }
    return ASSAY_JSON_NONE;
}

/* By bytes; of two with one beginning, the shorter first; then by place in the
 * document. */
static bool
before(const struct assay_json *j, uint32_t a, uint32_t b)
{
    struct assay_slice x = assay_json_string(j, a);
    struct assay_slice y = assay_json_string(j, b);
    size_t both = x.len < y.len ? x.len : y.len;
    int order = both > 0 ? memcmp(x.ptr, y.ptr, both) : 0;

    if (order != 0) {
        return order < 0;
    }
    return x.len != y.len ? x.len < y.len : a < b;
}

/* Restores the heap (largest on top) below `at`. */
static void
sift_down(const struct assay_json *j, uint32_t *names, size_t at, size_t count)
{
    for (;;) {
        size_t child = 2 * at + 1;
        uint32_t swap;

        if (child >= count) {
            return;
        }
        if (child + 1 < count && before(j, names[child], names[child + 1])) {
            child++;
        }
        if (!before(j, names[at], names[child])) {
            return;
        }
        swap = names[at];
        names[at] = names[child];
        names[child] = swap;
        at = child;
    }
}

/* Heap sort: no recursion, no memory, no bad case. */
void
assay_json_sort_names(const struct assay_json *j, uint32_t *names, size_t count)
{
    for (size_t at = count / 2; at > 0; at--) {
        sift_down(j, names, at - 1, count);
    }
    for (size_t last = count; last > 1; last--) {
        uint32_t largest = names[0];

        names[0] = names[last - 1];
        names[last - 1] = largest;
        sift_down(j, names, 0, last - 1);
    }
}

uint32_t
assay_json_find_duplicate(const struct assay_json *j, uint32_t object,
                          uint32_t *scratch)
{
    uint32_t count = 0;
    uint32_t found = ASSAY_JSON_NONE;
    uint32_t first = assay_json_first(j, object);

    if (j->nodes[object].count <= ASSAY_JSON_FEW_MEMBERS) {
        return find_among_few(j, first);
    }
    for (uint32_t a = first; a != ASSAY_JSON_NONE; a = j->nodes[a].next) {
        scratch[count++] = a;
    }
    assay_json_sort_names(j, scratch, count);
    for (uint32_t i = 1; i < count; i++) {
        if (same_name(j, scratch[i - 1], scratch[i]) && scratch[i] < found) {
            found = scratch[i];
        }
    }
    return found;
}
