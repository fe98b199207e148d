/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_sse.c - reading a stream of events.
 */
#include "translate_sse.h"

#include "base/bytes.h"
#include "base/error.h"

void
translate_sse_init(struct translate_sse *s)
{
    *s = (struct translate_sse){.begun = false};
    assay_buf_init(&s->line, TRANSLATE_EVENT_MAX_BYTES);
    assay_buf_init(&s->data, TRANSLATE_EVENT_MAX_BYTES);
}

void
translate_sse_free(struct translate_sse *s)
{
    assay_buf_free(&s->line);
    assay_buf_free(&s->data);
}

/* Octets of s before its first line end. */
static size_t
to_line_end(struct assay_slice s)
{
    size_t n = 0;

    while (n < s.len && s.ptr[n] != '\n' && s.ptr[n] != '\r') {
        n++;
    }
    return n;
}

static bool
cut_start(struct assay_slice *s, const char *start)
{
    size_t n = strlen(start);

    if (s->len < n || memcmp(s->ptr, start, n) != 0) {
        return false;
    }
    s->ptr += n;
    s->len -= n;
    return true;
}

static void
add_data(struct translate_sse *s, struct assay_slice value)
{
    if (s->has_data) {
        assay_buf_add_u8(&s->data, '\n');
    }
    (void)cut_start(&value, " ");
    assay_buf_add(&s->data, value);
    s->has_data = true;
}

/* A whole line without its end. */
static enum translate_sse_what
read_line(struct translate_sse *s, struct assay_slice line)
{
    if (!s->begun) {
        (void)cut_start(&line, "\xef\xbb\xbf");
        s->begun = true;
    }
    if (line.len == 0) {
        s->is_over = s->has_data;
        return s->has_data ? TRANSLATE_SSE_EVENT : TRANSLATE_SSE_MORE;
    }
    if (cut_start(&line, ":")) {
        return TRANSLATE_SSE_COMMENT;
    }
    if (assay_slice_is(line, "data")) {
        line.len = 0;
        add_data(s, line);
    } else if (cut_start(&line, "data:")) {
        add_data(s, line);
    }
    return TRANSLATE_SSE_MORE;
}

static enum translate_sse_what
check(const struct translate_sse *s, enum translate_sse_what what,
      struct assay_error *err)
{
    if (assay_buf_check(&s->line, "event of the stream", err) != ASSAY_OK ||
        assay_buf_check(&s->data, "event of the stream", err) != ASSAY_OK) {
        return TRANSLATE_SSE_FAILED;
    }
    return what;
}

/* The next line of *piece, or its beginning. */
static enum translate_sse_what
take_line(struct translate_sse *s, struct assay_slice *piece)
{
    size_t n = to_line_end(*piece);
    struct assay_slice line = {piece->ptr, n};
    enum translate_sse_what what;

    if (n == piece->len) {
        assay_buf_add(&s->line, line);
        *piece = ASSAY_EMPTY;
        return TRANSLATE_SSE_MORE;
    }
    s->after_cr = piece->ptr[n] == '\r';
    piece->ptr += n + 1;
    piece->len -= n + 1;
    if (s->line.len > 0) {
        assay_buf_add(&s->line, line);
        line = assay_buf_slice(&s->line);
    }
    what = read_line(s, line);
    s->line.len = 0;
    return what;
}

static void
forget_event(struct translate_sse *s)
{
    if (s->is_over) {
        s->data.len = 0;
        s->has_data = false;
        s->is_over = false;
    }
}

enum translate_sse_what
translate_sse_take(struct translate_sse *s, struct assay_slice *piece,
                   struct assay_slice *data, struct assay_error *err)
{
    enum translate_sse_what what = TRANSLATE_SSE_MORE;

    forget_event(s);
    while (piece->len > 0 && what == TRANSLATE_SSE_MORE) {
        if (s->after_cr && piece->ptr[0] == '\n') {
            piece->ptr++;
            piece->len--;
        }
        s->after_cr = false;
        what = check(s, take_line(s, piece), err);
    }
    *data = assay_buf_slice(&s->data);
    return what;
}

enum translate_sse_what
translate_sse_end(struct translate_sse *s, struct assay_slice *data,
                  struct assay_error *err)
{
    enum translate_sse_what what;

    forget_event(s);
    if (s->line.len > 0) {
        (void)read_line(s, assay_buf_slice(&s->line));
        s->line.len = 0;
    }
    what = s->has_data ? TRANSLATE_SSE_EVENT : TRANSLATE_SSE_MORE;
    s->is_over = s->has_data;
    *data = assay_buf_slice(&s->data);
    return check(s, what, err);
}
