/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * loopback.h - connecting over real sockets: clients by io/, each with a server
 * of its own on 127.0.0.1, one thread each.
 */
#pragma once

#include "bench/site.h"

#define BENCH_LINKS_MAX 2

struct bench_connects {
    double per_second; /* median of slices; of all clients together */
    double p50_us;     /* from the beginning of one connect to its end */
    double p99_us;
};

/* So many clients connect again and again, one connection at a time each: for
 * about so many seconds by TLS alone, and for as many by attested sessions, in
 * turn. Each client has a site of its own. Dies if anything fails. */
void bench_loopback(const struct bench_site *const *sites, size_t clients,
                    double seconds, struct bench_connects *plain,
                    struct bench_connects *attested);
