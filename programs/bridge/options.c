/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c - what assay-bridge can be told, in one table.
 */
#include "options.h"

#include <string.h>

#include "base/bytes.h"
#include "daemon/cidr.h"
#include "daemon/forwarded_for.h"
#include "daemon/origins.h"
#include "daemon/setting_values.h"
#include "relay.h"

#define DEFAULT_LISTEN      "127.0.0.1:9000"
#define DEFAULT_TARGET      "127.0.0.1:8443"
#define CONNECTIONS_MAX     1000000u
#define RATE_MAX            100000u
#define MAX_RATE_MAX        UINT32_MAX
#define RELAY_CACHE_MAX     (UINT64_C(1) << 32)
#define RELAY_MAX_AGE_MAX_S 86400u

/* --- values -------------------------------------------------------------- */

static void
set_listen(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->has_listen = strcmp(v, "off") != 0;
    if (o->has_listen) {
        setting_address(v, "--listen", &o->listen, err);
    }
}

static void
set_tls_listen(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->has_tls_listen = true;
    setting_address(v, "--tls-listen", &o->tls_listen, err);
}

static void
set_target(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    if (target_parse(assay_slice_of(v), &o->target, err) != ASSAY_OK) {
        assay_error_prefix(err, "--target");
    }
}

/* Read once more when it is used: here is where to say what is wrong. */
static void
set_allow(void *options, const char *v, struct assay_error *err)
{
    struct allow *list;

    ((struct options *)options)->allow = v;
    if (allow_new(v, &list, err) != ASSAY_OK) {
        assay_error_prefix(err, "--allow");
    }
    allow_free(list);
}

static void
set_allow_private(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->allow_private = v;
    if (cidr_check(v, err) != ASSAY_OK) {
        assay_error_prefix(err, "--allow-private");
    }
}

static void
set_origins(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->origins = v;
    if (origins_check(v, err) != ASSAY_OK) {
        assay_error_prefix(err, "--origins");
    }
}

static void
set_trust_forwarded(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->trust_forwarded = v;
    if (forwarded_check(v, err) != ASSAY_OK) {
        assay_error_prefix(err, "--trust-forwarded");
    }
}

/* As it stands in requests: no query, nothing escaped. */
static void
set_path(void *options, const char *v, struct assay_error *err)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";

    ((struct options *)options)->path = v;
    if (v[0] != '/' || v[strspn(v, plain)] != '\0') {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--path: '%.80s' is no path of letters, digits, - . _ ~ and "
                   "/ that begins with /",
                   v);
    }
}

static void
set_target_proxy(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->target_proxy =
        setting_either(v, "v2", "off", "--target-proxy-protocol", err);
}

static void
set_rate(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->rate =
        (uint32_t)assay_arg_number(v, "--rate", 0, RATE_MAX, err);
}

static void
set_max_rate(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->max_rate =
        (uint32_t)assay_arg_number(v, "--max-rate", 0, MAX_RATE_MAX, err);
}

static void
set_relay(void *options, const char *v, struct assay_error *err)
{
    struct options *o = options;

    o->relay = strcmp(v, "off") == 0 ? NULL : v;
    if (o->relay != NULL && relay_sources_check(v, err) != ASSAY_OK) {
        assay_error_prefix(err, "--relay");
    }
}

static void
set_relay_cache(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->relay_cache =
        assay_arg_number(v, "--relay-cache", 0, RELAY_CACHE_MAX, err);
}

static void
set_relay_max_age(void *options, const char *v, struct assay_error *err)
{
    ((struct options *)options)->relay_max_age_s = (uint32_t)assay_arg_number(
        v, "--relay-max-age", 0, RELAY_MAX_AGE_MAX_S, err);
}

SETTING_OF_DAEMONS
SETTING_COUNT(workers, "--workers", DOORS_MAX)
SETTING_COUNT(max_connections, "--max-connections", CONNECTIONS_MAX)
SETTING_COUNT(max_per_address, "--max-connections-per-address", CONNECTIONS_MAX)
SETTING_COUNT(max_per_target, "--max-connections-per-target", CONNECTIONS_MAX)
SETTING_COUNT(burst, "--burst", RATE_MAX)
SETTING_SECONDS(handshake_ms, "--handshake-timeout")
SETTING_SECONDS(connect_ms, "--connect-timeout")
SETTING_SECONDS(idle_ms, "--idle-timeout")
SETTING_SECONDS(ping_ms, "--ping-interval")
SETTING_SECONDS(life_ms, "--max-lifetime")
SETTING_SECONDS(close_ms, "--close-timeout")
SETTING_SECONDS(drain_ms, "--drain")
SETTING_SECONDS(relay_ms, "--relay-timeout")
SETTING_TEXT(config)
SETTING_TEXT(cert)
SETTING_TEXT(key)
SETTING_TEXT(token_file)
SETTING_TEXT(relay_ca)
SETTING_TEXT(ready_file)
SETTING_TEXT(access_log)
SETTING_FLAG(verbose)
SETTING_FLAG(check)
SETTING_FLAG(dump)
SETTING_FLAG(help)
SETTING_FLAG(version)

/* --- the table ----------------------------------------------------------- */

static const struct setting rows[] = {
    {"config", 0, VALUE | LINE_ONLY | READS, set_config, NULL},
    {"listen", 0, VALUE | AT_START, set_listen, "ATLS_PROXY_LISTEN"},
    {"tls-listen", 0, VALUE | AT_START, set_tls_listen, NULL},
    {"cert", 0, VALUE | READS, set_cert, NULL},
    {"key", 0, VALUE | READS, set_key, NULL},
    {"target", 0, VALUE, set_target, "ATLS_PROXY_TARGET"},
    {"allow", 0, VALUE | LIST, set_allow, "ATLS_PROXY_ALLOWLIST"},
    {"allow-private", 0, VALUE | LIST, set_allow_private, NULL},
    {"path", 0, VALUE, set_path, NULL},
    {"token-file", 0, VALUE | READS, set_token_file, NULL},
    {"origins", 0, VALUE | LIST, set_origins, NULL},
    {"trust-forwarded", 0, VALUE | LIST, set_trust_forwarded, NULL},
    {"target-proxy-protocol", 0, VALUE, set_target_proxy, NULL},
    {"workers", 0, VALUE | AT_START, set_workers, NULL},
    {"max-connections", 0, VALUE, set_max_connections, NULL},
    {"max-connections-per-address", 0, VALUE, set_max_per_address, NULL},
    {"max-connections-per-target", 0, VALUE, set_max_per_target, NULL},
    {"rate", 0, VALUE, set_rate, NULL},
    {"burst", 0, VALUE, set_burst, NULL},
    {"handshake-timeout", 0, VALUE, set_handshake_ms, NULL},
    {"connect-timeout", 0, VALUE, set_connect_ms, NULL},
    {"idle-timeout", 0, VALUE, set_idle_ms, NULL},
    {"ping-interval", 0, VALUE, set_ping_ms, NULL},
    {"max-lifetime", 0, VALUE, set_life_ms, NULL},
    {"close-timeout", 0, VALUE, set_close_ms, NULL},
    {"drain", 0, VALUE, set_drain_ms, NULL},
    {"max-rate", 0, VALUE, set_max_rate, NULL},
    {"relay", 0, VALUE | LIST, set_relay, NULL},
    {"relay-ca", 0, VALUE | READS, set_relay_ca, NULL},
    {"relay-cache", 0, VALUE | AT_START, set_relay_cache, NULL},
    {"relay-max-age", 0, VALUE, set_relay_max_age, NULL},
    {"relay-timeout", 0, VALUE, set_relay_ms, NULL},
    {"ready-file", 0, VALUE | AT_START | WRITES, set_ready_file, NULL},
    {"admin", 0, VALUE | AT_START, set_admin, NULL},
    {"access-log", 0, VALUE | AT_START | WRITES, set_access_log, NULL},
    {"sandbox", 0, VALUE | AT_START, set_sandbox, NULL},
    {"log", 0, VALUE | AT_START, set_log, NULL},
    {"verbose", 'v', FLAG, set_verbose, NULL},
    {"check", 0, FLAG | LINE_ONLY, set_check, NULL},
    {"dump-config", 0, FLAG | LINE_ONLY, set_dump, NULL},
    {"version", 0, FLAG | LINE_ONLY | ENDS, set_version, NULL},
    {"help", 'h', FLAG | LINE_ONLY | ENDS, set_help, NULL},
};

static void
set_defaults(void *options)
{
    struct options *o = options;
    struct assay_error err;

    *o = (struct options){
        .allow_private = "",
        .path = "/",
        .origins = "",
        .trust_forwarded = "",
        .access_log = "stderr",
        .max_connections = 10000,
        .max_per_address = 256,
        .rate = 50,
        .burst = 200,
        .handshake_ms = 10000,
        .connect_ms = 10000,
        .idle_ms = 600000,
        .ping_ms = 30000,
        .close_ms = 10000,
        .drain_ms = 10000,
        .relay_cache = RELAY_CACHE_BYTES,
        .relay_max_age_s = RELAY_MAX_AGE_S,
        .relay_ms = RELAY_TIMEOUT_MS,
    };
    assay_error_clear(&err);
    set_listen(o, DEFAULT_LISTEN, &err);
    set_target(o, DEFAULT_TARGET, &err);
}

const struct settings bridge_settings = {
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .defaults = set_defaults,
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) <= SETTINGS_MAX,
               "what is given has room for every setting");
_Static_assert(offsetof(struct options, given) == 0, "see settings.h");

/* --- all of it ----------------------------------------------------------- */

static const char *
wrong_together(const struct options *o)
{
    if (o->allow == NULL) {
        return "no allowlist: set ATLS_PROXY_ALLOWLIST or --allow to the "
               "targets that clients may be connected to, as in "
               "tee.example.com:443";
    }
    if (!o->has_listen && !o->has_tls_listen) {
        return "--listen off is for --tls-listen";
    }
    if ((o->cert == NULL) != (o->key == NULL)) {
        return "--cert and --key go together";
    }
    if (o->has_tls_listen && o->cert == NULL) {
        return "--tls-listen wants --cert and --key";
    }
    if (!o->has_tls_listen && o->cert != NULL) {
        return "--cert and --key are for --tls-listen";
    }
    if (o->relay == NULL && o->relay_ca != NULL) {
        return "--relay-ca is for --relay";
    }
    if (o->relay != NULL && relay_has_path(assay_slice_of(o->path))) {
        return "--path: what is below /sgx/ and /tdx/ is the relay's";
    }
    return NULL;
}

enum daemon_exit
options_parse(struct options *o, int argc, char **argv, struct assay_error *err)
{
    enum daemon_exit code =
        settings_read(&bridge_settings, &o->given, argc, argv, err);
    const char *wrong;

    if (code != DAEMON_DONE || o->help || o->version) {
        return code;
    }
    wrong = wrong_together(o);
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
