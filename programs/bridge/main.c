/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * main.c - assay-bridge: WebSocket clients to the TCP targets that they may
 * have.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "check.h"
#include "daemon/front.h"
#include "daemon/start_check.h"
#include "help.h"
#include "program.h"

/* --- signals ------------------------------------------------------------- */

static uint32_t
on_stop(void *user)
{
    struct program *p = user;

    doors_close(&p->doors);
    doors_close(&p->tls_doors);
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

/* --- life ---------------------------------------------------------------- */

static void
tear_down(struct program *p)
{
    keeper_dismiss(&p->keeper);
    hall_close(&p->hall);
    doors_close(&p->doors);
    doors_close(&p->tls_doors);
    admin_close(&p->admin);
    keeper_close(&p->keeper);
    places_free(p->places);
    relay_free(p->relay);
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
        front_help(bridge_help);
    } else if (o->version) {
        front_version("assay-bridge");
    } else if (o->dump) {
        assay_buf_init(&text, 2 * SETTINGS_FILE_MAX_BYTES);
        settings_dump(&bridge_settings, &o->given, &text);
        front_print(&text);
    }
    return o->help || o->version || o->dump;
}

static bool
check(const struct program *p)
{
    const struct options *o = &p->site->options;
    const struct assay_address *const addresses[] = {
        o->has_listen ? &o->listen : NULL,
        o->has_tls_listen ? &o->tls_listen : NULL,
        o->has_admin ? &o->admin : NULL,
    };
    struct assay_buf text;
    struct assay_error err;

    if (start_check(&bridge_settings, &o->given, o->sandbox, addresses, 3,
                    &err) != ASSAY_OK) {
        log_failure(&p->keeper.log, LOG_ERROR, "cannot start", &err);
        return false;
    }
    assay_buf_init(&text, 2 * SETTINGS_FILE_MAX_BYTES);
    check_describe(p->site, &text);
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

#define NAME_THREADS 32u

/* Names that hang must keep neither others from being looked up, as far as that
 * goes, nor the relay from its sources. */
static unsigned
waiting_threads(const struct options *o)
{
    return NAME_THREADS + RELAY_RUNNING_MAX * doors_workers(o->workers);
}

int
main(int argc, char **argv)
{
    static struct program p;
    static struct options o;
    struct assay_error err;
    enum daemon_exit code = options_parse(&o, argc, argv, &err);

    if (code != DAEMON_DONE) {
        return (int)front_refuse("assay-bridge", code, &err);
    }
    if (answered(&o)) {
        options_free(&o);
        return DAEMON_DONE;
    }
    keeper_widen_pool(waiting_threads(&o));
    p.argc = argc;
    p.argv = argv;
    p.keeper.name = "assay-bridge";
    p.keeper.trade = &trade;
    p.keeper.user = &p;
    p.keeper.crew.trade = &bridge_trade;
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
