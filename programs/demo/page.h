/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page.h - the files of the page in a browser, all of them in memory: what is
 * not listed here is not served.
 */
#pragma once

#include <stdbool.h>

#include "assay/bytes.h"

#define PAGE_FILES            16u
#define PAGE_FILE_MAX_BYTES   (16u * 1024u * 1024u)
#define PAGE_FOLDER_MAX_BYTES 4096u
#define PAGE_PARENTS_MAX      4u /* of the programs, up to the source tree */

struct page {
    struct assay_buf content[PAGE_FILES];
    bool there[PAGE_FILES]; /* some may be missing */
};

/* folder: where index.html and assay-js/ are; NULL: where this program was
 * installed or built, whose folder is `programs`. *p is initialised here and
 * always freed by page_free(). ASSAY_NOT_FOUND, with the next step in the
 * message; errors of assay_file_read(). */
ASSAY_MUST_CHECK enum assay_code page_load(struct page *p, const char *folder,
                                           const char *programs,
                                           struct assay_error *err);
void page_free(struct page *p);
/* By the path of a URL; false: there is no such file. */
bool page_find(const struct page *p, struct assay_slice path,
               struct assay_slice *content, const char **type);
