/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/mark_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "io/file.h"

static bool
is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* More than this user and root can change what is in there. In a folder with
 * the sticky bit nobody can but who made it. */
static bool
is_open(const struct stat *st, bool sticky_is_safe)
{
    bool open = (st->st_mode & S_IWOTH) != 0;

    return (st->st_uid != geteuid() && st->st_uid != 0) ||
           (open && !(sticky_is_safe && (st->st_mode & S_ISVTX) != 0));
}

/* Marks can be taken away there, or made; or the whole folder be exchanged. */
static bool
is_of_others(int folder)
{
    struct stat own;
    struct stat above;

    return folder < 0 || fstat(folder, &own) != 0 ||
           fstatat(folder, "..", &above, 0) != 0 || is_open(&own, false) ||
           is_open(&above, true);
}

/* From the beginning. Returns 0 or an errno. */
static int
read_names(DIR *folder, void (*each)(void *user, const struct assay_mark *m),
           void *user, struct assay_marks_found *found)
{
    const struct dirent *entry;
    struct assay_mark m;
    size_t names = 0;

    found->strange = 0;
    found->more = false;
    rewinddir(folder);
    errno = 0;
    while (!found->more && (entry = readdir(folder)) != NULL) {
        if (is_dots(entry->d_name)) {
            continue;
        }
        found->more = names++ == ASSAY_MARKS_READ_MAX;
        if (assay_mark_read(entry->d_name, &m)) {
            each(user, &m);
        } else {
            found->strange++;
        }
        errno = 0;
    }
    return errno;
}

/* Twice: a mark that is made behind the reader, while the one that it overtakes
 * is removed before him, is nowhere the first time. */
int
assay_marks_load(const char *path,
                 void (*each)(void *user, const struct assay_mark *m),
                 void *user, struct assay_marks_found *found)
{
    DIR *folder = opendir(path);
    int fault = 0;

    *found = (struct assay_marks_found){.strange = 0};
    if (folder == NULL) {
        return errno;
    }
    found->others = is_of_others(dirfd(folder));
    for (int pass = 0; pass < 2 && fault == 0; pass++) {
        fault = read_names(folder, each, user, found);
    }
    closedir(folder);
    return fault;
}

/* Names that `kept`, which is in the folder by now, has overtaken. */
static void
remove_overtaken(const char *path, int fd, const struct assay_mark *kept)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    struct assay_mark m;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (assay_mark_read(entry->d_name, &m) &&
            strcmp(m.key, kept->key) == 0 && m.number < kept->number) {
            (void)unlinkat(fd, entry->d_name, 0);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

/* One more name of another root was made: the oldest goes if there are too
 * many. */
static void
forget_an_other(const char *path, int fd, size_t others_max)
{
    DIR *folder = opendir(path);
    char oldest[ASSAY_MARK_NAME_MAX] = "";
    struct timespec changed;
    struct timespec at = {0, 0};
    const struct dirent *entry;
    size_t others = 0;
    struct stat st;
    struct assay_mark m;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (!assay_mark_read(entry->d_name, &m) || assay_mark_is_intels(&m) ||
            fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        changed = assay_file_changed(&st);
        if (others++ == 0 || changed.tv_sec < at.tv_sec ||
            (changed.tv_sec == at.tv_sec && changed.tv_nsec < at.tv_nsec)) {
            at = changed;
            assay_mark_write(&m, oldest);
        }
    }
    if (others > others_max) {
        (void)unlinkat(fd, oldest, 0);
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

static enum assay_code
fail_store(const char *path, struct assay_error *err)
{
    return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                      "%s: cannot remember the TCB evaluation: %s", path,
                      strerror(errno));
}

enum assay_code
assay_marks_store(const char *path, const struct assay_mark *m,
                  size_t others_max, struct assay_error *err)
{
    char name[ASSAY_MARK_NAME_MAX];
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd;

    if (folder < 0) {
        return fail_store(path, err);
    }
    assay_mark_write(m, name);
    fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST) {
        (void)fail_store(path, err);
    } else {
        (void)fsync(folder); /* or the higher one might be lost alone */
        remove_overtaken(path, folder, m);
        if (!assay_mark_is_intels(m)) {
            forget_an_other(path, folder, others_max);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    close(folder);
    return err->code;
}
