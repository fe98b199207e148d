/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * framing.c - what follows from the fields of a head: where its body ends (RFC
 * 9112, section 6), and what becomes of the connection (section 9).
 */
#include "http1/chars.h"
#include "http1/fields.h"
#include "http1/read.h"
#include "http1/target.h"

/* What the fields say that matter here. */
struct said {
    bool is_request;
    const struct assay_http1_field *host; /* NULL if not there */
    const struct assay_http1_field *length;
    const struct assay_http1_field *coding;
    const struct assay_http1_field *upgrade;
    bool expect_continue;
    bool names_close; /* in Connection */
    bool names_keep_alive;
    bool names_upgrade;
};

/* A field that may stand only once, even with the same value again. */
static bool
note_once(const struct assay_http1_reader *r, const struct assay_http1_field *f,
          const struct assay_http1_field **slot, const char *twice)
{
    if (*slot != NULL) {
        return assay_http1_refuse(r, f->name.ptr, twice);
    }
    *slot = f;
    return true;
}

/* Who forwards drops what Connection names; without one of these, the rest
 * would be another message. */
static bool
note_connection(const struct assay_http1_reader *r, struct assay_slice value,
                struct said *s)
{
    struct assay_slice option;

    while (assay_http1_list_next(&value, &option)) {
        if (assay_slice_is_nocase(option, "close")) {
            s->names_close = true;
        } else if (assay_slice_is_nocase(option, "keep-alive")) {
            s->names_keep_alive = true;
        } else if (assay_slice_is_nocase(option, "upgrade")) {
            s->names_upgrade = true;
        } else if (assay_slice_is_nocase(option, "content-length") ||
                   assay_slice_is_nocase(option, "host")) {
            return assay_http1_refuse(
                r, option.ptr, "Connection: names a field for everybody");
        }
    }
    return true;
}

static void
note_expect(struct assay_slice value, struct said *s)
{
    struct assay_slice element;

    while (assay_http1_list_next(&value, &element)) {
        if (assay_slice_is_nocase(element, "100-continue")) {
            s->expect_continue = true;
        }
    }
}

/* By length first: most fields are none of these. */
static bool
note_field(const struct assay_http1_reader *r,
           const struct assay_http1_field *f, struct said *s)
{
    switch (f->name.len) {
    case 4:
        return !s->is_request || !assay_slice_is_nocase(f->name, "Host") ||
               note_once(r, f, &s->host, "Host: there twice");
    case 6:
        if (assay_slice_is_nocase(f->name, "Expect")) {
            note_expect(f->value, s);
        }
        return true;
    case 7:
        if (assay_slice_is_nocase(f->name, "Upgrade") && f->value.len > 0) {
            s->upgrade = f;
        }
        return true;
    case 10:
        return !assay_slice_is_nocase(f->name, "Connection") ||
               note_connection(r, f->value, s);
    case 14:
        return !assay_slice_is_nocase(f->name, "Content-Length") ||
               note_once(r, f, &s->length, "Content-Length: there twice");
    case 17:
        return !assay_slice_is_nocase(f->name, "Transfer-Encoding") ||
               note_once(r, f, &s->coding, "Transfer-Encoding: there twice");
    default:
        return true;
    }
}

static bool
note_fields(const struct assay_http1_reader *r,
            const struct assay_http1_head *h, struct said *s)
{
    for (size_t i = 0; i < h->field_count; i++) {
        if (!note_field(r, &h->field[i], s)) {
            return false;
        }
    }
    return true;
}

/* --- one framing ----------------------------------------------------------
 */

/* Digits and nothing else: no sign, no list, no blank. */
static bool
read_length(const struct assay_http1_reader *r, struct assay_slice value,
            uint64_t *length)
{
    uint64_t n = 0;

    if (value.len == 0) {
        return assay_http1_refuse(r, value.ptr, "Content-Length: empty");
    }
    for (size_t i = 0; i < value.len; i++) {
        const uint8_t *at = value.ptr + i;
        uint64_t digit = (uint64_t)*at - '0';

        if (!assay_is_digit(*at)) {
            return assay_http1_refuse(r, at, "Content-Length: no digit");
        }
        if (n > (UINT64_MAX - digit) / 10) {
            return assay_http1_refuse(r, at, "Content-Length: too large");
        }
        n = n * 10 + digit;
    }
    *length = n;
    return true;
}

/* "chunked", once and alone (RFC 9112, section 6.1). */
static bool
judge_coding(const struct assay_http1_reader *r, struct assay_slice value)
{
    struct assay_slice rest = value;
    struct assay_slice coding;

    if (assay_slice_is_nocase(value, "chunked")) {
        return true;
    }
    while (assay_http1_list_next(&rest, &coding)) {
        if (!assay_slice_is_nocase(coding, "chunked")) {
            assay_fail(r->err, ASSAY_UNSUPPORTED,
                       (size_t)(coding.ptr - r->start),
                       "Transfer-Encoding: only chunked is understood");
            return false;
        }
    }
    return assay_http1_refuse(r, value.ptr,
                              "Transfer-Encoding: not chunked once");
}

/* Where a body may be, at most one field frames it. */
static bool
judge_framing(const struct assay_http1_reader *r, const struct said *s,
              struct assay_http1_head *h)
{
    if (s->length != NULL &&
        !read_length(r, s->length->value, &h->content_length)) {
        return false;
    }
    if (s->coding == NULL) {
        h->framing =
            s->length != NULL ? ASSAY_HTTP1_LENGTH : ASSAY_HTTP1_NO_BODY;
        return true;
    }
    if (h->minor == 0) {
        return assay_http1_refuse(r, s->coding->name.ptr,
                                  "Transfer-Encoding: in HTTP/1.0");
    }
    if (s->length != NULL) {
        return assay_http1_refuse(r, s->coding->name.ptr,
                                  "Transfer-Encoding: beside Content-Length");
    }
    h->framing = ASSAY_HTTP1_CHUNKED;
    return judge_coding(r, s->coding->value);
}

static void
judge_connection(const struct said *s, struct assay_http1_head *h)
{
    h->keep_alive = !s->names_close && (h->minor == 1 || s->names_keep_alive);
    /* 1.0 has no Upgrade: RFC 9110, section 7.8 */
    h->upgrade = h->minor == 1 && s->names_upgrade && s->upgrade != NULL;
}

/* --- requests -------------------------------------------------------------
 */

static bool
judge_host(const struct assay_http1_reader *r, const struct said *s,
           struct assay_http1_head *h)
{
    struct assay_slice authority = assay_http1_target_authority(h->target);

    if (s->host == NULL) {
        return h->minor == 0 || assay_http1_refuse(r, r->at, "Host: not there");
    }
    h->host = s->host->value;
    /* Empty is what a target without authority asks for. */
    if (h->host.len > 0 && !assay_http1_host_is_good(h->host)) {
        return assay_http1_refuse(r, h->host.ptr, "Host: no host and port");
    }
    if (authority.len > 0 && !assay_http1_same(authority, h->host)) {
        return assay_http1_refuse(r, h->host.ptr,
                                  "Host: not the one of the target");
    }
    return true;
}

bool
assay_http1_judge_request(const struct assay_http1_reader *r,
                          struct assay_http1_head *h)
{
    struct said s = {.is_request = true};

    if (!note_fields(r, h, &s) || !judge_host(r, &s, h) ||
        !judge_framing(r, &s, h)) {
        return false;
    }
    /* What follows may be the tunnel's already. */
    if (assay_slice_is(h->method, "CONNECT") &&
        (h->framing == ASSAY_HTTP1_CHUNKED || h->content_length > 0)) {
        return assay_http1_refuse(r, h->method.ptr, "CONNECT: with a body");
    }
    judge_connection(&s, h);
    h->expect_continue = h->minor == 1 && s.expect_continue;
    return true;
}

/* --- responses ------------------------------------------------------------
 */

static bool
is_tunnel(const char *method, const struct assay_http1_head *h)
{
    return h->status / 100 == 2 && strcmp(method, "CONNECT") == 0;
}

/* 1xx and 204 have no body, whatever was asked. A length of 0 is true, and
 * servers send it; any other one is a body to somebody. */
static bool
judge_bodyless(const struct assay_http1_reader *r, const struct said *s,
               const struct assay_http1_head *h)
{
    if (s->coding != NULL) {
        return assay_http1_refuse(r, s->coding->name.ptr,
                                  "Transfer-Encoding: with this status");
    }
    return s->length == NULL || h->content_length == 0 ||
           assay_http1_refuse(r, s->length->name.ptr,
                              "Content-Length: with this status");
}

/* RFC 9112, section 6.3. Fields that frame must be sound even where they frame
 * nothing, but in the answer to CONNECT, where they are to be ignored. */
static bool
judge_body(const struct assay_http1_reader *r, const char *method,
           const struct said *s, struct assay_http1_head *h)
{
    bool bodyless = h->status < 200 || h->status == 204;

    if (is_tunnel(method, h)) {
        h->framing = ASSAY_HTTP1_NO_BODY;
        return true;
    }
    if (!judge_framing(r, s, h) || (bodyless && !judge_bodyless(r, s, h))) {
        return false;
    }
    if (bodyless || h->status == 304 || strcmp(method, "HEAD") == 0) {
        h->framing = ASSAY_HTTP1_NO_BODY;
        h->content_length = 0;
    } else if (h->framing == ASSAY_HTTP1_NO_BODY) {
        h->framing = ASSAY_HTTP1_UNTIL_CLOSE;
    }
    return true;
}

bool
assay_http1_judge_response(const struct assay_http1_reader *r,
                           const char *method, struct assay_http1_head *h)
{
    struct said s = {0};

    if (!note_fields(r, h, &s) || !judge_body(r, method, &s, h)) {
        return false;
    }
    judge_connection(&s, h);
    if (h->framing == ASSAY_HTTP1_UNTIL_CLOSE || h->status == 101 ||
        is_tunnel(method, h)) {
        h->keep_alive = false; /* no further message follows */
    }
    return true;
}
