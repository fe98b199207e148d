/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * eventlog_json.c - an event log as JSON again.
 */
#include "assay/eventlog.h"

#include "base/error.h"
#include "base/json_out.h"

static void
write_event(struct assay_json_out *o, const struct assay_event *e)
{
    assay_json_out_open(o, NULL, '{');
    assay_json_out_u64(o, "imr", e->imr);
    assay_json_out_u64(o, "event_type", e->type);
    if (e->digest.len > 0) {
        assay_json_out_hex(o, "digest", e->digest);
    }
    assay_json_out_string(o, "event", e->name);
    if (e->payload.len > 0) {
        assay_json_out_hex(o, "event_payload", e->payload);
    }
    if (e->version != 1) {
        assay_json_out_u64(o, "version", e->version);
    }
    if (e->has_preimage) {
        assay_json_out_hex(o, "preimage", e->preimage);
    }
    assay_json_out_close(o, '}');
}

enum assay_code
assay_eventlog_to_json(const struct assay_eventlog *l, struct assay_buf *out,
                       struct assay_error *err)
{
    struct assay_json_out o;

    assay_error_clear(err);
    assay_json_out_init(&o, out, true);
    assay_json_out_open(&o, NULL, '[');
    for (size_t i = 0; i < assay_eventlog_count(l); i++) {
        write_event(&o, assay_eventlog_event(l, i));
    }
    assay_json_out_close(&o, ']');
    return assay_buf_check(out, "event log", err);
}
