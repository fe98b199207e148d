/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * mask.c - the mask over payload (RFC 6455, section 5.3), in vectors that every
 * target has or the compiler makes of words.
 */
#include "ws/ws.h"

typedef uint8_t vector __attribute__((vector_size(16)));

#define VECTOR sizeof(vector)
#define TURN   (4 * VECTOR)

static void
mask_octets(uint8_t *bytes, size_t n, const uint8_t key[ASSAY_WS_KEY_BYTES],
            uint64_t offset)
{
    for (size_t i = 0; i < n; i++) {
        bytes[i] ^= key[(offset + i) & 3];
    }
}

static void
mask_vector(uint8_t *bytes, vector key)
{
    vector v;

    memcpy(&v, bytes, VECTOR);
    v ^= key;
    memcpy(bytes, &v, VECTOR);
}

void
assay_ws_mask(uint8_t *bytes, size_t n, const uint8_t key[ASSAY_WS_KEY_BYTES],
              uint64_t offset)
{
    /* Stores that cross a line of the cache cost twice, so octets come first
     * until they do not. */
    size_t head = -(uintptr_t)bytes % VECTOR;
    vector pattern;

    if (n < 2 * VECTOR) {
        mask_octets(bytes, n, key, offset);
        return;
    }
    mask_octets(bytes, head, key, offset);
    bytes += head;
    n -= head;
    offset += head;
    for (size_t i = 0; i < VECTOR; i++) {
        pattern[i] = key[(offset + i) & 3];
    }
    for (; n >= TURN; n -= TURN, bytes += TURN) { /* not all compilers unroll */
        mask_vector(bytes, pattern);
        mask_vector(bytes + VECTOR, pattern);
        mask_vector(bytes + 2 * VECTOR, pattern);
        mask_vector(bytes + 3 * VECTOR, pattern);
    }
    for (; n >= VECTOR; n -= VECTOR, bytes += VECTOR) {
        mask_vector(bytes, pattern);
    }
    mask_octets(bytes, n, key, offset);
}
