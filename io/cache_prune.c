/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/cache_prune.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"

#define NAMES_MAX 1024u

struct file {
    char name[256];
    struct timespec at;
    uint64_t size;
};

struct list {
    size_t count;
    struct file file[NAMES_MAX];
};

static bool
is_ours(const char *name)
{
    const char *end = strrchr(name, '.');

    return (strncmp(name, "tdx-", 4) == 0 || strncmp(name, "sgx-", 4) == 0) &&
           end != NULL && strcmp(end, ".json") == 0;
}

static void
read_folder(DIR *folder, int fd, struct list *l)
{
    const struct dirent *entry;
    struct stat st;

    while (l->count < NAMES_MAX && (entry = readdir(folder)) != NULL) {
        struct file *f = &l->file[l->count];

        if (is_ours(entry->d_name) && strlen(entry->d_name) < sizeof(f->name) &&
            fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode)) {
            memcpy(f->name, entry->d_name, strlen(entry->d_name) + 1);
            f->at = assay_file_changed(&st);
            f->size = (uint64_t)st.st_size;
            l->count++;
        }
    }
}

/* The newest first. */
static int
compare(const void *a, const void *b)
{
    const struct timespec *x = &((const struct file *)a)->at;
    const struct timespec *y = &((const struct file *)b)->at;

    if (x->tv_sec != y->tv_sec) {
        return x->tv_sec < y->tv_sec ? 1 : -1;
    }
    return x->tv_nsec == y->tv_nsec ? 0 : x->tv_nsec < y->tv_nsec ? 1 : -1;
}

static void
prune(int folder, struct list *l)
{
    uint64_t bytes = 0;
    size_t files = 0;

    qsort(l->file, l->count, sizeof(l->file[0]), compare);
    for (size_t i = 0; i < l->count; i++) {
        const struct file *f = &l->file[i];
        bool fits = i == 0 || (files < ASSAY_CACHE_FILES_MAX &&
                               bytes + f->size <= ASSAY_CACHE_BYTES_MAX);

        if (!fits) {
            (void)unlinkat(folder, f->name, 0);
        } else {
            files++;
            bytes += f->size;
        }
    }
}

void
assay_cache_prune(const char *path)
{
    DIR *folder = opendir(path);
    struct list *l = calloc(1, sizeof(*l));
    int fd = folder != NULL ? dirfd(folder) : -1;

    if (fd >= 0 && l != NULL) {
        read_folder(folder, fd, l);
        prune(fd, l);
    }
    free(l);
    if (folder != NULL) {
        closedir(folder);
    }
}
