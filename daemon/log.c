/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * log.c - one line per event on standard error, as text or JSON.
 */
#include "daemon/log.h"

#include <stdio.h>
#include <time.h>

#include "base/bytes.h"
#include "base/json_out.h"
#include "base/timestamp.h"
#include "daemon/lines.h"

#define LINE_MAX_BYTES  8192u
#define VALUE_MAX_BYTES 1024u

static const char *const level_names[] = {"debug", "info", "warning", "error"};

static void
put_json(struct assay_buf *to, enum log_level level, const char *event,
         const struct log_field *fields, size_t count)
{
    struct assay_json_out o;

    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_time(&o, "time", (int64_t)time(NULL));
    assay_json_out_text(&o, "level", level_names[level]);
    assay_json_out_text(&o, "event", event);
    for (size_t i = 0; i < count; i++) {
        assay_json_out_string(&o, fields[i].name, fields[i].value);
    }
    assay_json_out_close(&o, '}');
}

/* A value with anything unusual in it is quoted; it stays on its line. */
static void
put_value(struct assay_buf *to, struct assay_slice v)
{
    bool plain = v.len > 0;

    for (size_t i = 0; i < v.len; i++) {
        plain = plain && v.ptr[i] > 0x20 && v.ptr[i] < 0x7f &&
                v.ptr[i] != '"' && v.ptr[i] != '=';
    }
    if (plain) {
        assay_buf_add(to, v);
    } else {
        struct assay_json_out o;

        assay_json_out_init(&o, to, true);
        assay_json_out_string(&o, NULL, v);
    }
}

static void
put_text(struct assay_buf *to, enum log_level level, const char *event,
         const struct log_field *fields, size_t count)
{
    char when[ASSAY_TIME_TEXT];

    assay_time_format((int64_t)time(NULL), when);
    assay_buf_printf(to, "%s %s: %s", when, level_names[level], event);
    for (size_t i = 0; i < count; i++) {
        assay_buf_printf(to, " %s=", fields[i].name);
        put_value(to, fields[i].value);
    }
}

void
log_put(bool json, enum log_level level, const char *event,
        const struct log_field *fields, size_t count, struct assay_buf *to)
{
    (json ? put_json : put_text)(to, level, event, fields, count);
    assay_buf_add_u8(to, '\n');
}

static atomic_ulong lost; /* lines, since it was last said */

/* Says first that others are missing. */
static void
write_line(const struct log *log, struct assay_buf *line)
{
    unsigned long missing = atomic_exchange(&lost, 0);
    bool good = true;
    char number[24];
    struct assay_buf note;

    if (missing > 0) {
        snprintf(number, sizeof(number), "%lu", missing);
        assay_buf_init(&note, LINE_MAX_BYTES);
        log_put(log->json, LOG_WARNING, "lines of this log were lost",
                (struct log_field[]){{"count", assay_slice_of(number)}}, 1,
                &note);
        good = lines_write(&lines_stderr, assay_buf_slice(&note));
        missing = good ? 0 : missing;
        assay_buf_free(&note);
    }
    good = good && !line->failed &&
           lines_write(&lines_stderr, assay_buf_slice(line));
    atomic_fetch_add(&lost, missing + (good ? 0 : 1));
}

static struct assay_slice
shortened(struct assay_slice s)
{
    s.len = s.len < VALUE_MAX_BYTES ? s.len : VALUE_MAX_BYTES;
    return s;
}

bool
log_wants(const struct log *log, enum log_level level)
{
    return level != LOG_DEBUG || log->verbose;
}

void
log_event(const struct log *log, enum log_level level, const char *event,
          const struct log_field *fields, size_t count)
{
    struct log_field shown[8];
    struct assay_buf line;

    if (!log_wants(log, level)) {
        return;
    }
    count = count < 8 ? count : 8;
    for (size_t i = 0; i < count; i++) {
        shown[i] =
            (struct log_field){fields[i].name, shortened(fields[i].value)};
    }
    assay_buf_init(&line, LINE_MAX_BYTES);
    log_put(log->json, level, event, shown, count, &line);
    write_line(log, &line);
    assay_buf_free(&line);
}

void
log_failure(const struct log *log, enum log_level level, const char *event,
            const struct assay_error *why)
{
    log_event(log, level, event,
              (struct log_field[]){
                  {"code", assay_slice_of(assay_code_name(why->code))},
                  {"message", assay_slice_of(why->msg)},
              },
              2);
}
