/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.h - what assay-serve is told on its command line.
 */
#pragma once

#include "assay/assay.h"
#include "io/address.h"

#define SERVE_NAMES_MAX 64u

enum serve_exit {
    SERVE_DONE = 0,
    SERVE_FAILED = 2, /* a file, an address or a source could not be used */
    SERVE_USAGE = 64,
};

/* Announcing the certificate to the platform at the start. */
enum announce {
    ANNOUNCE_AUTO,     /* where the platform can */
    ANNOUNCE_REQUIRED, /* or not start at all */
    ANNOUNCE_OFF,
};

/* Strings point into argv or into `name_list`; NULL where not given. */
struct options {
    struct assay_address listen;
    struct assay_address backend;
    bool has_backend;
    const char *cert;
    const char *key;
    const char *names[SERVE_NAMES_MAX]; /* of --self-signed */
    size_t name_count;
    const char *cert_out;
    const char *ready_file;
    const char *quotes;
    enum announce announce;
    uint32_t max_connections;
    uint32_t max_quotes;
    uint64_t max_body; /* bytes; UINT64_MAX: any */
    uint32_t header_ms;
    uint32_t idle_ms;
    uint32_t body_ms;
    uint32_t backend_ms;
    uint32_t backend_pool;    /* connections kept; 0: none */
    uint32_t backend_idle_ms; /* how long one is kept */
    const char *upgrades;     /* protocols, a list; "": none */
    uint32_t upgrade_idle_ms;
    uint32_t quote_ms;
    uint32_t drain_ms;
    bool json_log;
    bool verbose;
    bool check;
    bool done; /* --help or --version has said all */
    char *name_list;
};

/* False: *exit says how to, all has been said, and nothing is owned. */
bool options_parse(struct options *o, int argc, char **argv,
                   enum serve_exit *exit);
void options_free(struct options *o);
