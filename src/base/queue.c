/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * queue.c - bytes that are written at one end and taken at the other.
 */
#include "base/queue.h"

#include <string.h>

#include "base/bytes.h"

void
assay_queue_init(struct assay_queue *q, size_t max)
{
    assay_buf_init(&q->buf, max);
    q->at = 0;
    q->max = max;
}

void
assay_queue_free(struct assay_queue *q)
{
    assay_buf_free(&q->buf);
    q->at = 0;
}

size_t
assay_queue_len(const struct assay_queue *q)
{
    return q->buf.len - q->at;
}

struct assay_slice
assay_queue_slice(const struct assay_queue *q)
{
    if (assay_queue_len(q) == 0) {
        return ASSAY_EMPTY;
    }
    return (struct assay_slice){q->buf.ptr + q->at, assay_queue_len(q)};
}

void
assay_queue_take(struct assay_queue *q, size_t n)
{
    size_t waiting = assay_queue_len(q);

    q->at += n < waiting ? n : waiting;
    if (q->at == q->buf.len) {
        q->at = 0;
        q->buf.len = 0;
    }
}

/* Moves what waits to the front, once as much was taken: every byte is moved
 * once at the most for each time that it is passed. Until then what was taken
 * still stands before it, and does not count. */
static void
compact(struct assay_queue *q)
{
    size_t waiting = assay_queue_len(q);

    if (q->at >= waiting && q->at > 0) {
        memmove(q->buf.ptr, q->buf.ptr + q->at, waiting);
        q->at = 0;
        q->buf.len = waiting;
    }
    q->buf.max = q->at + q->max;
}

struct assay_buf *
assay_queue_writer(struct assay_queue *q)
{
    compact(q);
    return &q->buf;
}

uint8_t *
assay_queue_extend(struct assay_queue *q, size_t n)
{
    struct assay_buf *b = assay_queue_writer(q);
    uint8_t *room = b->failed ? NULL : assay_buf_extend(b, n);

    if (room == NULL) {
        b->failed = false;
        b->no_memory = false;
    }
    return room;
}

void
assay_queue_shrink(struct assay_queue *q, size_t n)
{
    q->buf.len -= n;
    if (q->at == q->buf.len) {
        q->at = 0;
        q->buf.len = 0;
    }
}
