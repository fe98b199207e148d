/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_choice.h - which provider Codex will send prompts to, by its files and
 * its command line.
 *
 * Releases differ in what a profile is (up to about 0.120 a table of
 * config.toml, then a file of its own) and in what wins over what. So all that
 * may be chosen is collected, and each of it has to be attested.
 */
#pragma once

#include "base/buf.h"
#include "launch_args.h"

#define LAUNCH_FILE_MAX_BYTES (4u * 1024u * 1024u)
#define LAUNCH_CHOICES_MAX    (3u * LAUNCH_NAMES_MAX + 2u)

/* Where an administrator's managed_config.toml is: it wins over files and over
 * the command line. */
#define LAUNCH_MANAGED_FOLDER "/etc/codex"

struct launch_choice {
    struct launch_name all[LAUNCH_CHOICES_MAX]; /* never none */
    const char *by[LAUNCH_CHOICES_MAX];         /* who says so; static */
    size_t count;
    struct launch_name profile; /* of config.toml, where the line has none */
};

/* folder: Codex's own ($CODEX_HOME), with config.toml and the files of
 * profiles. Errors of the files, with their paths. */
ASSAY_MUST_CHECK enum assay_code launch_choose(const char *folder,
                                               const struct launch_args *args,
                                               struct launch_choice *out,
                                               struct assay_error *err);
/* What the administrator's file there chooses, besides. ASSAY_INVALID: it says
 * more of providers than which one, so nobody could tell what Codex does. */
ASSAY_MUST_CHECK enum assay_code
launch_choose_managed(const char *folder, struct launch_choice *out,
                      struct assay_error *err);
/* $CODEX_HOME, or else ~/.codex. False: there is no such place. */
bool launch_codex_folder(struct assay_buf *path);
