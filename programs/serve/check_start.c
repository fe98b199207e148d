/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * check_start.c - what a start would do and --check does not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "check.h"
#include "daemon/sandbox.h"
#include "io/socket_name.h"
#include "settings.h"

/* Can something be made in the folder of this path? */
static void
check_folder_of(const char *path, struct assay_error *err)
{
    char *folder = strdup(path);
    char *slash = folder != NULL ? strrchr(folder, '/') : NULL;
    const char *in = ".";

    if (slash != NULL) {
        slash[slash == folder ? 1 : 0] = '\0';
        in = folder;
    }
    if (folder == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "settings");
    } else if (access(in, W_OK | X_OK) != 0) {
        assay_fail_uv(err, ASSAY_IO, -errno, "%.200s: cannot write", path);
    }
    free(folder);
}

static void
check_written(const char *path, struct assay_error *err)
{
    struct stat st;

    if (path[0] == '\0') {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "the name of a file is empty");
    } else if (stat(path, &st) != 0) {
        check_folder_of(path, err);
    } else if (S_ISDIR(st.st_mode)) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "%.200s: is a directory, not a file", path);
    } else if (access(path, W_OK) != 0) {
        assay_fail_uv(err, ASSAY_IO, -errno, "%.200s: cannot write", path);
    }
}

static void
check_socket(const struct assay_address *a, struct assay_error *err)
{
    if (a->is_unix) {
        check_folder_of(a->path, err);
    }
}

enum assay_code
check_start(const struct options *o, struct assay_error *err)
{
    assay_error_clear(err);
    check_socket(&o->listen, err);
    if (o->has_admin && err->code == ASSAY_OK) {
        check_socket(&o->admin, err);
    }
    for (size_t i = 0; i < serve_settings.count && err->code == ASSAY_OK; i++) {
        const char *value = o->given.texts[i];

        if (setting_is_file(&serve_settings.rows[i], value, WRITES)) {
            check_written(value, err);
        }
    }
    if (err->code == ASSAY_OK && o->sandbox == SANDBOX_STRICT) {
        (void)!sandbox_check(err);
    }
    return err->code;
}
