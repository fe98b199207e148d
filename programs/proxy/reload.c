/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reload.c - SIGHUP: everything is read anew, off to the side. If all of it is
 * good, new requests use it; if anything is not, nothing has changed.
 */
#include "base/bytes.h"
#include "check.h"
#include "program.h"
#include "ready.h"

static enum assay_code
read_next(struct program *p, struct site **next, struct assay_error *err)
{
    struct options o;

    if (options_parse(&o, p->argc, p->argv, err) != DAEMON_DONE) {
        return err->code;
    }
    settings_name_fixed(&proxy_settings, &p->started, &o.given, &p->keeper.log);
    if (site_new(&o, p->ctx, p->learnt, p->secret, next, err) == ASSAY_OK &&
        (check_roots(&(*next)->options, p->ctx, err) != ASSAY_OK ||
         site_listens(*next, p->doors.address, err) != ASSAY_OK)) {
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
    struct assay_error err;

    if (read_next(p, &next, &err) != ASSAY_OK || next == NULL) {
        metrics_add(&p->metrics, METRIC_RELOADS_FAILED, 1);
        keeper_keep_old(&p->keeper, &err);
        return;
    }
    atomic_store(&p->keeper.log.verbose, next->options.verbose);
    site_drop(p->site);
    p->site = next;
    crew_use(&p->keeper.crew, next, next->options.max_connections);
    metrics_add(&p->metrics, METRIC_RELOADS, 1);
    if (ready_tell(p, &err) != ASSAY_OK) {
        log_failure(&p->keeper.log, LOG_WARNING, "not told", &err);
    }
    log_event(&p->keeper.log, LOG_INFO, "reloaded", NULL, 0);
    check_warn(&next->options, next->providers, &p->keeper.log);
    keeper_reloaded(&p->keeper);
}
