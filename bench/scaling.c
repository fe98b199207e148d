/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * scaling.c - see scaling.h.
 */
#include "bench/scaling.h"

#include <pthread.h>

#include "bench/measure.h"

#define SLICES   9
#define AT_ONCE  4 /* operations between looks at the clock */
#define WARM_OPS 8

struct slice {
    const struct bench_worker *worker;
    double end_ns;
    double per_second;
};

static void *
work(void *arg)
{
    struct slice *s = arg;
    double start = bench_now_ns();
    double now = start;
    size_t done = 0;

    while (now < s->end_ns) {
        (void)s->worker->run(s->worker->state, AT_ONCE);
        done += AT_ONCE;
        now = bench_now_ns();
    }
    s->per_second = (double)done * 1e9 / (now - start);
    return NULL;
}

static double
run_slice(const struct bench_worker *workers, size_t threads, double seconds)
{
    double end = bench_now_ns() + seconds * 1e9;
    struct slice mine = {.worker = &workers[0], .end_ns = end};
    struct slice other = {.worker = &workers[1], .end_ns = end};
    pthread_t thread;

    if (threads > 1 && pthread_create(&thread, NULL, work, &other) != 0) {
        bench_die("a thread could not be started");
    }
    (void)work(&mine);
    if (threads > 1 && pthread_join(thread, NULL) != 0) {
        bench_die("a thread could not be joined");
    }
    return mine.per_second + other.per_second;
}

void
bench_scaling(const struct bench_worker workers[2], double seconds, double *one,
              double *two)
{
    double ones[SLICES];
    double twos[SLICES];

    for (size_t i = 0; i < 2; i++) {
        (void)workers[i].run(workers[i].state, WARM_OPS);
    }
    for (size_t i = 0; i < SLICES; i++) {
        ones[i] = run_slice(workers, 1, seconds / SLICES);
        twos[i] = run_slice(workers, 2, seconds / SLICES);
    }
    *one = bench_median(ones, SLICES);
    *two = bench_median(twos, SLICES);
}
