/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * main.c - assay-proxy: clients of models to providers whose TEE was verified.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "check.h"
#include "daemon/front.h"
#include "daemon/start_check.h"
#include "help.h"
#include "program.h"
#include "ready.h"
#include "subcommand.h"

/* --- signals ------------------------------------------------------------- */

static uint32_t
on_stop(void *user)
{
    struct program *p = user;

    ready_end(p);
    doors_close(&p->doors);
    return p->site->options.drain_ms;
}

static void
on_rotate(void *user)
{
    struct program *p = user;

    journal_rotate(p->audit, &p->keeper.log);
}

static const struct keeper_trade trade = {
    .stop = on_stop,
    .rotate = on_rotate,
    .reload = reload_begin,
};

/* --- life ---------------------------------------------------------------- */

static void
tear_down(struct program *p)
{
    ready_end(p);
    keeper_dismiss(&p->keeper);
    hall_close(&p->hall);
    evidence_store_free(p->evidence);
    doors_close(&p->doors);
    admin_close(&p->admin);
    keeper_close(&p->keeper);
    board_free(p->board);
    site_drop(p->site);
    learnt_drop(p->learnt);
    given_free(&p->started);
    journal_close(p->audit);
    assay_buf_free(&p->state);
    assay_ctx_free(p->ctx);
}

/* What needs nothing but the settings. False: the program goes on. */
static bool
answered(const struct options *o)
{
    struct assay_buf text;

    if (o->help) {
        front_help(proxy_help);
    } else if (o->version) {
        front_version("assay-proxy");
    } else if (o->dump) {
        assay_buf_init(&text, OPTIONS_DUMP_MAX_BYTES);
        options_dump(o, &text);
        front_print(&text);
    }
    return o->help || o->version || o->dump;
}

static bool
check(const struct program *p)
{
    const struct options *o = &p->site->options;
    const struct assay_address *const addresses[] = {
        &o->listen,
        o->has_admin ? &o->admin : NULL,
    };
    struct assay_buf text;
    struct assay_error err;

    if (start_check(&proxy_settings, &o->given, o->sandbox, addresses, 2,
                    &err) != ASSAY_OK) {
        log_failure(&p->keeper.log, LOG_ERROR, "cannot start", &err);
        return false;
    }
    assay_buf_init(&text, OPTIONS_DUMP_MAX_BYTES);
    check_describe(o, p->site->providers, &text);
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

/* Names that hang must not keep others, or collateral, from being looked up. */
#define WAITING_THREADS 32u

int
main(int argc, char **argv)
{
    static struct program p;
    static struct options o;
    struct assay_error err;
    enum daemon_exit code;
    int done;

    if (subcommand_run(&proxy_settings, argc, argv, &done)) {
        return done;
    }
    code = options_parse(&o, argc, argv, &err);
    if (code != DAEMON_DONE) {
        return (int)front_refuse("assay-proxy", code, &err);
    }
    if (answered(&o)) {
        options_free(&o);
        return DAEMON_DONE;
    }
    keeper_widen_pool(WAITING_THREADS);
    p.argc = argc;
    p.argv = argv;
    p.keeper.name = "assay-proxy";
    p.keeper.trade = &trade;
    p.keeper.user = &p;
    p.keeper.crew.trade = &proxy_trade;
    p.keeper.log.json = o.json_log;
    atomic_init(&p.keeper.log.verbose, o.verbose);
    if (o.sandbox != SANDBOX_OFF) {
        sandbox_hide_rings();
    }
    keeper_init(&p.keeper);
    code = run(&p, &o) ? DAEMON_DONE : DAEMON_FAILED;
    tear_down(&p);
    return (int)code;
}
