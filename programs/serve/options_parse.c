/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options_parse.c - what assay-serve is told, and whether that goes together.
 */
#include <arpa/inet.h>
#include <string.h>

#include "certificates.h"
#include "settings.h"

/* --cert and --key are the first of the certificates. */
static void
put_first(struct options *o, struct assay_error *err)
{
    if (o->cert == NULL || o->key == NULL) {
        return;
    }
    if (o->certificate_count == SERVE_CERTIFICATES_MAX) {
        certificates_fail_too_many(err);
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
    for (size_t i = 0; i < serve_settings.count; i++) {
        const char *name = serve_settings.rows[i].name;

        if (o->given.texts[i] != NULL && !is_of_ekm(name)) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "--ekm-header and --%s exclude each other", name);
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

enum daemon_exit
options_parse(struct options *o, int argc, char **argv, struct assay_error *err)
{
    enum daemon_exit code =
        settings_read(&serve_settings, &o->given, argc, argv, err);

    if (code != DAEMON_DONE || o->help || o->version) {
        return code;
    }
    check_together(o, err);
    put_first(o, err);
    if (err->code != ASSAY_OK) {
        options_free(o);
        return DAEMON_USAGE;
    }
    return DAEMON_DONE;
}
