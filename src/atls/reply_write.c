/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reply_write.c - a server's answer to a request for evidence, at the server.
 */
#include "atls/reply.h"

#include "base/json.h"
#include "base/json_out.h"
#include "base/text.h"

/* Of the texts of an error; escaped, one octet may become six. */
#define TEXT_MAX_BYTES  1000
#define ERROR_MAX_BYTES (6u * 3u * TEXT_MAX_BYTES + 128u)
#define AROUND_BYTES    512u /* the head */

static void
put_body(const struct assay_quote_reply *reply, const uint8_t report_data[64],
         struct assay_buf *to)
{
    struct assay_json_out o;

    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_bool(&o, "success", true);
    assay_evidence_put(&o, to, reply, report_data);
    assay_evidence_put_json(to, "collateral", reply->collateral);
    if (reply->client_nonce != NULL) {
        assay_json_out_hex(&o, "client_nonce_hex",
                           (struct assay_slice){reply->client_nonce,
                                                ASSAY_CLIENT_NONCE_BYTES});
    }
    assay_buf_printf(to, ",\"timestamp\":\"%lld\"", (long long)reply->now_s);
    assay_json_out_text(&o, "quote_type", "tdx");
    assay_json_out_null(&o, "error");
    assay_json_out_close(&o, '}');
}

static void
put_head(size_t body_len, struct assay_buf *out)
{
    assay_buf_printf(out,
                     "HTTP/1.1 200 OK\r\n"
                     "Content-Type: application/json\r\n"
                     "Cache-Control: no-store\r\n"
                     "Content-Length: %zu\r\n"
                     "\r\n",
                     body_len);
}

enum assay_code
assay_reply_write_body(const struct assay_quote_reply *reply,
                       const uint8_t report_data[64], struct assay_buf *out,
                       struct assay_error *err)
{
    if (assay_evidence_check(reply, err) == ASSAY_OK) {
        assay_buf_reserve(out, assay_evidence_guess(reply));
        put_body(reply, report_data, out);
        (void)!assay_buf_check(out, "quote reply", err);
    }
    return err->code;
}

enum assay_code
assay_reply_write(const struct assay_quote_reply *reply,
                  const uint8_t report_data[64], struct assay_buf *out,
                  struct assay_error *err)
{
    struct assay_buf body;

    assay_buf_init(&body, ASSAY_REPLY_BODY_MAX_BYTES);
    if (assay_reply_write_body(reply, report_data, &body, err) == ASSAY_OK) {
        assay_buf_reserve(out, body.len + AROUND_BYTES);
        put_head(body.len, out);
        assay_buf_add(out, assay_buf_slice(&body));
        (void)!assay_buf_check(out, "quote reply", err);
    }
    assay_buf_free(&body);
    return err->code;
}

/* A member of the error; what is too long loses its end. */
static void
put_text(struct assay_json_out *o, const char *name, const char *text)
{
    size_t len = strnlen(text, TEXT_MAX_BYTES);

    assay_json_out_string(o, name,
                          (struct assay_slice){(const uint8_t *)text, len});
}

static void
put_error_head(const struct assay_refusal *why, bool keep_alive,
               size_t body_len, struct assay_buf *out)
{
    assay_buf_printf(out, "HTTP/1.1 %u %s\r\n", why->status,
                     assay_http1_reason(why->status));
    if (why->status == 405) {
        assay_buf_add_text(out, "Allow: POST\r\n");
    }
    assay_buf_add_text(out, "Content-Type: application/json\r\n"
                            "Cache-Control: no-store\r\n");
    if (why->retry_after_s > 0) {
        assay_buf_printf(out, "Retry-After: %u\r\n", why->retry_after_s);
    }
    assay_buf_printf(out,
                     "%s"
                     "Content-Length: %zu\r\n"
                     "\r\n",
                     keep_alive ? "" : "Connection: close\r\n", body_len);
}

void
assay_reply_write_error(const struct assay_refusal *why, bool keep_alive,
                        struct assay_buf *out)
{
    struct assay_buf body;
    struct assay_json_out o;

    assay_buf_init(&body, ERROR_MAX_BYTES);
    assay_json_out_init(&o, &body, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_open(&o, "error", '{');
    put_text(&o, "code", why->code);
    put_text(&o, "message", why->message);
    put_text(&o, "hint", why->hint != NULL ? why->hint : "");
    assay_json_out_close(&o, '}');
    assay_json_out_close(&o, '}');
    put_error_head(why, keep_alive, body.len, out);
    assay_buf_add(out, assay_buf_slice(&body));
    if (body.failed) { /* for want of memory: it has room for all texts */
        out->failed = true;
        out->no_memory = true;
    }
    assay_buf_free(&body);
}

void
assay_reply_write_success(struct assay_buf *out)
{
    static const char body[] = "{\"success\":true}";

    put_head(sizeof(body) - 1, out);
    assay_buf_add_text(out, body);
}
