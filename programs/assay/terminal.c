/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * terminal.c - text of strangers (servers, files, arguments) for people's eyes.
 */
#include "terminal.h"

#include "base/bytes.h"
#include "base/utf8.h"

/* Ranges of Unicode that are not shown. */
static const struct {
    uint32_t first;
    uint32_t last;
} hidden[] = {
    {0x00, 0x1f},       /* C0 */
    {0x7f, 0x9f},       /* DEL, C1 */
    {0xad, 0xad},       /* soft hyphen */
    {0x61c, 0x61c},     /* direction */
    {0x200b, 0x200f},   /* no width; direction */
    {0x2028, 0x202e},   /* lines, paragraphs; direction */
    {0x2060, 0x206f},   /* no width; direction */
    {0xfeff, 0xfeff},   /* no width */
    {0xfff9, 0xfffb},   /* notes between lines */
    {0xe0000, 0xe0fff}, /* tags */
};

static bool
is_hidden(uint32_t c)
{
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (c >= hidden[i].first && c <= hidden[i].last) {
            return true;
        }
    }
    return false;
}

/* Of a well-formed character of n octets. */
static uint32_t
scalar_of(const uint8_t *p, int n)
{
    static const uint8_t lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = p[0] & lead[n];

    for (int i = 1; i < n; i++) {
        c = c << 6 | (p[i] & 0x3fu);
    }
    return c;
}

void
terminal_put(FILE *to, struct assay_slice text)
{
    while (text.len > 0) {
        int n = assay_utf8_length(text);
        size_t used = n > 0 ? (size_t)n : 1;

        if (n <= 0 || is_hidden(scalar_of(text.ptr, n))) {
            putc('?', to);
        } else {
            (void)fwrite(text.ptr, 1, used, to);
        }
        text.ptr += used;
        text.len -= used;
    }
}

void
terminal_put_text(FILE *to, const char *text)
{
    terminal_put(to, assay_slice_of(text));
}

void
terminal_put_lines(FILE *to, struct assay_slice text, const char *indent)
{
    bool start = true;

    while (text.len > 0) {
        size_t n = 0;

        while (n < text.len && text.ptr[n] != '\n' && text.ptr[n] != '\t') {
            n++;
        }
        if (start) {
            fputs(indent, to);
        }
        terminal_put(to, (struct assay_slice){text.ptr, n});
        start = n < text.len && text.ptr[n] == '\n';
        if (n < text.len) {
            putc(text.ptr[n++], to);
        }
        text.ptr += n;
        text.len -= n;
    }
}

void
terminal_put_document(FILE *to, struct assay_slice json)
{
    size_t put = 0;

    for (size_t i = 0; i < json.len; i++) {
        bool c1 = json.ptr[i] == 0xc2 && i + 1 < json.len &&
                  json.ptr[i + 1] >= 0x80 && json.ptr[i + 1] < 0xa0;

        if (json.ptr[i] != 0x7f && !c1) {
            continue;
        }
        (void)fwrite(json.ptr + put, 1, i - put, to);
        i += c1;
        fprintf(to, "\\u%04x", (unsigned)json.ptr[i]);
        put = i + 1;
    }
    if (put < json.len) {
        (void)fwrite(json.ptr + put, 1, json.len - put, to);
    }
}
