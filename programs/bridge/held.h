/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * held.h - octets that a socket has not taken yet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one read gives, and the header of a frame. */
#define HELD_MAX_BYTES (64u * 1024u + 16u)

struct held {
    uint8_t *bytes; /* NULL: none */
    size_t at;
    size_t len; /* from the start */
};

/* Sends what is held; false: not all of it, or an error (*failed). */
bool held_send(struct held *h, int fd, bool *failed);
/* Keeps octets behind what is held, HELD_MAX_BYTES in all; false: no room, or
 * no memory. */
bool held_add(struct held *h, const void *bytes, size_t len);
void held_free(struct held *h);
