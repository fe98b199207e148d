/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * timestamp.c - dates as Unix seconds, by arithmetic only.
 */
#include "base/timestamp.h"

#include <stdio.h>

#define DAY_S           86400
#define YEAR_0000_S     (-62167219200) /* 0000-01-01T00:00:00Z */
#define YEAR_9999_S     253402300799   /* 9999-12-31T23:59:59Z */
#define DAYS_400_YEARS  146097
#define LOOSE_MAX_BYTES 64u

enum part { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, PARTS };

/* Reads a date from left to right; the first failure sticks. */
struct scan {
    struct assay_slice text;
    size_t pos;
    bool bad;
    int64_t value[PARTS];
    size_t at[PARTS]; /* where each part stands in the text */
};

static bool
is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t
month_days(int64_t year, int64_t month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30,
                                     31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

static int64_t
floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Leap days from year 1 to the end of `year`. */
static int64_t
leap_days_through(int64_t year)
{
    return floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400);
}

int64_t
assay_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    static const uint16_t before_month[12] = {0,   31,  59,  90,  120, 151,
                                              181, 212, 243, 273, 304, 334};
    int64_t days = 365 * (year - 1970) + leap_days_through(year - 1) -
                   leap_days_through(1969);

    days += before_month[(month - 1) % 12] + (month > 2 && is_leap(year));
    return days + (int64_t)day - 1;
}

static bool
at_digit(const struct scan *s)
{
    return s->pos < s->text.len && s->text.ptr[s->pos] >= '0' &&
           s->text.ptr[s->pos] <= '9';
}

static int64_t
digits(struct scan *s, int n)
{
    int64_t v = 0;

    for (; n > 0 && !s->bad; n--) {
        if (!at_digit(s)) {
            s->bad = true;
            return 0;
        }
        v = v * 10 + (s->text.ptr[s->pos++] - '0');
    }
    return v;
}

static void
digits_of(struct scan *s, enum part part, int n)
{
    s->at[part] = s->pos;
    s->value[part] = digits(s, n);
}

/* One character out of `any`, or '\0'. */
static char
one_of(struct scan *s, const char *any)
{
    char c = '\0';

    if (!s->bad && s->pos < s->text.len && s->text.ptr[s->pos] != '\0' &&
        strchr(any, s->text.ptr[s->pos]) != NULL) {
        c = (char)s->text.ptr[s->pos++];
    } else {
        s->bad = true;
    }
    return c;
}

static void
scan_date(struct scan *s)
{
    digits_of(s, YEAR, 4);
    one_of(s, "-");
    digits_of(s, MONTH, 2);
    one_of(s, "-");
    digits_of(s, DAY, 2);
}

static void
scan_clock(struct scan *s)
{
    digits_of(s, HOUR, 2);
    one_of(s, ":");
    digits_of(s, MINUTE, 2);
    one_of(s, ":");
    digits_of(s, SECOND, 2);
}

/* Index of the first part that is out of its range, or PARTS. */
static enum part
first_wrong(const int64_t v[PARTS])
{
    if (v[MONTH] < 1 || v[MONTH] > 12) {
        return MONTH;
    }
    if (v[DAY] < 1 || v[DAY] > month_days(v[YEAR], v[MONTH])) {
        return DAY;
    }
    return v[HOUR] > 23     ? HOUR
           : v[MINUTE] > 59 ? MINUTE
           : v[SECOND] > 59 ? SECOND
                            : PARTS;
}

/* Ends a scan: nothing may be left, and the date must exist. */
static enum assay_code
finish(const struct scan *s, int64_t offset_s, int64_t *out_s, const char *form,
       const char *field, struct assay_error *err)
{
    static const char *const names[PARTS] = {"year", "month",  "day",
                                             "hour", "minute", "second"};
    const int64_t *v = s->value;
    enum part wrong;
    int64_t t;

    if (s->bad || s->pos != s->text.len) {
        return assay_fail(
            err, ASSAY_MALFORMED, s->pos, "%s: \"%.*s\" is not of the form %s",
            field, (int)(s->text.len < 40 ? s->text.len : 40),
            s->text.len > 0 ? (const char *)s->text.ptr : "", form);
    }
    wrong = first_wrong(v);
    if (wrong != PARTS) {
        return assay_fail(
            err, ASSAY_MALFORMED, s->at[wrong], "%s: \"%.*s\" has no such %s",
            field, (int)s->text.len, (const char *)s->text.ptr, names[wrong]);
    }
    t = assay_days_from_civil(v[YEAR], (unsigned)v[MONTH], (unsigned)v[DAY]) *
            DAY_S +
        v[HOUR] * 3600 + v[MINUTE] * 60 + v[SECOND] - offset_s;
    if (t < YEAR_0000_S || t > YEAR_9999_S) { /* by its offset */
        return assay_fail(err, ASSAY_MALFORMED, 0,
                          "%s: \"%.*s\" is not within the years 0 to 9999",
                          field, (int)s->text.len, (const char *)s->text.ptr);
    }
    if (err->code == ASSAY_OK) {
        *out_s = t;
    }
    return err->code;
}

enum assay_code
assay_time_parse(struct assay_slice text, int64_t *out_s, const char *field,
                 struct assay_error *err)
{
    struct scan s = {.text = text};

    scan_date(&s);
    one_of(&s, "T");
    scan_clock(&s);
    one_of(&s, "Z");
    return finish(&s, 0, out_s, "YYYY-MM-DDThh:mm:ssZ", field, err);
}

static bool
all_digits(struct assay_slice text)
{
    struct scan s = {.text = text};

    while (at_digit(&s)) {
        s.pos++;
    }
    return text.len > 0 && s.pos == text.len;
}

static enum assay_code
parse_seconds(struct assay_slice text, int64_t *out_s, const char *field,
              struct assay_error *err)
{
    int64_t v = 0;

    for (size_t i = 0; i < text.len && v <= YEAR_9999_S; i++) {
        v = v * 10 + (text.ptr[i] - '0');
    }
    if (v > YEAR_9999_S) {
        return assay_fail(err, ASSAY_MALFORMED, 0,
                          "%s: Unix time is after the year 9999 (are these "
                          "milliseconds?)",
                          field);
    }
    if (err->code == ASSAY_OK) {
        *out_s = v;
    }
    return err->code;
}

/* "Z", or "+hh:mm" and "-hh:mm": seconds east of UTC. */
static int64_t
scan_zone(struct scan *s)
{
    char sign = one_of(s, "Zz+-");
    size_t at = s->pos;
    int64_t hour;
    int64_t minute;

    if (sign != '+' && sign != '-') {
        return 0;
    }
    hour = digits(s, 2);
    one_of(s, ":");
    minute = digits(s, 2);
    if (!s->bad && (hour > 23 || minute > 59)) {
        s->bad = true;
        s->pos = at;
    }
    return (sign == '-' ? -1 : 1) * (hour * 3600 + minute * 60);
}

enum assay_code
assay_time_parse_loose(struct assay_slice text, int64_t *out_s,
                       const char *field, struct assay_error *err)
{
    struct scan s = {.text = text};
    int64_t offset_s = 0;

    if (text.len > LOOSE_MAX_BYTES) {
        return assay_fail(err, ASSAY_MALFORMED, LOOSE_MAX_BYTES,
                          "%s: %zu characters are no time", field, text.len);
    }
    if (all_digits(text)) {
        return parse_seconds(text, out_s, field, err);
    }
    scan_date(&s);
    if (s.bad || s.pos < text.len) {
        one_of(&s, "Tt ");
        scan_clock(&s);
        if (!s.bad && s.pos < text.len && text.ptr[s.pos] == '.') {
            s.pos++;
            (void)digits(&s, 1);
            while (!s.bad && at_digit(&s)) {
                s.pos++;
            }
        }
        offset_s = scan_zone(&s);
    }
    return finish(&s, offset_s, out_s,
                  "YYYY-MM-DD, YYYY-MM-DDThh:mm:ssZ or Unix seconds", field,
                  err);
}

/* As certificates have it: all parts side by side, then "Z". */
static void
scan_packed(struct scan *s, int year_digits)
{
    digits_of(s, YEAR, year_digits);
    for (int part = MONTH; part < PARTS; part++) {
        digits_of(s, (enum part)part, 2);
    }
    one_of(s, "Z");
}

enum assay_code
assay_time_parse_utctime(struct assay_slice text, int64_t *out_s,
                         const char *field, struct assay_error *err)
{
    struct scan s = {.text = text};

    scan_packed(&s, 2);
    s.value[YEAR] += s.value[YEAR] < 50 ? 2000 : 1900; /* RFC 5280 4.1.2.5.1 */
    return finish(&s, 0, out_s, "YYMMDDhhmmssZ", field, err);
}

enum assay_code
assay_time_parse_generalized(struct assay_slice text, int64_t *out_s,
                             const char *field, struct assay_error *err)
{
    struct scan s = {.text = text};

    scan_packed(&s, 4);
    return finish(&s, 0, out_s, "YYYYMMDDhhmmssZ", field, err);
}

/* The year, 0 to 399, of a day counted from 0000-01-01; the calendar repeats
 * every 400 years. */
static int64_t
year_of_day(int64_t day)
{
    int64_t year = day / 365; /* never too small */

    while (assay_days_from_civil(year, 1, 1) - assay_days_from_civil(0, 1, 1) >
           day) {
        year--;
    }
    return year;
}

void
assay_time_format(int64_t t_s, char out[ASSAY_TIME_TEXT])
{
    int64_t days;
    int64_t second;
    int64_t cycles;
    int64_t year;
    int64_t month = 1;

    if (t_s < YEAR_0000_S || t_s > YEAR_9999_S) {
        memcpy(out, "?", 2);
        return;
    }
    days = (t_s - YEAR_0000_S) / DAY_S;
    second = (t_s - YEAR_0000_S) % DAY_S;
    cycles = days / DAYS_400_YEARS;
    days %= DAYS_400_YEARS;
    year = year_of_day(days);
    days -= assay_days_from_civil(year, 1, 1) - assay_days_from_civil(0, 1, 1);
    year += cycles * 400;
    while (days >= month_days(year, month)) {
        days -= month_days(year, month++);
    }
    (void)snprintf(out, ASSAY_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ",
                   (unsigned)year % 10000, (unsigned)month % 100,
                   (unsigned)(days + 1) % 100, (unsigned)(second / 3600) % 100,
                   (unsigned)(second / 60 % 60), (unsigned)(second % 60));
}
