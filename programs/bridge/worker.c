/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * worker.c - what each of the crew's threads does: visits of its clients.
 */
#include "worker.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"

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

/* A veil that still has something for its client outlives the visit. */
static void
count(struct hand *h)
{
    worker_count(&h->worker, h->visits.count > h->veils.count ? h->visits.count
                                                              : h->veils.count);
}

static void *
hold_for_visit(void *user)
{
    return site_hold(((struct hand *)user)->site);
}

static void
drop_of_visit(void *user, void *site)
{
    (void)user;
    site_drop(site);
}

static void
on_ended(void *user, const struct visit_report *report)
{
    struct hand *h = user;

    report_tell(&h->reports, report, uv_now(&h->worker.loop));
    count(h);
}

static void
on_accepted(struct worker *w, struct assay_stream *stream)
{
    struct hand *h = (struct hand *)w;

    metrics_add(&h->metrics, METRIC_CONNECTIONS, 1);
    visit_open(&h->visits, stream);
    count(h);
}

/* A visit of what is behind its TLS. The certificate is that of now: a reload
 * never takes away the last one, for doors stay as they are. */
static void
on_accepted_tls(struct worker *w, struct assay_stream *stream)
{
    struct hand *h = (struct hand *)w;
    struct assay_stream *plain =
        veil_open(&h->veils, h->site->certificate, stream);

    if (plain != NULL) {
        on_accepted(w, plain);
    }
}

static void
on_veil(void *user, enum veil_event event, const char *peer, const char *detail)
{
    struct hand *h = user;

    if (event == VEIL_READY) {
        return;
    }
    metrics_add(&h->metrics,
                event == VEIL_REFUSED ? METRIC_TLS_REFUSED : METRIC_TLS_BROKEN,
                1);
    log_event(h->hall->log, LOG_DEBUG,
              event == VEIL_REFUSED ? "TLS handshake failed" : "TLS broken",
              (struct log_field[]){{"peer", assay_slice_of(peer)},
                                   {"why", assay_slice_of(detail)}},
              2);
}

static void
on_veil_gone(void *user)
{
    count(user);
}

/* --- orders -------------------------------------------------------------- */

static void
use(struct worker *w, void *next)
{
    struct hand *h = (struct hand *)w;
    struct site *before = h->site;
    const struct options *o;

    h->site = next;
    o = &h->site->options;
    h->visits.rules = &h->site->rules;
    h->visits.guard = &h->site->guard;
    h->veils.close_ms = o->close_ms;
    h->visits.head_ms = o->handshake_ms;
    h->visits.connect_ms = o->connect_ms;
    h->visits.trust_forwarded = o->trust_forwarded;
    h->visits.target_proxy = o->target_proxy;
    h->visits.relay = o->relay != NULL ? &h->desk.relay : NULL;
    h->desk.settings = (struct relay_settings){
        .sources = {o->relay, o->relay_ca, o->relay_ms},
        .origins = o->origins,
        .max_age_s = o->relay_max_age_s,
    };
    h->tunnels.limits = (struct tunnel_limits){
        .rate = o->max_rate,
        .idle_ms = o->idle_ms,
        .ping_ms = o->ping_ms,
        .life_ms = o->life_ms,
        .close_ms = o->close_ms,
    };
    site_drop(before);
}

static void
drain(struct worker *w)
{
    visits_drain(&((struct hand *)w)->visits);
}

static void
cut(struct worker *w)
{
    struct hand *h = (struct hand *)w;

    visits_cut(&h->visits);
    veils_cut(&h->veils);
}

static void
close_hand(struct worker *w)
{
    struct hand *h = (struct hand *)w;

    pipes_close(&h->tunnels.pipes);
    relay_loop_free(h->relay);
}

const struct crew_trade bridge_trade = {
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
    h->tunnels.loop = &h->worker.loop;
    h->veils.loop = &h->worker.loop;
    h->veils.told = on_veil;
    h->veils.gone = on_veil_gone;
    h->veils.user = h;
    h->visits = (struct visits){
        .loop = &h->worker.loop,
        .ctx = hall->ctx,
        .tunnels = &h->tunnels,
        .places = hall->places,
        .hold = hold_for_visit,
        .drop = drop_of_visit,
        .ended = on_ended,
        .user = h,
    };
    h->reports = (struct reports){
        .log = hall->log,
        .access = hall->access,
        .json = hall->json,
        .metrics = &h->metrics,
    };
}

static enum assay_code
listen_at(struct hand *h, int *door,
          void (*accepted)(struct worker *w, struct assay_stream *stream),
          struct assay_error *err)
{
    int fd = *door;

    *door = -1;
    return fd < 0 ? ASSAY_OK : worker_listen(&h->worker, fd, accepted, err);
}

static void
close_door(int door)
{
    if (door >= 0) {
        close(door);
    }
}

enum assay_code
hall_add(struct hall *hall, struct crew *c, struct site *site, int door,
         int tls_door, struct assay_error *err)
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
        h->relay = relay_loop_new(&h->worker.loop, hall->relay);
        relay_desk_open(&h->desk, h->relay, &h->worker.loop, hall->log);
        use(&h->worker, site_hold(site));
        if (h->relay == NULL) {
            assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "worker");
        } else if (listen_at(h, &door, on_accepted, err) == ASSAY_OK) {
            (void)!listen_at(h, &tls_door, on_accepted_tls, err);
        }
    }
    close_door(door);
    close_door(tls_door);
    return err->code;
}

void
hall_close(struct hall *hall)
{
    for (unsigned i = 0; i < hall->count; i++) {
        site_drop(hall->hands[i]->site);
        free(hall->hands[i]);
    }
    hall->count = 0;
}
