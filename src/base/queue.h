/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * queue.h - bytes that are written at one end and taken at the other.
 */
#pragma once

#include "base/buf.h"

struct assay_queue {
    struct assay_buf buf; /* taken bytes, then waiting ones */
    size_t at;            /* first waiting byte; never above buf.len */
    size_t max;           /* bytes waiting at a time */
};

/* max: bytes waiting at a time. Owns nothing until the first write. */
void assay_queue_init(struct assay_queue *q, size_t max);
/* Wipes and frees; empty and usable afterwards. */
void assay_queue_free(struct assay_queue *q);
/* What waits; valid until the next call on the queue. */
struct assay_slice assay_queue_slice(const struct assay_queue *q);
/* How many bytes wait. */
size_t assay_queue_len(const struct assay_queue *q);
/* Takes n bytes away from the front; n at most the length. */
void assay_queue_take(struct assay_queue *q, size_t n);
/* Room for n more bytes at the end, which count as written; NULL if the maximum
 * or memory does not allow it: the queue is as it was then. */
uint8_t *assay_queue_extend(struct assay_queue *q, size_t n);
/* Gives back the last n bytes of what was just extended. */
void assay_queue_shrink(struct assay_queue *q, size_t n);
/* The buffer to append to with the functions of buf.h; a failure sticks to it.
 * Its slice is not the queue's. */
struct assay_buf *assay_queue_writer(struct assay_queue *q);
