/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * chunks.h - bytes that wait for the system, in pieces that need not move.
 */
#pragma once

#include <uv.h>

#include "assay/bytes.h"

#define ASSAY_CHUNK_BYTES      (16u * 1024u) /* small ones are gathered */
#define ASSAY_CHUNK_FLIGHT_MAX 4u            /* libuv allocates above four */

struct assay_chunk {
    struct assay_chunk *next;
    size_t len; /* bytes used */
    size_t cap;
    uint8_t bytes[];
};

/* All zero: empty. */
struct assay_chunks {
    struct assay_chunk *first;
    struct assay_chunk *last;
    size_t bytes;
};

/* A copy to the end; false: out of memory. */
ASSAY_MUST_CHECK bool assay_chunks_add(struct assay_chunks *c,
                                       struct assay_slice bytes);
/* The first few chunks, which are the caller's to free, as bufs. NULL: empty.
 */
struct assay_chunk *assay_chunks_take(struct assay_chunks *c,
                                      uv_buf_t bufs[ASSAY_CHUNK_FLIGHT_MAX],
                                      unsigned *count);
/* This chunk and those behind it; NULL is fine. */
void assay_chunks_free(struct assay_chunk *first);
