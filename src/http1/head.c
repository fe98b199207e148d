/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * head.c - finding the end of a head, and reading its lines.
 */
#include "http1/chars.h"
#include "http1/read.h"

bool
assay_http1_refuse(const struct assay_http1_reader *r, const uint8_t *at,
                   const char *what)
{
    assay_fail(r->err, ASSAY_MALFORMED, (size_t)(at - r->start), "%s", what);
    return false;
}

bool
assay_http1_refuse_byte(const struct assay_http1_reader *r, const char *where)
{
    size_t offset = (size_t)(r->at - r->start);
    uint8_t c = r->at[0];

    if (c == '\r' && r->at[1] == '\n') {
        assay_fail(r->err, ASSAY_MALFORMED, offset, "%s: the line ends", where);
    } else if (c == '\r') {
        assay_fail(r->err, ASSAY_MALFORMED, offset, "%s: CR without LF", where);
    } else if (assay_http1_is_blank(c)) {
        assay_fail(r->err, ASSAY_MALFORMED, offset, "%s: white space", where);
    } else if (c > ' ' && c <= '~') {
        assay_fail(r->err, ASSAY_MALFORMED, offset, "%s: '%c'", where, c);
    } else {
        assay_fail(r->err, ASSAY_MALFORMED, offset, "%s: byte 0x%02x", where,
                   c);
    }
    return false;
}

bool
assay_http1_read_line_end(struct assay_http1_reader *r, const char *where)
{
    if (r->at[0] != '\r' || r->at[1] != '\n') {
        return assay_http1_refuse_byte(r, where);
    }
    r->at += 2;
    return true;
}

/* --- finding the end ------------------------------------------------------
 */

/* Octets of the empty line that may stand before a request line (RFC 9112,
 * section 2.2). */
static size_t
leading_line(struct assay_slice in)
{
    return in.len >= 2 && in.ptr[0] == '\r' && in.ptr[1] == '\n' ? 2 : 0;
}

/* Octets up to and with the first empty line at or after `start`; 0 if it is
 * not there yet, or after a failure. *scanned octets are known to have none. */
static size_t
find_end(struct assay_slice in, size_t start, size_t *scanned,
         struct assay_error *err)
{
    size_t max = ASSAY_HTTP1_HEAD_MAX_BYTES;
    size_t len = in.len < max ? in.len : max;
    size_t at = *scanned > start ? *scanned : start;

    while (at < len) {
        const uint8_t *lf = memchr(in.ptr + at, '\n', len - at);

        if (lf == NULL) {
            break;
        }
        at = (size_t)(lf - in.ptr);
        if (at == start || lf[-1] != '\r') {
            assay_fail(err, ASSAY_MALFORMED, at, "head: LF without CR");
            return 0;
        }
        if (at == start + 1 || (at > start + 1 && lf[-2] == '\n')) {
            return at + 1;
        }
        at++;
    }
    *scanned = len;
    if (len == max) {
        assay_fail(err, ASSAY_TOO_LARGE, max, "head: more than %zu bytes", max);
    }
    return 0;
}

/* --- fields ---------------------------------------------------------------
 */

static bool
read_field(struct assay_http1_reader *r, struct assay_http1_field *f)
{
    const uint8_t *name = r->at;
    const uint8_t *value;

    if (assay_http1_is_blank(*name)) {
        return assay_http1_refuse(r, name, "field: a folded line");
    }
    while (assay_http1_is(*r->at, ASSAY_HTTP1_TOKEN)) {
        r->at++;
    }
    if (*r->at != ':') {
        return assay_http1_refuse_byte(r, "field name");
    }
    if (r->at == name) {
        return assay_http1_refuse(r, name, "field name: empty");
    }
    f->name = (struct assay_slice){name, (size_t)(r->at - name)};
    r->at++;
    while (assay_http1_is_blank(*r->at)) {
        r->at++;
    }
    value = r->at;
    while (assay_http1_is(*r->at, ASSAY_HTTP1_TEXT)) {
        r->at++;
    }
    f->value = (struct assay_slice){value, (size_t)(r->at - value)};
    while (f->value.len > 0 && assay_http1_is_blank(value[f->value.len - 1])) {
        f->value.len--;
    }
    return assay_http1_read_line_end(r, "field value");
}

static bool
read_fields(struct assay_http1_reader *r, struct assay_http1_head *h)
{
    while (r->at[0] != '\r' || r->at[1] != '\n') {
        if (h->field_count == ASSAY_HTTP1_FIELDS_MAX) {
            assay_fail(r->err, ASSAY_TOO_LARGE, (size_t)(r->at - r->start),
                       "head: more than %u fields", ASSAY_HTTP1_FIELDS_MAX);
            return false;
        }
        if (!read_field(r, &h->field[h->field_count])) {
            return false;
        }
        h->field_count++;
    }
    return true;
}

/* --- both kinds -----------------------------------------------------------
 */

/* Without the fields that are not there. */
static void
hand_over(struct assay_http1_head *out, const struct assay_http1_head *h)
{
    memcpy(out, h,
           offsetof(struct assay_http1_head, field) +
               h->field_count * sizeof(h->field[0]));
}

static void
read_request(struct assay_slice in, size_t start, struct assay_http1_head *out,
             struct assay_error *err)
{
    ASSAY_HTTP1_UNSET struct assay_http1_head h;
    struct assay_http1_reader r = {in.ptr, in.ptr + start, err};

    memset(&h, 0, offsetof(struct assay_http1_head, field));
    if (assay_http1_read_request_line(&r, &h) && read_fields(&r, &h) &&
        assay_http1_judge_request(&r, &h)) {
        hand_over(out, &h);
    }
}

static void
read_response(struct assay_slice in, const char *method,
              struct assay_http1_head *out, struct assay_error *err)
{
    ASSAY_HTTP1_UNSET struct assay_http1_head h;
    struct assay_http1_reader r = {in.ptr, in.ptr, err};

    memset(&h, 0, offsetof(struct assay_http1_head, field));
    if (assay_http1_read_status_line(&r, &h) && read_fields(&r, &h) &&
        assay_http1_judge_response(&r, method, &h)) {
        hand_over(out, &h);
    }
}

enum assay_code
assay_http1_request(struct assay_slice in, size_t *scanned,
                    struct assay_http1_head *out, size_t *used,
                    struct assay_error *err)
{
    size_t start = leading_line(in);
    size_t len;

    *used = 0;
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    len = find_end(in, start, scanned, err);
    if (len > 0) {
        read_request(in, start, out, err);
    }
    if (len > 0 && err->code == ASSAY_OK) {
        *used = len;
        *scanned = 0;
    }
    return err->code;
}

enum assay_code
assay_http1_response(struct assay_slice in, const char *method, size_t *scanned,
                     struct assay_http1_head *out, size_t *used,
                     struct assay_error *err)
{
    size_t len;

    *used = 0;
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    len = find_end(in, 0, scanned, err);
    if (len > 0) {
        read_response(in, method, out, err);
    }
    if (len > 0 && err->code == ASSAY_OK) {
        *used = len;
        *scanned = 0;
    }
    return err->code;
}
