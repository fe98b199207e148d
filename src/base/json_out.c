/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_out.c - writing JSON.
 */
#include "base/json_out.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "base/utf8.h"

#define INDENT 2u

void
assay_json_out_init(struct assay_json_out *o, struct assay_buf *buf,
                    bool compact)
{
    *o = (struct assay_json_out){.buf = buf, .compact = compact};
}

static void
new_line(struct assay_json_out *o)
{
    if (!o->compact) {
        assay_buf_add_u8(o->buf, '\n');
        for (unsigned i = 0; i < o->depth * INDENT; i++) {
            assay_buf_add_u8(o->buf, ' ');
        }
    }
}

/* A character that may not stand for itself in a string. JSON within JSON is
 * full of them, so this is no place for printf. */
static void
add_escape(struct assay_buf *b, uint8_t c)
{
    static const char letters[] = "btnvfr"; /* 8 to 13; there is no \v */
    uint8_t pair[2] = {'\\', c};

    if (c >= 8 && c <= 13 && c != 11) {
        pair[1] = (uint8_t)letters[c - 8];
    } else if (c != '"' && c != '\\') {
        assay_buf_printf(b, "\\u%04x", c);
        return;
    }
    assay_buf_add(b, ASSAY_SLICE(pair));
}

static bool
is_plain(uint8_t c)
{
    return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

static void
add_string(struct assay_buf *b, struct assay_slice s)
{
    size_t at = 0;

    assay_buf_add_u8(b, '"');
    while (at < s.len) {
        struct assay_slice rest = {s.ptr + at, 0};

        while (at + rest.len < s.len && is_plain(rest.ptr[rest.len])) {
            rest.len++;
        }
        if (rest.len > 0) {
            assay_buf_add(b, rest);
        } else if (rest.ptr[0] < 0x80) {
            add_escape(b, rest.ptr[0]);
            rest.len = 1;
        } else {
            int n =
                assay_utf8_length((struct assay_slice){rest.ptr, s.len - at});

            rest.len = n > 0 ? (size_t)n : 1;
            assay_buf_add(b, n > 0 ? rest : assay_slice_of("\xef\xbf\xbd"));
        }
        at += rest.len;
    }
    assay_buf_add_u8(b, '"');
}

/* All that stands before a value. */
static void
begin(struct assay_json_out *o, const char *name)
{
    if (o->depth > 0) {
        if (o->need_comma) {
            assay_buf_add_u8(o->buf, ',');
        }
        new_line(o);
    }
    if (name != NULL) {
        add_string(o->buf, assay_slice_of(name));
        assay_buf_add_text(o->buf, o->compact ? ":" : ": ");
    }
    o->need_comma = true;
}

void
assay_json_out_open(struct assay_json_out *o, const char *name, char c)
{
    begin(o, name);
    assay_buf_add_u8(o->buf, (uint8_t)c);
    o->depth++;
    o->need_comma = false;
}

void
assay_json_out_close(struct assay_json_out *o, char c)
{
    o->depth--;
    if (o->need_comma) {
        new_line(o);
    }
    assay_buf_add_u8(o->buf, (uint8_t)c);
    o->need_comma = true;
}

void
assay_json_out_string(struct assay_json_out *o, const char *name,
                      struct assay_slice s)
{
    begin(o, name);
    add_string(o->buf, s);
}

void
assay_json_out_text(struct assay_json_out *o, const char *name,
                    const char *text)
{
    if (text == NULL) {
        assay_json_out_null(o, name);
    } else {
        assay_json_out_string(o, name, assay_slice_of(text));
    }
}

void
assay_json_out_hex(struct assay_json_out *o, const char *name,
                   struct assay_slice bytes)
{
    begin(o, name);
    assay_buf_add_u8(o->buf, '"');
    assay_hex_encode(o->buf, bytes);
    assay_buf_add_u8(o->buf, '"');
}

void
assay_json_out_u64(struct assay_json_out *o, const char *name, uint64_t v)
{
    begin(o, name);
    assay_buf_printf(o->buf, "%" PRIu64, v);
}

void
assay_json_out_i64(struct assay_json_out *o, const char *name, int64_t v)
{
    begin(o, name);
    assay_buf_printf(o->buf, "%" PRId64, v);
}

void
assay_json_out_number(struct assay_json_out *o, const char *name,
                      struct assay_slice spelling)
{
    begin(o, name);
    assay_buf_add(o->buf, spelling);
}

void
assay_json_out_bool(struct assay_json_out *o, const char *name, bool v)
{
    begin(o, name);
    assay_buf_add_text(o->buf, v ? "true" : "false");
}

void
assay_json_out_null(struct assay_json_out *o, const char *name)
{
    begin(o, name);
    assay_buf_add_text(o->buf, "null");
}

/* No string of it has a line feed: indenting lines changes white space only. */
void
assay_json_out_document(struct assay_json_out *o, const char *name,
                        struct assay_slice json)
{
    begin(o, name);
    while (json.len > 0) {
        const uint8_t *lf = memchr(json.ptr, '\n', json.len);
        size_t n = lf != NULL ? (size_t)(lf - json.ptr) : json.len;

        assay_buf_add(o->buf, (struct assay_slice){json.ptr, n});
        if (lf != NULL) {
            new_line(o);
            n++;
        }
        json.ptr += n;
        json.len -= n;
    }
}

void
assay_json_out_time(struct assay_json_out *o, const char *name, int64_t t_s)
{
    char text[ASSAY_TIME_TEXT];

    assay_time_format(t_s, text);
    assay_json_out_text(o, name, text);
}

void
assay_json_out_error(struct assay_json_out *o, const char *name,
                     const struct assay_error *err, const char *hint)
{
    assay_json_out_open(o, name, '{');
    assay_json_out_text(o, "code", assay_code_name(err->code));
    assay_json_out_text(o, "message", err->msg);
    assay_json_out_text(o, "hint",
                        hint != NULL ? hint : assay_code_hint(err->code));
    assay_json_out_close(o, '}');
}
