/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.h - what assay-proxy is told: on its command line, in a file, and by
 * ASSAY_PROXY_LISTEN and others of the environment.
 */
#pragma once

#include "assay/gather.h"
#include "daemon/doors.h"
#include "daemon/sandbox.h"
#include "daemon/settings.h"
#include "io/address.h"
#include "provider.h"

/* [upstreams.NAME] of our own file, as it is written (options_upstreams.c).
 * NULL: nothing is said. */
struct upstream_entry {
    const char *name;
    const char *title;
    const char *base_url;
    const char *wire_api;
    const char *policy_file; /* this, */
    const char *policy_json; /* or a table of the file, as JSON */
    const char *server_name;
    const char *api_key_file;
    const char *api_key_env;
    const char *http_proxy;
    const char *resolve; /* a list */
};

/* Strings live in argv, in the environment or in `given`; NULL where not
 * given. */
struct options {
    struct given given; /* first */
    const char *config;
    const char *codex_config;
    const char *codex_wire; /* a list: "v0" or "NAME=v0" */
    struct upstream_entry upstreams[PROVIDERS_MAX];
    size_t upstream_count;
    struct assay_address listen;
    bool allow_remote; /* it need not be loopback */
    const char *token_file;
    const char *allow_host;   /* a list; "": none but its own */
    const char *allow_origin; /* a list; "": none but its own */
    const char *upgrades;     /* protocols, a list; "": none */
    uint32_t workers;
    uint32_t max_connections;
    uint32_t client_idle_ms;  /* a client that says nothing */
    uint32_t header_ms;       /* for the head of a request */
    uint32_t body_ms;         /* silence in its body */
    uint64_t max_body;        /* octets of it */
    uint64_t max_translating; /* octets that all translations hold */
    uint32_t response_ms;     /* for the head of a response */
    uint32_t stream_ms;       /* silence in its body */
    uint32_t upgrade_idle_ms; /* silence behind a switch of protocols */
    /* connections to each upstream: see struct upstream_options */
    uint32_t warm;
    uint32_t max_links;
    uint32_t max_requests;
    uint32_t max_age_ms;
    uint32_t idle_ms;
    uint32_t keep_alive_ms;
    uint32_t connect_ms;
    uint32_t attest_ms;
    uint32_t wait_ms;
    const char *resolve;    /* a list of HOST:PORT:ADDRESS */
    const char *http_proxy; /* NULL: the environment's; "": none */
    const char *ca;         /* TLS roots beside the system's */
    /* where collateral comes from, and what it is judged by */
    const char *sources[ASSAY_SOURCES_MAX];
    size_t source_count; /* 0: the policy's, or the usual ones */
    const char *pccs_ca;
    const char *root; /* NULL: Intel's, or what the policy names */
    bool no_cache;
    /* what is told */
    const char *evidence; /* a folder; NULL: none is kept */
    uint32_t evidence_max;
    const char *audit_log; /* "off", "stderr" or a file */
    struct assay_address admin;
    bool has_admin;
    const char *ready_file;
    const char *state; /* a file or "off"; NULL: the usual one (running.h) */
    enum sandbox sandbox;
    uint32_t drain_ms;
    bool json_log;
    bool verbose;
    bool check;
    bool dump;
    bool help;
    bool version;
};

extern const struct settings proxy_settings;

/* Reads all of it, and whether it goes together; see settings_read(). */
ASSAY_MUST_CHECK enum daemon_exit options_parse(struct options *o, int argc,
                                                char **argv,
                                                struct assay_error *err);
void options_free(struct options *o);
/* As a file that says the same (TOML), appended; at most OPTIONS_DUMP_MAX_BYTES
 * of it. (options_dump.c) */
#define OPTIONS_DUMP_MAX_BYTES (8u * 1024u * 1024u)
void options_dump(const struct options *o, struct assay_buf *to);

/* --- its parts ----------------------------------------------------------- */

struct settings_file;

/* What does not go together; NULL: nothing. Static. (options_check.c) */
const char *options_wrong_together(const struct options *o);
/* Is what listens there for this machine alone? */
bool options_is_local(const struct assay_address *a);
/* "v0" ...; or false. */
bool options_wire(struct assay_slice name, enum assay_wire *out);
/* settings.other: [upstreams.NAME]. (options_upstreams.c) */
bool options_read_upstreams(const struct settings_file *f, uint32_t node,
                            const char *key);
