/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reply_read.c - a server's answer to a request for evidence, at the client.
 */
#include "atls/reply.h"

#include <stdio.h>

#include "base/json.h"
#include "base/text.h"

#define SHOWN_MAX      100           /* of a server's words */
#define PROMISED_BYTES (64u * 1024u) /* of a body, before they have arrived */

/* --- the body ----------------------------------------------------------- */

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

/* 64 hex digits, where the server asks for the client's evidence. */
static void
read_client_nonce(const struct assay_json *doc, uint32_t node,
                  struct assay_reply_evidence *out, struct assay_error *err)
{
    if (node == ASSAY_JSON_NONE ||
        assay_json_type(doc, node) == ASSAY_JSON_NULL) {
        return;
    }
    if (assay_json_type(doc, node) != ASSAY_JSON_STRING ||
        assay_hex_decode(assay_json_string(doc, node), out->client_nonce,
                         ASSAY_CLIENT_NONCE_BYTES,
                         "quote reply: client_nonce_hex", err) != ASSAY_OK) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "quote reply: client_nonce_hex is no text of 64 hex "
                   "digits");
        err->code = ASSAY_REPLY;
        return;
    }
    out->has_client_nonce = true;
}

static void
read_members(const struct assay_json *doc, struct assay_reply_evidence *out,
             struct assay_error *err)
{
    if (!assay_evidence_is_there(doc)) {
        fail_by_server(doc, err);
        return;
    }
    if (assay_evidence_read(doc, "quote reply", out, err) == ASSAY_OK) {
        read_collateral(doc,
                        assay_json_member(doc, ASSAY_JSON_ROOT, "collateral"),
                        out, err);
    }
    if (err->code == ASSAY_OK) {
        read_client_nonce(
            doc, assay_json_member(doc, ASSAY_JSON_ROOT, "client_nonce_hex"),
            out, err);
    }
}

enum assay_code
assay_reply_parse(struct assay_slice json, struct assay_reply_evidence *out,
                  struct assay_error *err)
{
    struct assay_json *doc = NULL;

    assay_reply_evidence_init(out);
    if (assay_json_parse(json, &assay_evidence_limits, "quote reply", &doc,
                         err) == ASSAY_OK) {
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
assay_reply_reader_init(struct assay_reply_reader *r, const char *what,
                        size_t max)
{
    memset(r, 0, sizeof(*r));
    r->what = what;
    assay_buf_init(&r->content, max);
}

void
assay_reply_reader_free(struct assay_reply_reader *r)
{
    assay_buf_free(&r->content);
    assay_reply_reader_init(r, r->what, r->content.max);
}

/* Whatever was wrong with its form, it is the reply that is. Offsets would be
 * counted from what happened to wait. */
static enum assay_code
as_reply(const struct assay_reply_reader *r, struct assay_error *err)
{
    if (err->code != ASSAY_OK && err->code != ASSAY_NO_MEMORY &&
        err->code != ASSAY_REPLY && err->code != ASSAY_UNAVAILABLE) {
        err->code = ASSAY_REPLY;
        err->offset = ASSAY_NO_OFFSET;
        assay_error_prefix(err, "%s", r->what);
    }
    return err->code;
}

/* Seconds in decimal, and no date, which would need a clock; 0 if there is
 * nothing of that kind. Servers that are not proven say it: it has a limit. */
static unsigned
retry_after_s(const struct assay_http1_head *head)
{
    struct assay_slice value = assay_http1_get(head, "Retry-After");
    unsigned s = 0;

    if (assay_http1_count(head, "Retry-After") != 1) {
        return 0;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9') {
            return 0;
        }
        s = 10 * s + (unsigned)(value.ptr[i] - '0');
        s = s < ASSAY_RETRY_AFTER_MAX_S ? s : ASSAY_RETRY_AFTER_MAX_S;
    }
    return s;
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
    r->status = head.status;
    if (head.status < 200) {
        /* No request of ours asks for an interim answer. */
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%s: unexpected status %u", r->what, head.status);
        return;
    }
    if (head.framing != ASSAY_HTTP1_LENGTH &&
        head.framing != ASSAY_HTTP1_CHUNKED) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%s: status %u, with neither Content-Length nor chunks",
                   r->what, head.status);
        return;
    }
    if (head.framing == ASSAY_HTTP1_LENGTH &&
        head.content_length > r->content.max) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%s: a body of %llu bytes, at most %zu", r->what,
                   (unsigned long long)head.content_length, r->content.max);
        return;
    }
    if (head.status == 200 && !head.keep_alive) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%s: the server will close the connection that it has just "
                   "proven",
                   r->what);
        return;
    }
    r->have_head = true;
    r->retry_after_s = retry_after_s(&head);
    assay_http1_body_init(&r->body, &head, r->content.max);
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
            (void)!assay_buf_check(&r->content, r->what, err);
        }
        assay_queue_take(from, used);
    }
}

/* Too many requests (RFC 6585), or the server, or what is behind it, is out of
 * order for now (RFC 9110, section 15.6): that says nothing of what it is. */
static bool
is_outage(unsigned status)
{
    return status == 429 || (status >= 502 && status <= 504);
}

/* The status comes first in what is told; the server's words, if it has any,
 * last. */
static void
fail_by_status(const struct assay_reply_reader *r, struct assay_error *err)
{
    struct assay_json *doc = NULL;
    struct assay_slice said = ASSAY_EMPTY;
    struct assay_error unread;
    char again[32] = "";

    if (is_outage(r->status) && r->retry_after_s > 0) {
        (void)snprintf(again, sizeof(again), ", try again in %u s",
                       r->retry_after_s);
    }
    assay_error_clear(&unread);
    if (assay_json_parse(assay_buf_slice(&r->content), &assay_evidence_limits,
                         r->what, &doc, &unread) == ASSAY_OK) {
        said = server_words(doc);
    }
    assay_fail(err, is_outage(r->status) ? ASSAY_UNAVAILABLE : ASSAY_REPLY,
               ASSAY_NO_OFFSET, "%s: status %u instead of 200%s%s%.*s", r->what,
               r->status, again, said.len > 0 ? "; the server says: " : "",
               (int)said.len, said.len > 0 ? (const char *)said.ptr : "");
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
    return as_reply(r, err);
}
