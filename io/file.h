/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * file.h - whole files in and out, each with a named limit.
 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "assay/bytes.h"

/* Read a whole file. At most max + 1 bytes are ever read, so a device without
 * an end costs no more than the limit.
 *
 * *out  initialised here; empty unless ASSAY_OK; freed by the caller.
 *
 * ASSAY_IO (with the system's words; also for a directory), ASSAY_TOO_LARGE,
 * ASSAY_NO_MEMORY. The message starts with the path. */
ASSAY_MUST_CHECK enum assay_code assay_file_read(const char *path, size_t max,
                                                 struct assay_buf *out,
                                                 struct assay_error *err);
/* The same for folders that only assay writes to: anything but a regular file
 * is ASSAY_IO, also a symbolic link, and nothing is ever waited for. */
ASSAY_MUST_CHECK enum assay_code assay_file_read_plain(const char *path,
                                                       size_t max,
                                                       struct assay_buf *out,
                                                       struct assay_error *err);
/* The same for a secret: what belongs to another user than this one or root, or
 * what others may read or write, is refused (ASSAY_INVALID), whatever kind of
 * file it is. It is looked at once it is open, so what is judged is what is
 * read. */
ASSAY_MUST_CHECK enum assay_code
assay_file_read_secret(const char *path, size_t max, struct assay_buf *out,
                       struct assay_error *err);
/* The same for standard input, which messages call "standard input". */
ASSAY_MUST_CHECK enum assay_code
assay_stdin_read(size_t max, struct assay_buf *out, struct assay_error *err);

/* A folder, and those above it, with mode 0700 where they are not there yet.
 * ASSAY_IO, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code assay_folder_make(const char *path,
                                                   struct assay_error *err);

/* When its content changed last. */
struct timespec assay_file_changed(const struct stat *st);

/* Replace a file as a whole: readers see the old content or the new one. mode
 * is narrowed by the umask. Until it is whole it has a name of its own in the
 * same folder (temp.h). Something that is no regular file (a device, a pipe) is
 * written to as it is. ASSAY_IO, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code assay_file_write(const char *path,
                                                  struct assay_slice content,
                                                  mode_t mode,
                                                  struct assay_error *err);
/* The same for a name that nothing has yet, not even a link that leads nowhere:
 * nothing is there, or all of it. */
ASSAY_MUST_CHECK enum assay_code
assay_file_write_new(const char *path, struct assay_slice content, mode_t mode,
                     struct assay_error *err);
/* The same for folders that only assay writes to: whatever has that name is
 * replaced, also a symbolic link or a pipe; nothing is written to what a link
 * names. */
ASSAY_MUST_CHECK enum assay_code assay_file_replace(const char *path,
                                                    struct assay_slice content,
                                                    mode_t mode,
                                                    struct assay_error *err);
