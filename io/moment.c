/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * moment.c - the system's clocks and its randomness.
 */
#include "io/moment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* CLOCK_BOOTTIME goes on while the machine sleeps: evidence ages then too. */
struct assay_now
assay_now(void)
{
    struct timespec wall;
    struct timespec mono;

    clock_gettime(CLOCK_REALTIME, &wall);
    if (clock_gettime(CLOCK_BOOTTIME, &mono) != 0) {
        clock_gettime(CLOCK_MONOTONIC, &mono);
    }
    return (struct assay_now){
        .wall_s = (int64_t)wall.tv_sec,
        .mono_ms = (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000,
    };
}

void
assay_random_bytes(uint8_t *to, size_t n)
{
    while (n > 0) {
        ssize_t got = getrandom(to, n, 0);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            (void)fprintf(stderr, "assay: no randomness: %s\n",
                          strerror(errno));
            abort();
        }
        to += got;
        n -= (size_t)got;
    }
}
