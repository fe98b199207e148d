/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_number.c - doubles as text: the fewest digits that read back as the
 * same number, laid out as serde_json does.
 *
 * The C library reads and writes a decimal point that depends on the locale,
 * so it never gets to see one here: it reads "125e-1", and of what it writes
 * only the digits and the exponent are taken.
 */
#include "base/json_number.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS_MAX   17   /* enough for any double */
#define EXPONENT_MAX 9999 /* beyond any double, within any int */

/* 0.d1d2d3... times ten to the power of point. */
struct decimal {
    char digits[DIGITS_MAX + 1];
    int count;
    int point;
};

/* The exponent behind 'e', which may be absent. */
static int
read_exponent(struct assay_slice text, size_t at)
{
    bool negative;
    int value = 0;

    if (at == text.len) {
        return 0;
    }
    at++;
    negative = text.ptr[at] == '-';
    if (negative || text.ptr[at] == '+') {
        at++;
    }
    for (; at < text.len; at++) {
        if (value <= EXPONENT_MAX) {
            value = value * 10 + (text.ptr[at] - '0');
        }
    }
    return negative ? -value : value;
}

/* The absolute value. */
static double
read_double(struct assay_slice text)
{
    char plain[ASSAY_JSON_NUMBER_MAX_BYTES + 16];
    size_t n = 0;
    size_t at = 0;
    int behind_point = 0;
    bool point = false;

    for (; at < text.len && text.ptr[at] != 'e' && text.ptr[at] != 'E'; at++) {
        if (text.ptr[at] == '.') {
            point = true;
        } else if (text.ptr[at] != '-') {
            plain[n++] = (char)text.ptr[at];
            behind_point += point;
        }
    }
    (void)snprintf(plain + n, sizeof(plain) - n, "e%d",
                   read_exponent(text, at) - behind_point);
    return strtod(plain, NULL);
}

static double
value_of(const struct decimal *d)
{
    char plain[DIGITS_MAX + 16];

    (void)snprintf(plain, sizeof(plain), "%se%d", d->digits,
                   d->point - d->count);
    return strtod(plain, NULL);
}

/* The nearest decimal of so many digits. */
static struct decimal
round_to(double v, int count)
{
    struct decimal d = {.count = 0};
    char text[DIGITS_MAX + 16];
    const char *p = text;

    (void)snprintf(text, sizeof(text), "%.*e", count - 1, v);
    for (; *p != 'e' && *p != '\0'; p++) {
        if (*p >= '0' && *p <= '9' && d.count < DIGITS_MAX) {
            d.digits[d.count++] = *p;
        }
    }
    d.point = *p == 'e' ? (int)strtol(p + 1, NULL, 10) + 1 : 0;
    return d;
}

/* The next one of as many digits, unless it needs one more. */
static bool
step_up(struct decimal *d)
{
    int i = d->count - 1;

    while (i >= 0 && d->digits[i] == '9') {
        d->digits[i--] = '0';
    }
    if (i < 0) {
        return false;
    }
    d->digits[i]++;
    return true;
}

/* The fewest digits have no zero at their end.
 * Doubles that are powers of two have their lower neighbour nearer than the
 * upper one, so that the nearest decimal may miss them where the next reads
 * back. */
static struct decimal
shortest(double v)
{
    struct decimal d = {.count = 0};

    for (int count = 1; count <= DIGITS_MAX; count++) {
        struct decimal up;

        d = round_to(v, count);
        if (value_of(&d) == v) {
            break;
        }
        up = d;
        if (value_of(&d) < v && step_up(&up) && value_of(&up) == v) {
            d = up;
            break;
        }
    }
    return d;
}

/* Plain from 1e-5 to below 1e16, otherwise with an exponent. */
static void
lay_out(const struct decimal *d, bool negative,
        char out[ASSAY_JSON_NUMBER_TEXT])
{
    const char *sign = negative ? "-" : "";
    const size_t room = ASSAY_JSON_NUMBER_TEXT;

    if (d->point > 0 && d->point <= 16) {
        int whole = d->count < d->point ? d->count : d->point;

        (void)snprintf(out, room, "%s%.*s%.*s.%s", sign, whole, d->digits,
                       d->point - whole, "0000000000000000",
                       d->count > whole ? d->digits + whole : "0");
    } else if (d->point > -5 && d->point <= 0) {
        (void)snprintf(out, room, "%s0.%.*s%s", sign, -d->point, "0000",
                       d->digits);
    } else {
        (void)snprintf(out, room, "%s%c%s%se%d", sign, d->digits[0],
                       d->count > 1 ? "." : "", d->digits + 1, d->point - 1);
    }
}

bool
assay_json_double_text(struct assay_slice text,
                       char out[ASSAY_JSON_NUMBER_TEXT])
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    struct decimal d;
    double v;

    out[0] = '\0';
    if (text.len > ASSAY_JSON_NUMBER_MAX_BYTES) {
        return false;
    }
    v = read_double(text);
    if (v > DBL_MAX) {
        return false;
    }
    if (v == 0) {
        (void)snprintf(out, ASSAY_JSON_NUMBER_TEXT, "%s0.0",
                       negative ? "-" : "");
        return true;
    }
    d = shortest(v);
    lay_out(&d, negative, out);
    return true;
}
