/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fleet.c - see fleet.h.
 */
#include "fleet.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define SWEEP_MS 1000u

struct fleet {
    struct fleets *all;
    struct fleet *older;
    struct site *site;
    unsigned holders; /* requests, and searches for collateral */
    size_t count;
    struct upstream *upstreams[PROVIDERS_MAX]; /* as the site's providers */
};

/* --- one ----------------------------------------------------------------- */

struct fleet *
fleet_hold(struct fleets *all)
{
    if (all->newest != NULL) {
        all->newest->holders++;
    }
    return all->newest;
}

void
fleet_drop(struct fleet *f)
{
    if (f != NULL) {
        f->holders--;
    }
}

static void
on_begun(void *owner)
{
    ((struct fleet *)owner)->holders++;
}

static void
on_ended(void *owner)
{
    fleet_drop(owner);
}

static struct upstream *
add_upstream(struct fleet *f, const struct provider *p)
{
    const struct fleets *all = f->all;
    const struct options *o = &f->site->options;
    const struct upstream_options options = {
        .loop = all->loop,
        .ctx = all->ctx,
        .verifier = f->site->learnt->verifier,
        .seen = f->site->learnt->seen,
        .log = all->log,
        .warm = o->warm,
        .max_links = o->max_links,
        .max_requests = o->max_requests,
        .max_age_ms = o->max_age_ms,
        .idle_ms = o->idle_ms,
        .keep_alive_ms = o->keep_alive_ms,
        .connect_ms = o->connect_ms,
        .attest_ms = o->attest_ms,
        .wait_ms = o->wait_ms,
        .keep_evidence = all->keep_evidence,
        .judged = all->judged,
        .user = all->user,
        .begun = on_begun,
        .ended = on_ended,
        .owner = f,
    };

    return upstream_new(p, &options);
}

static struct fleet *
make(struct fleets *all, struct site *site)
{
    struct fleet *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        return NULL;
    }
    f->all = all;
    f->site = site;
    for (size_t i = 0; i < site->providers->count; i++) {
        f->upstreams[f->count] = add_upstream(f, site->providers->all[i]);
        if (f->upstreams[f->count] != NULL) {
            f->count++;
        }
    }
    return f;
}

static void
drain(struct fleet *f)
{
    for (size_t i = 0; i < f->count; i++) {
        upstream_drain(f->upstreams[i]);
    }
}

/* Its connections; nothing but searches for collateral may be left of it. */
static void
close_upstreams(struct fleet *f)
{
    for (size_t i = 0; i < f->count; i++) {
        upstream_free(f->upstreams[i]);
    }
    f->count = 0;
}

static bool
is_idle(const struct fleet *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (!upstream_is_idle(f->upstreams[i])) {
            return false;
        }
    }
    return true;
}

static void
free_fleet(struct fleet *f)
{
    close_upstreams(f);
    site_drop(f->site);
    free(f);
}

/* --- all of a loop ------------------------------------------------------- */

/* Old ones that have nothing to do go; for the others it comes again. */
static void
sweep(uv_timer_t *timer)
{
    struct fleets *all = timer->data;
    struct fleet **at;

    uv_mutex_lock(&all->lock);
    at = &all->newest->older;
    while (*at != NULL) {
        struct fleet *f = *at;

        if (f->holders == 0 && is_idle(f)) {
            *at = f->older;
            free_fleet(f);
        } else {
            at = &f->older;
        }
    }
    uv_mutex_unlock(&all->lock);
    if (all->newest->older != NULL) {
        uv_timer_start(timer, sweep, SWEEP_MS, 0);
    }
}

enum assay_code
fleets_open(struct fleets *all, struct assay_error *err)
{
    assay_error_clear(err);
    if (uv_mutex_init(&all->lock) != 0) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "worker");
    }
    uv_timer_init(all->loop, &all->sweep);
    all->sweep.data = all;
    return ASSAY_OK;
}

bool
fleets_use(struct fleets *all, struct site *site)
{
    struct fleet *f = make(all, site);

    if (f == NULL) { /* the old one goes on, and its policies with it */
        log_event(all->log, LOG_ERROR, "out of memory: settings not used", NULL,
                  0);
        site_drop(site);
        return false;
    }
    uv_mutex_lock(&all->lock);
    f->older = all->newest;
    all->newest = f;
    uv_mutex_unlock(&all->lock);
    if (f->older != NULL) {
        drain(f->older);
        sweep(&all->sweep);
    }
    return true;
}

void
fleets_close(struct fleets *all)
{
    uv_mutex_lock(&all->lock);
    for (struct fleet *f = all->newest; f != NULL; f = f->older) {
        close_upstreams(f);
    }
    uv_mutex_unlock(&all->lock);
    uv_close((uv_handle_t *)&all->sweep, NULL);
}

void
fleets_free(struct fleets *all)
{
    while (all->newest != NULL) {
        struct fleet *f = all->newest;

        all->newest = f->older;
        free_fleet(f);
    }
    uv_mutex_destroy(&all->lock);
}

struct upstream *
fleets_find(struct fleets *all, const struct provider *p)
{
    for (struct fleet *f = all->newest; f != NULL; f = f->older) {
        for (size_t i = 0; i < f->count; i++) {
            if (upstream_provider(f->upstreams[i]) == p) {
                return f->upstreams[i];
            }
        }
    }
    return NULL;
}

void
fleets_numbers(struct fleets *all, const char *provider,
               struct board_numbers *to)
{
    uv_mutex_lock(&all->lock);
    for (struct fleet *f = all->newest; f != NULL; f = f->older) {
        for (size_t i = 0; i < f->count; i++) {
            const struct upstream_gauges *g = upstream_gauges(f->upstreams[i]);

            if (strcmp(upstream_provider(f->upstreams[i])->name, provider) !=
                0) {
                continue;
            }
            to->idle += atomic_load(&g->idle);
            to->busy += atomic_load(&g->busy);
            to->attesting += atomic_load(&g->attesting);
            to->waiting += atomic_load(&g->waiting);
            to->attested += atomic_load(&g->attested);
            to->refused += atomic_load(&g->refused);
            to->failed += atomic_load(&g->failed);
            to->requests += atomic_load(&g->requests);
        }
    }
    uv_mutex_unlock(&all->lock);
}
