/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * windows.h - the frame of a load program: links that are there and warm, each
 * of a thread that blocks, and windows of time in which they do something.
 *
 * The program writes "ready" when they are. Then for each line that it reads it
 * measures for so many seconds and writes what it saw; in between its links do
 * nothing. It ends with its input.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/link.h"

struct worker {
    size_t index;
    struct link link;
    uint64_t done; /* octets of payload, or operations, in this window */
};

struct mode {
    const char *name;
    void (*begin)(struct worker *w); /* of each worker, to have a warm link */
    void (*window)(struct worker *w);
    /* Before workers do something, and until all is done that they did; or
     * NULL */
    void (*prepare)(void);
    void (*settle)(void);
    void (*print)(double seconds);
};

/* The one of this name; or NULL. */
const struct mode *windows_mode(const struct mode *modes, size_t count,
                                const char *name);
/* With so many links, in windows of so many seconds. */
void windows_run(const struct mode *mode, size_t links, double seconds);

/* Of the window that is open, for all its workers. */
double windows_start_ns(void);
double windows_end_ns(void);
uint64_t windows_done(void);
void windows_note_us(double us);
void windows_sleep_until(double ns);

/* For struct mode: what all have done, and the seconds that it took; or how
 * many samples were noted, the seconds, p50 and p99. */
void windows_print_mib(double seconds);
void windows_print_count(double seconds);
void windows_print_latency(double seconds);

/* So many links that are idle: each is opened, and for each line of the input
 * asked again whether it is alive; NULL: not. */
void windows_hold(size_t links, void (*open)(struct link *l, size_t number),
                  void (*again)(struct link *l));
