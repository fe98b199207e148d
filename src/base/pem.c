/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pem.c - RFC 7468 blocks. White space is treated as its section 3 grammar
 * "laxtextualmsg" allows; everything else must be exact.
 */
#include "base/text.h"

#define LINE_BYTES 48u /* 64 characters */

static bool
is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t
skip_space(struct assay_slice text, size_t pos)
{
    while (pos < text.len && is_space(text.ptr[pos])) {
        pos++;
    }
    return pos;
}

static struct assay_slice
part(struct assay_slice text, size_t from, size_t to)
{
    if (from == to) {
        return ASSAY_EMPTY; /* text.ptr may be NULL */
    }
    return (struct assay_slice){text.ptr + from, to - from};
}

/* Moves *pos over `literal` if it stands there. */
static bool
skip_literal(struct assay_slice text, size_t *pos, const char *literal)
{
    size_t n = strlen(literal);

    if (n > text.len - *pos || memcmp(text.ptr + *pos, literal, n) != 0) {
        return false;
    }
    *pos += n;
    return true;
}

/* "-----BEGIN LABEL-----", or the same with END. */
static bool
skip_boundary(struct assay_slice text, size_t *pos, const char *kind,
              const char *label)
{
    size_t at = *pos;
    bool found =
        skip_literal(text, &at, "-----") && skip_literal(text, &at, kind) &&
        skip_literal(text, &at, " ") && skip_literal(text, &at, label) &&
        skip_literal(text, &at, "-----");

    if (found) {
        *pos = at;
    }
    return found;
}

/* Decodes into *out; an offset in *err counts from the start of `text`. */
static enum assay_code
decode_body(struct assay_slice text, size_t from, size_t to,
            struct assay_buf *out, const char *field, struct assay_error *err)
{
    struct assay_error inner;
    size_t before = out->len;

    assay_error_clear(&inner);
    if (assay_base64_decode(part(text, from, to), true, out, field, &inner) !=
        ASSAY_OK) {
        size_t at =
            inner.offset == ASSAY_NO_OFFSET ? from : from + inner.offset;

        return assay_fail(err, inner.code, at, "%s", inner.msg);
    }
    if (out->len == before) {
        return assay_fail(err, ASSAY_MALFORMED, from, "%s: PEM block is empty",
                          field);
    }
    return ASSAY_OK;
}

enum assay_code
assay_pem_next(struct assay_slice text, size_t *pos, const char *label,
               struct assay_buf *out, bool *found, const char *field,
               struct assay_error *err)
{
    size_t at = skip_space(text, *pos);
    const uint8_t *dash;
    size_t body;
    size_t end;

    *found = false;
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (assay_slice_is_zero(part(text, at, text.len))) {
        *pos = text.len;
        return ASSAY_OK;
    }
    if (!skip_boundary(text, &at, "BEGIN", label)) {
        return assay_fail(err, ASSAY_MALFORMED, at,
                          "%s: no \"-----BEGIN %s-----\" here", field, label);
    }
    body = at;
    /* Base64 has no dash, so the first one starts the end line. */
    dash = memchr(text.ptr + body, '-', text.len - body);
    if (dash == NULL) {
        return assay_fail(err, ASSAY_TRUNCATED, text.len,
                          "%s: PEM block has no end", field);
    }
    end = at = (size_t)(dash - text.ptr);
    if (!skip_boundary(text, &at, "END", label)) {
        return assay_fail(err, ASSAY_MALFORMED, end,
                          "%s: no \"-----END %s-----\" here", field, label);
    }
    if (decode_body(text, body, end, out, field, err) == ASSAY_OK) {
        *pos = at;
        *found = true;
    }
    return err->code;
}

void
assay_pem_encode(struct assay_buf *b, const char *label, struct assay_slice der)
{
    assay_buf_printf(b, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < der.len; at += LINE_BYTES) {
        size_t left = der.len - at;

        assay_base64_encode(
            b, part(der, at, at + (left < LINE_BYTES ? left : LINE_BYTES)));
        assay_buf_add_u8(b, '\n');
    }
    assay_buf_printf(b, "-----END %s-----\n", label);
}
