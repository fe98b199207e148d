/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dstack_reply.c - the guest agent's answers, read strictly.
 */
#include "io/dstack_reply.h"

#include <string.h>

#include "assay/quote.h"
#include "base/json.h"
#include "base/text.h"

#define ERROR_SHOWN_BYTES 100

static const struct assay_json_limits limits = {ASSAY_DSTACK_REPLY_MAX_BYTES,
                                                ASSAY_DSTACK_REPLY_MAX_DEPTH,
                                                ASSAY_DSTACK_REPLY_MAX_NODES};

void
assay_dstack_ask_quote(struct assay_buf *to, const uint8_t report_data[64])
{
    assay_buf_add_text(to, "{\"report_data\":\"");
    assay_hex_encode(to, (struct assay_slice){report_data, 64});
    assay_buf_add_text(to, "\"}");
}

void
assay_dstack_ask_announce(struct assay_buf *to,
                          const uint8_t certificate_sha256[32])
{
    char text[2 * 32 + 1];

    assay_hex_to(text, (struct assay_slice){certificate_sha256, 32});
    assay_buf_add_text(to, "{\"event\":\"" ASSAY_DSTACK_EVENT_TLS
                           "\",\"payload\":\"");
    assay_hex_encode(to, assay_slice_of(text));
    assay_buf_add_text(to, "\"}");
}

/* The peer's text breaks the protocol, in whatever way the reader says. */
static enum assay_code
fail_reply(struct assay_error *err, const struct assay_error *why,
           const char *what)
{
    bool ours = why->code == ASSAY_NO_MEMORY || why->code == ASSAY_TOO_LARGE;

    return assay_fail(err, ours ? why->code : ASSAY_REPLY, why->offset, "%s%s",
                      what, why->msg);
}

/* NULL and *err if it is no object. */
static struct assay_json *
parse_object(struct assay_slice body, struct assay_error *err)
{
    struct assay_json *doc = NULL;
    struct assay_error why;

    assay_error_clear(&why);
    if (assay_json_parse(body, &limits, "answer", &doc, &why) != ASSAY_OK) {
        fail_reply(err, &why, "");
        return NULL;
    }
    if (assay_json_type(doc, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "answer: is no JSON object");
        assay_json_free(doc);
        return NULL;
    }
    return doc;
}

/* Does the text hold one JSON value of this type? */
static enum assay_code
check_text(struct assay_slice text, enum assay_json_type want, const char *name,
           struct assay_error *err)
{
    struct assay_json *doc = NULL;
    struct assay_error why;

    assay_error_clear(&why);
    if (assay_json_parse(text, &limits, name, &doc, &why) != ASSAY_OK) {
        return fail_reply(err, &why, "text in ");
    }
    if (assay_json_type(doc, ASSAY_JSON_ROOT) != want) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%s: its text is no JSON %s", name,
                   assay_json_type_name(want));
    }
    assay_json_free(doc);
    return err->code;
}

static enum assay_code
copy_to(struct assay_buf *out, struct assay_slice text, const char *name,
        struct assay_error *err)
{
    assay_buf_add(out, text);
    return assay_buf_check(out, name, err);
}

/* Agents send documents as strings that hold them, or as they are. */
static enum assay_code
read_document(const struct assay_json *doc, const char *name,
              enum assay_json_type want, bool optional, struct assay_buf *out,
              struct assay_error *err)
{
    uint32_t node = assay_json_member(doc, ASSAY_JSON_ROOT, name);
    enum assay_json_type type = assay_json_type(doc, node);
    struct assay_slice text = assay_json_string(doc, node);

    if (err->code != ASSAY_OK) {
        return err->code;
    }
    if (type == want) {
        return copy_to(out, assay_json_span(doc, node), name, err);
    }
    if (optional && (type == ASSAY_JSON_NULL ||
                     (type == ASSAY_JSON_STRING && text.len == 0))) {
        return ASSAY_OK;
    }
    if (type != ASSAY_JSON_STRING) {
        return assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                          node == ASSAY_JSON_NONE
                              ? "%s: missing"
                              : "%s: is neither a string nor what one would "
                                "hold",
                          name);
    }
    if (check_text(text, want, name, err) != ASSAY_OK) {
        return err->code;
    }
    return copy_to(out, text, name, err);
}

static enum assay_code
read_quote(const struct assay_json *doc, struct assay_buf *out,
           struct assay_error *err)
{
    uint32_t node = assay_json_member(doc, ASSAY_JSON_ROOT, "quote");
    struct assay_slice hex = assay_json_string(doc, node);
    struct assay_error why;
    uint8_t *to;

    if (assay_json_type(doc, node) != ASSAY_JSON_STRING || hex.len == 0 ||
        hex.len % 2 != 0) {
        return assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                          "quote: must be a string of hex digits, two an "
                          "octet");
    }
    to = assay_buf_extend(out, hex.len / 2);
    if (to == NULL) {
        return assay_buf_check(out, "quote", err);
    }
    assay_error_clear(&why);
    if (assay_hex_decode(hex, to, hex.len / 2, "quote", &why) != ASSAY_OK) {
        return fail_reply(err, &why, "");
    }
    return ASSAY_OK;
}

enum assay_code
assay_dstack_read_quote(struct assay_slice body, struct assay_dstack_quote *out,
                        struct assay_error *err)
{
    struct assay_json *doc;

    assay_error_clear(err);
    assay_buf_init(&out->quote, ASSAY_QUOTE_MAX_BYTES);
    assay_buf_init(&out->event_log, ASSAY_DSTACK_REPLY_MAX_BYTES);
    assay_buf_init(&out->vm_config, ASSAY_DSTACK_REPLY_MAX_BYTES);
    doc = parse_object(body, err);
    if (doc == NULL) {
        return err->code;
    }
    read_quote(doc, &out->quote, err);
    read_document(doc, "event_log", ASSAY_JSON_ARRAY, false, &out->event_log,
                  err);
    read_document(doc, "vm_config", ASSAY_JSON_OBJECT, true, &out->vm_config,
                  err);
    assay_json_free(doc);
    if (err->code != ASSAY_OK) {
        assay_dstack_quote_free(out);
    }
    return err->code;
}

void
assay_dstack_quote_free(struct assay_dstack_quote *q)
{
    assay_buf_free(&q->quote);
    assay_buf_free(&q->event_log);
    assay_buf_free(&q->vm_config);
}

enum assay_code
assay_dstack_read_tcb_info(struct assay_slice body, struct assay_buf *out,
                           struct assay_error *err)
{
    struct assay_json *doc;

    assay_error_clear(err);
    assay_buf_init(out, ASSAY_DSTACK_REPLY_MAX_BYTES);
    doc = parse_object(body, err);
    if (doc == NULL) {
        return err->code;
    }
    read_document(doc, "tcb_info", ASSAY_JSON_OBJECT, false, out, err);
    assay_json_free(doc);
    if (err->code != ASSAY_OK) {
        assay_buf_free(out);
    }
    return err->code;
}

/* What {"error": "..."} or {"error": {"message": "..."}} says, else the body
 * as it is; the slice lives as long as *doc, which the caller frees. */
static struct assay_slice
words_of(struct assay_slice body, struct assay_json **doc, bool *is_error)
{
    struct assay_error ignored;
    struct assay_slice words;
    uint32_t node;

    *is_error = false;
    assay_error_clear(&ignored);
    if (assay_json_parse(body, &limits, "answer", doc, &ignored) != ASSAY_OK) {
        return body;
    }
    node = assay_json_member(*doc, ASSAY_JSON_ROOT, "error");
    words = assay_json_string(*doc, node);
    *is_error =
        words.len > 0 || (assay_json_type(*doc, node) != ASSAY_JSON_NULL &&
                          assay_json_type(*doc, node) != ASSAY_JSON_STRING);
    if (words.len == 0) {
        words =
            assay_json_string(*doc, assay_json_member(*doc, node, "message"));
    }
    return words.len > 0 ? words : body;
}

/* Letters compared without case. */
static bool
says(struct assay_slice words, const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i + n <= words.len; i++) {
        struct assay_slice part = {words.ptr + i, n};

        if (assay_slice_is_nocase(part, text)) {
            return true;
        }
    }
    return false;
}

static bool
says_no_such_method(struct assay_slice words)
{
    static const char *const texts[] = {"unknown method", "method not found",
                                        "no such method",
                                        "method not implemented"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (says(words, texts[i])) {
            return true;
        }
    }
    return false;
}

enum assay_code
assay_dstack_check_status(unsigned status, struct assay_slice body,
                          struct assay_error *err)
{
    struct assay_json *doc = NULL;
    bool is_error;
    struct assay_slice words = words_of(body, &doc, &is_error);
    enum assay_code code = ASSAY_NETWORK;
    int shown =
        words.len < ERROR_SHOWN_BYTES ? (int)words.len : ERROR_SHOWN_BYTES;

    assay_error_clear(err);
    if (status / 100 != 2 || is_error) {
        if (status == 404 || status == 405 || status == 501 ||
            says_no_such_method(words)) {
            code = ASSAY_NOT_FOUND;
        }
        assay_fail(err, code, ASSAY_NO_OFFSET, "HTTP %u%s%.*s", status,
                   shown > 0 ? ": " : "", shown,
                   shown > 0 ? (const char *)words.ptr : "");
    }
    assay_json_free(doc);
    return err->code;
}
