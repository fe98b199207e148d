/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * http_answer.c - answers of a server, and what their handlers need.
 */
#include <stdio.h>
#include <time.h>

#include "base/bytes.h"
#include "base/json_out.h"
#include "base/url.h"
#include "io/http_conn.h"

/* For what the server writes itself, and a small body behind it. */
#define ROOM_BYTES (ASSAY_HTTP_SMALL_BODY_BYTES + 4096u)

void
assay_http_answer_init(struct assay_http_answer *a)
{
    *a = (struct assay_http_answer){.status = 200};
    assay_buf_init(&a->fields, ASSAY_HTTP_FIELDS_MAX_BYTES);
    assay_buf_init(&a->body, ASSAY_HTTP_ANSWER_MAX_BYTES);
}

void
assay_http_answer_free(struct assay_http_answer *a)
{
    assay_buf_free(&a->fields);
    assay_buf_free(&a->body);
}

void
assay_http_answer_error(struct assay_http_answer *a, unsigned status,
                        const char *code, const char *message, const char *hint)
{
    struct assay_json_out o;

    assay_buf_free(&a->body);
    a->status = status;
    a->content_type = "application/json";
    assay_json_out_init(&o, &a->body, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_open(&o, "error", '{');
    assay_json_out_text(&o, "code", code);
    assay_json_out_text(&o, "message", message);
    assay_json_out_text(&o, "hint", hint != NULL ? hint : "");
    assay_json_out_close(&o, '}');
    assay_json_out_close(&o, '}');
}

/* --- the head ----------------------------------------------------------- */

/* RFC 9110, section 5.6.7; strftime would follow the locale. */
static void
write_date(char *out, size_t out_size)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed",
                                    "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr",
                                       "May", "Jun", "Jul", "Aug",
                                       "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm t;

    if (gmtime_r(&now, &t) == NULL) {
        t = (struct tm){.tm_mday = 1, .tm_year = 70, .tm_wday = 4};
    }
    snprintf(out, out_size, "%s, %02d %s %04d %02d:%02d:%02d GMT",
             days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900,
             t.tm_hour, t.tm_min, t.tm_sec);
}

/* A failure sticks in *err, so nobody looks at each. */
static enum assay_code
put(struct assay_buf *to, const char *name, const char *value,
    struct assay_error *err)
{
    return assay_http1_put_field(to, assay_slice_of(name),
                                 assay_slice_of(value), err);
}

static void
put_head(const struct assay_http_answer *a, bool keep_alive,
         struct assay_buf *to, struct assay_error *err)
{
    char text[80];

    if (assay_http1_put_status(to, a->status,
                               assay_slice_of(assay_http1_reason(a->status)),
                               err) != ASSAY_OK) {
        return;
    }
    write_date(text, sizeof(text));
    put(to, "Date", text, err);
    if (a->content_type != NULL) {
        put(to, "Content-Type", a->content_type, err);
    }
    /* RFC 9110, section 8.6: not with 204; with 304 it would be a claim. */
    if (a->status != 204 && a->status != 304) {
        snprintf(text, sizeof(text), "%zu", a->body.len);
        put(to, "Content-Length", text, err);
    }
    put(to, "Connection", keep_alive ? "keep-alive" : "close", err);
    assay_buf_add(to, assay_buf_slice(&a->fields));
    assay_http1_put_end(to);
}

enum assay_code
assay_http_answer_head(const struct assay_http_answer *a, bool keep_alive,
                       struct assay_buf *out, struct assay_error *err)
{
    assay_error_clear(err);
    assay_buf_init(out, ASSAY_HTTP_FIELDS_MAX_BYTES + ROOM_BYTES);
    assay_buf_check(&a->fields, "fields of the answer", err);
    assay_buf_check(&a->body, "body of the answer", err);
    if (a->status < 200 || a->status > 599) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "status of the answer");
    }
    if (err->code == ASSAY_OK) {
        put_head(a, keep_alive, out, err);
        assay_buf_check(out, "head of the answer", err);
    }
    return err->code;
}

/* --- queries ------------------------------------------------------------ */

/* The first parameter, which is cut off *query. */
static struct assay_slice
next_parameter(struct assay_slice *query)
{
    struct assay_slice p = *query;
    const uint8_t *end = memchr(p.ptr, '&', p.len);

    if (end != NULL) {
        p.len = (size_t)(end - p.ptr);
    }
    query->ptr += p.len + (end != NULL);
    query->len -= p.len + (end != NULL);
    return p;
}

bool
assay_http_query_get(struct assay_slice query, const char *name,
                     struct assay_buf *out)
{
    struct assay_slice value = ASSAY_EMPTY;
    struct assay_error err;
    size_t name_len = strlen(name);
    unsigned found = 0;

    assay_error_clear(&err);
    assay_buf_init(out, query.len);
    while (query.len > 0) {
        struct assay_slice p = next_parameter(&query);

        if (p.len > name_len && p.ptr[name_len] == '=' &&
            memcmp(p.ptr, name, name_len) == 0) {
            value.ptr = p.ptr + name_len + 1;
            value.len = p.len - name_len - 1;
            found++;
        }
    }
    if (found != 1 ||
        assay_percent_decode(value, out, "query", &err) != ASSAY_OK) {
        assay_buf_free(out);
        return false;
    }
    return true;
}
