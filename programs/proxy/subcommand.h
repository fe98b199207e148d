/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * subcommand.h - what assay-proxy does instead of serving:
 *
 *     assay proxy [OPTIONS] codex [ARGS of codex]
 *     assay proxy env | status [OPTIONS of theirs]
 *     assay proxy --print-config TOOL [OPTIONS of its]
 */
#pragma once

#include <stdbool.h>

struct settings;

/* False: there is none, and the options are the proxy's. Else it was done, and
 * *code is the exit code. */
bool subcommand_run(const struct settings *settings, int argc, char **argv,
                    int *code);

/* Where the first word stands that is neither an option of ours nor the value
 * of one; argc if there is none. */
int subcommand_find(const struct settings *settings, int argc,
                    char *const *argv);
