/* Target functions: page_put
 *
 * SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A status document, whose texts may be anybody's: the page of it is whole, and
 * has no markup but its own.
 */
#include "harness/fuzz.h"
#include "harness/html.h"
#include "programs/proxy/page.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_buf page;
    struct html h;

    assay_buf_init(&page, 64u * 1024u * 1024u);
    page_put((struct assay_slice){data, size}, &page);
    PROMISE(!page.failed);
    html_read(&h, assay_buf_slice(&page));
    if (h.fault != NULL) {
        (void)fprintf(stderr, "%s\n", h.fault);
    }
    PROMISE(h.fault == NULL);
    assay_buf_free(&h.tags);
    assay_buf_free(&page);
    return 0;
}
