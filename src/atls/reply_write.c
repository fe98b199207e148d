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
#define AROUND_BYTES    512u /* members of our own, and the head */

/* Within the reply these stand one level deeper, and beside others. */
static const struct assay_json_limits part_limits = {
    .max_bytes = ASSAY_REPLY_BODY_MAX_BYTES,
    .max_depth = 31,
    .max_nodes = 255u * 1024u,
};

/* What a client will read as JSON, or what is spliced into ours as it stands,
 * has to be JSON, of this type if one is named. */
static void
check_json(struct assay_slice text, const char *type, const char *what,
           struct assay_error *err)
{
    struct assay_json *doc = NULL;
    struct assay_error sub;

    if (text.len == 0) {
        return;
    }
    assay_error_clear(&sub);
    if (assay_json_parse(text, &part_limits, what, &doc, &sub) != ASSAY_OK) {
        assay_fail(err, sub.code == ASSAY_NO_MEMORY ? sub.code : ASSAY_INVALID,
                   sub.offset, "%s", sub.msg);
    } else if (type != NULL && strcmp(assay_json_type_name(assay_json_type(
                                          doc, ASSAY_JSON_ROOT)),
                                      type) != 0) {
        assay_fail(err, ASSAY_INVALID, 0, "%s: no JSON %s", what, type);
    }
    assay_json_free(doc);
}

/* About what the body takes: texts that are put into strings grow by their
 * escapes. */
static size_t
guess_body(const struct assay_quote_reply *reply)
{
    size_t texts = reply->event_log.len + reply->vm_config.len;

    return 2 * reply->quote.len + texts + texts / 4 + reply->tcb_info.len +
           reply->collateral.len + AROUND_BYTES;
}

static void
check_reply(const struct assay_quote_reply *reply, struct assay_error *err)
{
    if (reply->quote.len == 0 || reply->quote.len > ASSAY_QUOTE_MAX_BYTES) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "quote: %zu bytes instead of 1 to %u", reply->quote.len,
                   ASSAY_QUOTE_MAX_BYTES);
    }
    check_json(reply->event_log, "array", "event_log", err);
    check_json(reply->vm_config, NULL, "vm_config", err);
    check_json(reply->tcb_info, "object", "tcb_info", err);
    check_json(reply->collateral, "object", "collateral", err);
}

/* A member that is JSON already; left out if empty. */
static void
put_json(const char *name, struct assay_slice text, struct assay_buf *to)
{
    if (text.len > 0) {
        assay_buf_printf(to, ",\"%s\":", name);
        assay_buf_add(to, text);
    }
}

static void
put_body(const struct assay_quote_reply *reply, const uint8_t report_data[64],
         struct assay_buf *to)
{
    struct assay_json_out o;

    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_bool(&o, "success", true);
    assay_json_out_open(&o, "quote", '{');
    assay_json_out_hex(&o, "quote", reply->quote);
    if (reply->event_log.len > 0) {
        assay_json_out_string(&o, "event_log", reply->event_log);
    }
    assay_json_out_hex(&o, "report_data",
                       (struct assay_slice){report_data, 64});
    if (reply->vm_config.len > 0) {
        assay_json_out_string(&o, "vm_config", reply->vm_config);
    }
    assay_json_out_close(&o, '}');
    put_json("tcb_info", reply->tcb_info, to);
    put_json("collateral", reply->collateral, to);
    assay_buf_printf(to, ",\"timestamp\":\"%lld\"", (long long)reply->now_s);
    assay_json_out_text(&o, "quote_type", "tdx");
    assay_json_out_null(&o, "error");
    assay_json_out_close(&o, '}');
}

enum assay_code
assay_reply_write(const struct assay_quote_reply *reply,
                  const uint8_t report_data[64], struct assay_buf *out,
                  struct assay_error *err)
{
    struct assay_buf body;

    check_reply(reply, err);
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    assay_buf_init(&body, ASSAY_REPLY_BODY_MAX_BYTES);
    assay_buf_reserve(&body, guess_body(reply));
    put_body(reply, report_data, &body);
    if (assay_buf_check(&body, "quote reply", err) == ASSAY_OK) {
        assay_buf_reserve(out, body.len + AROUND_BYTES);
        assay_buf_printf(out,
                         "HTTP/1.1 200 OK\r\n"
                         "Content-Type: application/json\r\n"
                         "Cache-Control: no-store\r\n"
                         "Content-Length: %zu\r\n"
                         "\r\n",
                         body.len);
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
