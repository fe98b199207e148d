/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * host.c - what comes of the host: random octets. There are no files and no
 * environment: those functions stand in place of wasi-libc's, which would ask.
 * Only OpenSSL calls them, for what is never used here: stores and directories
 * of certificates, variables that change settings.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/host_random.h"

#define RANDOM_PART_BYTES 256u /* what getentropy() gives at a time */

/* Octets that nobody has written: a host that says that it did. Of truly random
 * ones, 16 are all zero once in 2^128. */
static bool
is_untouched(const uint8_t *p, size_t n)
{
    uint8_t any = 0;

    for (size_t i = 0; i < n; i++) {
        any |= p[i];
    }
    return n >= 16 && any == 0;
}

bool
assay_host_random(uint8_t *out, size_t n)
{
    memset(out, 0, n);
    for (size_t at = 0; at < n; at += RANDOM_PART_BYTES) {
        size_t left = n - at;
        size_t part = left < RANDOM_PART_BYTES ? left : RANDOM_PART_BYTES;

        if (getentropy(out + at, part) != 0 || is_untouched(out + at, part)) {
            memset(out, 0, n); /* of which nothing is to be used */
            return false;
        }
    }
    return true;
}

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
