/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * toml_scalar.c - values that are one bare word: booleans, numbers and
 * date-times.
 */
#include "base/ascii.h"
#include "base/timestamp.h"
#include "base/toml_tree.h"

static bool
is_word_byte(uint8_t c)
{
    return assay_is_digit(c) || assay_is_letter(c) || c == '_' || c == '+' ||
           c == '-' || c == '.' || c == ':';
}

/* --- numbers --------------------------------------------------------------
 */

/* Bytes of the digits from `at` on, with single underscores between them. */
static size_t
count_digits(struct assay_slice w, size_t at, unsigned base)
{
    size_t n = 0;

    while (at + n < w.len) {
        size_t gap = n > 0 && w.ptr[at + n] == '_';

        if (at + n + gap >= w.len ||
            assay_hex_value(w.ptr[at + n + gap]) >= base) {
            break;
        }
        n += gap + 1;
    }
    return n;
}

static bool
to_integer(struct assay_slice digits, unsigned base, bool negative,
           int64_t *out)
{
    uint64_t max = (uint64_t)INT64_MAX + negative;
    uint64_t v = 0;

    for (size_t i = 0; i < digits.len; i++) {
        unsigned d = assay_hex_value(digits.ptr[i]);

        if (digits.ptr[i] == '_') {
            continue;
        }
        if (v > (max - d) / base) {
            return false;
        }
        v = v * base + d;
    }
    /* INT64_MIN has no positive counterpart to negate. */
    *out = negative && v > 0 ? -(int64_t)(v - 1) - 1 : (int64_t)v;
    return true;
}

/* What a word turned out to be. */
struct number {
    bool good;
    bool fits; /* an integer of 64 bits */
    enum assay_toml_type type;
    int64_t integer;
};

static struct number
read_based(struct assay_slice w, unsigned base)
{
    struct number n = {.type = ASSAY_TOML_INTEGER};
    size_t len = count_digits(w, 2, base);

    n.good = len > 0 && len + 2 == w.len;
    n.fits = n.good && to_integer((struct assay_slice){w.ptr + 2, len}, base,
                                  false, &n.integer);
    return n;
}

/* Behind the integer part: where fraction and exponent end, or 0 if they are
 * not as they should be. */
static size_t
float_end(struct assay_slice w, size_t at)
{
    size_t n;

    if (at < w.len && w.ptr[at] == '.') {
        n = count_digits(w, at + 1, 10);
        if (n == 0) {
            return 0;
        }
        at += 1 + n;
    }
    if (at < w.len && (w.ptr[at] | 0x20) == 'e') {
        at++;
        at += at < w.len && (w.ptr[at] == '+' || w.ptr[at] == '-');
        n = count_digits(w, at, 10);
        if (n == 0) {
            return 0;
        }
        at += n;
    }
    return at;
}

static struct number
read_decimal(struct assay_slice w)
{
    struct number n = {.fits = true, .type = ASSAY_TOML_FLOAT};
    size_t sign = w.ptr[0] == '+' || w.ptr[0] == '-';
    struct assay_slice rest = {w.ptr + sign, w.len - sign};
    size_t len = count_digits(w, sign, 10);

    if (assay_slice_is(rest, "inf") || assay_slice_is(rest, "nan")) {
        n.good = true;
    } else if (len > 0 && !(len > 1 && rest.ptr[0] == '0')) {
        n.good = float_end(w, sign + len) == w.len;
        if (len == rest.len) {
            n.type = ASSAY_TOML_INTEGER;
            n.fits = to_integer(rest, 10, w.ptr[0] == '-', &n.integer);
        }
    }
    return n;
}

/* A float's text as JSON has it, where it can. */
static bool
keep_float(struct assay_toml_parser *p, struct assay_toml_node *node,
           struct assay_slice w)
{
    bool is_nan = assay_slice_find(w, "nan") != ASSAY_NO_OFFSET;

    node->text = (uint32_t)p->t->arena_len;
    for (size_t i = 0; i < w.len; i++) {
        bool drop =
            w.ptr[i] == '_' ||
            (i == 0 && (w.ptr[i] == '+' || (is_nan && w.ptr[i] == '-')));

        if (!drop && !assay_toml_put(p, w.ptr[i])) {
            return false;
        }
    }
    node->text_len = (uint32_t)p->t->arena_len - node->text;
    return assay_toml_put(p, '\0');
}

static bool
read_number(struct assay_toml_parser *p, struct assay_toml_node *node,
            struct assay_slice w)
{
    uint8_t kind = w.len > 2 && w.ptr[0] == '0' ? w.ptr[1] : '\0';
    struct number n = kind == 'x'   ? read_based(w, 16)
                      : kind == 'o' ? read_based(w, 8)
                      : kind == 'b' ? read_based(w, 2)
                                    : read_decimal(w);

    if (!n.good || !n.fits) {
        return assay_toml_malformed(p, node->at, "has '%.*s', which is no %s",
                                    (int)(w.len < 40 ? w.len : 40),
                                    (const char *)w.ptr,
                                    n.good ? "integer of 64 bits" : "value");
    }
    node->type = (uint8_t)n.type;
    node->integer = n.integer;
    return n.type != ASSAY_TOML_FLOAT || keep_float(p, node, w);
}

/* --- date-times -----------------------------------------------------------
 */

struct clock {
    struct assay_slice w;
    size_t at;
    bool bad;
};

static unsigned
take_digits(struct clock *c, int n)
{
    unsigned v = 0;

    for (; n > 0 && !c->bad; n--) {
        c->bad = c->at >= c->w.len || !assay_is_digit(c->w.ptr[c->at]);
        v = c->bad ? 0 : v * 10 + (unsigned)(c->w.ptr[c->at++] - '0');
    }
    return v;
}

/* The next byte if it is one of `any`, or '\0'. */
static char
take_one(struct clock *c, const char *any)
{
    if (c->bad || c->at >= c->w.len || strchr(any, c->w.ptr[c->at]) == NULL) {
        return '\0';
    }
    return (char)c->w.ptr[c->at++];
}

static void
need_one(struct clock *c, const char *any)
{
    c->bad = take_one(c, any) == '\0' || c->bad;
}

static void
take_date(struct clock *c)
{
    unsigned year = take_digits(c, 4);
    unsigned month;
    unsigned day;

    need_one(c, "-");
    month = take_digits(c, 2);
    need_one(c, "-");
    day = take_digits(c, 2);
    if (c->bad || month < 1 || month > 12 || day < 1) {
        c->bad = true;
        return;
    }
    c->bad = assay_days_from_civil(year, month, day) >=
             (month < 12 ? assay_days_from_civil(year, month + 1, 1)
                         : assay_days_from_civil(year + 1, 1, 1));
}

static void
take_time(struct clock *c)
{
    unsigned hour = take_digits(c, 2);
    unsigned minute;
    unsigned second;

    need_one(c, ":");
    minute = take_digits(c, 2);
    need_one(c, ":");
    second = take_digits(c, 2); /* 60: RFC 3339 has leap seconds */
    c->bad = c->bad || hour > 23 || minute > 59 || second > 60;
    if (take_one(c, ".") != '\0') {
        (void)take_digits(c, 1);
        while (take_one(c, "0123456789") != '\0') {
        }
    }
}

static void
take_zone(struct clock *c)
{
    unsigned hour;
    unsigned minute;

    if (take_one(c, "Zz") != '\0') {
        return;
    }
    need_one(c, "+-");
    hour = take_digits(c, 2);
    need_one(c, ":");
    minute = take_digits(c, 2);
    c->bad = c->bad || hour > 23 || minute > 59;
}

static enum assay_toml_type
take_moment(struct clock *c)
{
    if (c->w.ptr[2] == ':') {
        take_time(c);
        return ASSAY_TOML_LOCAL_TIME;
    }
    take_date(c);
    if (c->at == c->w.len) {
        return ASSAY_TOML_LOCAL_DATE;
    }
    need_one(c, "Tt ");
    take_time(c);
    if (c->at == c->w.len) {
        return ASSAY_TOML_LOCAL_DATETIME;
    }
    take_zone(c);
    return ASSAY_TOML_OFFSET_DATETIME;
}

static bool
read_moment(struct assay_toml_parser *p, struct assay_toml_node *node,
            struct assay_slice w)
{
    struct clock c = {.w = w};

    node->type = (uint8_t)take_moment(&c);
    if (c.bad || c.at != w.len) {
        return assay_toml_malformed(
            p, node->at, "has '%.*s', which is no date or time",
            (int)(w.len < 40 ? w.len : 40), (const char *)w.ptr);
    }
    node->text = (uint32_t)p->t->arena_len;
    for (size_t i = 0; i < w.len; i++) {
        uint8_t byte = w.ptr[i] == ' ' ? 'T' : w.ptr[i];

        if (!assay_toml_put(p,
                            byte == 't' || byte == 'z' ? byte - 0x20 : byte)) {
            return false;
        }
    }
    node->text_len = (uint32_t)w.len;
    return assay_toml_put(p, '\0');
}

/* --------------------------------------------------------------------------
 */

static bool
looks_like_moment(struct assay_slice w)
{
    return (w.len >= 5 && assay_is_digit(w.ptr[0]) && w.ptr[4] == '-' &&
            (w.ptr[3] | 0x20) != 'e') ||
           (w.len >= 3 && assay_is_digit(w.ptr[0]) && w.ptr[2] == ':');
}

/* The word there; a space may stand between a date and a time. */
static struct assay_slice
take_word(struct assay_toml_parser *p)
{
    const uint8_t *first = p->at;

    while (is_word_byte(assay_toml_peek(p))) {
        p->at++;
    }
    if (p->at - first == 10 && first[4] == '-' && p->end - p->at >= 2 &&
        p->at[0] == ' ' && assay_is_digit(p->at[1])) {
        p->at++;
        while (is_word_byte(assay_toml_peek(p))) {
            p->at++;
        }
    }
    return (struct assay_slice){first, (size_t)(p->at - first)};
}

bool
assay_toml_read_scalar(struct assay_toml_parser *p, uint32_t node)
{
    struct assay_toml_node *n = &p->t->nodes[node];
    struct assay_slice w = take_word(p);
    bool is_true = assay_slice_is(w, "true");

    if (w.len == 0) {
        return assay_toml_unexpected(p, "a value");
    }
    if (is_true || assay_slice_is(w, "false")) {
        n->type = ASSAY_TOML_BOOLEAN;
        n->integer = is_true;
        return true;
    }
    return looks_like_moment(w) ? read_moment(p, n, w) : read_number(p, n, w);
}
