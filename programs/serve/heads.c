/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * heads.c - what only assay-serve says in heads.
 */
#include "heads.h"

#include "base/bytes.h"
#include "base/json_out.h"
#include "forwarded.h"

#define REFUSAL_MAX_BYTES 4096u

enum assay_code
heads_put_request(struct assay_buf *to, const struct assay_http1_head *h,
                  const struct heads_request *add, struct assay_error *err)
{
    heads_put_request_line(to, h, err);
    if (assay_http1_count(h, "Host") == 0) {
        heads_put(to, "Host", ASSAY_EMPTY,
                  err); /* 1.0; RFC 9112, section 3.2 */
    }
    for (size_t i = 0; i < h->field_count; i++) {
        const struct assay_http1_field *f = &h->field[i];

        if (heads_goes_on(h, f->name, h->framing == ASSAY_HTTP1_CHUNKED) &&
            !forwarded_is_reserved(f->name)) {
            (void)!assay_http1_put_field(to, f->name, f->value, err);
        }
    }
    forwarded_put(to, h, add->peer, add->trusted, err);
    assay_buf_add(to, add->proven);
    /* A POST without a body says so. */
    heads_put_framing(to,
                      assay_http1_count(h, "Content-Length") > 0
                          ? ASSAY_HTTP1_LENGTH
                          : h->framing,
                      h->content_length, err);
    heads_put_options(to, h, add->upgrade, add->keep, err);
    assay_http1_put_end(to);
    return err->code == ASSAY_OK ? assay_buf_check(to, "request", err)
                                 : err->code;
}

void
heads_put_refusal(struct assay_buf *to, const struct assay_refusal *why,
                  const struct assay_http1_head *request, bool keep)
{
    struct assay_error err;
    struct assay_buf body;
    struct assay_json_out o;

    assay_error_clear(&err);
    assay_buf_init(&body, REFUSAL_MAX_BYTES);
    assay_json_out_init(&o, &body, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_open(&o, "error", '{');
    assay_json_out_text(&o, "code", why->code);
    assay_json_out_text(&o, "message", why->message);
    assay_json_out_text(&o, "hint", why->hint != NULL ? why->hint : "");
    assay_json_out_close(&o, '}');
    assay_json_out_close(&o, '}');
    (void)!assay_http1_put_status(
        to, why->status, assay_slice_of(assay_http1_reason(why->status)), &err);
    if (why->retry_after_s > 0) {
        heads_put_number(to, "Retry-After", why->retry_after_s, &err);
    }
    heads_put(to, "Content-Type", assay_slice_of("application/json"), &err);
    heads_put(to, "Cache-Control", assay_slice_of("no-store"), &err);
    heads_put_number(to, "Content-Length", body.len, &err);
    heads_put_connection(to, request, keep, &err);
    assay_http1_put_end(to);
    if (!assay_slice_is(request->method, "HEAD")) {
        assay_buf_add(to, assay_buf_slice(&body));
    }
    assay_buf_free(&body);
}
