/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_prune.c - the folder of bundles stays small.
 */
#include "evidence_prune.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evidence_queue.h"
#include "io/evidence_file.h"
#include "io/file.h"

#define LISTED_MAX 200000u /* what is beyond waits for the next time */

struct file {
    struct timespec at;
    uint64_t size;
    bool newest;
    char name[EVIDENCE_NAME_MAX_BYTES + 1];
};

struct list {
    struct file *file;
    size_t count;
    size_t room;
};

static bool
make_room(struct list *l)
{
    size_t room = l->room > 0 ? 2 * l->room : 64;
    struct file *grown;

    if (l->count < l->room) {
        return true;
    }
    if (room > LISTED_MAX) {
        return false;
    }
    grown = realloc(l->file, room * sizeof(*grown));
    if (grown != NULL) {
        l->file = grown;
        l->room = room;
    }
    return grown != NULL;
}

static void
read_folder(DIR *dir, int fd, const char *newest, struct list *l)
{
    const struct dirent *e;
    struct stat st;

    while ((e = readdir(dir)) != NULL) {
        struct file *f;

        if (!assay_evidence_is_name(e->d_name) ||
            fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode)) {
            continue;
        }
        if (!make_room(l)) {
            return;
        }
        f = &l->file[l->count++];
        f->at = assay_file_changed(&st);
        f->size = (uint64_t)st.st_size;
        f->newest = strcmp(e->d_name, newest) == 0;
        memcpy(f->name, e->d_name, strlen(e->d_name) + 1);
    }
}

/* The newest first; of two of one moment, that of the later name. */
static int
compare(const void *a, const void *b)
{
    const struct file *x = a;
    const struct file *y = b;

    if (x->newest != y->newest) {
        return x->newest ? -1 : 1;
    }
    if (x->at.tv_sec != y->at.tv_sec) {
        return x->at.tv_sec < y->at.tv_sec ? 1 : -1;
    }
    if (x->at.tv_nsec != y->at.tv_nsec) {
        return x->at.tv_nsec < y->at.tv_nsec ? 1 : -1;
    }
    return strcmp(y->name, x->name);
}

static void
remove_rest(int fd, struct list *l, size_t max_files, uint64_t max_bytes)
{
    uint64_t bytes = 0;

    if (l->count > 0) {
        qsort(l->file, l->count, sizeof(l->file[0]), compare);
    }
    for (size_t i = 0; i < l->count; i++) {
        bytes += l->file[i].size;
        if (i > 0 && (i >= max_files || bytes > max_bytes)) {
            (void)unlinkat(fd, l->file[i].name, 0);
        }
    }
}

void
evidence_prune(const char *folder, size_t max_files, uint64_t max_bytes,
               const char *newest)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct list l = {.file = NULL};

    if (dir != NULL) {
        read_folder(dir, fd, newest, &l);
        remove_rest(fd, &l, max_files, max_bytes);
        closedir(dir); /* and fd */
    } else if (fd >= 0) {
        close(fd);
    }
    free(l.file);
}
