/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * options.h - the options of all commands, in one table.
 */
#pragma once

#include "cli.h"
#include "get_options.h"
#include "io/pcs.h"

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
    OPTIONS_PIPE = 1 << 15,
};

/* Strings point into argv or into `list`; NULL where not given. */
struct options {
    const char *operand; /* QUOTE or FILE */
    const char *collateral;
    const char *root;
    const char *policy;
    const char *output;
    const char *pccs_ca;
    const char *event_log;
    const char *app_compose;
    const char *vm_config;
    const char *sources[ASSAY_PCS_SOURCES_MAX];
    size_t source_count;
    enum assay_tcb_status accept[STATUSES_MAX];
    size_t accept_count;
    int64_t now_s; /* --at, or the clock */
    bool json;
    bool no_cache;
    bool early;
    bool help;
    uint32_t evaluation;         /* 0: not given */
    uint32_t connect_timeout_ms; /* 0: not given */
    uint32_t timeout_ms;         /* 0: not given */
    char *list;                  /* backs `sources` */
    struct get_options get;
};

/* Reads argv (argv[0] is the command's own name) for exactly one operand.
 * False: *code says how to exit, all has been said, and nothing is owned. */
bool options_parse(struct options *o, const struct command *c,
                   enum option_set set, const char *operand, int argc,
                   char **argv, enum exit_code *code);
void options_free(struct options *o);
