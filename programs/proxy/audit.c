/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * audit.c - one line of JSON for each request.
 */
#include "audit.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"

/* Six for each byte of them and all else are a line that is written in one step
 * (JOURNAL_LINE_MAX_BYTES). */
#define METHOD_MAX_BYTES 32u
#define PATH_MAX_BYTES   400u

const char *
audit_end_name(enum visit_end e)
{
    static const char *const names[] = {
        [VISIT_WHOLE] = "whole",
        [VISIT_CUT] = "cut",
        [VISIT_ABORTED] = "aborted",
        [VISIT_SWITCHED] = "switched",
    };

    return names[e];
}

static struct assay_slice
shortened(struct assay_slice s, size_t max)
{
    s.len = s.len < max ? s.len : max;
    return s;
}

static void
put_text(struct assay_json_out *o, const char *name, const char *text)
{
    if (text[0] != '\0') {
        assay_json_out_text(o, name, text);
    }
}

void
audit_put(const struct visit_report *r, int64_t now_s, struct assay_buf *to)
{
    struct assay_json_out o;

    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_time(&o, "time", now_s);
    assay_json_out_text(&o, "peer", r->peer);
    put_text(&o, "provider", r->provider);
    assay_json_out_string(&o, "method", shortened(r->method, METHOD_MAX_BYTES));
    assay_json_out_string(&o, "path", shortened(r->path, PATH_MAX_BYTES));
    assay_json_out_u64(&o, "status", r->status);
    assay_json_out_u64(&o, "duration_ms", r->ms);
    assay_json_out_u64(&o, "bytes_in", r->bytes_in);
    assay_json_out_u64(&o, "bytes_out", r->bytes_out);
    put_text(&o, "evidence", r->evidence);
    put_text(&o, "tcb", r->tcb);
    if (r->translated) {
        assay_json_out_bool(&o, "translated", true);
    }
    assay_json_out_text(&o, "end", audit_end_name(r->ended));
    put_text(&o, "error", r->code);
    assay_json_out_close(&o, '}');
    assay_buf_add_u8(to, '\n');
}
