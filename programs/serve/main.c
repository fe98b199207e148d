/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * main.c - assay-serve: the TEE's side of attested TLS, before an HTTP backend.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "check.h"
#include "daemon/front.h"
#include "daemon/journal.h"
#include "daemon/sandbox.h"
#include "ekm.h"
#include "help.h"
#include "program.h"

/* --- signals ------------------------------------------------------------ */

static uint32_t
on_stop(void *user)
{
    struct program *p = user;

    doors_close(&p->doors);
    return p->site->options.drain_ms;
}

static void
on_rotate(void *user)
{
    struct program *p = user;

    journal_rotate(p->access, &p->keeper.log);
}

static const struct keeper_trade trade = {
    .stop = on_stop,
    .rotate = on_rotate,
    .reload = reload_begin,
};

/* --- life --------------------------------------------------------------- */

/* What is being announced is not waited for. */
static void
tear_down(struct program *p)
{
    keeper_dismiss(&p->keeper);
    hall_close(&p->hall);
    doors_close(&p->doors);
    health_close(&p->health);
    stapler_free(p->stapler);
    quotes_close(&p->quotes);
    assay_quoter_free(p->quoter);
    site_drop(p->next);
    keeper_close(&p->keeper);
    assay_quote_gate_free(p->gate);
    shelf_free(p->shelf);
    site_drop(p->site);
    given_free(&p->started);
    journal_close(p->access);
    assay_ctx_free(p->ctx);
}

/* What needs nothing but the settings. False: the program goes on. */
static bool
answered(const struct options *o)
{
    struct assay_buf text;

    if (o->help) {
        front_help(serve_help);
    } else if (o->version) {
        front_version("assay-serve");
    } else if (o->dump) {
        assay_buf_init(&text, 2 * SETTINGS_FILE_MAX_BYTES);
        options_dump(o, &text);
        front_print(&text);
    }
    return o->help || o->version || o->dump;
}

static bool
check(const struct program *p)
{
    struct assay_buf text;
    struct assay_error err;

    if (check_start(&p->site->options, &err) != ASSAY_OK) {
        log_failure(&p->keeper.log, LOG_ERROR, "cannot start", &err);
        return false;
    }
    assay_buf_init(&text, 2 * SETTINGS_FILE_MAX_BYTES);
    check_describe(p->site, p->quoter, (int64_t)time(NULL), &text);
    front_print(&text);
    return true;
}

/* True if it ended as it should. */
static bool
run(struct program *p, struct options *o)
{
    if (!program_prepare(p, o)) {
        return false;
    }
    if (p->site->options.check) {
        return check(p);
    }
    keeper_watch(&p->keeper);
    if (!program_open(p)) {
        return p->keeper.draining;
    }
    keeper_run(&p->keeper);
    return true;
}

#define OTHER_THREADS 8u /* for names and files, and what is stapled */

/* Neither searches for the collateral of clients nor a kernel that hangs over a
 * quote (each worker and the main thread may have one thread wait for it) must
 * keep the backend's name from being looked up, which uses the same threads. */
static unsigned
waiting_threads(const struct options *o)
{
    return o->max_appraisals + doors_workers(o->workers) + 1 + OTHER_THREADS;
}

int
main(int argc, char **argv)
{
    static struct program p;
    static struct options o;
    struct assay_error err;
    enum daemon_exit code = options_parse(&o, argc, argv, &err);

    if (code != DAEMON_DONE) {
        return (int)front_refuse("assay-serve", code, &err);
    }
    if (answered(&o)) {
        options_free(&o);
        return DAEMON_DONE;
    }
    keeper_widen_pool(waiting_threads(&o));
    p.argc = argc;
    p.argv = argv;
    p.keeper.name = "assay-serve";
    p.keeper.trade = &trade;
    p.keeper.user = &p;
    p.keeper.crew.trade = &serve_trade;
    p.keeper.log.json = o.json_log;
    atomic_init(&p.keeper.log.verbose, o.verbose);
    if (o.sandbox != SANDBOX_OFF) {
        sandbox_hide_rings();
    }
    if (o.ekm_header) {
        code = ekm_run(&o, &p.keeper.log);
        options_free(&o);
        return (int)code;
    }
    keeper_init(&p.keeper);
    code = run(&p, &o) ? DAEMON_DONE : DAEMON_FAILED;
    tear_down(&p);
    return (int)code;
}
