/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_read.c - a quote and what goes with it, from JSON.
 */
#include "atls/evidence.h"

#include "base/text.h"

const struct assay_json_limits assay_evidence_limits = {
    .max_bytes = ASSAY_REPLY_BODY_MAX_BYTES,
    .max_depth = 32,
    .max_nodes = 512u * 1024u,
};

#define TEXT_MAX_BYTES (4u * 1024u * 1024u) /* app_compose, vm_config */

void
assay_reply_evidence_init(struct assay_reply_evidence *e)
{
    *e = (struct assay_reply_evidence){.quote = NULL};
    assay_buf_init(&e->app_compose, TEXT_MAX_BYTES);
    assay_buf_init(&e->vm_config, TEXT_MAX_BYTES);
    assay_buf_init(&e->collateral, ASSAY_REPLY_BODY_MAX_BYTES);
}

void
assay_reply_evidence_free(struct assay_reply_evidence *e)
{
    assay_quote_free(e->quote);
    assay_eventlog_free(e->event_log);
    assay_buf_free(&e->app_compose);
    assay_buf_free(&e->vm_config);
    assay_buf_free(&e->collateral);
    assay_reply_evidence_init(e);
}

/* --- the parts ---------------------------------------------------------- */

static void
decode_quote(struct assay_slice hex, const char *what,
             struct assay_reply_evidence *out, struct assay_error *err)
{
    struct assay_error sub;
    struct assay_buf raw;
    uint8_t *room;

    assay_error_clear(&sub);
    assay_buf_init(&raw, ASSAY_QUOTE_MAX_BYTES);
    room = assay_buf_extend(&raw, hex.len / 2);
    if (room == NULL) {
        (void)!assay_buf_check(&raw, "quote", err);
    } else if (assay_hex_decode(hex, room, raw.len, "quote.quote", &sub) !=
               ASSAY_OK) {
        assay_fail(err, ASSAY_REPLY, sub.offset, "%s: %s", what, sub.msg);
    } else {
        (void)!assay_quote_parse(assay_buf_slice(&raw), &out->quote, err);
    }
    assay_buf_free(&raw);
}

/* Hex of either case, perhaps behind 0x. */
static void
read_quote(const struct assay_json *doc, uint32_t node, const char *what,
           struct assay_reply_evidence *out, struct assay_error *err)
{
    struct assay_slice hex = assay_json_string(doc, node);

    if (assay_json_type(doc, node) != ASSAY_JSON_STRING || hex.len == 0) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%s: quote.quote is no hex text", what);
        return;
    }
    if (hex.len >= 2 && hex.ptr[0] == '0' &&
        (hex.ptr[1] == 'x' || hex.ptr[1] == 'X')) {
        hex.ptr += 2;
        hex.len -= 2;
    }
    if (hex.len / 2 > ASSAY_QUOTE_MAX_BYTES) {
        assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "%s: a quote of %zu bytes, at most %u", what, hex.len / 2,
                   ASSAY_QUOTE_MAX_BYTES);
        return;
    }
    decode_quote(hex, what, out, err);
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
read_text(const struct assay_json *doc, uint32_t node, const char *what,
          const char *name, struct assay_buf *out, struct assay_error *err)
{
    if (node == ASSAY_JSON_NONE ||
        assay_json_type(doc, node) == ASSAY_JSON_NULL) {
        return;
    }
    if (assay_json_type(doc, node) != ASSAY_JSON_STRING) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET, "%s: %s is no string",
                   what, name);
        return;
    }
    assay_buf_add(out, assay_json_string(doc, node));
    (void)!assay_buf_check(out, name, err);
}

/* --- the whole ---------------------------------------------------------- */

bool
assay_evidence_is_there(const struct assay_json *doc)
{
    return assay_json_type(doc, ASSAY_JSON_ROOT) == ASSAY_JSON_OBJECT &&
           assay_json_type(doc,
                           assay_json_member(doc, ASSAY_JSON_ROOT, "quote")) ==
               ASSAY_JSON_OBJECT;
}

enum assay_code
assay_evidence_read(const struct assay_json *doc, const char *what,
                    struct assay_reply_evidence *out, struct assay_error *err)
{
    uint32_t quote = assay_json_member(doc, ASSAY_JSON_ROOT, "quote");
    uint32_t tcb_info = assay_json_member(doc, ASSAY_JSON_ROOT, "tcb_info");

    read_quote(doc, assay_json_member(doc, quote, "quote"), what, out, err);
    if (err->code == ASSAY_OK) {
        read_event_log(doc, assay_json_member(doc, quote, "event_log"), out,
                       err);
    }
    if (err->code == ASSAY_OK) {
        read_text(doc, assay_json_member(doc, quote, "vm_config"), what,
                  "quote.vm_config", &out->vm_config, err);
    }
    if (err->code == ASSAY_OK && tcb_info != ASSAY_JSON_NONE) {
        read_text(doc, assay_json_member(doc, tcb_info, "app_compose"), what,
                  "tcb_info.app_compose", &out->app_compose, err);
    }
    return err->code;
}

enum assay_code
assay_client_evidence_parse(struct assay_slice json,
                            struct assay_reply_evidence *out,
                            struct assay_error *err)
{
    static const char what[] = "client evidence";
    struct assay_json *doc = NULL;

    assay_reply_evidence_init(out);
    if (assay_json_parse(json, &assay_evidence_limits, what, &doc, err) !=
        ASSAY_OK) {
        return err->code;
    }
    if (!assay_evidence_is_there(doc)) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%s: there is no quote in it", what);
    } else if (assay_evidence_read(doc, what, out, err) != ASSAY_OK) {
        assay_reply_evidence_free(out);
    }
    assay_json_free(doc);
    return err->code;
}
