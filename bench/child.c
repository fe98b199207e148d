/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * child.c - see child.h.
 */
#define _GNU_SOURCE 1 /* pipe2 */

#include "bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure.h"

#define RUNS_MAX 1000

extern char **environ;

static void
check(int failed, const char *what)
{
    if (failed != 0) {
        bench_die("%s: %s", what, strerror(failed));
    }
}

void
bench_child_start(struct bench_child *c, char *const argv[])
{
    posix_spawn_file_actions_t actions;
    int in[2];
    int out[2];

    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        bench_die("pipe: %s", strerror(errno));
    }
    check(posix_spawn_file_actions_init(&actions), "spawn");
    check(posix_spawn_file_actions_adddup2(&actions, in[0], 0), "spawn");
    check(posix_spawn_file_actions_adddup2(&actions, out[1], 1), "spawn");
    check(posix_spawn(&c->pid, argv[0], &actions, NULL, argv, environ),
          argv[0]);
    check(posix_spawn_file_actions_destroy(&actions), "spawn");
    (void)close(in[0]);
    (void)close(out[1]);
    c->to = fdopen(in[1], "w");
    c->from = fdopen(out[0], "r");
    if (c->to == NULL || c->from == NULL) {
        bench_die("%s: %s", argv[0], strerror(errno));
    }
}

void
bench_child_line(struct bench_child *c, char *line, size_t size)
{
    if (fgets(line, (int)size, c->from) == NULL) {
        bench_die("a child process ended without an answer");
    }
    line[strcspn(line, "\n")] = '\0';
}

double
bench_child_cpu_ns(const struct bench_child *c)
{
    struct timespec t;
    clockid_t clock;

    check(clock_getcpuclockid(c->pid, &clock), "clock of a child");
    if (clock_gettime(clock, &t) != 0) {
        bench_die("clock of a child: %s", strerror(errno));
    }
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

void
bench_child_stop(struct bench_child *c)
{
    int status = 0;

    (void)fclose(c->to);
    (void)fclose(c->from);
    if (waitpid(c->pid, &status, 0) != c->pid || status != 0) {
        bench_die("a child process failed (status %d)", status);
    }
}

void
bench_process_measure(char *const argv[], size_t count,
                      struct bench_process *out)
{
    static double each[RUNS_MAX];
    posix_spawn_file_actions_t quiet;

    if (count > RUNS_MAX) {
        bench_die("more than %d runs", RUNS_MAX);
    }
    check(posix_spawn_file_actions_init(&quiet), "spawn");
    check(posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0),
          "spawn");
    out->peak_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        struct rusage usage;
        double start = bench_now_ns();
        double peak;
        pid_t pid;
        int status;

        check(posix_spawn(&pid, argv[0], &quiet, NULL, argv, environ), argv[0]);
        if (wait4(pid, &status, 0, &usage) != pid || status != 0) {
            bench_die("%s failed (status %d)", argv[0], status);
        }
        each[i] = (bench_now_ns() - start) / 1e3;
        peak = (double)usage.ru_maxrss * 1024;
        out->peak_bytes = peak > out->peak_bytes ? peak : out->peak_bytes;
    }
    check(posix_spawn_file_actions_destroy(&quiet), "spawn");
    out->wall_us = bench_median(each, count);
}
