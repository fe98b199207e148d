/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report.c - one line for each connection, when it is over.
 */
#include "report.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/bytes.h"

#define FIELDS_MAX   12u
#define NUMBER_BYTES 24u

struct line {
    struct log_field fields[FIELDS_MAX];
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
    log_put(to->json, LOG_INFO, "connection", line.fields, line.count, &text);
    good = !text.failed && journal_write(to->access, assay_buf_slice(&text));
    assay_buf_free(&text);
    if (!good) {
        metrics_add(to->metrics, METRIC_LOG_LOST, 1);
    }
    losses_note(&to->losses, !good, now_ms, to->log);
}
