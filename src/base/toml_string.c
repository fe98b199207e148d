/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * toml_string.c - the four kinds of TOML string. The text is known to be UTF-8
 * without control characters other than tabs and line ends.
 */
#include "base/ascii.h"
#include "base/toml_tree.h"
#include "base/utf8.h"

#define MOST_QUOTES 5 /* two that belong to the string, three that end it */

/* Behind "\u" or "\U". */
static bool
read_unicode(struct assay_toml_parser *p, int digits)
{
    size_t first = assay_toml_place(p) - 2;
    uint32_t c = 0;
    uint8_t out[4];
    size_t n;

    for (; digits > 0; digits--, p->at++) {
        uint32_t digit = assay_hex_value(assay_toml_peek(p));

        if (digit > 15) {
            return assay_toml_unexpected(p, "a hex digit");
        }
        c = c << 4 | digit;
    }
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        return assay_toml_malformed(p, first, "escape names no character");
    }
    n = assay_utf8_encode(c, out);
    for (size_t i = 0; i < n; i++) {
        if (!assay_toml_put(p, out[i])) {
            return false;
        }
    }
    return true;
}

static bool
skip_line_end(struct assay_toml_parser *p)
{
    bool there = assay_toml_peek(p) == '\r' || assay_toml_peek(p) == '\n';

    p->at += assay_toml_peek(p) == '\r';
    p->at += there;
    return there;
}

/* A backslash at the end of a line swallows the white space that follows. */
static bool
skip_folded(struct assay_toml_parser *p)
{
    assay_toml_skip_blank(p);
    if (!skip_line_end(p)) {
        return assay_toml_unexpected(p, "the end of the line");
    }
    do {
        assay_toml_skip_blank(p);
    } while (skip_line_end(p));
    return true;
}

static bool
read_escape(struct assay_toml_parser *p, bool lines)
{
    static const char letters[] = "btnfr\"\\";
    static const char values[] = "\b\t\n\f\r\"\\";
    uint8_t c;
    const char *letter;

    p->at++;
    c = assay_toml_peek(p);
    if (lines && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
        return skip_folded(p);
    }
    if (c == '\0') {
        return assay_toml_unexpected(p, "an escape");
    }
    letter = strchr(letters, c);
    if (letter == NULL && c != 'u' && c != 'U') {
        return assay_toml_malformed(p, assay_toml_place(p) - 1,
                                    "string has an unknown escape");
    }
    p->at++;
    return letter != NULL ? assay_toml_put(p, (uint8_t)values[letter - letters])
                          : read_unicode(p, c == 'u' ? 4 : 8);
}

/* Quotes in a string of several lines; true in *ended at its end. */
static bool
read_quotes(struct assay_toml_parser *p, uint8_t quote, bool *ended)
{
    int n = 0;

    while (n < MOST_QUOTES && assay_toml_peek(p) == quote) {
        n++;
        p->at++;
    }
    *ended = n >= 3;
    for (n -= *ended ? 3 : 0; n > 0; n--) {
        if (!assay_toml_put(p, quote)) {
            return false;
        }
    }
    return true;
}

/* One character, escape or run of quotes. */
static bool
read_piece(struct assay_toml_parser *p, uint8_t quote, bool lines, bool *ended)
{
    uint8_t c = assay_toml_peek(p);

    if (c == '\0') {
        return assay_toml_unexpected(p, "the rest of a string");
    }
    if (c == quote) {
        if (lines) {
            return read_quotes(p, quote, ended);
        }
        p->at++;
        *ended = true;
        return true;
    }
    if (c == '\\' && quote == '"') {
        return read_escape(p, lines);
    }
    if (c == '\r' || c == '\n') {
        (void)(lines && skip_line_end(p));
        return lines ? assay_toml_put(p, '\n')
                     : assay_toml_unexpected(p, "the rest of a string");
    }
    p->at++;
    return assay_toml_put(p, c);
}

bool
assay_toml_read_string(struct assay_toml_parser *p, bool is_key,
                       struct assay_toml_word *out)
{
    uint8_t quote = *p->at;
    bool lines = p->end - p->at >= 3 && p->at[1] == quote && p->at[2] == quote;
    bool ended = false;

    *out = (struct assay_toml_word){(uint32_t)assay_toml_place(p),
                                    (uint32_t)p->t->arena_len, 0};
    if (lines && is_key) {
        return assay_toml_malformed(p, out->at, "key has three quotes");
    }
    p->at += lines ? 3 : 1;
    if (lines) {
        (void)skip_line_end(p);
    }
    while (!ended) {
        if (!read_piece(p, quote, lines, &ended)) {
            return false;
        }
    }
    out->len = (uint32_t)p->t->arena_len - out->text;
    return assay_toml_put(p, '\0');
}
