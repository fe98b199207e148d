/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * scaling.h - the same work on one thread and on two.
 */
#pragma once

#include <stddef.h>

/* Work of one thread: does it count times. */
struct bench_worker {
    double (*run)(void *state, size_t count);
    void *state;
};

/* Runs the first worker alone and both together, in turn, for about so many
 * seconds each; medians of how often the work was done in a second, in all. */
void bench_scaling(const struct bench_worker workers[2], double seconds,
                   double *one, double *two);
