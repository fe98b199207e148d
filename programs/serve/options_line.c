/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options_line.c - the command line, over the file that it names.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "config.h"
#include "settings.h"

/* getopt_long() returns FIRST_ROW + the row of the table. */
#define FIRST_ROW 256

static const struct setting *
row_of(int found)
{
    size_t row = 0;

    if (found >= FIRST_ROW) {
        return &settings[found - FIRST_ROW];
    }
    while (row < settings_count - 1 && settings[row].letter != found) {
        row++;
    }
    return &settings[row];
}

static void
fail_unknown(const char *word, struct assay_error *err)
{
    size_t len = strcspn(word, "=");
    char name[64] = "";
    const char *near = NULL;

    if (strncmp(word, "--", 2) == 0 && len - 2 < sizeof(name)) {
        memcpy(name, word + 2, len - 2);
        near = setting_nearest(name, 0);
    }
    if (near != NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "unknown option '%.100s', did you mean '--%s'?", word, near);
    } else {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "unknown option '%.100s'", word);
    }
}

/* getopt_long() has refused something: say what. */
static void
fail_option(int why, char **argv, struct assay_error *err)
{
    if (optopt >= FIRST_ROW) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "option '--%s' %s",
                   row_of(optopt)->name,
                   why == ':' ? "needs a value" : "takes no value");
    } else if (optopt != 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "unknown option '-%c'",
                   optopt);
    } else {
        fail_unknown(argv[optind - 1], err);
    }
}

/* Each option of the line, in order, to `o`; *kinds: all that were met. */
static void
take_line(struct options *o, int argc, char **argv, unsigned *kinds,
          struct assay_error *err)
{
    struct option longs[SETTINGS_MAX + 1] = {{NULL, 0, NULL, 0}};
    int found;

    for (size_t i = 0; i < settings_count; i++) {
        longs[i] = (struct option){
            settings[i].name,
            (settings[i].kind & VALUE) != 0 ? required_argument : no_argument,
            NULL, FIRST_ROW + (int)i};
    }
    *kinds = 0;
    opterr = 0;
    optind = 0; /* from the start, also where argv was read before */
    while (!o->help && !o->version && err->code == ASSAY_OK &&
           (found = getopt_long(argc, argv, ":vh", longs, NULL)) != -1) {
        if (found == ':' || found == '?') {
            fail_option(found, argv, err);
        } else {
            *kinds |= row_of(found)->kind;
            setting_set(o, row_of(found), optarg, err);
        }
    }
    if (!o->help && !o->version && err->code == ASSAY_OK && optind < argc) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "unexpected argument '%.100s'", argv[optind]);
    }
}

/* The line has certificates of its own: those of the file do not count. */
static void
forget_identities(struct options *o)
{
    for (size_t i = 0; i < settings_count; i++) {
        if ((settings[i].kind & IDENTITY) != 0) {
            o->given[i] = NULL;
        }
    }
    o->cert = NULL;
    o->key = NULL;
    o->name_count = 0;
    o->certificate_count = 0;
}

/* --cert and --key are the first of the certificates. */
static void
put_first(struct options *o, struct assay_error *err)
{
    if (o->cert == NULL || o->key == NULL) {
        return;
    }
    if (o->certificate_count == SERVE_CERTIFICATES_MAX) {
        config_fail_too_many(err);
        return;
    }
    memmove(&o->certificates[1], &o->certificates[0],
            o->certificate_count * sizeof(o->certificates[0]));
    o->certificates[0] = (struct certificate_files){o->cert, o->key, NULL};
    o->certificate_count++;
}

/* Nobody but this machine is to be listened to. */
static bool
is_local(const struct assay_address *a)
{
    struct in_addr v4;
    struct in6_addr v6;

    return a->is_unix ||
           (inet_pton(AF_INET, a->host, &v4) == 1 &&
            ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET) ||
           (inet_pton(AF_INET6, a->host, &v6) == 1 &&
            IN6_IS_ADDR_LOOPBACK(&v6));
}

/* What the mode behind nginx makes use of. */
static bool
is_of_ekm(const char *name)
{
    static const char *const names[] = {
        "config",        "listen",          "quotes",
        "ekm-header",    "ekm-secret-file", "max-connections",
        "max-quotes",    "header-timeout",  "idle-timeout",
        "quote-timeout", "drain",           "quote-concurrency",
        "ready-file",    "sandbox",         "quote-queue-timeout",
        "log",           "verbose",         "check",
        "dump-config",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A setting that would do nothing is none that somebody relies on. */
static void
check_ekm(const struct options *o, struct assay_error *err)
{
    for (size_t i = 0; i < settings_count; i++) {
        if (o->given[i] != NULL && !is_of_ekm(settings[i].name)) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--ekm-header and --%s exclude each other",
                       settings[i].name);
            return;
        }
    }
    if (o->certificate_count > 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--ekm-header and certificates exclude each other");
    } else if (o->ekm_secret_file == NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--ekm-header needs --ekm-secret-file");
    } else if (!is_local(&o->listen)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "--ekm-header listens on unix:PATH, 127.0.0.1 or [::1] "
                   "only, not on %.100s",
                   o->listen.host);
    }
}

/* NULL, or what is wrong with where collateral comes from. */
static const char *
check_sources(const struct options *o)
{
    bool named = o->root != NULL || o->source_count > 0 || o->pccs_ca != NULL ||
                 o->collateral != NULL || o->no_cache;

    if (named && o->client_policy == NULL && !o->staple) {
        return "--root, --pccs, --pccs-ca, --collateral and --no-cache are for "
               "--client-policy and --staple on";
    }
    if (o->collateral != NULL && (o->source_count > 0 || o->pccs_ca != NULL)) {
        return "--collateral and --pccs or --pccs-ca exclude each other";
    }
    if (o->collateral != NULL && o->staple) {
        return "--collateral and --staple on exclude each other";
    }
    return NULL;
}

static void
check_together(const struct options *o, struct assay_error *err)
{
    bool files = o->certificate_count > 0 || o->cert != NULL || o->key != NULL;
    const char *wrong = NULL;

    if (o->ekm_header) {
        check_ekm(o, err);
        return;
    }
    if (o->ekm_secret_file != NULL) {
        wrong = "--ekm-secret-file is for --ekm-header";
    } else if (!o->has_backend && !o->has_pipe) {
        wrong = "--backend is missing";
    } else if (!o->has_backend && o->ready_backend) {
        wrong = "--ready-backend is for --backend";
    } else if (files && o->name_count > 0) {
        wrong = "--cert with --key and --self-signed exclude each other";
    } else if (!files && o->name_count == 0) {
        wrong = "--cert with --key, or --self-signed, must be given";
    } else if ((o->cert == NULL) != (o->key == NULL)) {
        wrong = "--cert and --key go together";
    } else {
        wrong = check_sources(o);
    }
    if (wrong != NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "%s", wrong);
    }
}

enum serve_exit
options_parse(struct options *o, int argc, char **argv, struct assay_error *err)
{
    enum serve_exit code = SERVE_USAGE;
    unsigned kinds;

    assay_error_clear(err);
    options_default(o);
    take_line(o, argc, argv, &kinds, err);
    if (o->config != NULL && !o->help && !o->version && err->code == ASSAY_OK) {
        const char *config = o->config;

        options_free(o);
        options_default(o);
        if (config_read(o, config, err) != ASSAY_OK) {
            code = SERVE_FAILED;
        } else {
            if ((kinds & IDENTITY) != 0) {
                forget_identities(o);
            }
            take_line(o, argc, argv, &kinds, err);
        }
    }
    if (err->code == ASSAY_OK && !o->help && !o->version) {
        check_together(o, err);
        put_first(o, err);
    }
    if (err->code != ASSAY_OK) {
        options_free(o);
        return code;
    }
    return SERVE_DONE;
}
