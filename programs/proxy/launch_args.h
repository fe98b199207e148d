/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_args.h - what the user tells Codex on its command line, as far as it
 * decides where prompts go. Whatever would send them past the proxy is refused;
 * the rest is Codex's. No I/O in here.
 */
#pragma once

#include "provider.h"

#define LAUNCH_NAMES_MAX      8u
#define LAUNCH_NAME_MAX_BYTES PROVIDER_NAME_MAX_BYTES

struct launch_name {
    char text[LAUNCH_NAME_MAX_BYTES + 1];
};

struct launch_args {
    struct launch_name profiles[LAUNCH_NAMES_MAX]; /* --profile */
    size_t profile_count;
    struct launch_name providers[LAUNCH_NAMES_MAX]; /* -c model_provider= */
    size_t provider_count;
};

/* argv: what stands behind `codex`, NULL at its end. ASSAY_INVALID, with what
 * to do instead. */
ASSAY_MUST_CHECK enum assay_code launch_args_read(char *const *argv,
                                                  struct launch_args *out,
                                                  struct assay_error *err);
/* Is this word of the line an override, -c KEY=VALUE? Then *text is that, and
 * so many words (1 or 2) are what it takes; else 0. */
size_t launch_override(char *const *word, const char **text);
/* How many words, 1 or 2, this option is with its value. */
size_t launch_option_words(char *const *word);
/* A name that Codex takes in a dotted path and in a file's name: letters,
 * digits, '-' and '_'. */
bool launch_name_is_plain(const char *name);
