/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reload.c - SIGHUP: everything is read anew, off to the side. If all of it is
 * good, new connections use it; if anything is not, nothing has changed.
 */
#include "base/bytes.h"
#include "check.h"
#include "program.h"

static enum assay_code
read_next(struct program *p, struct site **next, struct assay_error *err)
{
    struct options o;

    if (options_parse(&o, p->argc, p->argv, err) != DAEMON_DONE) {
        return err->code;
    }
    settings_name_fixed(&bridge_settings, &p->started, &o.given,
                        &p->keeper.log);
    if (site_new(&o, next, err) != ASSAY_OK) {
        return err->code;
    }
    if (p->tls_doors.count > 0 && (*next)->certificate == NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "clients come by --tls-listen until a restart, and --cert "
                   "is missing");
    } else if (check_files(*next, p->ctx, err) == ASSAY_OK) {
        (void)!program_guard(p, *next, err);
    }
    if (err->code != ASSAY_OK) {
        site_drop(*next);
        *next = NULL;
    }
    return err->code;
}

void
reload_begin(void *user)
{
    struct program *p = user;
    struct site *next = NULL;
    struct place_limits limits;
    struct assay_error err;

    if (read_next(p, &next, &err) != ASSAY_OK || next == NULL) {
        metrics_add(&p->metrics, METRIC_RELOADS_FAILED, 1);
        keeper_keep_old(&p->keeper, &err);
        return;
    }
    atomic_store(&p->keeper.log.verbose, next->options.verbose);
    site_drop(p->site);
    p->site = next;
    limits = program_limits(&next->options);
    places_limit(p->places, &limits);
    crew_use(&p->keeper.crew, next,
             next->options.max_connections + HALL_WAITING);
    metrics_add(&p->metrics, METRIC_RELOADS, 1);
    log_event(&p->keeper.log, LOG_INFO, "reloaded", NULL, 0);
    check_warn(next, &p->keeper.log);
    keeper_reloaded(&p->keeper);
}
