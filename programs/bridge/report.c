/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report.c - one line for each connection, when it is over.
 */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"

#define EVENT        "connection"
#define FIELDS_MAX   12u
#define NUMBER_BYTES 24u

struct line {
    struct log_field fields[FIELDS_MAX];
    bool is_number[FIELDS_MAX];
    char numbers[FIELDS_MAX][NUMBER_BYTES];
    size_t count;
};

static void
add_text(struct line *l, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        l->fields[l->count++] = (struct log_field){name, assay_slice_of(value)};
    }
}

static void
add_number(struct line *l, const char *name, uint64_t value)
{
    char *text = l->numbers[l->count];

    l->is_number[l->count] = true;
    snprintf(text, NUMBER_BYTES, "%llu", (unsigned long long)value);
    add_text(l, name, text);
}

/* Where it came to a tunnel, `end` says how that ended; else how it was
 * answered. */
static void
add_all(struct line *l, const struct visit_report *r)
{
    bool admitted = r->denial == ADMITTED;

    add_text(l, "peer", r->peer);
    add_text(l, "target", r->target);
    add_text(l, "address", r->address);
    add_number(l, "status",
               r->relayed > 0 ? r->relayed : denial_status(r->denial));
    add_text(l, "end",
             admitted ? tunnel_why_name(r->tunnel.why)
                      : denial_code(r->denial));
    add_text(l, "why", r->why);
    add_text(l, "relay", r->how);
    if (admitted) {
        add_number(l, "close", r->tunnel.code);
        add_number(l, "up", r->tunnel.up);
        add_number(l, "down", r->tunnel.down);
        add_number(l, "tunnel_ms", r->tunnel.ms);
    }
    add_number(l, "ms", r->ms);
}

/* As log_put() writes it, but for numbers. */
static void
put_json(const struct line *l, struct assay_buf *to)
{
    struct assay_json_out o;

    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_time(&o, "time", (int64_t)time(NULL));
    assay_json_out_text(&o, "level", "info");
    assay_json_out_text(&o, "event", EVENT);
    for (size_t i = 0; i < l->count; i++) {
        const struct log_field *f = &l->fields[i];

        if (l->is_number[i]) {
            assay_json_out_u64(&o, f->name, strtoull(l->numbers[i], NULL, 10));
        } else {
            assay_json_out_string(&o, f->name, f->value);
        }
    }
    assay_json_out_close(&o, '}');
    assay_buf_add_u8(to, '\n');
}

static void
put_text(const struct line *l, struct assay_buf *to)
{
    log_put(false, LOG_INFO, EVENT, l->fields, l->count, to);
}

void
report_tell(struct reports *to, const struct visit_report *r, uint64_t now_ms)
{
    struct line line = {.count = 0};
    struct assay_buf text;
    bool good = true;

    metrics_visit(to->metrics, r);
    if (!journal_wants(to->access)) {
        return;
    }
    add_all(&line, r);
    assay_buf_init(&text, JOURNAL_LINE_MAX_BYTES);
    (to->json ? put_json : put_text)(&line, &text);
    good = !text.failed && journal_write(to->access, assay_buf_slice(&text));
    assay_buf_free(&text);
    if (!good) {
        metrics_add(to->metrics, METRIC_LOG_LOST, 1);
    }
    losses_note(&to->losses, !good, now_ms, to->log);
}
