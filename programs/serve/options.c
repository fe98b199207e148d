/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c - what assay-serve can be told, in one table for the command line
 * and the file.
 */
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/nearest.h"
#include "base/url.h"
#include "daemon/cidr.h"
#include "http1/http1.h"
#include "io/args.h"
#include "io/quote_gate.h"
#include "io/quoter.h"
#include "settings.h"
#include "upgrade.h"

#define DEFAULT_LISTEN   "127.0.0.1:8443"
#define HEADER_MIN_BYTES 1024u
#define REQUESTS_MAX     1000000000u
#define SECONDS_MAX      86400.0
#define CONNECTIONS_MAX  65536u
#define APPRAISALS_MAX   512u /* each may need a thread for some seconds */

size_t
options_split(struct options *o, const char *list,
              const char *names[SERVE_NAMES_MAX], const char *what,
              struct assay_error *err)
{
    size_t count = 0;

    for (;;) {
        size_t len = strcspn(list, ",");
        const char *name = NULL;

        if (count < SERVE_NAMES_MAX && len > 0) {
            name = options_keep(
                o, (struct assay_slice){(const uint8_t *)list, len});
            if (name == NULL) {
                assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s", what);
                return 0;
            }
        }
        if (name == NULL) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "%s: 1 to %u names with commas between them", what,
                       SERVE_NAMES_MAX);
            return 0;
        }
        names[count++] = name;
        if (list[len] == '\0') {
            return count;
        }
        list += len + 1;
    }
}

/* --- values ------------------------------------------------------------- */

static void
set_listen(struct options *o, const char *v, struct assay_error *err)
{
    if (assay_address_parse(v, NULL, &o->listen, err) != ASSAY_OK) {
        assay_error_prefix(err, "--listen");
    }
}

static void
set_backend(struct options *o, const char *v, struct assay_error *err)
{
    o->has_backend = true;
    if (assay_address_parse(v, NULL, &o->backend, err) != ASSAY_OK) {
        assay_error_prefix(err, "--backend");
    }
}

static void
set_pipe(struct options *o, const char *v, struct assay_error *err)
{
    o->has_pipe = true;
    if (assay_address_parse(v, NULL, &o->pipe, err) != ASSAY_OK) {
        assay_error_prefix(err, "--pipe");
    }
}

static void
set_self_signed(struct options *o, const char *v, struct assay_error *err)
{
    o->name_count = options_split(o, v, o->names, "--self-signed", err);
}

/* Whoever reaches it need not prove anything. */
static void
set_admin(struct options *o, const char *v, struct assay_error *err)
{
    const struct assay_address *a = &o->admin;

    o->has_admin = true;
    if (assay_address_parse(v, NULL, &o->admin, err) != ASSAY_OK) {
        assay_error_prefix(err, "--admin");
    } else if (!a->is_unix && strcmp(a->host, "::1") != 0 &&
               strcmp(a->host, "127.0.0.1") != 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--admin: '%.80s' is not 127.0.0.1, [::1] or unix:PATH", v);
    }
}

/* Which of three words it is. */
static unsigned
word_of(const char *v, const char *const words[3], const char *name,
        struct assay_error *err)
{
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(v, words[i]) == 0) {
            return i;
        }
    }
    assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "%s: '%.40s' is none of %s, %s, %s", name, v, words[0], words[1],
               words[2]);
    return 0;
}

static void
set_announce(struct options *o, const char *v, struct assay_error *err)
{
    static const char *const words[] = {"auto", "required", "off"};

    o->announce = (enum announce)word_of(v, words, "--announce", err);
}

static void
set_sandbox(struct options *o, const char *v, struct assay_error *err)
{
    static const char *const words[] = {"auto", "strict", "off"};

    o->sandbox = (enum sandbox)word_of(v, words, "--sandbox", err);
}

static void
set_log(struct options *o, const char *v, struct assay_error *err)
{
    o->json_log = strcmp(v, "json") == 0;
    if (!o->json_log && strcmp(v, "text") != 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--log: '%.40s' is neither json nor text", v);
    }
}

static void
set_max_body(struct options *o, const char *v, struct assay_error *err)
{
    o->max_body = assay_arg_number(v, "--max-body", 0, INT64_MAX, err);
}

static void
set_quote_rate(struct options *o, const char *v, struct assay_error *err)
{
    o->quote_rate = (uint32_t)assay_arg_number(v, "--quote-rate", 0,
                                               ASSAY_QUOTES_PER_S_MAX, err);
}

static void
set_upgrades(struct options *o, const char *v, struct assay_error *err)
{
    o->upgrades = strcmp(v, "off") == 0 ? "" : v;
    if (upgrade_check(o->upgrades, err) != ASSAY_OK) {
        assay_error_prefix(err, "--upgrade");
    }
}

static void
set_trust_forwarded(struct options *o, const char *v, struct assay_error *err)
{
    o->trust_forwarded = v;
    if (cidr_check(v, err) != ASSAY_OK) {
        assay_error_prefix(err, "--trust-forwarded");
    }
}

static void
set_backend_proxy(struct options *o, const char *v, struct assay_error *err)
{
    static const char *const words[] = {"off", "v1", "v2"};

    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(v, words[i]) == 0) {
            o->backend_proxy = i;
            return;
        }
    }
    assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "--backend-proxy-protocol: '%.40s' is none of off, v1, v2", v);
}

static void
set_pccs(struct options *o, const char *v, struct assay_error *err)
{
    const char *names[SERVE_NAMES_MAX];
    size_t count = options_split(o, v, names, "--pccs", err);

    o->source_count = 0;
    for (size_t i = 0; i < count && err->code == ASSAY_OK; i++) {
        bool intel = strcmp(names[i], "intel") == 0;

        if (i == ASSAY_SOURCES_MAX) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--pccs: more than %u sources", ASSAY_SOURCES_MAX);
        } else if (!intel && assay_url_check_base(names[i], err) != ASSAY_OK) {
            assay_error_prefix(err, "--pccs");
        } else {
            o->sources[o->source_count++] =
                intel ? ASSAY_SOURCE_INTEL : names[i];
        }
    }
}

static void
set_staple(struct options *o, const char *v, struct assay_error *err)
{
    o->staple = strcmp(v, "on") == 0;
    if (!o->staple && strcmp(v, "off") != 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--staple: '%.40s' is neither on nor off", v);
    }
}

static void
set_max_header(struct options *o, const char *v, struct assay_error *err)
{
    o->max_header = (uint32_t)assay_arg_number(
        v, "--max-header", HEADER_MIN_BYTES, ASSAY_HTTP1_HEAD_MAX_BYTES, err);
}

static void
set_backend_pool(struct options *o, const char *v, struct assay_error *err)
{
    o->backend_pool = (uint32_t)assay_arg_number(v, "--backend-pool", 0,
                                                 CONNECTIONS_MAX, err);
}

#define COUNT(member, name, max)                                               \
    static void set_##member(struct options *o, const char *v,                 \
                             struct assay_error *err)                          \
    {                                                                          \
        o->member = (uint32_t)assay_arg_number(v, name, 1, max, err);          \
    }
#define SECONDS(member, name)                                                  \
    static void set_##member(struct options *o, const char *v,                 \
                             struct assay_error *err)                          \
    {                                                                          \
        o->member = assay_arg_seconds(v, name, SECONDS_MAX, err);              \
    }
#define TEXT(member)                                                           \
    static void set_##member(struct options *o, const char *v,                 \
                             struct assay_error *err)                          \
    {                                                                          \
        (void)err;                                                             \
        o->member = v;                                                         \
    }
#define FLAG(member)                                                           \
    static void set_##member(struct options *o, const char *v,                 \
                             struct assay_error *err)                          \
    {                                                                          \
        (void)v;                                                               \
        (void)err;                                                             \
        o->member = true;                                                      \
    }
COUNT(workers, "--workers", DOORS_MAX)
COUNT(max_connections, "--max-connections", CONNECTIONS_MAX)
COUNT(max_quotes, "--max-quotes", ASSAY_QUOTES_WAITING_MAX)
COUNT(quote_concurrency, "--quote-concurrency", ASSAY_QUOTES_AT_ONCE_MAX)
COUNT(max_appraisals, "--max-client-appraisals", APPRAISALS_MAX)
COUNT(quote_burst, "--quote-burst", ASSAY_QUOTES_PER_S_MAX)
SECONDS(header_ms, "--header-timeout")
SECONDS(idle_ms, "--idle-timeout")
SECONDS(body_ms, "--body-timeout")
SECONDS(backend_ms, "--backend-timeout")
COUNT(max_requests, "--max-requests", REQUESTS_MAX)
COUNT(max_per_address, "--max-connections-per-address", CONNECTIONS_MAX)
SECONDS(backend_idle_ms, "--backend-idle")
SECONDS(upgrade_idle_ms, "--upgrade-idle")
SECONDS(quote_ms, "--quote-timeout")
SECONDS(quote_wait_ms, "--quote-queue-timeout")
SECONDS(client_ms, "--client-timeout")
SECONDS(drain_ms, "--drain")
TEXT(config)
TEXT(cert)
TEXT(key)
TEXT(cert_out)
TEXT(ready_file)
TEXT(access_log)
TEXT(quotes)
TEXT(ekm_secret_file)
TEXT(client_policy)
TEXT(root)
TEXT(pccs_ca)
TEXT(collateral)
FLAG(no_cache)
FLAG(ekm_header)
FLAG(ready_backend)
FLAG(verbose)
FLAG(check)
FLAG(proxy_protocol)
FLAG(dump)
FLAG(help)
FLAG(version)

/* --- the table ---------------------------------------------------------- */

const struct setting settings[] = {
    {"config", 0, VALUE | LINE_ONLY | READS, set_config},
    {"listen", 0, VALUE | AT_START, set_listen},
    {"backend", 0, VALUE, set_backend},
    {"pipe", 0, VALUE, set_pipe},
    {"cert", 0, VALUE | IDENTITY | READS, set_cert},
    {"key", 0, VALUE | IDENTITY | READS, set_key},
    {"self-signed", 0, VALUE | LIST | IDENTITY, set_self_signed},
    {"cert-out", 0, VALUE | WRITES, set_cert_out},
    {"quotes", 0, VALUE | AT_START, set_quotes},
    {"announce", 0, VALUE, set_announce},
    {"workers", 0, VALUE | AT_START, set_workers},
    {"max-connections", 0, VALUE, set_max_connections},
    {"max-quotes", 0, VALUE | AT_START, set_max_quotes},
    {"ekm-header", 0, FLAG | AT_START, set_ekm_header},
    {"ekm-secret-file", 0, VALUE | AT_START | READS, set_ekm_secret_file},
    {"quote-concurrency", 0, VALUE | AT_START, set_quote_concurrency},
    {"quote-rate", 0, VALUE | AT_START, set_quote_rate},
    {"quote-burst", 0, VALUE | AT_START, set_quote_burst},
    {"quote-queue-timeout", 0, VALUE, set_quote_wait_ms},
    {"max-body", 0, VALUE, set_max_body},
    {"header-timeout", 0, VALUE, set_header_ms},
    {"idle-timeout", 0, VALUE, set_idle_ms},
    {"body-timeout", 0, VALUE, set_body_ms},
    {"backend-timeout", 0, VALUE, set_backend_ms},
    {"backend-pool", 0, VALUE, set_backend_pool},
    {"backend-idle", 0, VALUE, set_backend_idle_ms},
    {"backend-proxy-protocol", 0, VALUE, set_backend_proxy},
    {"proxy-protocol", 0, FLAG, set_proxy_protocol},
    {"trust-forwarded", 0, VALUE, set_trust_forwarded},
    {"max-header", 0, VALUE, set_max_header},
    {"max-requests", 0, VALUE, set_max_requests},
    {"max-connections-per-address", 0, VALUE, set_max_per_address},
    {"upgrade", 0, VALUE, set_upgrades},
    {"upgrade-idle", 0, VALUE, set_upgrade_idle_ms},
    {"quote-timeout", 0, VALUE | AT_START, set_quote_ms},
    {"client-policy", 0, VALUE | READS, set_client_policy},
    {"client-timeout", 0, VALUE, set_client_ms},
    {"max-client-appraisals", 0, VALUE | AT_START, set_max_appraisals},
    {"staple", 0, VALUE, set_staple},
    {"root", 0, VALUE | READS, set_root},
    {"pccs", 0, VALUE | LIST, set_pccs},
    {"pccs-ca", 0, VALUE | READS, set_pccs_ca},
    {"collateral", 0, VALUE | READS, set_collateral},
    {"no-cache", 0, FLAG, set_no_cache},
    {"drain", 0, VALUE, set_drain_ms},
    {"ready-file", 0, VALUE | AT_START | WRITES, set_ready_file},
    {"admin", 0, VALUE | AT_START, set_admin},
    {"ready-backend", 0, FLAG, set_ready_backend},
    {"access-log", 0, VALUE | AT_START | WRITES, set_access_log},
    {"sandbox", 0, VALUE | AT_START, set_sandbox},
    {"log", 0, VALUE | AT_START, set_log},
    {"verbose", 'v', FLAG, set_verbose},
    {"check", 0, FLAG | LINE_ONLY, set_check},
    {"dump-config", 0, FLAG | LINE_ONLY, set_dump},
    {"version", 0, FLAG | LINE_ONLY, set_version},
    {"help", 'h', FLAG | LINE_ONLY, set_help},
};
const size_t settings_count = sizeof(settings) / sizeof(settings[0]);
_Static_assert(sizeof(settings) / sizeof(settings[0]) <= SETTINGS_MAX,
               "options.given has room for every setting");

const struct setting *
setting_find(const char *name)
{
    for (size_t i = 0; i < settings_count; i++) {
        if (strcmp(settings[i].name, name) == 0) {
            return &settings[i];
        }
    }
    return NULL;
}

const char *
setting_nearest(const char *name, unsigned without)
{
    const char *names[SETTINGS_MAX + 1] = {NULL};
    size_t n = 0;

    for (size_t i = 0; i < settings_count; i++) {
        if ((settings[i].kind & without) == 0) {
            names[n++] = settings[i].name;
        }
    }
    return assay_nearest(assay_slice_of(name), names);
}

/* "off" and "stderr" stand for no file where one could stand. */
bool
setting_is_file(const struct setting *s, const char *value, unsigned kinds)
{
    return (s->kind & kinds) != 0 && value != NULL &&
           strcmp(value, "off") != 0 && strcmp(value, "stderr") != 0;
}

void
setting_set(struct options *o, const struct setting *s, const char *value,
            struct assay_error *err)
{
    s->set(o, value, err);
    o->given[s - settings] = value != NULL ? value : "true";
}

/* --- the whole ---------------------------------------------------------- */

void
options_default(struct options *o)
{
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

const char *
options_keep(struct options *o, struct assay_slice text)
{
    struct kept_text *k = malloc(sizeof(*k) + text.len + 1);

    if (k == NULL) {
        return NULL;
    }
    assay_copy(k->text, text);
    k->text[text.len] = '\0';
    k->next = o->kept;
    o->kept = k;
    return k->text;
}

enum assay_code
options_remember(const struct options *o, struct options *out,
                 struct assay_error *err)
{
    *out = (struct options){.kept = NULL};
    for (size_t i = 0; i < settings_count && err->code == ASSAY_OK; i++) {
        if (o->given[i] != NULL) {
            out->given[i] = options_keep(out, assay_slice_of(o->given[i]));
            if (out->given[i] == NULL) {
                assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "settings");
            }
        }
    }
    return err->code;
}

void
options_free(struct options *o)
{
    while (o->kept != NULL) {
        struct kept_text *next = o->kept->next;

        free(o->kept);
        o->kept = next;
    }
}
