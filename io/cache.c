/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cache.c - bundles kept on disk until they run out.
 */
#include "io/cache.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "io/file.h"

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

/* FNV-1a over the list of sources. It only keeps the files of different lists
 * apart; a collision would show the bundle of the other list, which is
 * verified all the same. */
static uint64_t
hash_sources(const struct assay_pcs_request *request)
{
    uint64_t h = FNV_OFFSET;

    for (size_t i = 0; i < request->source_count; i++) {
        const char *s = request->sources[i];
        for (size_t k = 0; k <= strlen(s); k++) {
            h = (h ^ (uint8_t)s[k]) * FNV_PRIME;
        }
    }
    return h;
}

/* As the XDG Base Directory Specification wants it: relative paths in the
 * variable are to be ignored. */
static bool
add_cache_home(struct assay_buf *path)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (xdg != NULL && xdg[0] == '/') {
        assay_buf_add_text(path, xdg);
    } else if (home != NULL && home[0] == '/') {
        assay_buf_printf(path, "%s/.cache", home);
    } else {
        return false;
    }
    return true;
}

char *
assay_cache_path(const struct assay_pcs_request *request)
{
    const struct assay_collateral_need *need = request->need;
    struct assay_buf path;
    char *result = NULL;

    assay_buf_init(&path, PATH_MAX);
    if (add_cache_home(&path)) {
        assay_buf_printf(&path, "/assay/%s-%s-%s", need->tdx ? "tdx" : "sgx",
                         need->fmspc, need->ca);
        if (request->early) {
            assay_buf_add_text(&path, "-early");
        }
        if (request->evaluation != 0) {
            assay_buf_printf(&path, "-eval%u", request->evaluation);
        }
        assay_buf_printf(&path, "-%016llx.json",
                         (unsigned long long)hash_sources(request));
        assay_buf_add_u8(&path, 0);
        if (!path.failed) {
            result = strdup((const char *)path.ptr);
        }
    }
    assay_buf_free(&path);
    return result;
}

bool
assay_cache_load(const struct assay_ctx *ctx, const char *path,
                 struct assay_collateral **out)
{
    struct assay_error ignored;
    struct assay_buf bundle;

    *out = NULL;
    if (assay_file_read(path, ASSAY_BUNDLE_MAX_BYTES, &bundle, &ignored) !=
        ASSAY_OK) {
        return false;
    }
    if (assay_collateral_parse(ctx, assay_buf_slice(&bundle), out, &ignored) !=
        ASSAY_OK) {
        *out = NULL;
    }
    assay_buf_free(&bundle);
    return *out != NULL;
}

/* Each folder above the file that is not there yet. */
static enum assay_code
make_parents(const char *path, struct assay_error *err)
{
    char *copy = strdup(path);

    if (copy == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s", path);
    }
    for (char *c = copy + 1; *c != '\0'; c++) {
        if (*c != '/') {
            continue;
        }
        *c = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
            assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "%s: cannot make: %s",
                       copy, strerror(errno));
            break;
        }
        *c = '/';
    }
    free(copy);
    return err->code;
}

enum assay_code
assay_cache_store(const char *path, struct assay_slice bundle,
                  struct assay_error *err)
{
    assay_error_clear(err);
    if (make_parents(path, err) != ASSAY_OK) {
        return err->code;
    }
    return assay_file_write(path, bundle, 0600, err);
}
