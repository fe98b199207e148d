/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * start_line.c - the first line of a message (RFC 9112, sections 3 and 4).
 */
#include "http1/chars.h"
#include "http1/read.h"
#include "http1/target.h"

static struct assay_slice
read_run(struct assay_http1_reader *r, enum assay_http1_class class)
{
    const uint8_t *first = r->at;

    while (assay_http1_is(*r->at, class)) {
        r->at++;
    }
    return (struct assay_slice){first, (size_t)(r->at - first)};
}

/* A run that is not empty, and the one space behind it. */
static bool
read_word(struct assay_http1_reader *r, enum assay_http1_class class,
          const char *what, struct assay_slice *out)
{
    *out = read_run(r, class);
    if (out->len == 0 || *r->at != ' ') {
        return assay_http1_refuse_byte(r, what);
    }
    r->at++;
    return true;
}

/* "HTTP/" DIGIT "." DIGIT; the numbers of others are told from nonsense. */
static bool
read_version(struct assay_http1_reader *r, struct assay_http1_head *h)
{
    const char *form = "HTTP/0.0"; /* 0: any digit */
    const uint8_t *first = r->at;

    for (const char *want = form; *want != '\0'; want++, r->at++) {
        if (*want == '0' ? !assay_is_digit(*r->at) : *r->at != (uint8_t)*want) {
            return assay_http1_refuse_byte(r, "version");
        }
    }
    if (first[5] != '1' || first[7] > '1') {
        assay_fail(r->err, ASSAY_UNSUPPORTED, (size_t)(first - r->start),
                   "version: HTTP/%c.%c is not 1.0 or 1.1", first[5], first[7]);
        return false;
    }
    h->minor = (unsigned)(first[7] - '0');
    return true;
}

static bool
judge_target(const struct assay_http1_reader *r,
             const struct assay_http1_head *h)
{
    if (h->target.len > ASSAY_HTTP1_TARGET_MAX_BYTES) {
        assay_fail(r->err, ASSAY_TOO_LARGE, (size_t)(h->target.ptr - r->start),
                   "target: %zu bytes, limit %u", h->target.len,
                   ASSAY_HTTP1_TARGET_MAX_BYTES);
        return false;
    }
    if (!assay_http1_target_is_good(h->method, h->target)) {
        return assay_http1_refuse(r, h->target.ptr,
                                  "target: of no form for this method");
    }
    return true;
}

bool
assay_http1_read_request_line(struct assay_http1_reader *r,
                              struct assay_http1_head *h)
{
    return read_word(r, ASSAY_HTTP1_TOKEN, "method", &h->method) &&
           read_word(r, ASSAY_HTTP1_TARGET, "target", &h->target) &&
           read_version(r, h) && assay_http1_read_line_end(r, "request line") &&
           judge_target(r, h);
}

static bool
read_status(struct assay_http1_reader *r, struct assay_http1_head *h)
{
    const uint8_t *first = r->at;

    for (int i = 0; i < 3; i++, r->at++) {
        if (!assay_is_digit(*r->at)) {
            return assay_http1_refuse_byte(r, "status");
        }
        h->status = h->status * 10 + (unsigned)(*r->at - '0');
    }
    if (h->status < 100 || h->status > 599) {
        return assay_http1_refuse(r, first, "status: not 100 to 599");
    }
    return true;
}

bool
assay_http1_read_status_line(struct assay_http1_reader *r,
                             struct assay_http1_head *h)
{
    if (!read_version(r, h)) {
        return false;
    }
    if (*r->at != ' ') {
        return assay_http1_refuse_byte(r, "version");
    }
    r->at++;
    if (!read_status(r, h)) {
        return false;
    }
    /* The space belongs there even if no reason follows. Servers exist that
     * leave it out, and nobody reads that in another way. */
    if (*r->at == ' ') {
        r->at++;
        h->reason = read_run(r, ASSAY_HTTP1_TEXT);
    }
    return assay_http1_read_line_end(r, "status line");
}
