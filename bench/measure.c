/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * measure.c - see measure.h.
 */
#include "bench/measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH_NS     4e6
#define BATCHES_MAX  4096
#define BATCHES_MIN  16
#define RUNNERS_MAX  8
#define BATCH_LENGTH 100000u /* most operations in a batch */

void
bench_die(const char *fmt, ...)
{
    va_list args;

    (void)fputs("bench: ", stderr);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(1);
}

void
bench_must(enum assay_code code, const char *what,
           const struct assay_error *err)
{
    if (code != ASSAY_OK) {
        bench_die("%s: %s", what, err->msg);
    }
}

static double
read_clock(clockid_t clock)
{
    struct timespec t;

    if (clock_gettime(clock, &t) != 0) {
        bench_die("a clock cannot be read");
    }
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double
bench_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double
bench_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

static int
compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

double
bench_median(double *numbers, size_t count)
{
    if (count == 0) {
        return 0;
    }
    qsort(numbers, count, sizeof(*numbers), compare);
    return (numbers[count / 2] + numbers[(count - 1) / 2]) / 2;
}

/* Warms up, and finds how many make a batch. */
static void
find_batch(struct bench_runner *r)
{
    double each;

    (void)r->run(r->state, 8);
    each = r->run(r->state, 8) / 8;
    r->batch = BATCH_LENGTH;
    if (each * BATCH_LENGTH > BATCH_NS) {
        r->batch = each < BATCH_NS ? (size_t)(BATCH_NS / each) : 1;
    }
    if (r->batch < r->least) {
        r->batch = r->least;
    }
}

void
bench_contest(struct bench_runner *runners, size_t count, double seconds)
{
    static double each[RUNNERS_MAX][BATCHES_MAX];
    double end;
    size_t batches = 0;

    if (count > RUNNERS_MAX) {
        bench_die("more than %d runners", RUNNERS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        find_batch(&runners[i]);
    }
    end = bench_now_ns() + seconds * 1e9 * (double)count;
    while (batches < BATCHES_MIN ||
           (batches < BATCHES_MAX && bench_now_ns() < end)) {
        for (size_t i = 0; i < count; i++) {
            struct bench_runner *r = &runners[i];

            each[i][batches] =
                r->run(r->state, r->batch) / (double)r->batch / 1e3;
        }
        batches++;
    }
    for (size_t i = 0; i < count; i++) {
        runners[i].us = bench_median(each[i], batches);
    }
}
