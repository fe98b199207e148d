/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * worker.c - what each of the crew's threads does: visits of its clients, on
 * connections of its own.
 */
#include "worker.h"

#include <stdlib.h>
#include <unistd.h>

#include "audit.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "io/moment.h"

static void *
hold(void *site)
{
    return site_hold(site);
}

static void
drop(void *site)
{
    site_drop(site);
}

/* --- visits -------------------------------------------------------------- */

static void *
hold_for_visit(void *user)
{
    return fleet_hold(&((struct hand *)user)->fleets);
}

static void
drop_of_visit(void *user, void *fleet)
{
    (void)user;
    fleet_drop(fleet);
}

static struct upstream *
upstream_of(void *user, const struct provider *p)
{
    return fleets_find(&((struct hand *)user)->fleets, p);
}

/* --- the audit log ------------------------------------------------------- */

static void
write_line(struct hand *h, struct assay_buf *line)
{
    bool lost =
        line->failed || !journal_write(h->hall->audit, assay_buf_slice(line));

    metrics_add(&h->metrics, METRIC_LOG_LOST, lost ? 1 : 0);
    losses_note(&h->losses, lost, uv_now(&h->worker.loop), h->hall->log);
    assay_buf_free(line);
}

static void
on_ended(void *user, const struct visit_report *report)
{
    struct hand *h = user;
    struct assay_buf line;

    metrics_visit(&h->metrics, report);
    if (!report->page && journal_wants(h->hall->audit)) {
        assay_buf_init(&line, JOURNAL_LINE_MAX_BYTES);
        audit_put(report, assay_now().wall_s, &line);
        write_line(h, &line);
    }
}

static void
on_judged(void *user, const struct provider *provider, struct assay_attested *a,
          const struct proof *proof, const struct assay_error *why, bool peer)
{
    struct hand *h = user;
    struct assay_buf line;

    metrics_judged(&h->metrics, why, peer);
    board_judge(h->hall->board, provider, a, proof, why, peer);
    evidence_store_save(h->hall->evidence, provider, a, why);
    if (journal_wants(h->hall->audit)) {
        assay_buf_init(&line, JOURNAL_LINE_MAX_BYTES);
        audit_put_verdict(provider, a, why, peer, assay_now().wall_s, &line);
        write_line(h, &line);
    }
}

static void
on_counted(void *user)
{
    struct hand *h = user;

    worker_count(&h->worker, h->visits.count);
}

static void
on_accepted(struct worker *w, struct assay_stream *stream)
{
    struct hand *h = (struct hand *)w;

    metrics_add(&h->metrics, METRIC_CONNECTIONS, 1);
    visit_open(&h->visits, stream);
}

/* --- pages --------------------------------------------------------------- */

static void
put_numbers(void *user, const struct provider *p, struct board_numbers *out)
{
    hall_numbers(user, p->name, out);
}

static unsigned
put_page(void *user, enum own_page page, struct assay_buf *body)
{
    struct hand *h = user;
    const struct board_view view = {
        .providers = h->site->providers,
        .numbers = put_numbers,
        .user = h->hall,
        .started_s = h->hall->started_s,
        .evidence = h->site->options.evidence,
    };

    switch (page) {
    case OWN_INDEX:
        board_put_page(h->hall->board, &view, body);
        break;
    case OWN_STATUS:
        board_put_json(h->hall->board, &view, body);
        break;
    case OWN_HEALTH:
    case OWN_PAGES:
        assay_buf_add_text(body, "ok\n");
        break;
    }
    return 200;
}

/* --- orders -------------------------------------------------------------- */

static void
use(struct worker *w, void *next)
{
    struct hand *h = (struct hand *)w;
    struct site *before = h->site;
    const struct options *o;

    /* What holds a request's providers is its fleet. */
    if (!fleets_use(&h->fleets, site_hold(next))) {
        site_drop(next);
        return;
    }
    h->site = next;
    o = &h->site->options;
    h->visits.rules = &h->site->rules;
    h->visits.upgrades = o->upgrades;
    h->visits.limits = (struct visit_limits){
        .head_ms = o->header_ms,
        .idle_ms = o->client_idle_ms,
        .body_ms = o->body_ms,
        .response_ms = o->response_ms,
        .stream_ms = o->stream_ms,
        .raw_ms = o->upgrade_idle_ms,
        .max_body = o->max_body,
        .max_translating = o->max_translating,
    };
    site_drop(before);
}

static void
drain(struct worker *w)
{
    struct hand *h = (struct hand *)w;

    visits_drain(&h->visits);
}

static void
cut(struct worker *w)
{
    struct hand *h = (struct hand *)w;

    visits_cut(&h->visits);
}

/* Upstreams go with the thread: nobody asks for anything any more. */
static void
close_hand(struct worker *w)
{
    fleets_close(&((struct hand *)w)->fleets);
}

const struct crew_trade proxy_trade = {
    .hold = hold,
    .drop = drop,
    .use = use,
    .drain = drain,
    .cut = cut,
    .close = close_hand,
};

/* --- life ---------------------------------------------------------------- */

static void
init(struct hand *h, struct hall *hall)
{
    h->hall = hall;
    h->fleets = (struct fleets){
        .loop = &h->worker.loop,
        .ctx = hall->ctx,
        .log = hall->log,
        .keep_evidence = hall->evidence != NULL,
        .judged = on_judged,
        .user = h,
    };
    h->visits = (struct visits){
        .loop = &h->worker.loop,
        .log = hall->log,
        .translating = &hall->translating,
        .hold = hold_for_visit,
        .drop = drop_of_visit,
        .upstream = upstream_of,
        .page = put_page,
        .ended = on_ended,
        .counted = on_counted,
        .user = h,
    };
}

enum assay_code
hall_add(struct hall *hall, struct crew *c, struct site *site, int door,
         struct assay_error *err)
{
    struct hand *h = calloc(1, sizeof(*h));

    assay_error_clear(err);
    if (h == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "worker");
    } else if (crew_add(c, &h->worker, err) != ASSAY_OK) {
        free(h);
    } else {
        hall->hands[hall->count++] = h;
        init(h, hall);
        if (fleets_open(&h->fleets, err) == ASSAY_OK) {
            use(&h->worker, site_hold(site));
            if (h->site != NULL) {
                return worker_listen(&h->worker, door, on_accepted, err);
            }
            assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "worker");
        }
    }
    close(door);
    return err->code;
}

void
hall_close(struct hall *hall)
{
    for (unsigned i = 0; i < hall->count; i++) {
        fleets_free(&hall->hands[i]->fleets);
        site_drop(hall->hands[i]->site);
        free(hall->hands[i]);
    }
    hall->count = 0;
}

void
hall_numbers(struct hall *hall, const char *provider, struct board_numbers *out)
{
    for (unsigned i = 0; i < hall->count; i++) {
        fleets_numbers(&hall->hands[i]->fleets, provider, out);
    }
}
