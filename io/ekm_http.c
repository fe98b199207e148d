/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ekm_http.c - see ekm_http.h.
 */
#include "io/ekm_http.h"

#include <stdio.h>

#include "atls/ekm.h"
#include "atls/reply.h"
#include "atls/wire.h"
#include "base/bytes.h"

_Static_assert(ASSAY_EKM_SECRET_LEAST == ASSAY_EKM_SECRET_MIN_BYTES &&
                   ASSAY_EKM_SECRET_MOST == ASSAY_EKM_SECRET_MAX_BYTES,
               "one rule for secrets");

static struct assay_refusal
refusal(unsigned status, const char *code, const char *message)
{
    return (struct assay_refusal){
        .status = status, .code = code, .message = message};
}

/* As the failure of one of the steps is answered. */
static struct assay_refusal
refusal_of(const struct assay_error *err, unsigned malformed)
{
    switch (err->code) {
    case ASSAY_NOT_TRUSTED:
        return refusal(403, "forbidden", err->msg);
    case ASSAY_NO_MEMORY:
        return (struct assay_refusal){.status = 503,
                                      .code = "busy",
                                      .message = err->msg,
                                      .retry_after_s = 1};
    case ASSAY_CRYPTO:
        return refusal(500, "internal", err->msg);
    default:
        return refusal(malformed, "bad_request", err->msg);
    }
}

bool
assay_ekm_asks(const struct assay_ctx *ctx, struct assay_slice secret,
               const struct assay_http_request *request,
               uint8_t report_data[64], struct assay_refusal *why,
               struct assay_error *err)
{
    uint8_t exporter[ASSAY_EXPORTER_BYTES];
    struct assay_wire_ask asked;

    assay_error_clear(err);
    if (!assay_slice_is(request->head->target, ASSAY_WIRE_PATH)) {
        *why = refusal(404, "not_found", "there is " ASSAY_WIRE_PATH " only");
        return false;
    }
    if (!assay_slice_is(request->head->method, "POST")) {
        *why = refusal(405, "method_not_allowed",
                       "the quote endpoint is asked by POST");
        return false;
    }
    if (assay_ekm_read(ctx, secret, request->head, exporter, err) != ASSAY_OK) {
        *why = refusal_of(err, 400);
        return false;
    }
    if (assay_wire_ask_parse(request->body, &asked, err) != ASSAY_OK ||
        assay_wire_bind(ctx, asked.nonce, exporter, report_data, err) !=
            ASSAY_OK) {
        *why = refusal_of(err, 422);
        return false;
    }
    return true;
}

static void
put_field(struct assay_http_answer *a, const char *name, const char *value)
{
    struct assay_error err;

    assay_error_clear(&err); /* a buffer that fails is seen by the server */
    (void)!assay_http1_put_field(&a->fields, assay_slice_of(name),
                                 assay_slice_of(value), &err);
}

enum assay_code
assay_ekm_give(struct assay_http_answer *a,
               const struct assay_quote_reply *reply,
               const uint8_t report_data[64], struct assay_error *err)
{
    assay_error_clear(err);
    if (assay_reply_write_body(reply, report_data, &a->body, err) == ASSAY_OK) {
        a->content_type = "application/json";
        put_field(a, "Cache-Control", "no-store");
    }
    return err->code;
}

void
assay_ekm_refuse(struct assay_http_answer *a, const struct assay_refusal *why)
{
    char seconds[16];

    assay_http_answer_error(a, why->status, why->code, why->message, why->hint);
    put_field(a, "Cache-Control", "no-store");
    if (why->status == 405) {
        put_field(a, "Allow", "POST");
    }
    if (why->retry_after_s > 0) {
        (void)snprintf(seconds, sizeof(seconds), "%u", why->retry_after_s);
        put_field(a, "Retry-After", seconds);
    }
}
