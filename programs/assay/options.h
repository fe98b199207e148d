/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.h - what a command was told.
 */
#pragma once

#include "assay/gather.h"
#include "cli.h"
#include "programs/assay/get/get_options.h"
#include "programs/assay/policy/policy_options.h"

/* TDRelaunchAdvisedConfigurationNeeded is the last of them. */
#define STATUSES_MAX 16u

/* Which options a command takes. */
enum option_set {
    OPTIONS_VERIFY = 1,
    OPTIONS_INSPECT = 2,
    OPTIONS_FETCH = 4,
    OPTIONS_SHOW = 8,
    OPTIONS_CHECK = 16,
    OPTIONS_GET = 32,
    OPTIONS_PIPE = 64,
    OPTIONS_PREFETCH = 128,
    OPTIONS_COMPLETION = 256,
    OPTIONS_POLICY_HASH = 1 << 16,
    OPTIONS_POLICY_SCHEMA = 1 << 17,
    OPTIONS_POLICY_EXPLAIN = 1 << 18,
    OPTIONS_POLICY_LINT = 1 << 19,
    OPTIONS_POLICY_PIN = 1 << 20,
    OPTIONS_POLICY_DIFF = 1 << 21,
};

/* Strings point into argv or into `list`; NULL where not given. */
struct options {
    const char *operand; /* QUOTE or FILE; the first one, or NULL */
    char *const *operands;
    size_t operand_count;
    const char *collateral;
    const char *root;
    const char *policy;
    const char *output;
    const char *pccs_ca;
    const char *event_log;
    const char *app_compose;
    const char *vm_config;
    const char *evidence; /* a bundle, in place of QUOTE */
    const char *sources[ASSAY_SOURCES_MAX];
    size_t source_count;
    enum assay_tcb_status accept[STATUSES_MAX];
    size_t accept_count;
    int64_t now_s; /* --at, or the clock */
    bool at;       /* --at was given */
    bool json;
    bool no_cache;
    bool early;
    bool help;
    bool from_cache;
    const char *fmspc;           /* 12 lower-case digits */
    const char *tee;             /* "tdx" or "sgx" */
    const char *pck_ca;          /* "platform" or "processor" */
    int64_t within_s;            /* collateral check */
    uint32_t evaluation;         /* 0: not given */
    uint32_t connect_timeout_ms; /* 0: not given */
    uint32_t timeout_ms;         /* 0: not given */
    char *list;                  /* backs `sources` */
    struct get_options get;
    struct policy_options tools; /* of `assay policy` */
};

/* Reads argv (argv[0] is the command's own name) for the options of the command
 * and for exactly as many operands as `operands` of it has words ("OLD NEW",
 * ""), or for any number ("QUOTE..."). False: *code says how to exit, all has
 * been said, and nothing is owned. */
bool options_parse(struct options *o, const struct command *c, int argc,
                   char **argv, enum exit_code *code);
void options_free(struct options *o);
