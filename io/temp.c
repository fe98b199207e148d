/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE /* renameat2 */
#include "io/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_MAX   4096u /* at the same time, in one folder */
#define NAMES_SWEPT 64u   /* looked at for what was left, at least */
#define DIGITS_MAX  8u

static size_t
name_bytes(const char *path)
{
    return strlen(path) + sizeof(ASSAY_TEMP_PREFIX) + DIGITS_MAX;
}

/* The path of the name with this number, in the folder of `path`. */
static void
set_name(struct assay_temp *t, const char *path, unsigned number)
{
    const char *slash = strrchr(path, '/');
    int folder = slash == NULL ? 0 : (int)(slash - path) + 1;

    (void)snprintf(t->name, name_bytes(path), "%.*s" ASSAY_TEMP_PREFIX "%u",
                   folder, path, number);
}

/* The name is still that of this file. Whoever removes a name holds the lock
 * while he looks, and does. */
static bool
is_named(int fd, const char *name)
{
    struct stat file;
    struct stat named;

    return fstat(fd, &file) == 0 && lstat(name, &named) == 0 &&
           file.st_ino == named.st_ino && file.st_dev == named.st_dev;
}

/* Only what is a file of our own, and locked by nobody. */
static void
remove_if_left(const char *name)
{
    int fd =
        open(name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0) {
        return;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0 && is_named(fd, name)) {
        (void)unlink(name);
    }
    close(fd);
}

/* -1 and EEXIST: the name is another's, or was taken for one that was left
 * before there was a lock on it. */
static int
make(const char *name, mode_t mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd >= 0 &&
        ((flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) ||
         !is_named(fd, name))) {
        close(fd);
        errno = EEXIST;
        fd = -1;
    }
    return fd;
}

bool
assay_temp_open(struct assay_temp *t, const char *path, mode_t mode)
{
    unsigned number = 0;

    *t = (struct assay_temp){
        .fd = -1,
        .name = malloc(name_bytes(path)),
    };
    if (t->name == NULL) {
        return false;
    }
    for (unsigned i = 0; i < NAMES_SWEPT; i++) {
        set_name(t, path, i);
        remove_if_left(t->name);
    }
    do {
        set_name(t, path, number++);
        t->fd = make(t->name, mode);
    } while (t->fd < 0 && errno == EEXIST && number < NAMES_MAX);
    if (t->fd < 0) {
        int why = errno;

        free(t->name);
        errno = why;
    }
    return t->fd >= 0;
}

/* The lock goes last: until then nobody else touches the name. */
static void
end(struct assay_temp *t)
{
    int why = errno;

    close(t->fd);
    free(t->name);
    *t = (struct assay_temp){.fd = -1};
    errno = why;
}

void
assay_temp_drop(struct assay_temp *t)
{
    int why = errno;

    (void)unlink(t->name);
    errno = why;
    end(t);
}

bool
assay_temp_become(struct assay_temp *t, const char *path)
{
    if (rename(t->name, path) != 0) {
        assay_temp_drop(t);
        return false;
    }
    end(t);
    return true;
}

bool
assay_temp_become_new(struct assay_temp *t, const char *path)
{
    bool linked = link(t->name, path) == 0;

#ifdef RENAME_NOREPLACE /* Linux: some of its file systems have no links */
    if (!linked && errno != EEXIST &&
        renameat2(AT_FDCWD, t->name, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        end(t);
        return true;
    }
#endif
    assay_temp_drop(t);
    return linked;
}
