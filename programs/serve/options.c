/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c - what assay-serve is told on its command line, in one table.
 */
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "help.h"
#include "io/args.h"
#include "io/quoter.h"
#include "upgrade.h"

#define DEFAULT_LISTEN  "127.0.0.1:8443"
#define SECONDS_MAX     86400.0
#define CONNECTIONS_MAX 65536u
#define QUOTES_MAX      1024u

/* Takes an option's value; on failure the message says what is wrong. */
typedef void set_function(struct options *o, const char *value,
                          struct assay_error *err);

static bool usage(enum serve_exit *exit, const char *fmt, ...)
    ASSAY_PRINTF(2, 3);

static bool
usage(enum serve_exit *exit, const char *fmt, ...)
{
    char message[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    for (char *c = message; *c != '\0'; c++) {
        *c = (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c;
    }
    fprintf(stderr, "assay-serve: %s (try 'assay-serve --help')\n", message);
    *exit = SERVE_USAGE;
    return false;
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
set_self_signed(struct options *o, const char *v, struct assay_error *err)
{
    char *name;

    free(o->name_list);
    o->name_count = 0;
    o->name_list = strdup(v);
    if (o->name_list == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "--self-signed");
        return;
    }
    for (name = o->name_list; name != NULL;) {
        char *comma = strchr(name, ',');

        if (comma != NULL) {
            *comma = '\0';
        }
        if (o->name_count == SERVE_NAMES_MAX || name[0] == '\0') {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--self-signed: 1 to %u names with commas between them",
                       SERVE_NAMES_MAX);
            return;
        }
        o->names[o->name_count++] = name;
        name = comma != NULL ? comma + 1 : NULL;
    }
}

static void
set_announce(struct options *o, const char *v, struct assay_error *err)
{
    static const char *const words[] = {"auto", "required", "off"};

    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(v, words[i]) == 0) {
            o->announce = (enum announce)i;
            return;
        }
    }
    assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "--announce: '%.40s' is none of auto, required, off", v);
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
set_upgrades(struct options *o, const char *v, struct assay_error *err)
{
    o->upgrades = strcmp(v, "off") == 0 ? "" : v;
    if (upgrade_check(o->upgrades, err) != ASSAY_OK) {
        assay_error_prefix(err, "--upgrade");
    }
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
COUNT(max_connections, "--max-connections", CONNECTIONS_MAX)
COUNT(max_quotes, "--max-quotes", QUOTES_MAX)
SECONDS(header_ms, "--header-timeout")
SECONDS(idle_ms, "--idle-timeout")
SECONDS(body_ms, "--body-timeout")
SECONDS(backend_ms, "--backend-timeout")
SECONDS(backend_idle_ms, "--backend-idle")
SECONDS(upgrade_idle_ms, "--upgrade-idle")
SECONDS(quote_ms, "--quote-timeout")
SECONDS(drain_ms, "--drain")
TEXT(cert)
TEXT(key)
TEXT(cert_out)
TEXT(ready_file)
TEXT(quotes)
FLAG(verbose)
FLAG(check)

static void
set_help(struct options *o, const char *v, struct assay_error *err)
{
    (void)v;
    (void)err;
    fputs(serve_help, stdout);
    o->done = true;
}

static void
set_version(struct options *o, const char *v, struct assay_error *err)
{
    (void)v;
    (void)err;
    printf("assay-serve %s\n", ASSAY_VERSION);
    o->done = true;
}

/* --- the table ---------------------------------------------------------- */

static const struct {
    const char *name;
    char letter; /* of its short form; 0 for none */
    bool has_value;
    set_function *set;
} table[] = {
    {"listen", 0, true, set_listen},
    {"backend", 0, true, set_backend},
    {"cert", 0, true, set_cert},
    {"key", 0, true, set_key},
    {"self-signed", 0, true, set_self_signed},
    {"cert-out", 0, true, set_cert_out},
    {"quotes", 0, true, set_quotes},
    {"announce", 0, true, set_announce},
    {"max-connections", 0, true, set_max_connections},
    {"max-quotes", 0, true, set_max_quotes},
    {"max-body", 0, true, set_max_body},
    {"header-timeout", 0, true, set_header_ms},
    {"idle-timeout", 0, true, set_idle_ms},
    {"body-timeout", 0, true, set_body_ms},
    {"backend-timeout", 0, true, set_backend_ms},
    {"backend-pool", 0, true, set_backend_pool},
    {"backend-idle", 0, true, set_backend_idle_ms},
    {"upgrade", 0, true, set_upgrades},
    {"upgrade-idle", 0, true, set_upgrade_idle_ms},
    {"quote-timeout", 0, true, set_quote_ms},
    {"drain", 0, true, set_drain_ms},
    {"ready-file", 0, true, set_ready_file},
    {"log", 0, true, set_log},
    {"verbose", 'v', false, set_verbose},
    {"check", 0, false, set_check},
    {"version", 0, false, set_version},
    {"help", 'h', false, set_help},
};
#define TABLE_ROWS (sizeof(table) / sizeof(table[0]))

/* getopt_long() returns FIRST_ROW + the row of the table. */
#define FIRST_ROW 256

static size_t
row_of(int found)
{
    size_t row = 0;

    if (found >= FIRST_ROW) {
        return (size_t)(found - FIRST_ROW);
    }
    while (row < TABLE_ROWS - 1 && table[row].letter != found) {
        row++;
    }
    return row;
}

/* getopt_long() has refused something: say what. */
static bool
fail_option(int why, char **argv, enum serve_exit *exit)
{
    if (optopt >= FIRST_ROW) {
        return usage(exit, "option '--%s' %s", table[row_of(optopt)].name,
                     why == ':' ? "needs a value" : "takes no value");
    }
    if (optopt != 0) {
        return usage(exit, "unknown option '-%c'", optopt);
    }
    return usage(exit, "unknown option '%.100s'", argv[optind - 1]);
}

static bool
take_options(struct options *o, int argc, char **argv, enum serve_exit *exit)
{
    struct option longs[TABLE_ROWS + 1];
    struct assay_error err;
    int found;

    for (size_t i = 0; i < TABLE_ROWS; i++) {
        longs[i] = (struct option){
            table[i].name, table[i].has_value ? required_argument : no_argument,
            NULL, FIRST_ROW + (int)i};
    }
    longs[TABLE_ROWS] = (struct option){NULL, 0, NULL, 0};
    opterr = 0;
    while (!o->done &&
           (found = getopt_long(argc, argv, ":vh", longs, NULL)) != -1) {
        if (found == ':' || found == '?') {
            return fail_option(found, argv, exit);
        }
        assay_error_clear(&err);
        table[row_of(found)].set(o, optarg, &err);
        if (err.code != ASSAY_OK) {
            return usage(exit, "%s", err.msg);
        }
    }
    if (!o->done && optind < argc) {
        return usage(exit, "unexpected argument '%.100s'", argv[optind]);
    }
    return true;
}

static bool
check_together(const struct options *o, enum serve_exit *exit)
{
    bool files = o->cert != NULL || o->key != NULL;

    if (!o->has_backend) {
        return usage(exit, "--backend is missing");
    }
    if (files && o->name_count > 0) {
        return usage(exit, "--cert with --key and --self-signed exclude each "
                           "other");
    }
    if (!files && o->name_count == 0) {
        return usage(exit,
                     "--cert with --key, or --self-signed, must be given");
    }
    if (files && (o->cert == NULL || o->key == NULL)) {
        return usage(exit, "--cert and --key go together");
    }
    return true;
}

static void
set_defaults(struct options *o)
{
    struct assay_error err;

    *o = (struct options){
        .quotes = "auto",
        .max_connections = 1024,
        .max_quotes = 16,
        .max_body = UINT64_MAX,
        .header_ms = 15000,
        .idle_ms = 600000,
        .body_ms = 60000,
        .backend_ms = 300000,
        .upgrades = "websocket",
        .upgrade_idle_ms = 600000,
        .backend_pool = 64,
        .backend_idle_ms = 30000,
        .quote_ms = ASSAY_QUOTER_TIMEOUT_MS,
        .drain_ms = 10000,
    };
    assay_error_clear(&err);
    set_listen(o, DEFAULT_LISTEN, &err);
}

bool
options_parse(struct options *o, int argc, char **argv, enum serve_exit *exit)
{
    bool good;

    set_defaults(o);
    good = take_options(o, argc, argv, exit);
    if (good && o->done) {
        *exit = SERVE_DONE;
        good = false;
    }
    good = good && check_together(o, exit);
    if (!good) {
        options_free(o);
    }
    return good;
}

void
options_free(struct options *o)
{
    free(o->name_list);
    o->name_list = NULL;
}
