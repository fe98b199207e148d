/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * budget.h - memory that many may hold, and a limit over all of them. Threads
 * share it.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget {
    _Atomic uint64_t used; /* bytes */
};

/* Who holds *held bytes of it wants to hold so many. False: all of them would
 * hold more than max, and nothing has changed. Less is always granted. */
bool budget_hold(struct budget *b, uint64_t max, size_t *held, size_t wanted);
