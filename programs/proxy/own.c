/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * own.c - answers of our own.
 */
#include "own.h"

#include "daemon/heads.h"
#include "page.h"

#define BODY_MAX_BYTES 4096u

static const char *const page_types[OWN_PAGES] = {
    [OWN_INDEX] = "text/html; charset=utf-8",
    [OWN_STATUS] = "application/json",
    [OWN_HEALTH] = "text/plain; charset=utf-8",
};

void
own_put_cors(struct assay_buf *to, struct assay_slice origin,
             struct assay_error *err)
{
    if (origin.len > 0) {
        heads_put(to, "Access-Control-Allow-Origin", origin, err);
        heads_put(to, "Access-Control-Expose-Headers", assay_slice_of("*"),
                  err);
        heads_put(to, "Vary", assay_slice_of("Origin"), err);
    }
}

/* What every answer of ours begins with; the first failure sticks. */
static void
put_start(struct assay_buf *to, const struct own_to *t, unsigned status,
          struct assay_error *err)
{
    assay_error_clear(err);
    (void)!assay_http1_put_status(
        to, status, assay_slice_of(assay_http1_reason(status)), err);
    heads_put(to, "Cache-Control", assay_slice_of("no-store"), err);
    own_put_cors(to, t->origin, err);
}

/* And how it ends; HEAD is answered by the head alone. */
static void
put_rest(struct assay_buf *to, const struct own_to *t, const char *type,
         struct assay_slice body, struct assay_error *err)
{
    heads_put(to, "Content-Type", assay_slice_of(type), err);
    heads_put(to, "X-Content-Type-Options", assay_slice_of("nosniff"), err);
    heads_put_number(to, "Content-Length", body.len, err);
    heads_put_connection(to, t->request, t->keep, err);
    assay_http1_put_end(to);
    if (!assay_slice_is(t->request->method, "HEAD")) {
        assay_buf_add(to, body);
    }
    to->failed = to->failed || err->code != ASSAY_OK;
}

/* --- errors --------------------------------------------------------------- */

/* retry: what SDKs do without a word depends on the status; so it is said. */
static void
put_error(struct assay_buf *to, const struct own_to *t, unsigned status,
          bool retry, unsigned retry_after_s, struct assay_slice body)
{
    struct assay_error err;

    put_start(to, t, status, &err);
    if (!retry) {
        heads_put(to, "x-should-retry", assay_slice_of("false"), &err);
    }
    if (retry_after_s > 0) {
        heads_put_number(to, "Retry-After", retry_after_s, &err);
    }
    if (status == 401) { /* RFC 9110, section 15.5.2 */
        heads_put(to, "WWW-Authenticate", assay_slice_of("Bearer"), &err);
    } else if (status == 405) { /* likewise, section 15.5.6 */
        heads_put(to, "Allow", assay_slice_of("GET, HEAD"), &err);
    }
    put_rest(to, t, "application/json", body, &err);
}

void
own_put_refusal(struct assay_buf *to, const struct own_to *for_whom,
                enum refusal r, unsigned status, const char *message,
                const char *param)
{
    const struct refusal_row *row = refusal_row(r);
    struct assay_buf body;

    assay_buf_init(&body, BODY_MAX_BYTES);
    refusal_put_json(r, message, param, &body);
    put_error(to, for_whom, status != 0 ? status : row->status, row->retry,
              row->retry_after_s, assay_buf_slice(&body));
    to->failed = to->failed || body.failed;
    assay_buf_free(&body);
}

void
own_put_failure(struct assay_buf *to, const struct own_to *for_whom,
                const struct failure *f)
{
    bool retry = f->kind != FAILURE_REFUSED && f->kind != FAILURE_REQUEST;
    struct assay_buf body;

    assay_buf_init(&body, BODY_MAX_BYTES);
    failure_put_json(f, &body);
    put_error(to, for_whom, failure_status(f->kind), retry, f->retry_after_s,
              assay_buf_slice(&body));
    to->failed = to->failed || body.failed;
    assay_buf_free(&body);
}

/* --- pages ---------------------------------------------------------------- */

void
own_put_page(struct assay_buf *to, const struct own_to *for_whom,
             enum own_page page, unsigned status, struct assay_slice body)
{
    struct assay_error err;

    put_start(to, for_whom, status, &err);
    /* Nothing of it is from elsewhere, and nobody puts a frame around it. */
    heads_put(to, "Content-Security-Policy",
              assay_slice_of(PAGE_SECURITY_POLICY), &err);
    heads_put(to, "Referrer-Policy", assay_slice_of("no-referrer"), &err);
    put_rest(to, for_whom, page_types[page], body, &err);
}

void
own_put_preflight(struct assay_buf *to, const struct own_to *for_whom)
{
    const struct assay_http1_head *h = for_whom->request;
    struct assay_slice fields =
        assay_http1_get(h, "Access-Control-Request-Headers");
    struct assay_error err;

    assay_error_clear(&err);
    (void)!assay_http1_put_status(
        to, 204, assay_slice_of(assay_http1_reason(204)), &err);
    own_put_cors(to, for_whom->origin, &err);
    heads_put(to, "Access-Control-Allow-Methods",
              assay_http1_get(h, "Access-Control-Request-Method"), &err);
    if (fields.len > 0) {
        heads_put(to, "Access-Control-Allow-Headers", fields, &err);
    }
    if (assay_slice_is(
            assay_http1_get(h, "Access-Control-Request-Private-Network"),
            "true")) {
        heads_put(to, "Access-Control-Allow-Private-Network",
                  assay_slice_of("true"), &err);
    }
    heads_put(to, "Access-Control-Max-Age", assay_slice_of("600"), &err);
    heads_put_connection(to, h, for_whom->keep, &err);
    assay_http1_put_end(to);
    to->failed = to->failed || err.code != ASSAY_OK;
}
