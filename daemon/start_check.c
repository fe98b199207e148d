/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * start_check.c - see start_check.h.
 */
#include "daemon/start_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assay/session.h"
#include "base/bytes.h"
#include "base/error.h"
#include "io/fetch.h"
#include "io/file.h"
#include "io/socket_name.h"

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
start_check(const struct settings *all, const struct given *g, enum sandbox how,
            const struct assay_address *const *sockets, size_t count,
            struct assay_error *err)
{
    assay_error_clear(err);
    for (size_t i = 0; i < count && err->code == ASSAY_OK; i++) {
        if (sockets[i] != NULL) {
            check_socket(sockets[i], err);
        }
    }
    for (size_t i = 0; i < all->count && err->code == ASSAY_OK; i++) {
        const char *value = g->texts[i];

        if (setting_is_file(&all->rows[i], value, WRITES)) {
            check_written(value, err);
        }
    }
    if (err->code == ASSAY_OK && how == SANDBOX_STRICT) {
        (void)!sandbox_check(err);
    }
    return err->code;
}

enum assay_code
start_try_roots(const char *file, const struct assay_ctx *ctx,
                struct assay_error *err)
{
    struct assay_tls_roots *roots = NULL;
    struct assay_buf pem;
    size_t count = 0;

    assay_error_clear(err);
    if (assay_file_read(file, ASSAY_FETCH_ROOTS_MAX_BYTES, &pem, err) !=
        ASSAY_OK) {
        return err->code;
    }
    if (assay_tls_roots_parse(ctx, assay_buf_slice(&pem), &roots, &count,
                              err) != ASSAY_OK) {
        assay_error_prefix(err, "%s", file);
    } else if (count == 0) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%.200s: has no certificate", file);
    }
    assay_tls_roots_free(roots);
    assay_buf_free(&pem);
    return err->code;
}

void
start_put_address(const char *what, const struct assay_address *a,
                  struct assay_buf *to)
{
    bool v6 = !a->is_unix && strchr(a->host, ':') != NULL;

    if (a->is_unix) {
        assay_buf_printf(to, "%s: unix:%s\n", what, a->path);
    } else {
        assay_buf_printf(to, "%s: %s%s%s:%s\n", what, v6 ? "[" : "", a->host,
                         v6 ? "]" : "", a->port);
    }
}

/* Its group may be one that was made for it. */
static bool
is_for_all(const char *key)
{
    struct stat st;

    return stat(key, &st) == 0 && S_ISREG(st.st_mode) &&
           (st.st_mode & S_IRWXO) != 0;
}

void
start_describe_key(const char *file, struct assay_buf *to)
{
    if (is_for_all(file)) {
        assay_buf_printf(to, "key: %s, which every user may use\n", file);
    }
}

void
start_warn_of_key(const char *file, const struct log *log)
{
    if (is_for_all(file)) {
        log_event(log, LOG_WARNING, "every user may use a key",
                  (struct log_field[]){{"file", assay_slice_of(file)}}, 1);
    }
}
