/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sandbox.h - what the process can do no more once it is set up: files
 * (Landlock), system calls (seccomp), new privileges, core files with keys in
 * them, being read by others of its user. Once entered it cannot be left. See
 * ADR 17.
 */
#pragma once

#include "assay/bytes.h"
#include "io/address.h"

#define SANDBOX_PATHS_MAX 160u

/* Whether the process gives up what it does not need. */
enum sandbox {
    SANDBOX_AUTO,   /* what the kernel can */
    SANDBOX_STRICT, /* all of it, or not start */
    SANDBOX_OFF,
};

/* A folder or a file, and what may be done in it. */
struct sandbox_path {
    char *path;
    bool write; /* and make and remove; else read */
};

struct sandbox_paths {
    struct sandbox_path list[SANDBOX_PATHS_MAX];
    size_t count;
    bool failed; /* too many, or no memory */
};

/* A copy is kept. */
void sandbox_allow(struct sandbox_paths *p, const char *path, bool write);
/* The folder of this file, and, if it is a link, of what it leads to: files are
 * replaced by others of the same name. */
void sandbox_allow_folder_of(struct sandbox_paths *p, const char *file,
                             bool write);
void sandbox_paths_free(struct sandbox_paths *p);
/* What libraries read at any time: names of hosts and how to look them up, CA
 * certificates, time zones, how many cores there are. */
void sandbox_allow_system(struct sandbox_paths *p);
/* Of a Unix socket that is listened on, which is removed at the end. */
void sandbox_allow_address(struct sandbox_paths *p,
                           const struct assay_address *a);

struct sandbox_state {
    int landlock; /* version of its interface; 0: files are as before */
    bool seccomp;
};

/* Before the first loop of a process that will enter: the kernel has no
 * io_uring from now on. libuv (1.50) takes one for each loop where it can, and
 * ends the process when that is refused later. */
void sandbox_hide_rings(void);

/* Before there are threads. strict: all of it, or ASSAY_UNSUPPORTED; else what
 * the kernel can, and *state says what that is. ASSAY_NO_MEMORY,
 * ASSAY_TOO_LARGE. */
ASSAY_MUST_CHECK enum assay_code
sandbox_enter(const struct sandbox_paths *paths, bool strict,
              struct sandbox_state *state, struct assay_error *err);

/* Whether it could be entered strictly; or ASSAY_UNSUPPORTED. Nothing is given
 * up. */
ASSAY_MUST_CHECK enum assay_code sandbox_check(struct assay_error *err);

/* --- its parts ---------------------------------------------------------- */

/* The version, 0 where the kernel has none, -1 with *err. */
int sandbox_files(const struct sandbox_paths *paths, struct assay_error *err);
int sandbox_files_version(void); /* the kernel's; 0 where it has none */
bool sandbox_calls_are_there(void);
void sandbox_calls_hide_rings(void);
/* False where the kernel has none, or with *err. */
bool sandbox_calls(struct assay_error *err);
