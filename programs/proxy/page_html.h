/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page_html.h - the document that a page is made from, and writing HTML. Every
 * text of it may be a stranger's: a server's, or whoever is in its place.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"

struct page {
    const struct assay_json *json;
    struct assay_buf *to;
    int64_t now_s; /* as the document says */
};

/* --- reading ------------------------------------------------------------ */

/* A member's text; empty where it is none. */
struct assay_slice page_string(const struct page *p, uint32_t node,
                               const char *name);
uint64_t page_number(const struct page *p, uint32_t node, const char *name);
bool page_is_true(const struct page *p, uint32_t node, const char *name);
/* Is the member there, and not null? */
bool page_has(const struct page *p, uint32_t node, const char *name);

/* --- writing ------------------------------------------------------------ */

/* Markup of our own. */
void page_raw(const struct page *p, const char *html);
/* Text, in content or in an attribute with quotes: whatever could end either,
 * or could reorder what is around it (bidirectional controls), stands for
 * itself only. */
void page_text(const struct page *p, struct assay_slice text);
void page_plain(const struct page *p, const char *text);
void page_count(const struct page *p, uint64_t n);
/* The same for a POSIX shell, as one word, in HTML. */
void page_word(const struct page *p, struct assay_slice text);
/* "2026-01-01 00:00:00 UTC (5 minutes ago)". */
void page_time(const struct page *p, struct assay_slice rfc3339);

/* A row of a list of names and values: <dt>, <dd>; code: it is no prose. */
void page_row_begin(const struct page *p, const char *name, bool code);
void page_row_end(const struct page *p);
/* The whole row, and none where the text is empty. */
void page_row(const struct page *p, const char *name, bool code,
              struct assay_slice text);
