/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lines.h - lines to a descriptor, whole and in turn, without waiting for
 * whoever reads them: a pipe that is full loses lines, and nothing else stands
 * still.
 */
#pragma once

#include <pthread.h>

#include "assay/bytes.h"

struct lines {
    pthread_mutex_t turn;
    int fd;    /* -1: none */
    bool torn; /* a line was written in part */
};

/* Those of this process to standard error. */
extern struct lines lines_stderr;

/* The line ends with LF. False: it is lost, at least in part; the next one
 * begins on a line of its own. */
bool lines_write(struct lines *to, struct assay_slice line);
