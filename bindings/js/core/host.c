/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * host.c - there are no files and no environment: in place of wasi-libc's
 * functions, which would ask the host. Only OpenSSL calls them, for what is
 * never used here: stores and directories of certificates, variables that
 * change settings.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

char *
getenv(const char *name)
{
    (void)name;
    return NULL;
}

DIR *
opendir(const char *path)
{
    (void)path;
    errno = ENOENT;
    return NULL;
}

struct dirent *
readdir(DIR *directory)
{
    (void)directory;
    return NULL;
}

int
closedir(DIR *directory)
{
    (void)directory;
    return 0;
}

int
stat(const char *restrict path, struct stat *restrict out)
{
    (void)path;
    (void)out;
    errno = ENOENT;
    return -1;
}
