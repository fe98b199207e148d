/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * start.c - from settings to an open door.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "base/bytes.h"
#include "base/json_out.h"
#include "check.h"
#include "daemon/opening.h"
#include "io/moment.h"
#include "program.h"
#include "ready.h"

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

    assay_random_bytes(p->secret, sizeof(p->secret));
    if (assay_ctx_new(&p->ctx, &err) != ASSAY_OK ||
        learnt_new(p->ctx, &p->learnt, &err) != ASSAY_OK ||
        given_copy(&o->given, &p->started, &err) != ASSAY_OK) {
        options_free(o);
        return fail(p, &err);
    }
    return (site_new(o, p->ctx, p->learnt, p->secret, &p->site, &err) ==
                ASSAY_OK &&
            check_files(&p->site->options, p->ctx, &err) == ASSAY_OK) ||
           fail(p, &err);
}

/* --- the operators' door ------------------------------------------------- */

static void
put_links(struct program *p, struct assay_buf *to)
{
    static const char family[] = "connections";

    counters_put_family(&proxy_counters, family, "gauge",
                        "Attested connections, by provider and what they do.",
                        to);
    for (size_t i = 0; i < p->site->providers->count; i++) {
        const char *name = p->site->providers->all[i]->name;
        struct board_numbers n = {.idle = 0};

        hall_numbers(&p->hall, name, &n);
        const struct {
            const char *state;
            uint64_t count;
        } rows[] = {
            {"idle", n.idle},
            {"busy", n.busy},
            {"attesting", n.attesting},
        };
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
            assay_buf_printf(to, "%s%s{provider=\"%s\",state=\"%s\"} %llu\n",
                             proxy_counters.prefix, family, name, rows[k].state,
                             (unsigned long long)rows[k].count);
        }
    }
}

static void
put_translating(struct program *p, struct assay_buf *to)
{
    static const char family[] = "translating_bytes";

    counters_put_family(&proxy_counters, family, "gauge",
                        "Memory that translations hold; see "
                        "--max-translating.",
                        to);
    assay_buf_printf(to, "%s%s %llu\n", proxy_counters.prefix, family,
                     (unsigned long long)atomic_load_explicit(
                         &p->hall.translating.used, memory_order_relaxed));
}

static void
put_metrics(void *user, struct assay_buf *to)
{
    struct program *p = user;
    struct metric_sums sums = {.counts = {0}};
    struct evidence_counts kept = {.saved = 0};

    metrics_sum(&p->metrics, &sums);
    for (unsigned i = 0; i < p->hall.count; i++) {
        metrics_sum(&p->hall.hands[i]->metrics, &sums);
    }
    if (p->evidence != NULL) {
        evidence_store_counts(p->evidence, &kept);
    }
    sums.counts[METRIC_EVIDENCE_KEPT] = kept.saved;
    sums.counts[METRIC_EVIDENCE_LOST] = kept.failed + kept.dropped;
    metrics_put(&sums, to);
    put_links(p, to);
    put_translating(p, to);
}

/* Providers come and go; the proxy is ready all the same, and says so to each
 * request. */
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
        .counters = &proxy_counters,
        .put_metrics = put_metrics,
        .unready = unready,
        .user = p,
    };
    return admin_open(&p->admin, &p->keeper.loop, &o->admin, err);
}

/* --- opening ------------------------------------------------------------- */

static enum assay_code
open_evidence(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    const struct evidence_store_options e = {
        .folder = o->evidence,
        .max_files = o->evidence_max,
        .max_bytes = EVIDENCE_BYTES_DEFAULT,
        .ctx = p->ctx,
        .log = &p->keeper.log,
    };

    return o->evidence != NULL ? evidence_store_new(&e, &p->evidence, err)
                               : ASSAY_OK;
}

/* Another process of this user may bind the port, too: the launcher does, and
 * does not listen there (launch_port.h). */
static void
share_port(const struct doors *d)
{
    int on = 1;

    if (d->count > 0 && d->address[0] != 'u') {
        (void)setsockopt(d->fds[0], SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    }
}

static enum assay_code
open_door(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    int inherited = -1;

    if (service_inherit(&inherited, err) == ASSAY_OK) {
        (void)!doors_open(&p->doors, &p->keeper.loop, &o->listen, inherited,
                          doors_workers(o->workers), err);
        share_port(&p->doors);
    }
    return err->code;
}

/* What takes a name in the system. */
static enum assay_code
open_all(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;

    if (board_new(&p->board, err) == ASSAY_OK &&
        service_open(&p->keeper.service, err) == ASSAY_OK &&
        journal_open(o->audit_log, &p->audit, err) == ASSAY_OK &&
        open_evidence(p, err) == ASSAY_OK && open_door(p, err) == ASSAY_OK &&
        open_admin(p, err) == ASSAY_OK) {
        (void)!site_listens(p->site, p->doors.address, err);
    }
    return err->code;
}

static enum assay_code
close_in(const struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    struct sandbox_paths paths = {.count = 0};

    sandbox_allow_system(&paths);
    settings_allow_files(&proxy_settings, &o->given, &paths);
    providers_allow_files(o, p->site->providers, &paths);
    learnt_allow(&paths, !o->no_cache);
    sandbox_allow_address(&paths, &o->listen);
    if (o->has_admin) {
        sandbox_allow_address(&paths, &o->admin);
    }
    if (p->state.len > 1) {
        sandbox_allow_folder_of(&paths, (const char *)p->state.ptr, true);
    }
    (void)!opening_close_in(&paths, o->sandbox, &p->keeper.log, err);
    sandbox_paths_free(&paths);
    return err->code;
}

static enum assay_code
hire(struct program *p, struct assay_error *err)
{
    struct crew *c = &p->keeper.crew;

    p->hall.ctx = p->ctx;
    p->hall.log = &p->keeper.log;
    p->hall.audit = p->audit;
    p->hall.board = p->board;
    p->hall.evidence = p->evidence;
    p->hall.started_s = assay_now().wall_s;
    atomic_store(&c->max_clients, p->site->options.max_connections);
    for (unsigned i = 0; i < p->doors.count && err->code == ASSAY_OK; i++) {
        (void)!hall_add(&p->hall, c, p->site, doors_hand_over(&p->doors, i),
                        err);
    }
    return err->code == ASSAY_OK ? crew_start(c, err) : err->code;
}

static void
log_listening(const struct program *p)
{
    const struct providers *all = p->site->providers;
    char count[16];

    snprintf(count, sizeof(count), "%zu", all->count);
    log_event(&p->keeper.log, LOG_INFO, "listening",
              (struct log_field[]){
                  {"address", assay_slice_of(p->doors.address)},
                  {"providers", assay_slice_of(count)},
                  {"first", assay_slice_of(all->all[0]->name)},
              },
              3);
}

bool
program_open(struct program *p)
{
    const struct options *o = &p->site->options;
    struct assay_error err;

    check_warn(o, p->site->providers, &p->keeper.log);
    learnt_warn(p->learnt, &p->keeper.log);
    if (open_all(p, &err) != ASSAY_OK || ready_open(p, &err) != ASSAY_OK ||
        close_in(p, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    keeper_make_pool(&p->keeper);
    if (hire(p, &err) != ASSAY_OK || ready_tell(p, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    log_listening(p);
    keeper_ready(&p->keeper);
    return true;
}
