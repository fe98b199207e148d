/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.c - a command line, by the table of options.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "options_table.h"

/* getopt_long() returns FIRST_ROW + the row of the table. */
#define FIRST_ROW 256

static void
build_long_options(unsigned set, struct option out[OPTION_ROWS + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < OPTION_ROWS; i++) {
        if ((option_table[i].commands & set) != 0) {
            out[n++] = (struct option){
                option_table[i].name,
                option_table[i].has_value ? required_argument : no_argument,
                NULL, FIRST_ROW + (int)i};
        }
    }
    out[n] = (struct option){NULL, 0, NULL, 0};
}

/* ":o:h": the short forms of a command's options, errors left to us. */
static void
build_shorts(unsigned set, char out[2 * OPTION_ROWS + 2])
{
    size_t n = 0;

    out[n++] = ':';
    for (size_t i = 0; i < OPTION_ROWS; i++) {
        if ((option_table[i].commands & set) != 0 &&
            option_table[i].letter != 0) {
            out[n++] = option_table[i].letter;
            if (option_table[i].has_value) {
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
    while (row < OPTION_ROWS - 1 && option_table[row].letter != found) {
        row++;
    }
    return row;
}

static enum exit_code
fail_unknown(const struct command *c, const char *word)
{
    const char *names[OPTION_ROWS];
    const char *near = NULL;
    char name[64];
    size_t n = 0;

    for (size_t i = 0; i < OPTION_ROWS; i++) {
        if ((option_table[i].commands & c->options) != 0) {
            names[n++] = option_table[i].name;
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
    option_table[row_of(found)].set(o, optarg, &err);
    if (err.code != ASSAY_OK) {
        *code = cli_usage(c, "%s", err.msg);
        return false;
    }
    return true;
}

/* getopt_long() has refused something: say what. */
static enum exit_code
fail_option(const struct command *c, int why, char **argv)
{
    char letter[3] = {'-', (char)optopt, '\0'};

    if (optopt == 0) {
        return fail_unknown(c, argv[optind - 1]);
    }
    if (optopt >= FIRST_ROW) {
        return cli_usage(c, "option '--%s' %s",
                         option_table[optopt - FIRST_ROW].name,
                         why == ':' ? "needs a value" : "takes no value");
    }
    if (why == ':') {
        return cli_usage(c, "option '%s' needs a value", letter);
    }
    return fail_unknown(c, letter);
}

static bool
take_options(struct options *o, const struct command *c, int argc, char **argv,
             enum exit_code *code)
{
    char shorts[2 * OPTION_ROWS + 2];
    struct option longs[OPTION_ROWS + 1];
    int found;

    build_shorts(c->options, shorts);
    build_long_options(c->options, longs);
    opterr = 0;
    while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (found == ':' || found == '?') {
            *code = fail_option(c, found, argv);
            return false;
        }
        if (!take_option(o, c, found, code)) {
            return false;
        }
    }
    return true;
}

/* A bundle brings all of its evidence; nothing is fetched for it. */
static bool
check_evidence(const struct options *o, const struct command *c,
               enum exit_code *code)
{
    const struct {
        const char *name;
        bool given;
    } others[] = {
        {"--pccs", o->source_count > 0},
        {"--pccs-ca", o->pccs_ca != NULL},
        {"--no-cache", o->no_cache},
        {"--connect-timeout", o->connect_timeout_ms != 0},
        {"--timeout", o->timeout_ms != 0},
        {"--event-log", o->event_log != NULL},
        {"--app-compose", o->app_compose != NULL},
        {"--vm-config", o->vm_config != NULL},
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (o->evidence != NULL && others[i].given) {
            *code = cli_usage(c, "--evidence and %s exclude each other",
                              others[i].name);
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

/* Refuses another count of operands than the command has names for. */
static bool
count_operands(const struct options *o, const struct command *c,
               enum exit_code *code)
{
    size_t wanted = 0;

    for (const char *name = c->operands; *name != '\0'; wanted++) {
        int len = (int)strcspn(name, " ");

        if (wanted == o->operand_count) {
            *code = cli_usage(c, "%.*s is missing", len, name);
            return false;
        }
        name += len;
        name += strspn(name, " ");
    }
    if (o->operand_count > wanted) {
        const char *extra = o->operands[wanted];

        *code = wanted == 1 ? cli_usage(c,
                                        "one %s at a time, but there is also "
                                        "'%s'",
                                        c->operands, extra)
                            : cli_usage(c,
                                        "there is also '%s', which is one too "
                                        "many",
                                        extra);
        return false;
    }
    return true;
}

/* An option may bring what is read instead. */
static bool
take_operands(struct options *o, const struct command *c, int argc, char **argv,
              enum exit_code *code)
{
    const char *instead = o->evidence != NULL ? o->evidence : o->tools.quote;

    o->operands = argv + optind;
    o->operand_count = (size_t)(argc - optind);
    if (instead != NULL) {
        if (o->operand_count > 0) {
            *code = cli_usage(c, "%s, but there is also '%s'",
                              o->evidence != NULL
                                  ? "--evidence brings its quote"
                                  : "--quote is in place of a server",
                              o->operands[0]);
            return false;
        }
        o->operand = instead;
        return true;
    }
    o->operand = argv[optind]; /* NULL behind the last */
    return strchr(c->operands, '.') != NULL || count_operands(o, c, code);
}

bool
options_parse(struct options *o, const struct command *c, int argc, char **argv,
              enum exit_code *code)
{
    bool good;

    memset(o, 0, sizeof(*o));
    o->now_s = (int64_t)time(NULL);
    good = take_options(o, c, argc, argv, code);
    if (good && o->help) {
        fputs(c->help, stdout);
        *code = EXIT_TRUSTED;
        good = false;
    }
    good = good && check_together(o, c, code) && check_evidence(o, c, code) &&
           take_operands(o, c, argc, argv, code);
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
