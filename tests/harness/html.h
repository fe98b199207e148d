/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * html.h - the status page as a browser's tokenizer sees it, as far as needed
 * to say that no text has become markup: tags that we know, attributes of ours,
 * nested as they should be.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/bytes.h"

#define HTML_DEPTH_MAX 32u

struct html {
    struct assay_slice rest;
    size_t depth;
    char open[HTML_DEPTH_MAX][16];
    struct assay_buf tags; /* all of them, one a line: the page without text */
    const char *fault;     /* the first; NULL: none */
};

static inline void
html_fault(struct html *h, const char *what)
{
    h->fault = h->fault != NULL ? h->fault : what;
}

static inline bool
html_is_known(const char *name, bool *is_void)
{
    static const char *const known[] = {
        "html",  "head",  "title", "style",   "body",    "header", "h1",
        "h2",    "h3",    "p",     "main",    "nav",     "ul",     "li",
        "a",     "span",  "b",     "section", "footer",  "dl",     "div",
        "dt",    "dd",    "time",  "strong",  "details", "pre",    "summary",
        "table", "thead", "tbody", "tr",      "th",      "td",     "meta"};

    *is_void = strcmp(name, "meta") == 0;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(name, known[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Attributes: names of ours, and links to nowhere else. */
static inline void
html_check_attributes(struct html *h, struct assay_slice in)
{
    static const char *const known[] = {
        " lang=en",
        " charset=utf-8",
        " name=viewport content=\"width=device-width, initial-scale=1\"",
        " name=color-scheme content=\"light dark\"",
        " name=referrer content=no-referrer",
        " aria-label=Providers",
        " aria-hidden=true",
        " open",
        " href=\"/.well-known/assay\"",
    };
    static const char *const begun[] = {" class=", " href=\"#p", " id=p"};

    if (in.len == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (assay_slice_is(in, known[i])) {
            return;
        }
    }
    for (size_t i = 0; i < sizeof(begun) / sizeof(begun[0]); i++) {
        if (in.len > strlen(begun[i]) &&
            memcmp(in.ptr, begun[i], strlen(begun[i])) == 0) {
            for (size_t k = strlen(begun[i]); k < in.len; k++) {
                if (!assay_is_letter(in.ptr[k]) && !assay_is_digit(in.ptr[k]) &&
                    strchr("\"= ", in.ptr[k]) == NULL) {
                    html_fault(h, "an attribute's value");
                }
            }
            return;
        }
    }
    html_fault(h, "an attribute");
}

static inline void
html_take_name(struct html *h, const char *name, bool closes, bool is_void)
{
    if (closes) {
        if (h->depth == 0 || strcmp(h->open[h->depth - 1], name) != 0) {
            html_fault(h, "an end tag without its start");
        } else {
            h->depth--;
        }
    } else if (!is_void) {
        if (h->depth == HTML_DEPTH_MAX) {
            html_fault(h, "depth");
        } else {
            (void)snprintf(h->open[h->depth++], sizeof(h->open[0]), "%s", name);
        }
    }
}

/* From the '<' on. */
static inline void
html_take_tag(struct html *h)
{
    const uint8_t *end = memchr(h->rest.ptr, '>', h->rest.len);
    size_t len = end != NULL ? (size_t)(end - h->rest.ptr) + 1 : h->rest.len;
    bool closes = len > 1 && h->rest.ptr[1] == '/';
    size_t at = closes ? 2 : 1;
    char name[16] = "";
    size_t n = 0;
    bool is_void = false;

    if (end == NULL) {
        html_fault(h, "a tag without an end");
    }
    assay_buf_add(&h->tags, (struct assay_slice){h->rest.ptr, len});
    assay_buf_add_u8(&h->tags, '\n');
    while (
        at < len && n < sizeof(name) - 1 &&
        (assay_is_letter(h->rest.ptr[at]) || assay_is_digit(h->rest.ptr[at]))) {
        name[n++] = (char)h->rest.ptr[at++];
    }
    if (!html_is_known(name, &is_void)) {
        html_fault(h, "a tag that is not ours");
    }
    if (end != NULL) {
        html_check_attributes(
            h, (struct assay_slice){h->rest.ptr + at, len - 1 - at});
    }
    html_take_name(h, name, closes, is_void);
    h->rest.ptr += len;
    h->rest.len -= len;
}

/* Text: no '>' or quote of its own, and each '&' is a reference. */
static inline void
html_take_text(struct html *h)
{
    static const char *const references[] = {
        "&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&#x", "&middot;",
    };
    bool good = h->rest.ptr[0] != '>' && h->rest.ptr[0] != 0;

    if (h->rest.ptr[0] == '&') {
        good = false;
        for (size_t i = 0; i < sizeof(references) / sizeof(references[0]);
             i++) {
            size_t n = strlen(references[i]);

            good = good || (h->rest.len >= n &&
                            memcmp(h->rest.ptr, references[i], n) == 0);
        }
    }
    if (!good) {
        html_fault(h, "text that is no text");
    }
    h->rest.ptr++;
    h->rest.len--;
}

/* The page whole. h->tags is freed by the caller. */
static inline void
html_read(struct html *h, struct assay_slice page)
{
    static const char doctype[] = "<!doctype html>\n";
    size_t style;

    memset(h, 0, sizeof(*h));
    assay_buf_init(&h->tags, 64u * 1024u * 1024u);
    h->rest = page;
    if (page.len < sizeof(doctype) ||
        memcmp(page.ptr, doctype, sizeof(doctype) - 1) != 0) {
        html_fault(h, "no doctype");
        return;
    }
    h->rest.ptr += sizeof(doctype) - 1;
    h->rest.len -= sizeof(doctype) - 1;
    while (h->rest.len > 0 && h->fault == NULL) {
        if (h->rest.ptr[0] != '<') {
            html_take_text(h);
            continue;
        }
        html_take_tag(h);
        if (h->depth > 0 && strcmp(h->open[h->depth - 1], "style") == 0) {
            style = assay_slice_find(h->rest, "</style>");
            style = style != ASSAY_NO_OFFSET ? style : h->rest.len;
            h->rest.ptr += style;
            h->rest.len -= style;
        }
    }
    if (h->depth != 0) {
        html_fault(h, "a tag that is not closed");
    }
}
