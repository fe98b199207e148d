/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * documents.h - whether documents speak of what there is.
 */
#pragma once

#include <stdio.h>

#include "base/buf.h"
#include "harness/unit.h"
#include "io/file.h"

/* A file of the sources, by its path among them; freed with free(). */
static inline char *
document_read(const char *path)
{
    const char *source = getenv("ASSAY_SOURCE");
    struct assay_error err;
    struct assay_buf text;
    char full[512];

    assay_error_clear(&err);
    snprintf(full, sizeof(full), "%s/%s", source != NULL ? source : ".", path);
    assert_int_equal(assay_file_read(full, 1u << 20, &text, &err), ASSAY_OK);
    assay_buf_add_u8(&text, '\0');
    return (char *)text.ptr;
}

/* The same from here to there; neither is missing. */
static inline char *
document_part(const char *path, const char *from, const char *to)
{
    char *text = document_read(path);
    const char *start = strstr(text, from);
    const char *end = start != NULL ? strstr(start, to) : NULL;
    char *part = NULL;

    if (end == NULL) {
        fail_msg("not in %s: %s ... %s", path, from, to);
    } else {
        part = strndup(start, (size_t)(end - start));
    }
    free(text);
    return part;
}

/* A name that goes on with a letter or a hyphen is another's. */
static inline bool
mentions(const char *text, const char *before, const char *name)
{
    char needle[128];

    snprintf(needle, sizeof(needle), "%s%s", before, name);
    for (const char *p = strstr(text, needle); p != NULL;
         p = strstr(p + 1, needle)) {
        char after = p[strlen(needle)];

        if (after != '-' && !(after >= 'a' && after <= 'z')) {
            return true;
        }
    }
    return false;
}

/* Of an option, among the pieces of a program's help; NULL behind the last. */
static inline bool
helps(const char *const *help, const char *name)
{
    bool found = false;

    for (; *help != NULL; help++) {
        found = found || mentions(*help, "--", name);
    }
    return found;
}
