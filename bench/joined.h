/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * joined.h - connections whose two ends are joined in memory: TLS 1.3 alone,
 * and attested sessions over the same TLS.
 */
#pragma once

#include "bench/site.h"

/* For struct bench_runner; state: struct bench_site. Each makes both ends,
 * connects them and frees them; the time is that of both. */
double bench_plain_run(void *site, size_t count);
/* TLS, then one HTTP exchange of a request and a reply as large as those for
 * evidence. */
double bench_exchange_run(void *site, size_t count);
double bench_attested_run(void *site, size_t count);
/* With collateral parsed anew, and a new verifier. */
double bench_attested_cold_run(void *site, size_t count);

/* Bytes of memory that an open connection costs at each end. */
struct bench_joined_memory {
    double client;
    double server;
};
struct bench_joined_memory bench_plain_memory(const struct bench_site *s);
struct bench_joined_memory bench_attested_memory(const struct bench_site *s);
