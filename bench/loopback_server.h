/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * loopback_server.h - a server on 127.0.0.1 in a thread, one connection after
 * another.
 */
#pragma once

#include <pthread.h>

#include "bench/site.h"

struct bench_server {
    const struct bench_site *site;
    bool attested; /* or TLS alone */
    int listener;
    unsigned port;
    pthread_t thread;
};

/* Functions here die if they fail. */
void bench_server_start(struct bench_server *s, const struct bench_site *site,
                        bool attested);
/* Between connections. */
void bench_server_stop(struct bench_server *s);
