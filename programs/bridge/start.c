/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * start.c - from settings to open doors.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "check.h"
#include "daemon/opening.h"
#include "program.h"

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
    return site_new(o, &p->site, &err) == ASSAY_OK || fail(p, &err);
}

/* --- opening ------------------------------------------------------------- */

enum assay_code
program_guard(const struct program *p, struct site *site,
              struct assay_error *err)
{
    const char *admin = admin_address(&p->admin);

    if (site_guard_own(site, p->doors.address, err) == ASSAY_OK &&
        admin != NULL) {
        (void)!site_guard_own(site, admin, err);
    }
    return err->code;
}

static void
put_metrics(void *user, struct assay_buf *to)
{
    struct program *p = user;
    struct metric_sums sums = {.up = 0};

    metrics_sum(&p->metrics, &sums);
    for (unsigned i = 0; i < p->hall.count; i++) {
        metrics_sum(&p->hall.hands[i]->metrics, &sums);
    }
    metrics_put(&sums, to);
    counters_put_gauge(&bridge_counters, "tunnels_open",
                       "Clients that have a target, or are about to.",
                       places_count(p->places).entered, to);
}

/* What a target is, is for its clients to find out. */
static const char *
unready(void *user)
{
    (void)user;
    return NULL;
}

static enum assay_code
open_admin(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;

    if (!o->has_admin) {
        return ASSAY_OK;
    }
    p->admin = (struct admin){
        .keeper = &p->keeper,
        .counters = &bridge_counters,
        .put_metrics = put_metrics,
        .unready = unready,
        .user = p,
    };
    return admin_open(&p->admin, &p->keeper.loop, &o->admin, err);
}

struct place_limits
program_limits(const struct options *o)
{
    return (struct place_limits){
        .connections = o->max_connections,
        .per_address = o->max_per_address,
        .per_target = o->max_per_target,
        .per_s = o->rate,
        .burst = o->burst,
    };
}

/* What takes a name in the system. */
static enum assay_code
open_all(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    const struct place_limits limits = program_limits(o);
    int inherited = -1;

    if (places_new(&limits, p->ctx, &p->places, err) == ASSAY_OK &&
        service_open(&p->keeper.service, err) == ASSAY_OK &&
        service_inherit(&inherited, err) == ASSAY_OK &&
        journal_open(o->access_log, &p->access, err) == ASSAY_OK &&
        doors_open(&p->doors, &p->keeper.loop, &o->listen, inherited,
                   doors_workers(o->workers), err) == ASSAY_OK &&
        open_admin(p, err) == ASSAY_OK) {
        (void)!program_guard(p, p->site, err);
    }
    return err->code;
}

static enum assay_code
close_in(const struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    struct sandbox_paths paths = {.count = 0};

    sandbox_allow_system(&paths);
    settings_allow_files(&bridge_settings, &o->given, &paths);
    sandbox_allow_address(&paths, &o->listen);
    if (o->has_admin) {
        sandbox_allow_address(&paths, &o->admin);
    }
    (void)!opening_close_in(&paths, o->sandbox, &p->keeper.log, err);
    sandbox_paths_free(&paths);
    return err->code;
}

static enum assay_code
hire(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    struct crew *c = &p->keeper.crew;
    unsigned count = p->doors.count;

    p->hall.ctx = p->ctx;
    p->hall.log = &p->keeper.log;
    p->hall.access = p->access;
    p->hall.places = p->places;
    p->hall.json = o->json_log;
    atomic_store(&c->max_clients, o->max_connections + HALL_WAITING);
    for (unsigned i = 0; i < count && err->code == ASSAY_OK; i++) {
        (void)!hall_add(&p->hall, c, p->site, doors_hand_over(&p->doors, i),
                        err);
    }
    return err->code == ASSAY_OK ? crew_start(c, err) : err->code;
}

bool
program_open(struct program *p)
{
    const struct options *o = &p->site->options;
    struct assay_error err;
    char workers[16];

    check_warn(p->site, &p->keeper.log);
    if (open_all(p, &err) != ASSAY_OK || close_in(p, &err) != ASSAY_OK ||
        hire(p, &err) != ASSAY_OK ||
        opening_say_ready(o->ready_file, p->doors.address,
                          admin_address(&p->admin), NULL, NULL,
                          &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    snprintf(workers, sizeof(workers), "%u", p->keeper.crew.count);
    log_event(&p->keeper.log, LOG_INFO, "listening",
              (struct log_field[]){
                  {"address", assay_slice_of(p->doors.address)},
                  {"workers", assay_slice_of(workers)},
              },
              2);
    keeper_ready(&p->keeper);
    return true;
}
