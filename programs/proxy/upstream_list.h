/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upstream_list.h - links and calls in an order, without memory of its own: an
 * item is a part of what it stands for, and is in one list at the most.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list;

struct list_item {
    struct list *in; /* or NULL */
    struct list_item *before;
    struct list_item *after;
    void *what;
};

/* All zero: empty. */
struct list {
    struct list_item *first;
    struct list_item *last;
    unsigned count;
};

/* Both take it out of where it was. */
void list_put_first(struct list *l, struct list_item *i);
void list_put_last(struct list *l, struct list_item *i);
void list_leave(struct list_item *i); /* fine where it is in none */

/* What stands there, or NULL. */
static inline void *
list_first(const struct list *l)
{
    return l->first != NULL ? l->first->what : NULL;
}
