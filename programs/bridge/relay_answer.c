/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_answer.c - what the relay says to clients.
 */
#include "relay_answer.h"

#include <inttypes.h>

#include "base/json_out.h"

#define METHODS "GET, HEAD, OPTIONS"

#define BODY_MAX_BYTES  512u
#define PREFLIGHT_AGE_S "86400"

/* What a page is shown beyond what it always is. */
#define EXPOSED                                                                \
    "TCB-Info-Issuer-Chain, SGX-TCB-Info-Issuer-Chain, "                       \
    "SGX-Enclave-Identity-Issuer-Chain, SGX-PCK-CRL-Issuer-Chain, "            \
    "TCB-Evaluation-Data-Numbers-Issuer-Chain, Request-ID, Age, Warning, "     \
    "Retry-After"

static void
put_start(unsigned status, const struct relay_cors *cors, struct assay_buf *to)
{
    assay_buf_printf(to, "HTTP/1.1 %u %s\r\nConnection: close\r\n", status,
                     assay_http1_reason(status));
    if (cors->origin[0] != '\0') {
        assay_buf_printf(to,
                         "Access-Control-Allow-Origin: %s\r\n"
                         "Access-Control-Expose-Headers: " EXPOSED "\r\n",
                         cors->origin);
    }
    if (cors->varies) {
        assay_buf_add_text(to, "Vary: Origin\r\n");
    }
}

/* The rest of the head, and the body if it was asked for. */
static void
put_body(const char *type, const struct assay_buf *body,
         const struct relay_request *to_this, struct assay_buf *to)
{
    assay_buf_printf(to,
                     "Content-Type: %s\r\n"
                     "Content-Length: %zu\r\n"
                     "X-Content-Type-Options: nosniff\r\n",
                     type, body->len);
    assay_http1_put_end(to);
    if (!to_this->head_only) {
        assay_buf_add(to, assay_buf_slice(body));
    }
}

void
relay_put_reply(const struct relay_reply *r,
                const struct relay_request *to_this, uint64_t age_ms,
                uint32_t max_age_s, bool stale, struct assay_buf *to)
{
    put_start(200, &to_this->cors, to);
    assay_buf_printf(to,
                     "Cache-Control: public, max-age=%" PRIu32 "\r\n"
                     "Age: %" PRIu64 "\r\n",
                     max_age_s, age_ms / 1000);
    if (stale) {
        assay_buf_add_text(to, "Warning: 110 - \"Response is Stale\"\r\n");
    }
    assay_buf_add(to, assay_buf_slice(&r->fields));
    put_body(r->type, &r->body, to_this, to);
}

void
relay_put_preflight(const struct relay_request *to_this, struct assay_buf *to)
{
    put_start(204, &to_this->cors, to);
    assay_buf_add_text(to, "Access-Control-Allow-Methods: " METHODS "\r\n"
                           "Access-Control-Allow-Headers: *\r\n"
                           "Access-Control-Max-Age: " PREFLIGHT_AGE_S "\r\n");
    assay_http1_put_end(to);
}

static void
put_error(unsigned status, const char *code, const char *why, const char *field,
          const struct relay_request *to_this, struct assay_buf *to)
{
    struct assay_json_out json;
    struct assay_buf body;

    assay_buf_init(&body, BODY_MAX_BYTES);
    assay_json_out_init(&json, &body, true);
    assay_json_out_open(&json, NULL, '{');
    assay_json_out_open(&json, "error", '{');
    assay_json_out_text(&json, "code", code);
    assay_json_out_text(&json, "message", why);
    assay_json_out_close(&json, '}');
    assay_json_out_close(&json, '}');
    assay_buf_add_u8(&body, '\n');
    put_start(status, &to_this->cors, to);
    assay_buf_printf(to, "Cache-Control: no-store\r\n%s", field);
    put_body("application/json", &body, to_this, to);
    assay_buf_free(&body);
}

void
relay_put_refusal(const struct relay_request *to_this, struct assay_buf *to)
{
    put_error(to_this->status, to_this->code, to_this->why,
              to_this->status == 405 ? "Allow: " METHODS "\r\n" : "", to_this,
              to);
}

void
relay_put_failure(unsigned status, const struct relay_request *to_this,
                  struct assay_buf *to)
{
    static const struct {
        unsigned status;
        const char *code;
        const char *why;
        const char *field;
    } failures[] = {
        {404, "not_found", "no source has it", ""},
        {502, "source_failed", "no source gave an answer that can be used", ""},
        {504, "source_timeout", "no source answered in time", ""},
        {503, "busy", "the relay has as much to ask for as it may",
         "Retry-After: 2\r\n"},
    };
    size_t i = 0;

    while (failures[i].status != status &&
           i + 1 < sizeof(failures) / sizeof(failures[0])) {
        i++;
    }
    put_error(failures[i].status, failures[i].code, failures[i].why,
              failures[i].field, to_this, to);
}
