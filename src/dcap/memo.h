/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * memo.h - a bounded table from fixed-size byte strings to a prepared key (or
 * to nothing, as a set), which forgets the least recently used entry.
 * Not safe between threads.
 */
#pragma once

#include "crypto/crypto.h"

struct assay_memo;

/* max entries of key_len bytes; NULL if memory is out. Memory is taken as
 * entries come. */
ASSAY_MUST_CHECK struct assay_memo *assay_memo_new(uint32_t max,
                                                   size_t key_len);
void assay_memo_free(struct assay_memo *m); /* NULL is fine */

/* True if the entry is there; it becomes the most recently used. *value is a
 * new reference, or NULL if the entry has none; value may be NULL. */
bool assay_memo_get(struct assay_memo *m, const uint8_t *key,
                    struct assay_p256 **value);
/* Adds an entry (a reference of its own to value, which may be NULL) unless
 * it is there; forgets another one if full, and does nothing if memory is
 * out: forgetting is always allowed. */
void assay_memo_put(struct assay_memo *m, const uint8_t *key,
                    struct assay_p256 *value);
