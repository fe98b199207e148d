/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upstream_list.c - links and calls in an order.
 */
#include "upstream_list.h"

void
list_put_first(struct list *l, struct list_item *i)
{
    list_leave(i);
    i->in = l;
    i->after = l->first;
    if (l->first != NULL) {
        l->first->before = i;
    } else {
        l->last = i;
    }
    l->first = i;
    l->count++;
}

void
list_put_last(struct list *l, struct list_item *i)
{
    list_leave(i);
    i->in = l;
    i->before = l->last;
    if (l->last != NULL) {
        l->last->after = i;
    } else {
        l->first = i;
    }
    l->last = i;
    l->count++;
}

void
list_leave(struct list_item *i)
{
    struct list *l = i->in;

    if (l == NULL) {
        return;
    }
    if (i->before != NULL) {
        i->before->after = i->after;
    } else {
        l->first = i->after;
    }
    if (i->after != NULL) {
        i->after->before = i->before;
    } else {
        l->last = i->before;
    }
    l->count--;
    i->in = NULL;
    i->before = NULL;
    i->after = NULL;
}
