/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * windows.c - see windows.h.
 */
#include "bench/windows.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure.h"

#define LINKS_MAX    64u
#define HOLD_THREADS 4u
#define SAMPLES_MAX  (1u << 20)
#define MIB          (1024.0 * 1024.0)

static const struct mode *mode;
static size_t count; /* of links */
static double window_ns;
static struct worker workers[LINKS_MAX];
static double samples[SAMPLES_MAX];
static atomic_size_t sample_count;

/* Everybody is here between two windows. What is set there: */
static pthread_barrier_t gate;
static double start_ns;
static bool over;

double
windows_start_ns(void)
{
    return start_ns;
}

double
windows_end_ns(void)
{
    return start_ns + window_ns;
}

uint64_t
windows_done(void)
{
    uint64_t n = 0;

    for (size_t i = 0; i < count; i++) {
        n += workers[i].done;
    }
    return n;
}

void
windows_note_us(double us)
{
    size_t at = atomic_fetch_add(&sample_count, 1);

    if (at >= SAMPLES_MAX) {
        bench_die("more than %u samples", SAMPLES_MAX);
    }
    samples[at] = us;
}

void
windows_sleep_until(double ns)
{
    struct timespec t = {(time_t)(ns / 1e9), 0};

    t.tv_nsec = (long)(ns - (double)t.tv_sec * 1e9);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

/* --- what was seen ------------------------------------------------------- */

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static size_t
sort_samples(void)
{
    size_t n = atomic_exchange(&sample_count, 0);

    if (n == 0) {
        bench_die("nothing came back in time");
    }
    qsort(samples, n, sizeof(samples[0]), by_value);
    return n;
}

void
windows_print_mib(double seconds)
{
    (void)printf("%.3f %.6f\n", (double)windows_done() / MIB, seconds);
}

void
windows_print_count(double seconds)
{
    (void)printf("%llu %.6f\n", (unsigned long long)windows_done(), seconds);
}

void
windows_print_latency(double seconds)
{
    size_t n = sort_samples();

    (void)printf("%zu %.6f %.1f %.1f\n", n, seconds, samples[n / 2],
                 samples[n * 99 / 100]);
}

/* --- windows ------------------------------------------------------------- */

const struct mode *
windows_mode(const struct mode *modes, size_t mode_count, const char *name)
{
    for (size_t i = 0; i < mode_count; i++) {
        if (strcmp(name, modes[i].name) == 0) {
            return &modes[i];
        }
    }
    return NULL;
}

static void
call(void (*step)(void))
{
    if (step != NULL) {
        step();
    }
}

/* False: nobody wants more. */
static bool
is_wanted(void)
{
    char c = 0;

    (void)fflush(stdout);
    while (c != '\n') {
        if (read(STDIN_FILENO, &c, 1) != 1) {
            return false;
        }
    }
    return true;
}

static void *
work(void *arg)
{
    struct worker *w = arg;

    mode->begin(w);
    for (;;) {
        (void)pthread_barrier_wait(&gate);
        (void)pthread_barrier_wait(&gate);
        if (over) {
            return NULL;
        }
        mode->window(w);
    }
}

static void
run_windows(void)
{
    (void)pthread_barrier_wait(&gate);
    call(mode->settle);
    (void)puts("ready");
    while (is_wanted()) {
        for (size_t i = 0; i < count; i++) {
            workers[i].done = 0;
        }
        call(mode->prepare);
        start_ns = bench_now_ns();
        (void)pthread_barrier_wait(&gate);
        (void)pthread_barrier_wait(&gate);
        call(mode->settle);
        mode->print((bench_now_ns() - start_ns) / 1e9);
    }
    over = true;
    (void)pthread_barrier_wait(&gate);
}

static void
start(pthread_t *thread, size_t index, void *(*run)(void *arg))
{
    workers[index].index = index;
    if (pthread_create(thread, NULL, run, &workers[index]) != 0) {
        bench_die("threads");
    }
}

void
windows_run(const struct mode *its_mode, size_t links, double seconds)
{
    static pthread_t threads[LINKS_MAX];

    mode = its_mode;
    count = links;
    window_ns = seconds * 1e9;
    if (count == 0 || count > LINKS_MAX ||
        pthread_barrier_init(&gate, NULL, (unsigned)count + 1) != 0) {
        bench_die("1 to %u links", LINKS_MAX);
    }
    call(mode->prepare);
    for (size_t i = 0; i < count; i++) {
        start(&threads[i], i, work);
    }
    run_windows();
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
        link_cut(&workers[i].link);
    }
}

/* --- many that are idle -------------------------------------------------- */

static struct link *held;
static void (*open_held)(struct link *l, size_t number);

static void *
hold_work(void *arg)
{
    const struct worker *w = arg;

    for (size_t i = w->index; i < count; i += HOLD_THREADS) {
        open_held(&held[i], i);
    }
    return NULL;
}

static void
hold(void)
{
    pthread_t threads[HOLD_THREADS];

    for (size_t i = 0; i < HOLD_THREADS; i++) {
        start(&threads[i], i, hold_work);
    }
    for (size_t i = 0; i < HOLD_THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
}

void
windows_hold(size_t links, void (*open)(struct link *l, size_t number),
             void (*again)(struct link *l))
{
    count = links;
    open_held = open;
    held = calloc(count, sizeof(*held));
    if (held == NULL || count == 0) {
        bench_die("out of memory");
    }
    hold();
    (void)puts("ready");
    while (is_wanted()) {
        for (size_t i = 0; again != NULL && i < count; i++) {
            again(&held[i]);
        }
        (void)printf("%zu\n", count);
    }
    for (size_t i = 0; i < count; i++) {
        link_cut(&held[i]);
    }
    free(held);
}
