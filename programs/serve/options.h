/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.h - what assay-serve is told, on its command line and in a file.
 */
#pragma once

#include "assay/assay.h"
#include "assay/gather.h"
#include "daemon/doors.h"
#include "daemon/sandbox.h"
#include "daemon/settings.h"
#include "io/address.h"

#define SERVE_CERTIFICATES_MAX 16u

/* Announcing the certificate to the platform at the start. */
enum announce {
    ANNOUNCE_AUTO,     /* where the platform can */
    ANNOUNCE_REQUIRED, /* or not start at all */
    ANNOUNCE_OFF,
};

struct certificate_files {
    const char *cert;
    const char *key;
    const char *names; /* "a,b", or NULL: as the certificate has them */
};

/* Strings live in argv or in `given`; NULL where not given. */
struct options {
    struct given given; /* first, as daemon/settings.h wants it */
    const char *config;
    struct assay_address listen;
    struct assay_address backend;
    bool has_backend;
    struct assay_address pipe; /* the target of pipes */
    bool has_pipe;
    const char *cert;
    const char *key;
    /* of cert and key, and what the file has besides; first: the default */
    struct certificate_files certificates[SERVE_CERTIFICATES_MAX];
    size_t certificate_count;
    const char *names[SETTING_NAMES_MAX]; /* of --self-signed */
    size_t name_count;
    const char *cert_out;
    const char *ready_file;
    const char *access_log;
    struct assay_address admin;
    bool has_admin;
    bool ready_backend; /* /readyz wants the backend to be there */
    const char *quotes;
    const char *ekm_secret_file;
    bool ekm_header; /* the mode of ekm.h */
    enum announce announce;
    enum sandbox sandbox;
    uint32_t workers; /* 0: as many as there are cores */
    uint32_t max_connections;
    uint32_t max_quotes; /* that wait */
    uint32_t quote_concurrency;
    uint32_t quote_rate; /* per second and address; 0: any */
    uint32_t quote_burst;
    uint64_t max_body; /* bytes; UINT64_MAX: any */
    uint32_t header_ms;
    uint32_t idle_ms;
    uint32_t body_ms;
    uint32_t backend_ms;
    uint32_t backend_pool;       /* connections kept; 0: none */
    uint32_t backend_idle_ms;    /* how long one is kept */
    uint32_t max_header;         /* bytes of a request's head */
    uint32_t max_requests;       /* on one connection */
    uint32_t max_per_address;    /* connections of one worker; 0: any */
    const char *trust_forwarded; /* ranges of addresses; "": nobody */
    bool proxy_protocol;         /* a PROXY header before TLS, always */
    unsigned backend_proxy;      /* its version, to the backend; 0: none */
    const char *upgrades;        /* protocols, a list; "": none */
    uint32_t upgrade_idle_ms;
    uint32_t quote_ms;
    uint32_t quote_wait_ms;
    const char *client_policy; /* clients must attest; NULL: need not */
    uint32_t client_ms;        /* for collateral of a client's evidence */
    uint32_t max_appraisals;   /* that wait for it, of all workers */
    bool staple;               /* collateral of our own, to who asks */
    /* where collateral comes from, and what it is judged by */
    const char *root; /* NULL: Intel's, or what the policy names */
    const char *sources[ASSAY_SOURCES_MAX];
    size_t source_count; /* 0: the policy's, or the usual ones */
    const char *pccs_ca;
    const char *collateral;
    bool no_cache;
    uint32_t drain_ms;
    bool json_log;
    bool verbose;
    bool check;
    bool dump;
    bool help;
    bool version;
};

/* Reads the command line, and the file that it names; what the line says
 * counts. Can be called again with the same argv, which outlives the options.
 * DAEMON_DONE, or DAEMON_USAGE or DAEMON_FAILED with *err, and nothing is
 * owned.
 */
ASSAY_MUST_CHECK enum daemon_exit options_parse(struct options *o, int argc,
                                                char **argv,
                                                struct assay_error *err);
void options_free(struct options *o);
/* The settings as a file that says the same (TOML), appended. */
void options_dump(const struct options *o, struct assay_buf *to);
