/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * folder.c - see folder.h.
 */
#define _XOPEN_SOURCE 700
#include "folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

#define DEPTH_MAX 8

static enum assay_code
make(struct folder *f, const char *keep, struct assay_error *err)
{
    const char *tmp = getenv("TMPDIR");
    int n = keep != NULL
                ? snprintf(f->path, sizeof(f->path), "%s", keep)
                : snprintf(f->path, sizeof(f->path), "%s/assay-demo-XXXXXX",
                           tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");

    if (n < 0 || (size_t)n >= sizeof(f->path)) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                          "the name of the folder is too long");
    }
    if (keep != NULL ? mkdir(f->path, 0700) != 0 : mkdtemp(f->path) == NULL) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "%.150s: %s", f->path,
                          strerror(errno));
    }
    return ASSAY_OK;
}

enum assay_code
folder_enter(struct folder *f, const char *keep, struct assay_error *err)
{
    assay_error_clear(err);
    f->keep = keep != NULL;
    if (make(f, keep, err) != ASSAY_OK) {
        return err->code;
    }
    if (chdir(f->path) != 0 || getcwd(f->path, sizeof(f->path)) == NULL) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "%.150s: %s", f->path,
                          strerror(errno));
    }
    return ASSAY_OK;
}

static int
remove_entry(const char *path, const struct stat *about, int kind,
             struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

void
folder_leave(const struct folder *f)
{
    if (!f->keep && chdir("/") == 0) {
        (void)nftw(f->path, remove_entry, DEPTH_MAX, FTW_DEPTH | FTW_PHYS);
    }
}
