/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * measure.h - timing things against each other in one run.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "assay/error.h"

/* Says why and ends the program with status 1: a benchmark that could not do
 * its work has no numbers. */
_Noreturn void bench_die(const char *fmt, ...) ASSAY_PRINTF(1, 2);
/* Dies with what and the message of *err unless code is ASSAY_OK. */
void bench_must(enum assay_code code, const char *what,
                const struct assay_error *err);

double bench_now_ns(void); /* a monotonic clock */
/* Time that this thread has had of a processor: unlike the clock's, it does
 * not count what other programs took in between. */
double bench_cpu_ns(void);

/* Something to time. run() does the work count times and returns the
 * nanoseconds of processor time that it took. */
struct bench_runner {
    double (*run)(void *state, size_t count);
    void *state;
    /* Operations in a batch at least, or 0. A batch begins with caches that
     * the others have filled, and few long operations would pay more for it
     * each than many short ones. */
    size_t least;
    size_t batch; /* set by bench_contest(): about 4 ms of work, or `least` */
    double us;    /* result: median of one, in microseconds */
};

/* Runs batches of all runners in turn, for about so many seconds each, so
 * that what disturbs the machine disturbs them alike. */
void bench_contest(struct bench_runner *runners, size_t count, double seconds);

/* Sorts the numbers; 0 if there are none. */
double bench_median(double *numbers, size_t count);
