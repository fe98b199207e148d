/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * access_log.c - one line for each request.
 */
#include "access_log.h"

#include "base/bytes.h"
#include "base/json_out.h"
#include "daemon/journal.h"

/* Six for each byte of them and all else are a line that is written in one step
 * (JOURNAL_LINE_MAX_BYTES). */
#define METHOD_MAX_BYTES 32u
#define PATH_MAX_BYTES   512u

static void
put_json(struct assay_buf *to, const struct request *r, int64_t now_s)
{
    struct assay_json_out o;

    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_time(&o, "time", now_s);
    assay_json_out_text(&o, "peer", r->peer);
    assay_json_out_string(&o, "method", r->method);
    assay_json_out_string(&o, "path", r->path);
    assay_json_out_u64(&o, "status", r->status);
    assay_json_out_u64(&o, "bytes", r->bytes);
    assay_json_out_u64(&o, "ms", r->ms);
    assay_json_out_text(&o, "end", r->end);
    assay_json_out_close(&o, '}');
}

/* The Common Log Format, with the duration and how it ended behind it. */
static void
put_text(struct assay_buf *to, const struct request *r, int64_t now_s)
{
    assay_buf_printf(to, "%s - - [", r->peer);
    journal_put_date(to, now_s);
    assay_buf_printf(to, "] \"");
    journal_put_escaped(to, r->method);
    assay_buf_add_u8(to, ' ');
    journal_put_escaped(to, r->path);
    assay_buf_printf(to, " HTTP/1.1\" %u %llu %.3f %s", r->status,
                     (unsigned long long)r->bytes, (double)r->ms / 1000.0,
                     r->end);
}

static struct assay_slice
shortened(struct assay_slice s, size_t max)
{
    s.len = s.len < max ? s.len : max;
    return s;
}

bool
access_log_write(struct journal *to, bool json, const struct request *r,
                 int64_t now_s)
{
    struct request shown = *r;
    struct assay_buf line;
    bool good;

    if (!journal_wants(to)) {
        return true;
    }
    shown.method = shortened(r->method, METHOD_MAX_BYTES);
    shown.path = shortened(r->path, PATH_MAX_BYTES);
    assay_buf_init(&line, JOURNAL_LINE_MAX_BYTES);
    (json ? put_json : put_text)(&line, &shown, now_s);
    assay_buf_add_u8(&line, '\n');
    good = !line.failed && journal_write(to, assay_buf_slice(&line));
    assay_buf_free(&line);
    return good;
}
