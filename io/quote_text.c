/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quote_text.c - what a person hands over as a quote: raw bytes or text.
 */
#include "io/quote_text.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"

static bool
is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without white space at both ends, and without 0x. */
static struct assay_slice
trim(struct assay_slice s)
{
    while (s.len > 0 && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

static struct assay_slice
without_0x(struct assay_slice s)
{
    if (s.len >= 2 && s.ptr[0] == '0' && (s.ptr[1] | 0x20) == 'x') {
        return (struct assay_slice){s.ptr + 2, s.len - 2};
    }
    return s;
}

enum assay_quote_form
assay_quote_text_sniff(struct assay_slice in)
{
    bool hex = true;
    struct assay_slice digits;

    for (size_t i = 0; i < in.len; i++) {
        if (!is_space(in.ptr[i]) && (in.ptr[i] < 0x21 || in.ptr[i] > 0x7e)) {
            return ASSAY_QUOTE_RAW;
        }
    }
    digits = without_0x(trim(in));
    for (size_t i = 0; i < digits.len && hex; i++) {
        hex = is_space(digits.ptr[i]) || assay_is_hex(digits.ptr[i]);
    }
    return hex ? ASSAY_QUOTE_HEX : ASSAY_QUOTE_BASE64;
}

static enum assay_code
decode_hex(struct assay_slice in, struct assay_buf *digits,
           struct assay_buf *out, struct assay_error *err)
{
    struct assay_slice text = without_0x(trim(in));
    uint8_t *to;

    for (size_t i = 0; i < text.len; i++) {
        if (!is_space(text.ptr[i])) {
            assay_buf_add_u8(digits, text.ptr[i]);
        }
    }
    if (digits->failed) {
        return assay_buf_check(digits, "hex text", err);
    }
    if (digits->len % 2 != 0) {
        return assay_fail(err, ASSAY_MALFORMED, in.len,
                          "hex text: %zu digits, an odd number", digits->len);
    }
    to = assay_buf_extend(out, digits->len / 2);
    if (to == NULL) {
        return assay_buf_check(out, "hex text", err);
    }
    return assay_hex_decode(assay_buf_slice(digits), to, digits->len / 2,
                            "hex text", err);
}

/* Section 5's alphabet is translated into section 4's and padded. */
static enum assay_code
decode_base64(struct assay_slice in, struct assay_buf *text,
              struct assay_buf *out, struct assay_error *err)
{
    bool url_safe = false;

    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];
        if (is_space(c)) {
            continue;
        }
        url_safe = url_safe || c == '-' || c == '_';
        if (c == '-') {
            c = '+';
        } else if (c == '_') {
            c = '/';
        }
        assay_buf_add_u8(text, c);
    }
    while (url_safe && !text->failed && text->len % 4 != 0) {
        assay_buf_add_u8(text, '=');
    }
    if (text->failed) {
        return assay_buf_check(text, "base64 text", err);
    }
    if (assay_base64_decode(assay_buf_slice(text), false, out, "base64 text",
                            err) == ASSAY_MALFORMED) {
        assay_error_clear(err);
        assay_fail(err, ASSAY_MALFORMED, ASSAY_NO_OFFSET,
                   "text that is neither hex nor base64 of a quote");
    }
    return err->code;
}

enum assay_code
assay_quote_text_decode(struct assay_slice in, struct assay_buf *out,
                        struct assay_error *err)
{
    struct assay_buf text;

    assay_error_clear(err);
    assay_buf_init(out, ASSAY_QUOTE_TEXT_MAX_BYTES);
    assay_buf_init(&text, ASSAY_QUOTE_TEXT_MAX_BYTES + 4);
    if (in.len == 0) {
        return assay_fail(err, ASSAY_TRUNCATED, 0, "empty, no quote in it");
    }
    switch (assay_quote_text_sniff(in)) {
    case ASSAY_QUOTE_RAW:
        assay_buf_add(out, in);
        assay_buf_check(out, "quote", err);
        break;
    case ASSAY_QUOTE_HEX:
        decode_hex(in, &text, out, err);
        break;
    case ASSAY_QUOTE_BASE64:
        decode_base64(in, &text, out, err);
        break;
    }
    if (err->code == ASSAY_OK && out->len == 0) {
        assay_fail(err, ASSAY_TRUNCATED, 0, "only white space, no quote in it");
    }
    assay_buf_free(&text);
    if (err->code != ASSAY_OK) {
        assay_buf_free(out);
    }
    return err->code;
}
