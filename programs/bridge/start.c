/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * start.c - from settings to open doors.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "base/json_out.h"
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
    return (site_new(o, &p->site, &err) == ASSAY_OK &&
            check_files(p->site, p->ctx, &err) == ASSAY_OK) ||
           fail(p, &err);
}

/* --- opening ------------------------------------------------------------- */

enum assay_code
program_guard(const struct program *p, struct site *site,
              struct assay_error *err)
{
    const char *const places[] = {p->doors.address, p->tls_doors.address,
                                  admin_address(&p->admin)};

    assay_error_clear(err);
    for (size_t i = 0;
         i < sizeof(places) / sizeof(places[0]) && err->code == ASSAY_OK; i++) {
        if (places[i] != NULL) {
            (void)!site_guard_own(site, places[i], err);
        }
    }
    return err->code;
}

static void
put_metrics(void *user, struct assay_buf *to)
{
    struct program *p = user;
    struct metric_sums sums = {.up = 0};
    size_t cached;
    unsigned replies;

    metrics_sum(&p->metrics, &sums);
    for (unsigned i = 0; i < p->hall.count; i++) {
        struct hand *h = p->hall.hands[i];

        metrics_sum(&h->metrics, &sums);
        counters_sum(&h->tunnels.up, 1, &sums.up);
        counters_sum(&h->tunnels.down, 1, &sums.down);
    }
    metrics_put(&sums, to);
    metrics_put_relay(relay_counts(p->relay), to);
    relay_use(p->relay, &cached, &replies);
    counters_put_gauge(&bridge_counters, "relay_cache_bytes",
                       "Collateral that is kept.", cached, to);
    if (p->site->certificate != NULL) {
        counters_put_gauge(
            &bridge_counters, "certificate_not_after_timestamp_seconds",
            "When the certificate of --cert ends, in Unix time.",
            (uint64_t)certificate_until(p->site->certificate), to);
    }
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

/* What the service manager has opened is the one door, or the first one. */
static enum assay_code
open_doors(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    unsigned workers = doors_workers(o->workers);
    int inherited = -1;

    if (service_inherit(&inherited, err) == ASSAY_OK && o->has_listen) {
        (void)!doors_open(&p->doors, &p->keeper.loop, &o->listen, inherited,
                          workers, err);
        inherited = -1;
    }
    if (err->code == ASSAY_OK && o->has_tls_listen) {
        (void)!doors_open(&p->tls_doors, &p->keeper.loop, &o->tls_listen,
                          inherited, workers, err);
    }
    return err->code;
}

/* What takes a name in the system. */
static enum assay_code
open_all(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    const struct place_limits limits = program_limits(o);

    if (places_new(&limits, p->ctx, &p->places, err) == ASSAY_OK &&
        service_open(&p->keeper.service, err) == ASSAY_OK &&
        journal_open(o->access_log, &p->access, err) == ASSAY_OK &&
        open_doors(p, err) == ASSAY_OK && open_admin(p, err) == ASSAY_OK) {
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
    if (o->has_listen) {
        sandbox_allow_address(&paths, &o->listen);
    }
    if (o->has_tls_listen) {
        sandbox_allow_address(&paths, &o->tls_listen);
    }
    if (o->has_admin) {
        sandbox_allow_address(&paths, &o->admin);
    }
    (void)!opening_close_in(&paths, o->sandbox, &p->keeper.log, err);
    sandbox_paths_free(&paths);
    return err->code;
}

static enum assay_code
open_relay(struct program *p, struct assay_error *err)
{
    p->relay = relay_new((size_t)p->site->options.relay_cache);
    return p->relay != NULL
               ? ASSAY_OK
               : assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "relay");
}

static int
door_of(struct doors *d, unsigned worker)
{
    return worker < d->count ? doors_hand_over(d, worker) : -1;
}

static enum assay_code
hire(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    struct crew *c = &p->keeper.crew;
    unsigned count = p->doors.count > 0 ? p->doors.count : p->tls_doors.count;

    p->hall.ctx = p->ctx;
    p->hall.log = &p->keeper.log;
    p->hall.access = p->access;
    p->hall.places = p->places;
    p->hall.relay = p->relay;
    p->hall.json = o->json_log;
    atomic_store(&c->max_clients, o->max_connections + HALL_WAITING);
    for (unsigned i = 0; i < count && err->code == ASSAY_OK; i++) {
        (void)!hall_add(&p->hall, c, p->site, door_of(&p->doors, i),
                        door_of(&p->tls_doors, i), err);
    }
    return err->code == ASSAY_OK ? crew_start(c, err) : err->code;
}

static void
put_tls(const void *user, struct assay_json_out *out)
{
    const struct program *p = user;

    if (p->tls_doors.count > 0) {
        assay_json_out_text(out, "tls_address", p->tls_doors.address);
    }
}

static void
log_listening(const struct program *p)
{
    struct log_field fields[3];
    size_t n = 0;
    char workers[16];

    snprintf(workers, sizeof(workers), "%u", p->keeper.crew.count);
    if (p->doors.count > 0) {
        fields[n++] =
            (struct log_field){"address", assay_slice_of(p->doors.address)};
    }
    if (p->tls_doors.count > 0) {
        fields[n++] = (struct log_field){"tls_address",
                                         assay_slice_of(p->tls_doors.address)};
    }
    fields[n++] = (struct log_field){"workers", assay_slice_of(workers)};
    log_event(&p->keeper.log, LOG_INFO, "listening", fields, n);
}

bool
program_open(struct program *p)
{
    const struct options *o = &p->site->options;
    struct assay_error err;

    check_warn(p->site, &p->keeper.log);
    if (open_all(p, &err) != ASSAY_OK || close_in(p, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    keeper_make_pool(&p->keeper);
    if (open_relay(p, &err) != ASSAY_OK || hire(p, &err) != ASSAY_OK ||
        opening_say_ready(
            o->ready_file, p->doors.count > 0 ? p->doors.address : NULL,
            admin_address(&p->admin), put_tls, p, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    log_listening(p);
    keeper_ready(&p->keeper);
    return true;
}
