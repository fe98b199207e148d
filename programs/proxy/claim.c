/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * claim.c - see claim.h.
 */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "io/socket_name.h"

#define PATH_MAX_BYTES 4096u
#define SAFE           (O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

static int
open_lock(const char *path, int flags)
{
    char name[PATH_MAX_BYTES];

    if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(name, flags | SAFE, 0600);
}

static bool
is_trusted(const struct stat *st)
{
    return st->st_uid == geteuid() || st->st_uid == 0;
}

enum assay_code
claim_check_owner(const char *path, struct assay_error *err)
{
    struct stat link;
    struct stat file;

    assay_error_clear(err);
    if ((lstat(path, &link) == 0 && !is_trusted(&link)) ||
        (stat(path, &file) == 0 && !is_trusted(&file))) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "%.200s: belongs to another user", path);
    }
    return ASSAY_OK;
}

/* Another user could hold it for ever. */
static bool
is_own_file(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_trusted(&st);
}

static void
lock(int fd, const char *path, struct assay_error *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (!is_own_file(fd)) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "%.200s.lock: is not a file of this user", path);
    } else if (fcntl(fd, F_OFD_SETLK, &whole) == 0) {
        (void)unlink(path);
    } else if (errno == EAGAIN || errno == EACCES) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%.200s is that of a proxy that runs: give this one another "
                   "(--state FILE), or none (--state off)",
                   path);
    } else {
        assay_fail_uv(err, ASSAY_IO, -errno, "%.200s.lock", path);
    }
}

enum assay_code
claim_take(const char *path, int *fd, struct assay_error *err)
{
    struct stat st;

    *fd = -1;
    if (claim_check_owner(path, err) != ASSAY_OK) {
        return err->code;
    }
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return ASSAY_OK;
    }
    *fd = open_lock(path, O_RDWR | O_CREAT);
    if (*fd < 0) {
        return assay_fail_uv(err, ASSAY_IO, -errno, "%.200s.lock", path);
    }
    lock(*fd, path, err);
    if (err->code != ASSAY_OK) {
        (void)close(*fd);
        *fd = -1;
    }
    return err->code;
}

bool
claim_is_over(const char *path)
{
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    int fd = open_lock(path, O_RDONLY);
    bool over = fd >= 0 && is_own_file(fd) &&
                fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type == F_UNLCK;

    if (fd >= 0) {
        (void)close(fd);
    }
    return over;
}
