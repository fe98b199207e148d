/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cache.c - bundles kept on disk until they run out.
 */
#include "io/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "io/cache_prune.h"
#include "io/file.h"
#include "io/home.h"
#include "search/bundle_name.h"

/* The folder; false if there is no such place. */
static bool
add_folder(struct assay_buf *path)
{
    if (!assay_home_add(path, "XDG_CACHE_HOME", ".cache")) {
        return false;
    }
    assay_buf_add_text(path, "/assay");
    return true;
}

char *
assay_cache_folder(void)
{
    struct assay_buf path;
    char *folder = NULL;

    assay_buf_init(&path, PATH_MAX);
    if (add_folder(&path)) {
        assay_buf_add_u8(&path, 0);
        folder = path.failed ? NULL : strdup((const char *)path.ptr);
    }
    assay_buf_free(&path);
    return folder;
}

char *
assay_cache_path(const struct assay_gather_request *request)
{
    char name[ASSAY_BUNDLE_NAME_MAX];
    struct assay_buf path;
    char *result = NULL;

    assay_buf_init(&path, PATH_MAX);
    if (add_folder(&path)) {
        assay_bundle_name(request, name);
        assay_buf_printf(&path, "/%s", name);
        assay_buf_add_u8(&path, 0);
        result = path.failed ? NULL : strdup((const char *)path.ptr);
    }
    assay_buf_free(&path);
    return result;
}

static bool
is_listed(const struct assay_collateral_need *list, size_t count,
          const struct assay_collateral_need *need)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(&list[i], need, sizeof(*need)) == 0) {
            return true;
        }
    }
    return false;
}

/* What a folder has, up to max kinds; errno says what is wrong with it. */
static size_t
list_needs(DIR *folder, struct assay_collateral_need *out, size_t max)
{
    const struct dirent *entry;
    struct assay_collateral_need need;
    size_t count = 0;

    errno = 0;
    while (count < max && (entry = readdir(folder)) != NULL) {
        if (assay_bundle_name_read(entry->d_name, &need) &&
            !is_listed(out, count, &need)) {
            out[count++] = need;
        }
    }
    return count;
}

enum assay_code
assay_cache_needs(struct assay_collateral_need *out, size_t max, size_t *count,
                  struct assay_error *err)
{
    char *path = assay_cache_folder();
    DIR *folder;

    *count = 0;
    assay_error_clear(err);
    if (path == NULL) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, ASSAY_NO_CACHE_WORDS);
    }
    folder = opendir(path);
    if (folder != NULL) {
        *count = list_needs(folder, out, max);
    }
    if (errno != 0 && errno != ENOENT) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "%s: cannot read: %s", path,
                   strerror(errno));
    }
    if (folder != NULL) {
        closedir(folder);
    }
    free(path);
    return err->code;
}

enum assay_code
assay_cache_load(const char *path, struct assay_buf *bundle,
                 struct assay_error *err)
{
    assay_error_clear(err);
    assay_buf_init(bundle, 0);
    if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
        errno == ENOENT) {
        return ASSAY_OK;
    }
    if (assay_file_read_plain(path, ASSAY_BUNDLE_MAX_BYTES, bundle, err) ==
            ASSAY_OK &&
        bundle->len == 0) {
        assay_fail(err, ASSAY_TRUNCATED, 0, "%s: is empty", path);
    }
    return err->code;
}

enum assay_code
assay_cache_store(const char *path, struct assay_slice bundle,
                  struct assay_error *err)
{
    const char *end = strrchr(path, '/');
    char *folder = strndup(path, end != NULL ? (size_t)(end - path) : 0);

    assay_error_clear(err);
    if (folder == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s", path);
    }
    if (assay_folder_make(folder, err) == ASSAY_OK &&
        assay_file_replace(path, bundle, 0600, err) == ASSAY_OK) {
        assay_cache_prune(folder);
    }
    free(folder);
    return err->code;
}
