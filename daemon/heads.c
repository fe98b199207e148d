/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * heads.c - heads of messages as they are passed on.
 */
#include "daemon/heads.h"

#include "base/bytes.h"

void
heads_put(struct assay_buf *to, const char *name, struct assay_slice value,
          struct assay_error *err)
{
    (void)!assay_http1_put_field(to, assay_slice_of(name), value, err);
}

void
heads_put_number(struct assay_buf *to, const char *name, uint64_t number,
                 struct assay_error *err)
{
    char digits[24];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    heads_put(
        to, name,
        (struct assay_slice){(const uint8_t *)digits + at, sizeof(digits) - at},
        err);
}

void
heads_put_framing(struct assay_buf *to, enum assay_http1_framing framing,
                  uint64_t length, struct assay_error *err)
{
    if (framing == ASSAY_HTTP1_LENGTH) {
        heads_put_number(to, "Content-Length", length, err);
    } else if (framing == ASSAY_HTTP1_CHUNKED) {
        heads_put(to, "Transfer-Encoding", assay_slice_of("chunked"), err);
    }
}

/* Neither of this connection alone nor of this framing. chunked: how the body
 * goes on; only then can anything follow it. */
bool
heads_goes_on(const struct assay_http1_head *h, struct assay_slice name,
              bool chunked)
{
    return !assay_http1_is_hop_by_hop(h, name) &&
           !assay_slice_is_nocase(name, "Content-Length") &&
           (chunked || !assay_slice_is_nocase(name, "Trailer"));
}

/* RFC 9110, section 10.1.4 */
static bool
wants_trailers(const struct assay_http1_head *request)
{
    return request->minor >= 1 &&
           assay_http1_has_token(request, "TE", "trailers");
}

/* --- requests ----------------------------------------------------------- */

/* In origin-form: a proxy's absolute-form names the host once more. */
static struct assay_slice
origin_form(const struct assay_http1_head *h)
{
    struct assay_slice t = h->target;
    size_t scheme = assay_slice_find(t, "://");

    if (t.ptr[0] == '/' || scheme == ASSAY_NO_OFFSET) {
        return t;
    }
    t.ptr += scheme + 3;
    t.len -= scheme + 3;
    while (t.len > 0 && t.ptr[0] != '/' && t.ptr[0] != '?') {
        t.ptr++;
        t.len--;
    }
    return t;
}

/* Of "http://host?query" the path is missing. */
static void
put_query_line(struct assay_buf *to, const struct assay_http1_head *h,
               struct assay_slice query, struct assay_error *err)
{
    struct assay_buf target;

    assay_buf_init(&target, ASSAY_HTTP1_TARGET_MAX_BYTES + 1);
    assay_buf_add_u8(&target, '/');
    assay_buf_add(&target, query);
    if (assay_buf_check(&target, "target", err) == ASSAY_OK) {
        (void)!assay_http1_put_request(to, h->method, assay_buf_slice(&target),
                                       err);
    }
    assay_buf_free(&target);
}

void
heads_put_request_line(struct assay_buf *to, const struct assay_http1_head *h,
                       struct assay_error *err)
{
    struct assay_slice target = origin_form(h);

    if (target.len == 0) {
        target =
            assay_slice_of(assay_slice_is(h->method, "OPTIONS") ? "*" : "/");
    } else if (target.ptr[0] == '?') {
        put_query_line(to, h, target, err);
        return;
    }
    (void)!assay_http1_put_request(to, h->method, target, err);
}

/* What this client and we want of the connection to the backend. */
void
heads_put_options(struct assay_buf *to, const struct assay_http1_head *h,
                  struct assay_slice upgrade, bool keep,
                  struct assay_error *err)
{
    bool trailers = wants_trailers(h);

    if (upgrade.len > 0) {
        heads_put(to, "Upgrade", upgrade, err);
        heads_put(to, "Connection", assay_slice_of("upgrade"), err);
        return;
    }
    if (trailers) {
        heads_put(to, "TE", assay_slice_of("trailers"), err);
    }
    if (trailers || !keep) {
        heads_put(to, "Connection",
                  assay_slice_of(!trailers ? "close"
                                 : !keep   ? "TE, close"
                                           : "TE"),
                  err);
    }
}

/* --- responses ---------------------------------------------------------- */

struct response_plan
heads_plan(const struct assay_http1_head *h,
           const struct assay_http1_head *request, bool keep)
{
    struct response_plan p = {h->framing, keep, false};

    if (h->framing == ASSAY_HTTP1_CHUNKED ||
        h->framing == ASSAY_HTTP1_UNTIL_CLOSE) {
        p.framing =
            request->minor >= 1 ? ASSAY_HTTP1_CHUNKED : ASSAY_HTTP1_UNTIL_CLOSE;
    }
    p.keep = keep && p.framing != ASSAY_HTTP1_UNTIL_CLOSE;
    p.trailers = p.framing == ASSAY_HTTP1_CHUNKED && wants_trailers(request);
    return p;
}

/* Of a response without a body, the length that one would have had (RFC 9110,
 * section 8.6) may be told; with 1xx and 204 it may not. */
static bool
passes(const struct assay_http1_head *h, const struct assay_http1_field *f,
       const struct response_plan *plan)
{
    if (assay_slice_is_nocase(f->name, "Content-Length")) {
        return plan->framing == ASSAY_HTTP1_NO_BODY && h->status >= 200 &&
               h->status != 204;
    }
    return heads_goes_on(h, f->name, plan->trailers);
}

void
heads_put_connection(struct assay_buf *to,
                     const struct assay_http1_head *request, bool keep,
                     struct assay_error *err)
{
    if (!keep) {
        heads_put(to, "Connection", assay_slice_of("close"), err);
    } else if (request->minor == 0) {
        heads_put(to, "Connection", assay_slice_of("keep-alive"), err);
    }
}

enum assay_code
heads_put_response(struct assay_buf *to, const struct assay_http1_head *h,
                   const struct assay_http1_head *request,
                   const struct response_plan *plan, struct assay_error *err)
{
    (void)!assay_http1_put_status(to, h->status, h->reason, err);
    for (size_t i = 0; i < h->field_count; i++) {
        const struct assay_http1_field *f = &h->field[i];

        if (passes(h, f, plan)) {
            (void)!assay_http1_put_field(to, f->name, f->value, err);
        }
    }
    if (h->status >= 200) {
        heads_put_framing(to, plan->framing, h->content_length, err);
        heads_put_connection(to, request, plan->keep, err);
    } else if (h->status == 101) {
        heads_put(to, "Upgrade", assay_http1_get(h, "Upgrade"), err);
        heads_put(to, "Connection", assay_slice_of("upgrade"), err);
    }
    assay_http1_put_end(to);
    return err->code == ASSAY_OK ? assay_buf_check(to, "response", err)
                                 : err->code;
}

enum assay_code
heads_put_trailers(struct assay_buf *to, struct assay_slice lines,
                   bool (*drops)(struct assay_slice name),
                   struct assay_error *err)
{
    struct assay_http1_field f;

    while (assay_http1_trailer_next(&lines, &f)) {
        if (assay_http1_trailer_passes(f.name) && !drops(f.name)) {
            (void)!assay_http1_put_field(to, f.name, f.value, err);
        }
    }
    return err->code == ASSAY_OK ? assay_buf_check(to, "trailers", err)
                                 : err->code;
}
