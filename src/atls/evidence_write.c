/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_write.c - a quote and what goes with it, to JSON.
 */
#include "atls/evidence.h"

#define MEMBERS_BYTES 512u /* names, report data and what else is ours */

/* Within the whole these stand one level deeper, and beside others. */
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
size_t
assay_evidence_guess(const struct assay_quote_reply *e)
{
    size_t texts = e->event_log.len + e->vm_config.len;

    return 2 * e->quote.len + texts + texts / 4 + e->tcb_info.len +
           e->collateral.len + MEMBERS_BYTES;
}

enum assay_code
assay_evidence_check(const struct assay_quote_reply *e, struct assay_error *err)
{
    if (e->quote.len == 0 || e->quote.len > ASSAY_QUOTE_MAX_BYTES) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "quote: %zu bytes instead of 1 to %u", e->quote.len,
                   ASSAY_QUOTE_MAX_BYTES);
    }
    check_json(e->event_log, "array", "event_log", err);
    check_json(e->vm_config, NULL, "vm_config", err);
    check_json(e->tcb_info, "object", "tcb_info", err);
    check_json(e->collateral, "object", "collateral", err);
    return err->code;
}

void
assay_evidence_put_json(struct assay_buf *to, const char *name,
                        struct assay_slice text)
{
    if (text.len > 0) {
        assay_buf_printf(to, ",\"%s\":", name);
        assay_buf_add(to, text);
    }
}

void
assay_evidence_put(struct assay_json_out *o, struct assay_buf *to,
                   const struct assay_quote_reply *e,
                   const uint8_t report_data[64])
{
    assay_json_out_open(o, "quote", '{');
    assay_json_out_hex(o, "quote", e->quote);
    if (e->event_log.len > 0) {
        assay_json_out_string(o, "event_log", e->event_log);
    }
    assay_json_out_hex(o, "report_data", (struct assay_slice){report_data, 64});
    if (e->vm_config.len > 0) {
        assay_json_out_string(o, "vm_config", e->vm_config);
    }
    assay_json_out_close(o, '}');
    assay_evidence_put_json(to, "tcb_info", e->tcb_info);
}

enum assay_code
assay_client_evidence_write(const struct assay_quote_reply *e,
                            const uint8_t report_data[64],
                            struct assay_buf *body, struct assay_error *err)
{
    struct assay_json_out o;

    if (assay_evidence_check(e, err) != ASSAY_OK) {
        return err->code;
    }
    assay_buf_reserve(body, assay_evidence_guess(e));
    assay_json_out_init(&o, body, true);
    assay_json_out_open(&o, NULL, '{');
    assay_evidence_put(&o, body, e, report_data);
    assay_json_out_close(&o, '}');
    return assay_buf_check(body, "client evidence", err);
}
