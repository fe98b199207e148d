/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * chunks.c - bytes that wait for the system.
 */
#include "io/chunks.h"

#include <stdlib.h>

#include "base/bytes.h"

/* The last chunk if it has the room, or a new one. */
static struct assay_chunk *
make_room(struct assay_chunks *c, size_t len)
{
    size_t cap = len > ASSAY_CHUNK_BYTES ? len : ASSAY_CHUNK_BYTES;
    struct assay_chunk *chunk = c->last;

    if (chunk != NULL && len <= chunk->cap - chunk->len) {
        return chunk;
    }
    chunk = malloc(sizeof(*chunk) + cap);
    if (chunk == NULL) {
        return NULL;
    }
    *chunk = (struct assay_chunk){.cap = cap};
    if (c->last == NULL) {
        c->first = chunk;
    } else {
        c->last->next = chunk;
    }
    c->last = chunk;
    return chunk;
}

bool
assay_chunks_add(struct assay_chunks *c, struct assay_slice bytes)
{
    struct assay_chunk *chunk = make_room(c, bytes.len);

    if (chunk == NULL) {
        return false;
    }
    assay_copy(chunk->bytes + chunk->len, bytes);
    chunk->len += bytes.len;
    c->bytes += bytes.len;
    return true;
}

struct assay_chunk *
assay_chunks_take(struct assay_chunks *c, uv_buf_t bufs[ASSAY_CHUNK_FLIGHT_MAX],
                  unsigned *count)
{
    struct assay_chunk *taken = c->first;
    struct assay_chunk *end = NULL;

    *count = 0;
    while (c->first != NULL && *count < ASSAY_CHUNK_FLIGHT_MAX) {
        end = c->first;
        c->first = end->next;
        c->bytes -= end->len;
        bufs[(*count)++] = uv_buf_init((char *)end->bytes, (unsigned)end->len);
    }
    if (end != NULL) {
        end->next = NULL;
    }
    if (c->first == NULL) {
        c->last = NULL;
    }
    return taken;
}

void
assay_chunks_free(struct assay_chunk *first)
{
    while (first != NULL) {
        struct assay_chunk *next = first->next;

        free(first);
        first = next;
    }
}
