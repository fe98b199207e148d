/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page.c - see page.h.
 */
#include "page.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "io/file.h"

#define HTML "text/html; charset=utf-8"
#define CSS  "text/css; charset=utf-8"
#define JS   "text/javascript; charset=utf-8"
#define JSON "application/json"
#define PEM  "application/x-pem-file"

/* Of the package (folder "assay-js" of the page), or of the page itself. */
enum part { OWN, PACKAGE };

static const struct {
    const char *path; /* of the URL */
    const char *file; /* in its part's folder */
    enum part part;
    const char *type;
    bool optional;
} files[] = {
    {"/", "index.html", OWN, HTML, false},
    {"/demo.css", "demo.css", OWN, CSS, false},
    {"/demo.js", "demo.js", OWN, JS, false},
    {"/chat.js", "chat.js", OWN, JS, false},
    {"/verdict.js", "verdict.js", OWN, JS, false},
    {"/checks.js", "checks.js", OWN, JS, false},
    {"/changes.js", "changes.js", OWN, JS, false},
    {"/panel.js", "panel.js", OWN, JS, false},
    {"/scenes.js", "scenes.js", OWN, JS, false},
    {"/icon.svg", "icon.svg", OWN, "image/svg+xml", false},
    {"/assay-js/index.js", "index.js", PACKAGE, JS, false},
    {"/assay-js/assay.wasm", "assay.wasm", PACKAGE, "application/wasm", false},
    {"/assay-js/roots.pem", "roots.pem", PACKAGE, PEM, false},
    {"/assay-js/worker.js", "worker.js", PACKAGE, JS, true},
    {"/assay-js/index.js.map", "index.js.map", PACKAGE, JSON, true},
    {"/assay-js/worker.js.map", "worker.js.map", PACKAGE, JSON, true},
};
#define FILES (sizeof(files) / sizeof(files[0]))
_Static_assert(FILES <= PAGE_FILES, "the page has no room for them");

/* Where the two parts may be, from a folder on. */
static const char *const places[][2] = {
    {"", "/assay-js"},
    {"/share/assay/browser", "/share/assay/browser/assay-js"},
    {"/bindings/js/demo", "/bindings/js/dist"},
};
enum place { GIVEN, INSTALLED, SOURCE };

struct folders {
    char part[2][PAGE_FOLDER_MAX_BYTES + 64];
};

static void
set_folders(struct folders *f, const char *from, enum place place)
{
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(f->part[i], sizeof(f->part[i]), "%.*s%s",
                       (int)PAGE_FOLDER_MAX_BYTES, from, places[place][i]);
    }
}

static bool
has(const char *folder, const char *file)
{
    char path[PAGE_FOLDER_MAX_BYTES + 128];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, file);
    return access(path, R_OK) == 0;
}

/* PREFIX/bin, or a folder of the build somewhere below the source. */
static bool
find_folders(struct folders *f, const char *programs)
{
    char from[PAGE_FOLDER_MAX_BYTES];

    (void)snprintf(from, sizeof(from), "%s", programs);
    for (unsigned i = 0; i < PAGE_PARENTS_MAX; i++) {
        char *slash = strrchr(from, '/');

        if (slash == NULL) {
            return false;
        }
        *slash = '\0';
        for (enum place place = INSTALLED; place <= SOURCE; place++) {
            set_folders(f, from, place);
            if (has(f->part[OWN], files[0].file)) {
                return true;
            }
        }
    }
    return false;
}

static enum assay_code
fail_missing(const struct folders *f, size_t i, bool given,
             struct assay_error *err)
{
    return assay_fail(
        err, ASSAY_NOT_FOUND, ASSAY_NO_OFFSET, "%.120s/%s: no such file; %s",
        f->part[files[i].part], files[i].file,
        given ? "--page-dir has the page, and assay-js/ the npm package's dist/"
        : files[i].part == PACKAGE
            ? "build it by ./run wasm"
            : "install assay whole, or name the page by --page-dir");
}

static enum assay_code
load_file(struct page *p, const struct folders *f, size_t i,
          struct assay_error *err)
{
    char path[PAGE_FOLDER_MAX_BYTES + 128];

    (void)snprintf(path, sizeof(path), "%s/%s", f->part[files[i].part],
                   files[i].file);
    if (assay_file_read(path, PAGE_FILE_MAX_BYTES, &p->content[i], err) ==
        ASSAY_OK) {
        p->there[i] = true;
    }
    return err->code;
}

enum assay_code
page_load(struct page *p, const char *folder, const char *programs,
          struct assay_error *err)
{
    struct folders f;

    memset(p, 0, sizeof(*p));
    assay_error_clear(err);
    if (folder != NULL) {
        set_folders(&f, folder, GIVEN);
    } else if (!find_folders(&f, programs)) {
        return assay_fail(err, ASSAY_NOT_FOUND, ASSAY_NO_OFFSET,
                          "the page is neither installed beside %.150s nor in "
                          "a source tree above it; name it by --page-dir",
                          programs);
    }
    for (size_t i = 0; i < FILES && err->code == ASSAY_OK; i++) {
        if (has(f.part[files[i].part], files[i].file)) {
            (void)!load_file(p, &f, i, err);
        } else if (!files[i].optional) {
            (void)fail_missing(&f, i, folder != NULL, err);
        }
    }
    return err->code;
}

void
page_free(struct page *p)
{
    for (size_t i = 0; i < PAGE_FILES; i++) {
        assay_buf_free(&p->content[i]);
    }
}

bool
page_find(const struct page *p, struct assay_slice path,
          struct assay_slice *content, const char **type)
{
    for (size_t i = 0; i < FILES; i++) {
        if (p->there[i] && assay_slice_is(path, files[i].path)) {
            *content = assay_buf_slice(&p->content[i]);
            *type = files[i].type;
            return true;
        }
    }
    return false;
}
