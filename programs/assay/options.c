/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c - the options of all commands, in one table.
 */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/timestamp.h"
#include "io/args.h"
#include "io/url.h"

#define TIMEOUT_MAX_S 3600.0

/* Takes an option's value; on failure the message says what is wrong. */
typedef void set_function(struct options *o, const char *value,
                          struct assay_error *err);

static void
set_at(struct options *o, const char *value, struct assay_error *err)
{
    (void)!assay_time_parse_loose(assay_slice_of(value), &o->now_s, "--at",
                                  err);
}

static void
fail_status_name(const char *name, struct assay_error *err)
{
#define X(code, text) " " text
    assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "--accept: '%.24s' is not one of" ASSAY_TCB_STATUSES(X), name);
#undef X
}

static void
set_accept(struct options *o, const char *value, struct assay_error *err)
{
    const char *name = value;

    while (err->code == ASSAY_OK) {
        size_t n = strcspn(name, ",");
        enum assay_tcb_status s = assay_tcb_status_parse(
            (struct assay_slice){(const uint8_t *)name, n});
        if (s == ASSAY_TCB_NONE) {
            char shown[32];
            snprintf(shown, sizeof(shown), "%.*s", (int)(n < 24 ? n : 24),
                     name);
            fail_status_name(shown, err);
        } else if (o->accept_count == STATUSES_MAX) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--accept: more than %u statuses", STATUSES_MAX);
        } else {
            o->accept[o->accept_count++] = s;
        }
        if (name[n] == '\0') {
            return;
        }
        name += n + 1;
    }
}

static void
add_source(struct options *o, const char *url, struct assay_error *err)
{
    bool intel = strcmp(url, "intel") == 0;

    if (o->source_count == ASSAY_PCS_SOURCES_MAX) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--pccs: more than %u sources", ASSAY_PCS_SOURCES_MAX);
        return;
    }
    if (!intel && assay_url_check_base(url, err) != ASSAY_OK) {
        assay_error_prefix(err, "--pccs");
        return;
    }
    o->sources[o->source_count++] = intel ? ASSAY_PCS_INTEL : url;
}

static void
set_pccs(struct options *o, const char *value, struct assay_error *err)
{
    char *url;

    free(o->list);
    o->source_count = 0;
    o->list = strdup(value);
    if (o->list == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "--pccs");
        return;
    }
    url = o->list;
    while (err->code == ASSAY_OK) {
        size_t n = strcspn(url, ",");
        bool last = url[n] == '\0';
        url[n] = '\0';
        add_source(o, url, err);
        if (last) {
            return;
        }
        url += n + 1;
    }
}

static void
set_connect_timeout(struct options *o, const char *v, struct assay_error *err)
{
    o->connect_timeout_ms =
        assay_arg_seconds(v, "--connect-timeout", TIMEOUT_MAX_S, err);
}

static void
set_timeout(struct options *o, const char *v, struct assay_error *err)
{
    o->timeout_ms = assay_arg_seconds(v, "--timeout", TIMEOUT_MAX_S, err);
}

static void
set_evaluation(struct options *o, const char *v, struct assay_error *err)
{
    o->evaluation =
        (uint32_t)assay_arg_number(v, "--evaluation", 1, UINT32_MAX, err);
}

#define FLAG(member)                                                           \
    static void set_##member(struct options *o, const char *value,             \
                             struct assay_error *err)                          \
    {                                                                          \
        (void)value;                                                           \
        (void)err;                                                             \
        o->member = true;                                                      \
    }
#define TEXT(member)                                                           \
    static void set_##member(struct options *o, const char *value,             \
                             struct assay_error *err)                          \
    {                                                                          \
        (void)err;                                                             \
        o->member = value;                                                     \
    }
FLAG(json)
FLAG(no_cache)
FLAG(early)
FLAG(help)
TEXT(collateral)
TEXT(root)
TEXT(policy)
TEXT(output)
TEXT(pccs_ca)
TEXT(event_log)
TEXT(app_compose)
TEXT(vm_config)
#undef TEXT

#define GET_FLAG(member)                                                       \
    static void set_get_##member(struct options *o, const char *value,         \
                                 struct assay_error *err)                      \
    {                                                                          \
        (void)value;                                                           \
        (void)err;                                                             \
        o->get.member = true;                                                  \
    }
#define GET_TEXT(member)                                                       \
    static void set_get_##member(struct options *o, const char *value,         \
                                 struct assay_error *err)                      \
    {                                                                          \
        (void)err;                                                             \
        o->get.member = value;                                                 \
    }
#define GET_PARSED(name)                                                       \
    static void set_get_##name(struct options *o, const char *value,           \
                               struct assay_error *err)                        \
    {                                                                          \
        get_set_##name(&o->get, value, err);                                   \
    }
GET_FLAG(include)
GET_FLAG(follow)
GET_FLAG(timing)
GET_FLAG(verbose)
GET_TEXT(data)
GET_TEXT(verdict_file)
GET_TEXT(ca)
GET_TEXT(quotes)
GET_PARSED(request)
GET_PARSED(header)
GET_PARSED(resolve)
GET_PARSED(wire)
GET_PARSED(proxy)
GET_PARSED(max_size)
GET_PARSED(max_age)

#define ALL     63u
#define SESSION (OPTIONS_GET | OPTIONS_PIPE)
#define SOURCES (OPTIONS_VERIFY | OPTIONS_FETCH | SESSION)
#define JUDGING (OPTIONS_VERIFY | SESSION)
static const struct {
    const char *name;
    char letter; /* of its short form; 0 for none */
    bool has_value;
    unsigned commands; /* of enum option_set */
    set_function *set;
} table[] = {
    {"collateral", 0, true, JUDGING, set_collateral},
    {"pccs", 0, true, SOURCES, set_pccs},
    {"pccs-ca", 0, true, SOURCES, set_pccs_ca},
    {"at", 0, true, OPTIONS_VERIFY | OPTIONS_CHECK, set_at},
    {"root", 0, true, JUDGING, set_root},
    {"policy", 0, true, JUDGING, set_policy},
    {"accept", 0, true, OPTIONS_VERIFY, set_accept},
    {"no-cache", 0, false, JUDGING, set_no_cache},
    {"output", 'o', true, OPTIONS_FETCH | OPTIONS_GET, set_output},
    {"event-log", 0, true, OPTIONS_VERIFY, set_event_log},
    {"app-compose", 0, true, OPTIONS_VERIFY, set_app_compose},
    {"vm-config", 0, true, OPTIONS_VERIFY, set_vm_config},
    {"early", 0, false, OPTIONS_FETCH, set_early},
    {"evaluation", 0, true, OPTIONS_FETCH, set_evaluation},
    {"connect-timeout", 0, true, SOURCES, set_connect_timeout},
    {"timeout", 0, true, SOURCES, set_timeout},
    {"request", 'X', true, OPTIONS_GET, set_get_request},
    {"header", 'H', true, OPTIONS_GET, set_get_header},
    {"data", 'd', true, OPTIONS_GET, set_get_data},
    {"ca", 0, true, SESSION, set_get_ca},
    {"quotes", 0, true, SESSION, set_get_quotes},
    {"max-age", 0, true, OPTIONS_PIPE, set_get_max_age},
    {"wire", 0, true, SESSION, set_get_wire},
    {"proxy", 0, true, SESSION, set_get_proxy},
    {"resolve", 0, true, SESSION, set_get_resolve},
    {"verdict", 0, true, SESSION, set_get_verdict_file},
    {"max-size", 0, true, OPTIONS_GET, set_get_max_size},
    {"include", 'i', false, OPTIONS_GET, set_get_include},
    {"location", 'L', false, OPTIONS_GET, set_get_follow},
    {"timing", 0, false, SESSION, set_get_timing},
    {"verbose", 'v', false, SESSION, set_get_verbose},
    {"json", 0, false, ALL & ~(unsigned)OPTIONS_PIPE, set_json},
    {"help", 'h', false, ALL | OPTIONS_PIPE, set_help},
};
#define TABLE_ROWS (sizeof(table) / sizeof(table[0]))

/* getopt_long() returns FIRST_ROW + the row of the table. */
#define FIRST_ROW 256

static void
build_long_options(enum option_set set, struct option out[TABLE_ROWS + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < TABLE_ROWS; i++) {
        if ((table[i].commands & set) != 0) {
            out[n++] = (struct option){table[i].name,
                                       table[i].has_value ? required_argument
                                                          : no_argument,
                                       NULL, FIRST_ROW + (int)i};
        }
    }
    out[n] = (struct option){NULL, 0, NULL, 0};
}

/* ":o:h": the short forms of a command's options, errors left to us. */
static void
build_shorts(enum option_set set, char out[2 * TABLE_ROWS + 2])
{
    size_t n = 0;

    out[n++] = ':';
    for (size_t i = 0; i < TABLE_ROWS; i++) {
        if ((table[i].commands & set) != 0 && table[i].letter != 0) {
            out[n++] = table[i].letter;
            if (table[i].has_value) {
                out[n++] = ':';
            }
        }
    }
    out[n] = '\0';
}

/* Row of what getopt_long() returned for an option that it knows. */
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

static enum exit_code
fail_unknown(const struct command *c, const char *word, enum option_set set)
{
    const char *names[TABLE_ROWS];
    const char *near = NULL;
    char name[64];
    size_t n = 0;

    for (size_t i = 0; i < TABLE_ROWS; i++) {
        if ((table[i].commands & set) != 0) {
            names[n++] = table[i].name;
        }
    }
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
    if (strncmp(name, "--", 2) == 0) {
        near = cli_nearest(name + 2, names, n);
    }
    if (near != NULL) {
        return cli_usage(c, "unknown option '%s', did you mean '--%s'?", name,
                         near);
    }
    return cli_usage(c, "unknown option '%s'", name);
}

/* One option that getopt_long() has found. */
static bool
take_option(struct options *o, const struct command *c, int found,
            enum exit_code *code)
{
    struct assay_error err;

    assay_error_clear(&err);
    table[row_of(found)].set(o, optarg, &err);
    if (err.code != ASSAY_OK) {
        *code = cli_usage(c, "%s", err.msg);
        return false;
    }
    return true;
}

/* getopt_long() has refused something: say what. */
static enum exit_code
fail_option(const struct command *c, enum option_set set, int why, char **argv)
{
    char letter[3] = {'-', (char)optopt, '\0'};

    if (optopt == 0) {
        return fail_unknown(c, argv[optind - 1], set);
    }
    if (optopt >= FIRST_ROW) {
        return cli_usage(c, "option '--%s' %s", table[optopt - FIRST_ROW].name,
                         why == ':' ? "needs a value" : "takes no value");
    }
    if (why == ':') {
        return cli_usage(c, "option '%s' needs a value", letter);
    }
    return fail_unknown(c, letter, set);
}

static bool
take_options(struct options *o, const struct command *c, enum option_set set,
             int argc, char **argv, enum exit_code *code)
{
    char shorts[2 * TABLE_ROWS + 2];
    struct option longs[TABLE_ROWS + 1];
    int found;

    build_shorts(set, shorts);
    build_long_options(set, longs);
    opterr = 0;
    while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (found == ':' || found == '?') {
            *code = fail_option(c, set, found, argv);
            return false;
        }
        if (!take_option(o, c, found, code)) {
            return false;
        }
    }
    return true;
}

static bool
check_together(const struct options *o, const struct command *c,
               enum exit_code *code)
{
    if (o->collateral != NULL && (o->source_count > 0 || o->pccs_ca != NULL)) {
        *code = cli_usage(c, "--collateral and %s exclude each other",
                          o->source_count > 0 ? "--pccs" : "--pccs-ca");
        return false;
    }
    if (o->early && o->evaluation != 0) {
        *code = cli_usage(c, "--early and --evaluation exclude each other");
        return false;
    }
    return true;
}

/* Exactly one operand. */
static bool
take_operand(struct options *o, const struct command *c, const char *operand,
             int argc, char **argv, enum exit_code *code)
{
    if (argc == optind) {
        *code = cli_usage(c, "%s is missing", operand);
        return false;
    }
    if (argc - optind > 1) {
        *code = cli_usage(c, "one %s at a time, but there is also '%s'",
                          operand, argv[optind + 1]);
        return false;
    }
    o->operand = argv[optind];
    return true;
}

bool
options_parse(struct options *o, const struct command *c, enum option_set set,
              const char *operand, int argc, char **argv, enum exit_code *code)
{
    bool good;

    memset(o, 0, sizeof(*o));
    o->now_s = (int64_t)time(NULL);
    good = take_options(o, c, set, argc, argv, code);
    if (good && o->help) {
        fputs(c->help, stdout);
        *code = EXIT_TRUSTED;
        good = false;
    }
    good = good && check_together(o, c, code) &&
           take_operand(o, c, operand, argc, argv, code);
    if (!good) {
        options_free(o);
    }
    return good;
}

void
options_free(struct options *o)
{
    free(o->list);
    o->list = NULL;
    get_options_free(&o->get);
}
