/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * folder.h - the folder that a test writes into.
 */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

/* Removes the files in it, which a test has left. */
static inline void
folder_clear(const char *path)
{
    DIR *d = opendir(path);
    int fd = d != NULL ? dirfd(d) : -1;
    const struct dirent *e;

    while (fd >= 0 && (e = readdir(d)) != NULL) {
        (void)unlinkat(fd, e->d_name, 0);
    }
    if (d != NULL) {
        closedir(d);
    }
}

/* How many names are in it. */
static inline size_t
folder_count(const char *path)
{
    DIR *d = opendir(path);
    size_t n = 0;

    while (d != NULL && readdir(d) != NULL) {
        n++;
    }
    if (d != NULL) {
        closedir(d);
    }
    return n - 2; /* . and .. */
}
