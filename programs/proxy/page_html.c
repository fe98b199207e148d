/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * page_html.c - reading the document, writing HTML.
 */
#include "page_html.h"

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/timestamp.h"
#include "base/utf8.h"

/* --- reading ------------------------------------------------------------ */

struct assay_slice
page_string(const struct page *p, uint32_t node, const char *name)
{
    uint32_t at = assay_json_member(p->json, node, name);

    return at == ASSAY_JSON_NONE ? ASSAY_EMPTY : assay_json_string(p->json, at);
}

uint64_t
page_number(const struct page *p, uint32_t node, const char *name)
{
    uint32_t at = assay_json_member(p->json, node, name);
    uint64_t n = 0;

    return at != ASSAY_JSON_NONE && assay_json_u64(p->json, at, &n) ? n : 0;
}

bool
page_is_true(const struct page *p, uint32_t node, const char *name)
{
    uint32_t at = assay_json_member(p->json, node, name);

    return at != ASSAY_JSON_NONE &&
           assay_json_type(p->json, at) == ASSAY_JSON_TRUE;
}

bool
page_has(const struct page *p, uint32_t node, const char *name)
{
    uint32_t at = assay_json_member(p->json, node, name);

    return at != ASSAY_JSON_NONE &&
           assay_json_type(p->json, at) != ASSAY_JSON_NULL;
}

/* --- text --------------------------------------------------------------- */

void
page_raw(const struct page *p, const char *html)
{
    assay_buf_add_text(p->to, html);
}

/* Controls, and what turns the direction of the text around it (Unicode
 * Standard Annex 9): U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069,
 * U+061C; and the line separators U+2028, U+2029. */
static bool
is_control(const uint8_t *c, size_t len)
{
    if (len == 1) {
        return (*c < ' ' && *c != '\t' && *c != '\n') || *c == 0x7f;
    }
    if (len == 2) {
        return (c[0] == 0xc2 && c[1] < 0xa0) || (c[0] == 0xd8 && c[1] == 0x9c);
    }
    return len == 3 && c[0] == 0xe2 &&
           ((c[1] == 0x80 && (c[2] == 0x8e || c[2] == 0x8f ||
                              (c[2] >= 0xa8 && c[2] <= 0xae))) ||
            (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

static const char *
reference_of(uint8_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void
page_text(const struct page *p, struct assay_slice text)
{
    while (text.len > 0) {
        int n = assay_utf8_length(text);
        size_t len = n > 0 ? (size_t)n : 1;
        const char *reference = reference_of(text.ptr[0]);

        if (reference != NULL) {
            assay_buf_add_text(p->to, reference);
        } else if (n <= 0 || is_control(text.ptr, len)) {
            assay_buf_add_text(p->to, "&#xfffd;");
        } else {
            assay_buf_add(p->to, (struct assay_slice){text.ptr, len});
        }
        text.ptr += len;
        text.len -= len;
    }
}

void
page_plain(const struct page *p, const char *text)
{
    page_text(p, assay_slice_of(text));
}

void
page_count(const struct page *p, uint64_t n)
{
    assay_buf_printf(p->to, "%llu", (unsigned long long)n);
}

/* What no shell reads as anything but itself. */
static bool
is_plain_word(struct assay_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!assay_is_letter(s.ptr[i]) && !assay_is_digit(s.ptr[i]) &&
            strchr("/._-+:@,", s.ptr[i]) == NULL) {
            return false;
        }
    }
    return s.len > 0;
}

void
page_word(const struct page *p, struct assay_slice text)
{
    if (is_plain_word(text)) {
        page_text(p, text);
        return;
    }
    page_plain(p, "'");
    for (size_t i = 0; i < text.len;) {
        struct assay_slice run = {text.ptr + i, 0};

        while (i + run.len < text.len && run.ptr[run.len] != '\'') {
            run.len++;
        }
        page_text(p, run);
        i += run.len;
        if (i < text.len) {
            page_plain(p, "'\\''");
            i++;
        }
    }
    page_plain(p, "'");
}

/* --- time --------------------------------------------------------------- */

static void
put_span(const struct page *p, uint64_t s)
{
    static const struct {
        const char *one;
        uint64_t s;
    } units[] = {{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
    size_t i = 0;

    /* two of a unit at least, so that what is said is not off by half */
    while (i < 3 && s < 2 * units[i].s) {
        i++;
    }
    assay_buf_printf(p->to, "%llu %s%s", (unsigned long long)(s / units[i].s),
                     units[i].one, s / units[i].s == 1 ? "" : "s");
}

void
page_time(const struct page *p, struct assay_slice rfc3339)
{
    struct assay_error err;
    int64_t at_s = 0;

    assay_error_clear(&err);
    if (assay_time_parse(rfc3339, &at_s, "time", &err) != ASSAY_OK) {
        page_text(p, rfc3339);
        return;
    }
    page_raw(p, "<time>");
    page_text(p, (struct assay_slice){rfc3339.ptr, 10});
    page_raw(p, " ");
    page_text(p, (struct assay_slice){rfc3339.ptr + 11, 8});
    page_raw(p, " UTC</time> <span class=dim>(");
    if (at_s > p->now_s) {
        page_raw(p, "in ");
        put_span(p, (uint64_t)(at_s - p->now_s));
    } else {
        put_span(p, (uint64_t)(p->now_s - at_s));
        page_raw(p, " ago");
    }
    page_raw(p, ")</span>");
}

/* --- rows --------------------------------------------------------------- */

void
page_row_begin(const struct page *p, const char *name, bool code)
{
    page_raw(p, "<div><dt>");
    page_plain(p, name);
    page_raw(p, code ? "</dt><dd class=code>" : "</dt><dd>");
}

void
page_row_end(const struct page *p)
{
    page_raw(p, "</dd></div>\n");
}

void
page_row(const struct page *p, const char *name, bool code,
         struct assay_slice text)
{
    if (text.len > 0) {
        page_row_begin(p, name, code);
        page_text(p, text);
        page_row_end(p);
    }
}
