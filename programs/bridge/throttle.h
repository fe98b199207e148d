/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * throttle.h - how many octets a second one direction of a tunnel may take: a
 * bucket that a second's worth fits into. What is taken is paid for in time. No
 * I/O, no clock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: nothing was taken yet. */
struct throttle {
    uint64_t paid_us; /* nothing more is taken before */
};

/* rate: octets a second; 0: any. */

/* When something may be taken (ms); not above `now` if at once. */
uint64_t throttle_due(const struct throttle *t, uint32_t rate);
/* What one read may take, of at most `max`: a second's worth, so that the next
 * one need not wait for longer than that. */
size_t throttle_read_max(uint32_t rate, size_t max);
void throttle_take(struct throttle *t, uint32_t rate, uint64_t now_ms,
                   size_t octets);
