/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_process.h - the two programs that the launcher runs: none of them
 * outlives it. For a process of one thread that has no loop.
 */
#pragma once

#include <sys/types.h>

#include "base/buf.h"

#define LAUNCH_SIGNAL_CODE 128 /* and the signal, as shells have it */

/* What a child gets. */
struct launch_start {
    const char *path;
    char *const *argv;
    int in;         /* standard input; -1: this program's. The same for */
    int out;        /* the output, */
    int err;        /* and what is said beside it */
    int extra;      /* becomes LAUNCH_EXTRA_FD; -1: nothing does */
    bool own_group; /* what the terminal sends (Ctrl-C) does not reach it */
    int end_with;   /* the signal that it gets if this program dies */
};

#define LAUNCH_EXTRA_FD 3

/* From here on signals wait until launch_wait() takes them. Children start
 * as if this had not been. */
void launch_hold_signals(void);

/* *pid is 0 unless ASSAY_OK. ASSAY_IO, also if it cannot be run. */
ASSAY_MUST_CHECK enum assay_code launch_start(const struct launch_start *how,
                                              pid_t *pid,
                                              struct assay_error *err);
/* Has it ended? Then *code is what shells say of it, and *pid is 0. */
bool launch_has_ended(pid_t *pid, int *code);
/* What became of this one, which was asked to end with a signal (0: nothing is
 * sent); after `patience_ms` it is killed. */
int launch_end(pid_t *pid, int number, int patience_ms);

/* Waits for a child to end or for a signal; whatever this program is told to
 * end by is passed on to `to`, but for what its terminal has sent there too. */
void launch_wait(pid_t to);

/* What this program was told to end by, and has not heard yet; 0: nothing. */
int launch_told_to_end(void);

/* All that comes from fd, to its end, or to where `enough` has it; at most what
 * the buffer takes, and no longer than that, nor once this program is told to
 * end. False: it was not enough. */
bool launch_read(int fd, struct assay_buf *to, int limit_ms,
                 bool (*enough)(void *user, const struct assay_buf *so_far),
                 void *user);
