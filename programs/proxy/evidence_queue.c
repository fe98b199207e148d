/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_queue.c - bundles that wait for the disk.
 */
#include "evidence_queue.h"

#include <stdlib.h>

void
evidence_bundle_free(struct evidence_bundle *b)
{
    if (b != NULL) {
        assay_buf_free(&b->text);
        free(b);
    }
}

bool
evidence_queue_has_room(const struct evidence_queue *q, size_t bytes)
{
    return q->count == 0 ||
           (q->count < q->max_count && q->bytes < q->max_bytes &&
            bytes <= q->max_bytes - q->bytes);
}

void
evidence_queue_put(struct evidence_queue *q, struct evidence_bundle *b)
{
    b->next = NULL;
    if (q->last != NULL) {
        q->last->next = b;
    } else {
        q->first = b;
    }
    q->last = b;
    q->count++;
    q->bytes += b->text.len;
}

struct evidence_bundle *
evidence_queue_take(struct evidence_queue *q)
{
    struct evidence_bundle *b = q->first;

    if (b == NULL) {
        return NULL;
    }
    q->first = b->next;
    q->last = q->first != NULL ? q->last : NULL;
    q->count--;
    q->bytes -= b->text.len;
    b->next = NULL;
    return b;
}
