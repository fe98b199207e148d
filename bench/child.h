/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * child.h - another program that answers lines with lines, and the cost of a
 * whole process.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct bench_child {
    pid_t pid;
    FILE *to;   /* its standard input */
    FILE *from; /* its standard output */
};

/* argv ends with NULL; argv[0] is the path. All functions die if they fail. */
void bench_child_start(struct bench_child *c, char *const argv[]);
/* One line of its output, without the line break. */
void bench_child_line(struct bench_child *c, char *line, size_t size);
/* Processor time that it has had so far. */
double bench_child_cpu_ns(const struct bench_child *c);
/* Closes its input and waits; dies unless it ends with status 0. */
void bench_child_stop(struct bench_child *c);

/* Runs a program count times without output. Peak memory is that of the
 * largest run; as Linux counts a new process's peak from that of its parent,
 * the caller should be small. */
struct bench_process {
    double wall_us;    /* median from start to end */
    double peak_bytes; /* resident set */
};
void bench_process_measure(char *const argv[], size_t count,
                           struct bench_process *out);
