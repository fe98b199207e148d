/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reload.c - SIGHUP: everything is read anew, off to the side. If all of it is
 * good, new connections use it; if anything is not, nothing has changed.
 */
#include <time.h>

#include "base/bytes.h"
#include "check.h"
#include "program.h"
#include "settings.h"

static void
keep_old(struct program *p, const struct assay_error *err)
{
    metrics_add(&p->metrics, METRIC_RELOADS_FAILED, 1);
    keeper_keep_old(&p->keeper, err);
}

static void
put_to_use(struct program *p)
{
    struct assay_error err;

    if (site_write_chain(p->next, &err) != ASSAY_OK) {
        log_failure(&p->keeper.log, LOG_WARNING,
                    "certificate chain not written", &err);
    }
    atomic_store(&p->keeper.log.verbose, p->next->options.verbose);
    site_drop(p->site);
    p->site = p->next;
    p->next = NULL;
    p->quotes.wait_ms = p->site->options.quote_wait_ms;
    crew_use(&p->keeper.crew, p->site, p->site->options.max_connections);
    stapler_use(p->stapler, p->site);
    metrics_add(&p->metrics, METRIC_RELOADS, 1);
    log_event(&p->keeper.log, LOG_INFO, "reloaded", NULL, 0);
    check_certificates(p->site, (int64_t)time(NULL), &p->keeper.log);
}

/* A new certificate is shown to nobody before the platform knows it. */
static void
on_announced(void *user, const struct assay_error *err)
{
    struct program *p = user;

    if (err->code == ASSAY_OK) {
        put_to_use(p);
        keeper_reloaded(&p->keeper);
    } else {
        site_drop(p->next);
        p->next = NULL;
        keep_old(p, err);
    }
}

/* The next site, from settings that are read anew. The mode behind nginx is
 * another program: a site for it would have no certificate. */
static enum assay_code
read_next(struct program *p, struct assay_error *err)
{
    struct options o;

    if (options_parse(&o, p->argc, p->argv, err) != DAEMON_DONE) {
        return err->code;
    }
    if (o.ekm_header) {
        options_free(&o);
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "ekm-header: only a restart changes the mode");
    }
    settings_name_fixed(&serve_settings, &p->started, &o.given, &p->keeper.log);
    return site_new(&o, p->ctx, p->site, &p->next, err);
}

void
reload_begin(void *user)
{
    struct program *p = user;
    struct assay_error err;

    if (read_next(p, &err) != ASSAY_OK) {
        keep_old(p, &err);
        return;
    }
    p->announcement = (struct announcement){
        .quoter = p->quoter,
        .log = &p->keeper.log,
        .site = p->next,
        .before = p->site,
        .done = on_announced,
        .user = p,
    };
    announce_begin(&p->announcement);
}
