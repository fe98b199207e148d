/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * temp.h - a file that is written under a name of its own, and takes the place
 * of another once it is whole.
 *
 * The names are the same for all files of a folder, .assay-tmp-0 and so on, and
 * who writes holds a lock (flock) on the file. So a name whose lock is free
 * belongs to nobody who lives: the next to write there removes it. What a
 * writer that was killed has left does not stay, and nobody loses a file that
 * is being written, however long that takes. Where the file system knows no
 * locks, what was left stays.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define ASSAY_TEMP_PREFIX ".assay-tmp-"

struct assay_temp {
    int fd;     /* to be written to */
    char *name; /* its path */
};

/* A new file in the folder of `path`, with this mode, narrowed by the umask;
 * and what others have left there is removed. False: errno says why. */
bool assay_temp_open(struct assay_temp *t, const char *path, mode_t mode);
/* It takes the place of whatever is called `path`, which is in the same folder;
 * of a symbolic link, not of what that names. False: errno says why, and the
 * file is removed. Over in any case. */
bool assay_temp_become(struct assay_temp *t, const char *path);
/* The same where nothing has that name yet, not even a link that leads nowhere.
 * EEXIST: something has. */
bool assay_temp_become_new(struct assay_temp *t, const char *path);
/* Removed, and over. errno stays. */
void assay_temp_drop(struct assay_temp *t);
