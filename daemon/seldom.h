/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * seldom.h - one line of the log for many events of a kind: whoever can cause
 * them does not flood it.
 */
#pragma once

#include "daemon/log.h"

#define SELDOM_MS 10000u /* between two lines */

/* Of one kind, of one thread. All zero: there was none. */
struct seldom {
    uint64_t count; /* since it was last said */
    uint64_t said_ms;
};

/* Counts one more. 0: it is too early to say so again; else how many there were
 * since. now_ms: of the loop. */
uint64_t seldom_due(struct seldom *s, uint64_t now_ms);
/* The usual one: a warning with its number; those between are for the verbose
 * alone. */
void seldom_failure(struct seldom *s, uint64_t now_ms, const struct log *log,
                    const char *event, const struct assay_error *why);
