/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c - what assay-serve can be told, in one table for the command line
 * and the file.
 */
#include "options.h"

#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "certificates.h"
#include "daemon/cidr.h"
#include "daemon/setting_values.h"
#include "daemon/upgrade.h"
#include "http1/http1.h"
#include "io/quote_gate.h"
#include "io/quoter.h"
#include "settings.h"

#define DEFAULT_LISTEN   "127.0.0.1:8443"
#define HEADER_MIN_BYTES 1024u
#define REQUESTS_MAX     1000000000u
#define CONNECTIONS_MAX  65536u
#define APPRAISALS_MAX   512u /* each may need a thread for some seconds */

/* --- values ------------------------------------------------------------- */

static void
set_listen(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    setting_address(v, "--listen", &o->listen, err);
}

static void
set_backend(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->has_backend = true;
    setting_address(v, "--backend", &o->backend, err);
}

static void
set_pipe(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->has_pipe = true;
    setting_address(v, "--pipe", &o->pipe, err);
}

static void
set_self_signed(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->name_count = given_split(&o->given, v, o->names, "--self-signed", err);
}

static void
set_announce(void *options, const char *v, struct assay_error *err)
{
    static const char *const words[] = {"auto", "required", "off"};
    struct options *o = options;

    o->announce = (enum announce)setting_word(v, words, "--announce", err);
}

static void
set_max_body(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->max_body = assay_arg_number(v, "--max-body", 0, INT64_MAX, err);
}

static void
set_quote_rate(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->quote_rate = (uint32_t)assay_arg_number(v, "--quote-rate", 0,
                                               ASSAY_QUOTES_PER_S_MAX, err);
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
set_trust_forwarded(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->trust_forwarded = v;
    if (cidr_check(v, err) != ASSAY_OK) {
        assay_error_prefix(err, "--trust-forwarded");
    }
}

static void
set_backend_proxy(void *options, const char *v, struct assay_error *err)
{
    static const char *const words[] = {"off", "v1", "v2"};
    struct options *o = options;

    o->backend_proxy = setting_word(v, words, "--backend-proxy-protocol", err);
}

static void
set_pccs(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->source_count = setting_sources(&o->given, v, o->sources, err);
}

static void
set_staple(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->staple = setting_either(v, "on", "off", "--staple", err);
}

static void
set_max_header(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->max_header = (uint32_t)assay_arg_number(
        v, "--max-header", HEADER_MIN_BYTES, ASSAY_HTTP1_HEAD_MAX_BYTES, err);
}

static void
set_backend_pool(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->backend_pool = (uint32_t)assay_arg_number(v, "--backend-pool", 0,
                                                 CONNECTIONS_MAX, err);
}

SETTING_OF_DAEMONS
SETTING_COUNT(workers, "--workers", DOORS_MAX)
SETTING_COUNT(max_connections, "--max-connections", CONNECTIONS_MAX)
SETTING_COUNT(max_quotes, "--max-quotes", ASSAY_QUOTES_WAITING_MAX)
SETTING_COUNT(quote_concurrency, "--quote-concurrency",
              ASSAY_QUOTES_AT_ONCE_MAX)
SETTING_COUNT(max_appraisals, "--max-client-appraisals", APPRAISALS_MAX)
SETTING_COUNT(quote_burst, "--quote-burst", ASSAY_QUOTES_PER_S_MAX)
SETTING_SECONDS(header_ms, "--header-timeout")
SETTING_SECONDS(idle_ms, "--idle-timeout")
SETTING_SECONDS(body_ms, "--body-timeout")
SETTING_SECONDS(backend_ms, "--backend-timeout")
SETTING_COUNT(max_requests, "--max-requests", REQUESTS_MAX)
SETTING_COUNT(max_per_address, "--max-connections-per-address", CONNECTIONS_MAX)
SETTING_SECONDS(backend_idle_ms, "--backend-idle")
SETTING_SECONDS(upgrade_idle_ms, "--upgrade-idle")
SETTING_SECONDS(quote_ms, "--quote-timeout")
SETTING_SECONDS(quote_wait_ms, "--quote-queue-timeout")
SETTING_SECONDS(client_ms, "--client-timeout")
SETTING_SECONDS(drain_ms, "--drain")
SETTING_TEXT(config)
SETTING_TEXT(cert)
SETTING_TEXT(key)
SETTING_TEXT(cert_out)
SETTING_TEXT(ready_file)
SETTING_TEXT(access_log)
SETTING_TEXT(quotes)
SETTING_TEXT(ekm_secret_file)
SETTING_TEXT(client_policy)
SETTING_TEXT(root)
SETTING_TEXT(pccs_ca)
SETTING_TEXT(collateral)
SETTING_FLAG(no_cache)
SETTING_FLAG(ekm_header)
SETTING_FLAG(ready_backend)
SETTING_FLAG(verbose)
SETTING_FLAG(check)
SETTING_FLAG(proxy_protocol)
SETTING_FLAG(dump)
SETTING_FLAG(help)
SETTING_FLAG(version)

/* --- the whole ---------------------------------------------------------- */

void
options_default(void *options)
{
    struct options *o = options;
    struct assay_error err;

    *o = (struct options){
        .quotes = "auto",
        .access_log = "off",
        .max_connections = 1024,
        .max_quotes = 64,
        .quote_concurrency = 4,
        .quote_rate = 10,
        .quote_burst = 50,
        .quote_wait_ms = 15000,
        .max_body = UINT64_MAX,
        .header_ms = 15000,
        .idle_ms = 600000,
        .body_ms = 60000,
        .backend_ms = 300000,
        .max_header = ASSAY_HTTP1_HEAD_MAX_BYTES,
        .max_requests = 10000,
        .trust_forwarded = "",
        .upgrades = "websocket",
        .upgrade_idle_ms = 600000,
        .backend_pool = 64,
        .backend_idle_ms = 30000,
        .quote_ms = ASSAY_QUOTER_TIMEOUT_MS,
        .client_ms = 30000,
        .max_appraisals = 16,
        .drain_ms = 10000,
    };
    assay_error_clear(&err);
    set_listen(o, DEFAULT_LISTEN, &err);
}

/* The line has certificates of its own: those of the file do not count. */
static void
forget_identities(void *options)
{
    struct options *o = options;

    o->cert = NULL;
    o->key = NULL;
    o->name_count = 0;
    o->certificate_count = 0;
}

/* --- the table ---------------------------------------------------------- */

static const struct setting rows[] = {
    {"config", 0, VALUE | LINE_ONLY | READS, set_config, NULL},
    {"listen", 0, VALUE | AT_START, set_listen, NULL},
    {"backend", 0, VALUE, set_backend, NULL},
    {"pipe", 0, VALUE, set_pipe, NULL},
    {"cert", 0, VALUE | IDENTITY | READS, set_cert, NULL},
    {"key", 0, VALUE | IDENTITY | READS, set_key, NULL},
    {"self-signed", 0, VALUE | LIST | IDENTITY, set_self_signed, NULL},
    {"cert-out", 0, VALUE | WRITES, set_cert_out, NULL},
    {"quotes", 0, VALUE | AT_START, set_quotes, NULL},
    {"announce", 0, VALUE, set_announce, NULL},
    {"workers", 0, VALUE | AT_START, set_workers, NULL},
    {"max-connections", 0, VALUE, set_max_connections, NULL},
    {"max-quotes", 0, VALUE | AT_START, set_max_quotes, NULL},
    {"ekm-header", 0, FLAG | AT_START, set_ekm_header, NULL},
    {"ekm-secret-file", 0, VALUE | AT_START | READS, set_ekm_secret_file, NULL},
    {"quote-concurrency", 0, VALUE | AT_START, set_quote_concurrency, NULL},
    {"quote-rate", 0, VALUE | AT_START, set_quote_rate, NULL},
    {"quote-burst", 0, VALUE | AT_START, set_quote_burst, NULL},
    {"quote-queue-timeout", 0, VALUE, set_quote_wait_ms, NULL},
    {"max-body", 0, VALUE, set_max_body, NULL},
    {"header-timeout", 0, VALUE, set_header_ms, NULL},
    {"idle-timeout", 0, VALUE, set_idle_ms, NULL},
    {"body-timeout", 0, VALUE, set_body_ms, NULL},
    {"backend-timeout", 0, VALUE, set_backend_ms, NULL},
    {"backend-pool", 0, VALUE, set_backend_pool, NULL},
    {"backend-idle", 0, VALUE, set_backend_idle_ms, NULL},
    {"backend-proxy-protocol", 0, VALUE, set_backend_proxy, NULL},
    {"proxy-protocol", 0, FLAG, set_proxy_protocol, NULL},
    {"trust-forwarded", 0, VALUE, set_trust_forwarded, NULL},
    {"max-header", 0, VALUE, set_max_header, NULL},
    {"max-requests", 0, VALUE, set_max_requests, NULL},
    {"max-connections-per-address", 0, VALUE, set_max_per_address, NULL},
    {"upgrade", 0, VALUE, set_upgrades, NULL},
    {"upgrade-idle", 0, VALUE, set_upgrade_idle_ms, NULL},
    {"quote-timeout", 0, VALUE | AT_START, set_quote_ms, NULL},
    {"client-policy", 0, VALUE | READS, set_client_policy, NULL},
    {"client-timeout", 0, VALUE, set_client_ms, NULL},
    {"max-client-appraisals", 0, VALUE | AT_START, set_max_appraisals, NULL},
    {"staple", 0, VALUE, set_staple, NULL},
    {"root", 0, VALUE | READS, set_root, NULL},
    {"pccs", 0, VALUE | LIST, set_pccs, NULL},
    {"pccs-ca", 0, VALUE | READS, set_pccs_ca, NULL},
    {"collateral", 0, VALUE | READS, set_collateral, NULL},
    {"no-cache", 0, FLAG, set_no_cache, NULL},
    {"drain", 0, VALUE, set_drain_ms, NULL},
    {"ready-file", 0, VALUE | AT_START | WRITES, set_ready_file, NULL},
    {"admin", 0, VALUE | AT_START, set_admin, NULL},
    {"ready-backend", 0, FLAG, set_ready_backend, NULL},
    {"access-log", 0, VALUE | AT_START | WRITES, set_access_log, NULL},
    {"sandbox", 0, VALUE | AT_START, set_sandbox, NULL},
    {"log", 0, VALUE | AT_START, set_log, NULL},
    {"verbose", 'v', FLAG, set_verbose, NULL},
    {"check", 0, FLAG | LINE_ONLY, set_check, NULL},
    {"dump-config", 0, FLAG | LINE_ONLY, set_dump, NULL},
    {"version", 0, FLAG | LINE_ONLY | ENDS, set_version, NULL},
    {"help", 'h', FLAG | LINE_ONLY | ENDS, set_help, NULL},
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) <= SETTINGS_MAX,
               "struct given has room for every setting");
_Static_assert(offsetof(struct options, given) == 0,
               "what is given is the first member of the options");

const struct settings serve_settings = {
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .defaults = options_default,
    .forget = forget_identities,
    .other = certificates_read,
};

void
options_free(struct options *o)
{
    given_free(&o->given);
}

void
options_dump(const struct options *o, struct assay_buf *to)
{
    settings_dump(&serve_settings, &o->given, to);
    certificates_dump(o, to);
}
