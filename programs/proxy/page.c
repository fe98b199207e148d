/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page.c - the page of GET /.
 */
#include "page.h"

void
page_put(struct assay_slice document, struct assay_buf *to)
{
    assay_buf_add_text(to, "<!doctype html><meta charset=utf-8><pre>");
    for (size_t i = 0; i < document.len; i++) {
        assay_buf_printf(to, "&#%u;", document.ptr[i]);
    }
    assay_buf_add_text(to, "</pre>");
}
