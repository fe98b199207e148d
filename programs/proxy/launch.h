/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch.h - assay proxy [OPTIONS] codex [ARGS]: a proxy of its own for one run
 * of the Codex that is installed. Nothing in the user's files changes.
 */
#pragma once

struct settings;

/* argv[at] is the word codex: our options are before it, Codex's arguments
 * behind it. The exit code: Codex's own, or why it was not run (exits.h). */
int launch_main(const struct settings *settings, int argc, char **argv, int at);
