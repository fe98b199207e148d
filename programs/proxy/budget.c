/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * budget.c - see budget.h.
 */
#include "budget.h"

static bool
take(struct budget *b, uint64_t max, uint64_t more)
{
    uint64_t used = atomic_load_explicit(&b->used, memory_order_relaxed);

    do {
        if (used > max || more > max - used) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(
        &b->used, &used, used + more, memory_order_relaxed,
        memory_order_relaxed));
    return true;
}

bool
budget_hold(struct budget *b, uint64_t max, size_t *held, size_t wanted)
{
    if (wanted > *held && !take(b, max, wanted - *held)) {
        return false;
    }
    if (wanted < *held) {
        atomic_fetch_sub_explicit(&b->used, *held - wanted,
                                  memory_order_relaxed);
    }
    *held = wanted;
    return true;
}
