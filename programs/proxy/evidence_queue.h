/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_queue.h - bundles that wait for the disk, first come, first served.
 * For one thread at a time.
 */
#pragma once

#include "base/buf.h"

#define EVIDENCE_NAME_MAX_BYTES 255u

struct evidence_bundle {
    struct evidence_bundle *next;
    char name[EVIDENCE_NAME_MAX_BYTES + 1]; /* of its file */
    bool trusted;
    struct assay_buf text;
};

void evidence_bundle_free(struct evidence_bundle *b); /* NULL is fine */

struct evidence_queue {
    size_t max_count;
    size_t max_bytes; /* of the texts */
    size_t count;
    size_t bytes;
    struct evidence_bundle *first;
    struct evidence_bundle *last;
};

/* Is there room for one of so many bytes? One is always taken. */
bool evidence_queue_has_room(const struct evidence_queue *q, size_t bytes);
void evidence_queue_put(struct evidence_queue *q, struct evidence_bundle *b);
/* The first one, which is the caller's from now on; or NULL. */
struct evidence_bundle *evidence_queue_take(struct evidence_queue *q);
