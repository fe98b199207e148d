/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reply_read.c - a server's answer to a request for evidence, at the client.
 */
#include "atls/reply.h"

#include "base/json.h"
#include "base/text.h"

#define TEXT_MAX_BYTES (4u * 1024u * 1024u) /* app_compose, vm_config */
#define SHOWN_MAX      100                  /* of a server's words */
#define PROMISED_BYTES (64u * 1024u) /* of a body, before they have arrived */

static const struct assay_json_limits limits = {
    .max_bytes = ASSAY_REPLY_BODY_MAX_BYTES,
    .max_depth = 32,
    .max_nodes = 512u * 1024u,
};

/* --- the body ----------------------------------------------------------- */

void
assay_reply_evidence_free(struct assay_reply_evidence *e)
{
    assay_quote_free(e->quote);
    assay_eventlog_free(e->event_log);
    assay_buf_free(&e->app_compose);
    assay_buf_free(&e->vm_config);
    assay_buf_free(&e->collateral);
    e->quote = NULL;
    e->event_log = NULL;
}

/* Hex of either case, perhaps behind 0x. */
static void
read_quote(const struct assay_json *doc, uint32_t node,
           struct assay_reply_evidence *out, struct assay_error *err)
{
    struct assay_slice hex = assay_json_string(doc, node);
    struct assay_buf raw;
    uint8_t *room;

    if (assay_json_type(doc, node) != ASSAY_JSON_STRING || hex.len == 0) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "quote reply: quote.quote is no hex text");
        return;
    }
    if (hex.len >= 2 && hex.ptr[0] == '0' &&
        (hex.ptr[1] == 'x' || hex.ptr[1] == 'X')) {
        hex.ptr += 2;
        hex.len -= 2;
    }
    if (hex.len / 2 > ASSAY_QUOTE_MAX_BYTES) {
        assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "quote reply: a quote of %zu bytes, at most %u", hex.len / 2,
                   ASSAY_QUOTE_MAX_BYTES);
        return;
    }
    assay_buf_init(&raw, ASSAY_QUOTE_MAX_BYTES);
    room = assay_buf_extend(&raw, hex.len / 2);
    if (room == NULL) {
        (void)!assay_buf_check(&raw, "quote reply: quote.quote", err);
    } else if (assay_hex_decode(hex, room, raw.len, "quote reply: quote.quote",
                                err) != ASSAY_OK) {
        err->code = ASSAY_REPLY;
    } else {
        (void)!assay_quote_parse(assay_buf_slice(&raw), &out->quote, err);
    }
    assay_buf_free(&raw);
}

/* JSON text within a string, an array, or nothing at all. */
static void
read_event_log(const struct assay_json *doc, uint32_t node,
               struct assay_reply_evidence *out, struct assay_error *err)
{
    struct assay_slice text;

    if (node == ASSAY_JSON_NONE ||
        assay_json_type(doc, node) == ASSAY_JSON_NULL) {
        return;
    }
    text = assay_json_type(doc, node) == ASSAY_JSON_STRING
               ? assay_json_string(doc, node)
               : assay_json_span(doc, node);
    if (text.len > 0) {
        (void)!assay_eventlog_parse(text, &out->event_log, err);
    }
}

/* A string member that may be missing or null. */
static void
read_text(const struct assay_json *doc, uint32_t node, const char *name,
          struct assay_buf *out, struct assay_error *err)
{
    if (node == ASSAY_JSON_NONE ||
        assay_json_type(doc, node) == ASSAY_JSON_NULL) {
        return;
    }
    if (assay_json_type(doc, node) != ASSAY_JSON_STRING) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "quote reply: %s is no string", name);
        return;
    }
    assay_buf_add(out, assay_json_string(doc, node));
    (void)!assay_buf_check(out, name, err);
}

/* Kept as the text that it is: whoever uses it reads it as a bundle. */
static void
read_collateral(const struct assay_json *doc, uint32_t node,
                struct assay_reply_evidence *out, struct assay_error *err)
{
    if (assay_json_type(doc, node) == ASSAY_JSON_OBJECT) {
        assay_buf_add(&out->collateral, assay_json_span(doc, node));
        (void)!assay_buf_check(&out->collateral, "quote reply: collateral",
                               err);
    }
}

/* What a server says of its failure: {"error": text}, {"error": {"message":
 * text}}, either of them in "detail", {"detail": text}, or {"detail": [{"msg":
 * text}]}. Empty if it says nothing. */
static struct assay_slice
server_words(const struct assay_json *doc)
{
    uint32_t detail = assay_json_member(doc, ASSAY_JSON_ROOT, "detail");
    uint32_t error = assay_json_member(doc, ASSAY_JSON_ROOT, "error");
    uint32_t inner = assay_json_member(doc, detail, "error");
    uint32_t first = assay_json_type(doc, detail) == ASSAY_JSON_ARRAY
                         ? assay_json_first(doc, detail)
                         : ASSAY_JSON_NONE;
    const uint32_t places[] = {
        error,  assay_json_member(doc, error, "message"),
        inner,  assay_json_member(doc, inner, "message"),
        detail, assay_json_member(doc, first, "msg"),
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct assay_slice said = assay_json_string(doc, places[i]);

        if (said.len > 0) {
            said.len = said.len < SHOWN_MAX ? said.len : SHOWN_MAX;
            return said;
        }
    }
    return ASSAY_EMPTY;
}

static void
fail_by_server(const struct assay_json *doc, struct assay_error *err)
{
    struct assay_slice said = server_words(doc);

    if (said.len == 0) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "quote reply: there is no quote in it");
        return;
    }
    assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
               "quote reply: no quote; the server says: %.*s", (int)said.len,
               (const char *)said.ptr);
}

static void
read_members(const struct assay_json *doc, struct assay_reply_evidence *out,
             struct assay_error *err)
{
    uint32_t quote = assay_json_member(doc, ASSAY_JSON_ROOT, "quote");
    uint32_t tcb_info = assay_json_member(doc, ASSAY_JSON_ROOT, "tcb_info");

    if (assay_json_type(doc, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT ||
        quote == ASSAY_JSON_NONE ||
        assay_json_type(doc, quote) != ASSAY_JSON_OBJECT) {
        fail_by_server(doc, err);
        return;
    }
    read_quote(doc, assay_json_member(doc, quote, "quote"), out, err);
    if (err->code == ASSAY_OK) {
        read_event_log(doc, assay_json_member(doc, quote, "event_log"), out,
                       err);
    }
    if (err->code == ASSAY_OK) {
        read_text(doc, assay_json_member(doc, quote, "vm_config"),
                  "quote.vm_config", &out->vm_config, err);
    }
    if (err->code == ASSAY_OK && tcb_info != ASSAY_JSON_NONE) {
        read_text(doc, assay_json_member(doc, tcb_info, "app_compose"),
                  "tcb_info.app_compose", &out->app_compose, err);
    }
    if (err->code == ASSAY_OK) {
        read_collateral(doc,
                        assay_json_member(doc, ASSAY_JSON_ROOT, "collateral"),
                        out, err);
    }
}

enum assay_code
assay_reply_parse(struct assay_slice json, struct assay_reply_evidence *out,
                  struct assay_error *err)
{
    struct assay_json *doc = NULL;

    *out = (struct assay_reply_evidence){.quote = NULL};
    assay_buf_init(&out->app_compose, TEXT_MAX_BYTES);
    assay_buf_init(&out->vm_config, TEXT_MAX_BYTES);
    assay_buf_init(&out->collateral, ASSAY_REPLY_BODY_MAX_BYTES);
    if (assay_json_parse(json, &limits, "quote reply", &doc, err) == ASSAY_OK) {
        read_members(doc, out, err);
    } else if (err->code != ASSAY_NO_MEMORY) {
        err->code = ASSAY_REPLY; /* no file of the user's */
    }
    assay_json_free(doc);
    if (err->code != ASSAY_OK) {
        assay_reply_evidence_free(out);
    }
    return err->code;
}

/* --- the response ------------------------------------------------------- */

void
assay_reply_reader_init(struct assay_reply_reader *r)
{
    memset(r, 0, sizeof(*r));
    assay_buf_init(&r->content, ASSAY_REPLY_BODY_MAX_BYTES);
}

void
assay_reply_reader_free(struct assay_reply_reader *r)
{
    assay_buf_free(&r->content);
    assay_reply_reader_init(r);
}

/* Whatever was wrong with its form, it is the reply that is. Offsets would be
 * counted from what happened to wait. */
static enum assay_code
as_reply(struct assay_error *err)
{
    if (err->code != ASSAY_OK && err->code != ASSAY_NO_MEMORY &&
        err->code != ASSAY_REPLY) {
        err->code = ASSAY_REPLY;
        err->offset = ASSAY_NO_OFFSET;
        assay_error_prefix(err, "quote reply");
    }
    return err->code;
}

static void
take_head(struct assay_reply_reader *r, struct assay_queue *from,
          struct assay_error *err)
{
    struct assay_http1_head head;
    size_t used = 0;

    if (assay_http1_response(assay_queue_slice(from), "POST", &r->scanned,
                             &head, &used, err) != ASSAY_OK ||
        used == 0) {
        return;
    }
    if (head.status < 200) {
        /* No request of ours asks for an interim answer. */
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "quote reply: unexpected status %u", head.status);
        return;
    }
    if (head.framing != ASSAY_HTTP1_LENGTH &&
        head.framing != ASSAY_HTTP1_CHUNKED) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "quote reply: status %u, with neither Content-Length nor "
                   "chunks",
                   head.status);
        return;
    }
    if (head.framing == ASSAY_HTTP1_LENGTH &&
        head.content_length > ASSAY_REPLY_BODY_MAX_BYTES) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "quote reply: a body of %llu bytes, at most %u",
                   (unsigned long long)head.content_length,
                   ASSAY_REPLY_BODY_MAX_BYTES);
        return;
    }
    if (head.status == 200 && !head.keep_alive) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "quote reply: the server will close the connection that "
                   "it has just proven");
        return;
    }
    r->status = head.status;
    r->have_head = true;
    assay_http1_body_init(&r->body, &head, ASSAY_REPLY_BODY_MAX_BYTES);
    if (head.framing == ASSAY_HTTP1_LENGTH) {
        assay_buf_reserve(&r->content, head.content_length < PROMISED_BYTES
                                           ? (size_t)head.content_length
                                           : PROMISED_BYTES);
    }
    assay_queue_take(from, used);
}

static void
take_body(struct assay_reply_reader *r, struct assay_queue *from,
          struct assay_error *err)
{
    size_t used = 1;

    while (!r->body.done && used > 0 && err->code == ASSAY_OK) {
        struct assay_slice data = ASSAY_EMPTY;

        used = 0;
        if (assay_http1_body_feed(&r->body, assay_queue_slice(from), &used,
                                  &data, err) == ASSAY_OK) {
            assay_buf_add(&r->content, data);
            (void)!assay_buf_check(&r->content, "quote reply", err);
        }
        assay_queue_take(from, used);
    }
}

/* The status comes first in what is told; the server's words, if it has any,
 * second. */
static void
fail_by_status(const struct assay_reply_reader *r, struct assay_error *err)
{
    struct assay_json *doc = NULL;
    struct assay_slice said = ASSAY_EMPTY;
    struct assay_error unread;

    assay_error_clear(&unread);
    if (assay_json_parse(assay_buf_slice(&r->content), &limits, "quote reply",
                         &doc, &unread) == ASSAY_OK) {
        said = server_words(doc);
    }
    assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
               "quote reply: status %u instead of 200%s%.*s", r->status,
               said.len > 0 ? "; the server says: " : "", (int)said.len,
               said.len > 0 ? (const char *)said.ptr : "");
    assay_json_free(doc);
}

enum assay_code
assay_reply_reader_take(struct assay_reply_reader *r, struct assay_queue *from,
                        bool *done, struct assay_error *err)
{
    *done = false;
    if (!r->have_head) {
        take_head(r, from, err);
    }
    if (r->have_head && err->code == ASSAY_OK) {
        take_body(r, from, err);
    }
    if (err->code == ASSAY_OK && r->have_head && r->body.done) {
        if (r->status != 200) {
            fail_by_status(r, err);
        }
        *done = err->code == ASSAY_OK;
    }
    return as_reply(err);
}
