/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_codex.h - the Codex that is installed, and how it has to be told
 * where its providers are.
 */
#pragma once

#include "launch_args.h"
#include "launch_choice.h"
#include "running.h"

/* What this release is like. */
struct codex_facts {
    bool speaks_chat;  /* up to 0.94: wire_api = "chat" */
    bool has_daemon;   /* --no-daemon keeps it from using a server that runs */
    bool old_profiles; /* --profile names a table of config.toml */
};

/* $ASSAY_CODEX, or else `codex` of PATH. Appended, with a NUL behind it.
 * ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK enum assay_code codex_find(struct assay_buf *path,
                                            struct assay_error *err);
/* It has this in its environment while it is asked: what is found may be a
 * script that runs us, which would ask without an end. */
#define CODEX_ASKED_VARIABLE "ASSAY_PROXY_ASKS"

/* Asks it for its version and its options. ASSAY_IO (also where it fails),
 * ASSAY_TIMEOUT, ASSAY_INVALID (a release that could not be kept here). */
ASSAY_MUST_CHECK enum assay_code
codex_ask(const char *path, struct codex_facts *out, struct assay_error *err);

/* Its parts, which do no I/O. */
bool codex_version_speaks_chat(struct assay_slice version);
/* Files of agents, and up to 0.148 those of projects, have a say in where
 * prompts go that is above that of the command line. */
bool codex_version_can_stray(struct assay_slice version);
void codex_read_help(struct assay_slice help, struct codex_facts *out);

/* The variable of its environment that has the secret of the proxy's URLs: a
 * command line is for every user of the machine to see. */
#define CODEX_SECRET_VARIABLE "ASSAY_PROXY_SECRET"

/* argv for it, NULL at its end: its path, what we say, what the user says.
 * Freed with free(), all at once. ASSAY_INVALID (a provider that may be chosen
 * is not served), ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
codex_argv(const char *path, const struct codex_facts *facts,
           const struct launch_args *args, const struct launch_choice *choice,
           const struct running *proxy, char *const *users, char ***out,
           struct assay_error *err);
