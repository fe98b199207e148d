/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * memory.h - what remembering platforms costs, in a process of its own.
 */
#pragma once

#include "bench/subject.h"

struct bench_memory {
    double peak_bytes;   /* VmHWM of the whole process */
    double per_platform; /* bytes allocated per platform remembered */
};

/* Verifies one quote of each platform, each read when its turn comes, with a
 * verifier that remembers as many; prints the two numbers on one line. */
void bench_memory_run(const char *folder);

/* Writes what bench_memory_run() needs into a folder, and what the programs
 * need that are measured beside it: quote.bin, collateral.json, root.der. */
void bench_memory_write(const struct bench_subject *s,
                        const struct bench_quotes *platforms,
                        const char *folder);
/* Writes a whole file. */
void bench_memory_file(const char *path, struct assay_slice content);
