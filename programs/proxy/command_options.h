/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * command_options.h - what the small commands (subcommand.h) can be told, and
 * the proxy that they speak of.
 */
#pragma once

#include "daemon/exits.h"
#include "daemon/settings.h"
#include "running.h"

struct command_options {
    struct given given; /* first */
    const char *provider;
    const char *shell;
    const char *state;
    const char *url;
    const char *token_file;
    bool json;
    bool help;
};

/* Options of all of them; each command has some. */
enum command_option {
    COMMAND_PROVIDER,
    COMMAND_SHELL,
    COMMAND_JSON,
    COMMAND_STATE,
    COMMAND_URL,
    COMMAND_TOKEN_FILE,
    COMMAND_HELP,
    COMMAND_OPTIONS,
};

/* argv[0] is the command. `without`: bits of those that it has not. Says what
 * is wrong. */
enum daemon_exit command_options_read(int argc, char **argv, unsigned without,
                                      struct command_options *out);
void command_options_free(struct command_options *o);

/* The URL of one provider, by --url, or by the state of a proxy that runs. All
 * of it may be pasted into a shell. */
struct command_target {
    struct running running;
    const char *provider;
    const char *url;
    bool has_secret;
};

/* Freed with command_target_free(), also after a failure. Errors of
 * running_read(); ASSAY_INVALID (which provider?). */
ASSAY_MUST_CHECK enum assay_code
command_target_find(const struct command_options *o, struct command_target *out,
                    struct assay_error *err);
void command_target_free(struct command_target *t);

/* Behind an error's message: what helps where no proxy was found. */
void command_target_hint(const struct command_options *o,
                         const struct assay_error *err);
