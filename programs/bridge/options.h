/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.h - what assay-bridge is told: on its command line, in a file, and by
 * ATLS_PROXY_LISTEN, ATLS_PROXY_TARGET and ATLS_PROXY_ALLOWLIST.
 */
#pragma once

#include "allow.h"
#include "daemon/doors.h"
#include "daemon/sandbox.h"
#include "daemon/settings.h"
#include "io/address.h"

/* Strings live in argv, in the environment or in `given`; NULL where not
 * given. */
struct options {
    struct given given; /* first */
    const char *config;
    struct assay_address listen;
    bool has_listen; /* ws:// */
    struct assay_address tls_listen;
    bool has_tls_listen; /* wss:// */
    const char *cert;
    const char *key;
    const char *allow; /* a list, NULL: nobody said */
    struct target target;
    const char *allow_private; /* ranges of addresses; "": none */
    const char *path;
    const char *token_file;
    const char *origins;         /* a list; "": any */
    const char *trust_forwarded; /* ranges of addresses; "": nobody */
    bool target_proxy;           /* a PROXY header (v2) to the target */
    struct assay_address admin;
    bool has_admin;
    const char *ready_file;
    const char *access_log;
    enum sandbox sandbox;
    uint32_t workers; /* 0: as many as there are cores */
    uint32_t max_connections;
    uint32_t max_per_address; /* 0: any */
    uint32_t max_per_target;  /* 0: any */
    uint32_t rate;            /* new ones per second and address; 0: any */
    uint32_t burst;
    uint32_t handshake_ms;
    uint32_t connect_ms;
    uint32_t idle_ms;
    uint32_t ping_ms;
    uint32_t life_ms; /* 0: any */
    uint32_t close_ms;
    uint32_t drain_ms;
    uint32_t max_rate; /* octets a second of a tunnel, each way; 0: any */
    const char *relay; /* sources of collateral; NULL: none is relayed */
    const char *relay_ca;
    uint64_t relay_cache; /* octets */
    uint32_t relay_max_age_s;
    uint32_t relay_ms; /* for each source */
    bool json_log;
    bool verbose;
    bool check;
    bool dump;
    bool help;
    bool version;
};

extern const struct settings bridge_settings;

/* Reads all of it, and whether it goes together; see settings_read(). */
ASSAY_MUST_CHECK enum daemon_exit options_parse(struct options *o, int argc,
                                                char **argv,
                                                struct assay_error *err);
void options_free(struct options *o);
