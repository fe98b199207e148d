/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * start.c - from settings to open doors.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "daemon/journal.h"
#include "program.h"
#include "ready.h"
#include "settings.h"

static bool
fail(const struct program *p, const struct assay_error *err)
{
    log_failure(&p->keeper.log, LOG_ERROR, "cannot start", err);
    return false;
}

bool
program_prepare(struct program *p, struct options *o)
{
    struct assay_error err;

    if (assay_ctx_new(&p->ctx, &err) != ASSAY_OK ||
        given_copy(&o->given, &p->started, &err) != ASSAY_OK) {
        options_free(o);
        return fail(p, &err);
    }
    if (site_new(o, p->ctx, NULL, &p->site, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    o = &p->site->options;
    if (assay_quoter_new(&p->keeper.loop, o->quotes, o->quote_ms, &p->quoter,
                         &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    return true;
}

/* --- opening ------------------------------------------------------------ */

struct waited {
    bool done;
    struct assay_error err;
};

static void
on_announced(void *user, const struct assay_error *err)
{
    struct waited *w = user;

    w->err = *err;
    w->done = true;
}

static enum assay_code
announce_all(struct program *p, struct assay_error *err)
{
    struct waited w = {.done = false};

    assay_error_clear(&w.err);
    p->announcement = (struct announcement){
        .quoter = p->quoter,
        .log = &p->keeper.log,
        .site = p->site,
        .done = on_announced,
        .user = &w,
    };
    announce_begin(&p->announcement);
    while (!w.done && !p->keeper.draining) {
        uv_run(&p->keeper.loop, UV_RUN_ONCE);
    }
    *err = w.err;
    if (p->keeper.draining) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "a signal ended it first");
    }
    return err->code;
}

static enum assay_code
hire(struct program *p, struct assay_error *err)
{
    struct crew *c = &p->keeper.crew;
    unsigned count = p->doors.count;

    p->hall.ctx = p->ctx;
    p->hall.log = &p->keeper.log;
    p->hall.access = p->access;
    p->hall.json_access = p->site->options.json_log;
    p->hall.gate = p->gate;
    p->hall.shelf = p->shelf;
    p->hall.max_appraisals = p->site->options.max_appraisals;
    atomic_store(&c->max_clients, p->site->options.max_connections);
    for (unsigned i = 0; i < count && err->code == ASSAY_OK; i++) {
        (void)!hall_add(&p->hall, c, p->site, doors_hand_over(&p->doors, i),
                        err);
    }
    return err->code == ASSAY_OK ? crew_start(c, err) : err->code;
}

static enum assay_code
open_admin(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;

    if (!o->has_admin) {
        return ASSAY_OK;
    }
    p->health = (struct health){
        .loop = &p->keeper.loop,
        .quotes = &p->quotes,
        .hall = &p->hall,
        .site = &p->site,
        .metrics = &p->metrics,
    };
    return health_open(&p->health, &p->keeper, &o->admin, err);
}

/* The gate before the platform, which is for all threads, and this one's end of
 * it. */
static enum assay_code
open_gate(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    const struct assay_quote_limits limits = {
        .at_once = o->quote_concurrency,
        .waiting = o->max_quotes,
        .per_s = o->quote_rate,
        .burst = o->quote_burst,
    };

    p->quotes = (struct quotes){
        .quoter = p->quoter,
        .log = &p->keeper.log,
        .metrics = &p->metrics,
        .loop = &p->keeper.loop,
        .wait_ms = o->quote_wait_ms,
    };
    if (assay_quote_gate_new(&limits, p->ctx, &p->gate, err) == ASSAY_OK) {
        (void)!quotes_open(&p->quotes, p->gate, err);
    }
    return err->code;
}

static enum assay_code
open_stapler(struct program *p, struct assay_error *err)
{
    p->shelf = shelf_new();
    p->stapler = p->shelf != NULL ? stapler_new(&(struct stapler_options){
                                        .loop = &p->keeper.loop,
                                        .ctx = p->ctx,
                                        .quotes = &p->quotes,
                                        .shelf = p->shelf,
                                        .log = &p->keeper.log,
                                    })
                                  : NULL;
    if (p->stapler == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "staples");
    }
    stapler_use(p->stapler, p->site);
    return ASSAY_OK;
}

/* What takes a name in the system. */
static enum assay_code
open_all(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    int inherited = -1;

    if (service_open(&p->keeper.service, err) == ASSAY_OK &&
        service_inherit(&inherited, err) == ASSAY_OK &&
        site_write_chain(p->site, err) == ASSAY_OK &&
        journal_open(o->access_log, &p->access, err) == ASSAY_OK &&
        doors_open(&p->doors, &p->keeper.loop, &o->listen, inherited,
                   doors_workers(o->workers), err) == ASSAY_OK) {
        (void)!open_admin(p, err);
    }
    return err->code;
}

static enum assay_code
say_ready(const struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    const struct ready r = {
        .address = p->doors.address,
        .admin = admin_address(&p->health.admin),
        .identity = p->site->identity,
        .quotes = assay_quoter_name(p->quoter),
    };

    return ready_say(o, &r, err);
}

bool
program_open(struct program *p)
{
    struct assay_error err;
    char workers[16];

    check_certificates(p->site, (int64_t)time(NULL), &p->keeper.log);
    trust_warn(&p->site->trust, &p->keeper.log);
    if (open_all(p, &err) != ASSAY_OK ||
        ready_close_in(&p->site->options, &p->keeper.log, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    keeper_make_pool(&p->keeper);
    if (announce_all(p, &err) != ASSAY_OK || open_gate(p, &err) != ASSAY_OK ||
        open_stapler(p, &err) != ASSAY_OK || hire(p, &err) != ASSAY_OK ||
        say_ready(p, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    snprintf(workers, sizeof(workers), "%u", p->keeper.crew.count);
    log_event(&p->keeper.log, LOG_INFO, "listening",
              (struct log_field[]){
                  {"address", assay_slice_of(p->doors.address)},
                  {"quotes", assay_slice_of(assay_quoter_name(p->quoter))},
                  {"workers", assay_slice_of(workers)},
              },
              3);
    keeper_ready(&p->keeper);
    return true;
}
