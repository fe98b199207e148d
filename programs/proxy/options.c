/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c - what assay-proxy can be told, in one table.
 */
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "daemon/origins.h"
#include "daemon/setting_values.h"
#include "daemon/upgrade.h"
#include "evidence_store.h"
#include "http1/fields.h"
#include "provider_values.h"

#define DEFAULT_LISTEN          "127.0.0.1:8989"
#define WORKERS_MAX             64u
#define CONNECTIONS_MAX         100000u
#define LINKS_MAX               10000u
#define REQUESTS_MAX            1000000u
#define DEFAULT_MAX_BODY        (64u * 1024u * 1024u)
#define DEFAULT_MAX_TRANSLATING (256u * 1024u * 1024u)

/* --- values -------------------------------------------------------------- */

static void
set_listen(void *options, const char *v, struct assay_error *err)
{
    setting_address(v, "--listen", &((struct options *)options)->listen, err);
}

/* Each name of a list, by a check that says what is wrong with one. Names are
 * split once more when they are used. */
static void
check_list(struct options *o, const char *list, const char *name,
           void (*check)(const char *one, struct assay_error *err),
           struct assay_error *err)
{
    const char *names[SETTING_NAMES_MAX];
    size_t count = given_split(&o->given, list, names, name, err);

    for (size_t i = 0; i < count && err->code == ASSAY_OK; i++) {
        check(names[i], err);
        assay_error_prefix(err, "%s", name);
    }
}

static void
check_wire(const char *one, struct assay_error *err)
{
    const char *is = strchr(one, '=');
    enum assay_wire wire;

    if (is == one ||
        !options_wire(assay_slice_of(is != NULL ? is + 1 : one), &wire)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "'%.80s' is neither v2, v1 or v0 nor NAME=v2 ...", one);
    }
}

static void
set_codex_wire(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->codex_wire = v;
    check_list(o, v, "--codex-wire", check_wire, err);
}

static void
check_host(const char *one, struct assay_error *err)
{
    struct assay_address a;

    if (assay_address_parse(one, "80", &a, err) != ASSAY_OK || a.is_unix) {
        assay_error_clear(err);
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "'%.80s' is not of the form NAME or NAME:PORT", one);
    }
}

static void
set_allow_host(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->allow_host = v;
    check_list(o, v, "--allow-host", check_host, err);
}

/* A page that has none can be anybody's: a sandboxed frame of any page. */
static void
set_allow_origin(void *options, const char *v, struct assay_error *err)
{
    struct assay_slice rest = assay_slice_of(v);
    struct assay_slice one;

    ((struct options *)options)->allow_origin = v;
    if (origins_check(v, err) != ASSAY_OK) {
        assay_error_prefix(err, "--allow-origin");
    }
    while (err->code == ASSAY_OK && assay_http1_list_next(&rest, &one)) {
        if (assay_slice_is(one, "null")) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--allow-origin: any page can have the origin 'null'");
        }
    }
}

static void
set_upgrades(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->upgrades = strcmp(v, "off") == 0 ? "" : v;
    if (upgrade_check(o->upgrades, err) != ASSAY_OK) {
        assay_error_prefix(err, "--upgrade");
    }
}

static void
set_warm(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->warm =
        (uint32_t)assay_arg_number(v, "--warm", 0, LINKS_MAX, err);
}

static void
set_max_body(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->max_body =
        assay_arg_number(v, "--max-body", 0, UINT64_MAX, err);
}

static void
set_max_translating(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->max_translating =
        assay_arg_number(v, "--max-translating", 1, UINT64_MAX, err);
}

static void
set_resolve(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->resolve = v;
    check_list(o, v, "--resolve", provider_check_resolve, err);
}

static void
set_http_proxy(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->http_proxy = strcmp(v, "off") == 0 ? "" : v;
    if (provider_check_proxy_url(o->http_proxy, err) != ASSAY_OK) {
        assay_error_prefix(err, "--http-proxy");
    }
}

static void
set_pccs(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->source_count = setting_sources(&o->given, v, o->sources, err);
}

SETTING_OF_DAEMONS
SETTING_COUNT(workers, "--workers", WORKERS_MAX)
SETTING_COUNT(max_connections, "--max-connections", CONNECTIONS_MAX)
SETTING_COUNT(max_links, "--max-links", LINKS_MAX)
SETTING_COUNT(max_requests, "--max-requests", REQUESTS_MAX)
SETTING_COUNT(evidence_max, "--evidence-max", EVIDENCE_FILES_MAX)
SETTING_SECONDS(client_idle_ms, "--client-idle")
SETTING_SECONDS(header_ms, "--header-timeout")
SETTING_SECONDS(body_ms, "--body-timeout")
SETTING_SECONDS(response_ms, "--response-timeout")
SETTING_SECONDS(stream_ms, "--stream-timeout")
SETTING_SECONDS(upgrade_idle_ms, "--upgrade-idle")
SETTING_SECONDS(max_age_ms, "--max-age")
SETTING_SECONDS(idle_ms, "--idle-timeout")
SETTING_SECONDS(keep_alive_ms, "--keep-alive")
SETTING_SECONDS(connect_ms, "--connect-timeout")
SETTING_SECONDS(attest_ms, "--attest-timeout")
SETTING_SECONDS(wait_ms, "--wait-timeout")
SETTING_SECONDS(drain_ms, "--drain")
SETTING_TEXT(config)
SETTING_TEXT(codex_config)
SETTING_TEXT(token_file)
SETTING_TEXT(ca)
SETTING_TEXT(pccs_ca)
SETTING_TEXT(root)
SETTING_TEXT(evidence)
SETTING_TEXT(audit_log)
SETTING_TEXT(ready_file)
SETTING_TEXT(state)
SETTING_FLAG(allow_remote)
SETTING_FLAG(no_cache)
SETTING_FLAG(verbose)
SETTING_FLAG(check)
SETTING_FLAG(dump)
SETTING_FLAG(help)
SETTING_FLAG(version)

/* --- the table ----------------------------------------------------------- */

/* evidence is a folder, which is no row's to be let in: see
 * providers_allow_files(). */
static const struct setting rows[] = {
    {"config", 0, VALUE | LINE_ONLY | READS, set_config, NULL},
    {"codex-config", 0, VALUE | READS, set_codex_config,
     "ASSAY_PROXY_CODEX_CONFIG"},
    {"codex-wire", 0, VALUE | LIST, set_codex_wire, NULL},
    {"listen", 0, VALUE | AT_START, set_listen, "ASSAY_PROXY_LISTEN"},
    {"allow-remote", 0, FLAG | AT_START, set_allow_remote, NULL},
    {"token-file", 0, VALUE | READS, set_token_file, "ASSAY_PROXY_TOKEN_FILE"},
    {"allow-host", 0, VALUE | LIST, set_allow_host, NULL},
    {"allow-origin", 0, VALUE | LIST, set_allow_origin, NULL},
    {"upgrade", 0, VALUE | LIST, set_upgrades, NULL},
    {"workers", 0, VALUE | AT_START, set_workers, NULL},
    {"max-connections", 0, VALUE, set_max_connections, NULL},
    {"client-idle", 0, VALUE, set_client_idle_ms, NULL},
    {"header-timeout", 0, VALUE, set_header_ms, NULL},
    {"body-timeout", 0, VALUE, set_body_ms, NULL},
    {"max-body", 0, VALUE, set_max_body, NULL},
    {"max-translating", 0, VALUE, set_max_translating, NULL},
    {"response-timeout", 0, VALUE, set_response_ms, NULL},
    {"stream-timeout", 0, VALUE, set_stream_ms, NULL},
    {"upgrade-idle", 0, VALUE, set_upgrade_idle_ms, NULL},
    {"warm", 0, VALUE, set_warm, NULL},
    {"max-links", 0, VALUE, set_max_links, NULL},
    {"max-requests", 0, VALUE, set_max_requests, NULL},
    {"max-age", 0, VALUE, set_max_age_ms, NULL},
    {"idle-timeout", 0, VALUE, set_idle_ms, NULL},
    {"keep-alive", 0, VALUE, set_keep_alive_ms, NULL},
    {"connect-timeout", 0, VALUE, set_connect_ms, NULL},
    {"attest-timeout", 0, VALUE, set_attest_ms, NULL},
    {"wait-timeout", 0, VALUE, set_wait_ms, NULL},
    {"resolve", 0, VALUE | LIST, set_resolve, NULL},
    {"http-proxy", 0, VALUE, set_http_proxy, "ASSAY_PROXY_HTTP_PROXY"},
    {"ca", 0, VALUE | READS, set_ca, "ASSAY_PROXY_CA"},
    {"pccs", 0, VALUE | LIST, set_pccs, "ASSAY_PROXY_PCCS"},
    {"pccs-ca", 0, VALUE | READS, set_pccs_ca, NULL},
    {"root", 0, VALUE | READS, set_root, NULL},
    {"no-cache", 0, FLAG, set_no_cache, NULL},
    {"evidence", 0, VALUE | AT_START, set_evidence, "ASSAY_PROXY_EVIDENCE"},
    {"evidence-max", 0, VALUE | AT_START, set_evidence_max, NULL},
    {"audit-log", 0, VALUE | AT_START | WRITES, set_audit_log,
     "ASSAY_PROXY_AUDIT_LOG"},
    {"admin", 0, VALUE | AT_START, set_admin, NULL},
    {"ready-file", 0, VALUE | AT_START | WRITES, set_ready_file, NULL},
    {"state", 0, VALUE | AT_START | WRITES, set_state, "ASSAY_PROXY_STATE"},
    {"drain", 0, VALUE, set_drain_ms, NULL},
    {"sandbox", 0, VALUE | AT_START, set_sandbox, NULL},
    {"log", 0, VALUE | AT_START, set_log, NULL},
    {"verbose", 'v', FLAG, set_verbose, NULL},
    {"check", 0, FLAG | LINE_ONLY, set_check, NULL},
    {"dump-config", 0, FLAG | LINE_ONLY, set_dump, NULL},
    {"version", 0, FLAG | LINE_ONLY | ENDS, set_version, NULL},
    {"help", 'h', FLAG | LINE_ONLY | ENDS, set_help, NULL},
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) <= SETTINGS_MAX,
               "what is given has room for every setting");
_Static_assert(offsetof(struct options, given) == 0, "see settings.h");

static void
set_defaults(void *options)
{
    struct options *o = options;
    struct assay_error err;

    *o = (struct options){
        .allow_host = "",
        .allow_origin = "",
        .upgrades = "websocket",
        .workers = 1,
        .max_connections = 1024,
        .client_idle_ms = 300000,
        .header_ms = 30000,
        .body_ms = 60000,
        .max_body = DEFAULT_MAX_BODY,
        .max_translating = DEFAULT_MAX_TRANSLATING,
        .response_ms = 600000,
        .stream_ms = 300000,
        .upgrade_idle_ms = 600000,
        .warm = 2,
        .max_links = 128,
        .max_requests = 900,
        .max_age_ms = 600000,
        .idle_ms = 120000,
        .keep_alive_ms = 45000,
        .connect_ms = 10000,
        .attest_ms = 30000,
        .wait_ms = 60000,
        .evidence_max = 1000,
        .audit_log = "off",
        .drain_ms = 10000,
    };
    assay_error_clear(&err);
    set_listen(o, DEFAULT_LISTEN, &err);
}

/* Policies are tables of the file, and may have a whole app-compose in them. */
static const struct assay_json_limits file_limits = {
    .max_bytes = ASSAY_POLICY_MAX_BYTES,
    .max_depth = 16,
    .max_nodes = 16u * 1024u,
};

const struct settings proxy_settings = {
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .defaults = set_defaults,
    .other = options_read_upstreams,
    .limits = &file_limits,
};

enum daemon_exit
options_parse(struct options *o, int argc, char **argv, struct assay_error *err)
{
    enum daemon_exit code =
        settings_read(&proxy_settings, &o->given, argc, argv, err);
    const char *wrong;

    if (code != DAEMON_DONE || o->help || o->version) {
        return code;
    }
    wrong = options_wrong_together(o);
    if (wrong != NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "%s", wrong);
        options_free(o);
        code = DAEMON_USAGE;
    }
    return code;
}

void
options_free(struct options *o)
{
    given_free(&o->given);
}
