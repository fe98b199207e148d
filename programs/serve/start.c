/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * start.c - from settings to open doors.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"
#include "check.h"
#include "io/file.h"
#include "program.h"
#include "sandbox.h"
#include "settings.h"

#define READY_MAX_BYTES     4096u
#define WORKERS_DEFAULT_MAX 16u /* more cores than that: say how many */

static bool
fail(const struct program *p, const struct assay_error *err)
{
    log_failure(&p->log, LOG_ERROR, "cannot start", err);
    return false;
}

bool
program_prepare(struct program *p, struct options *o)
{
    struct assay_error err;

    if (assay_ctx_new(&p->ctx, &err) != ASSAY_OK ||
        options_remember(o, &p->started, &err) != ASSAY_OK) {
        options_free(o);
        return fail(p, &err);
    }
    if (site_new(o, p->ctx, NULL, &p->site, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    o = &p->site->options;
    if (assay_quoter_new(&p->loop, o->quotes, o->quote_ms, &p->quoter, &err) !=
        ASSAY_OK) {
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
        .log = &p->log,
        .site = p->site,
        .done = on_announced,
        .user = &w,
    };
    announce_begin(&p->announcement);
    while (!w.done && !p->draining) {
        uv_run(&p->loop, UV_RUN_ONCE);
    }
    *err = w.err;
    if (p->draining) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "a signal ended it first");
    }
    return err->code;
}

static unsigned
count_workers(const struct options *o)
{
    unsigned cores = uv_available_parallelism();

    if (o->workers > 0) {
        return o->workers;
    }
    return cores < WORKERS_DEFAULT_MAX ? cores : WORKERS_DEFAULT_MAX;
}

static enum assay_code
hire(struct program *p, struct assay_error *err)
{
    struct crew *c = &p->crew;
    unsigned count = p->doors.count;

    c->ctx = p->ctx;
    c->log = &p->log;
    c->access = p->access;
    c->ended = &p->ended;
    atomic_store(&c->max_clients, p->site->options.max_connections);
    for (unsigned i = 0; i < count && err->code == ASSAY_OK; i++) {
        (void)!crew_add(c, p->site, doors_hand_over(&p->doors, i), err);
    }
    return err->code == ASSAY_OK ? crew_start(c, err) : err->code;
}

/* {"address", "admin", "pid", "certificate_sha256", "quotes"}. */
static enum assay_code
write_ready(const struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    uint8_t sha256[32];
    struct assay_buf text;
    struct assay_json_out out;

    if (o->ready_file == NULL) {
        return ASSAY_OK;
    }
    assay_tls_identity_sha256(p->site->identity, sha256);
    assay_buf_init(&text, READY_MAX_BYTES);
    assay_json_out_init(&out, &text, false);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_text(&out, "address", p->doors.address);
    if (o->has_admin) {
        assay_json_out_text(&out, "admin", admin_address(&p->admin));
    }
    assay_json_out_u64(&out, "pid", (uint64_t)getpid());
    assay_json_out_hex(&out, "certificate_sha256", ASSAY_SLICE(sha256));
    assay_json_out_text(&out, "quotes", assay_quoter_name(p->quoter));
    assay_json_out_close(&out, '}');
    assay_buf_add_u8(&text, '\n');
    if (assay_buf_check(&text, "--ready-file", err) == ASSAY_OK) {
        (void)!assay_file_write(o->ready_file, assay_buf_slice(&text), 0644,
                                err);
    }
    assay_buf_free(&text);
    return err->code;
}

static enum assay_code
open_admin(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;

    if (!o->has_admin) {
        return ASSAY_OK;
    }
    p->admin = (struct admin){
        .loop = &p->loop,
        .quoter = p->quoter,
        .crew = &p->crew,
        .site = &p->site,
        .draining = &p->draining,
        .metrics = &p->metrics,
    };
    return admin_open(&p->admin, &o->admin, err);
}

/* What takes a name in the system. */
static enum assay_code
open_all(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    int inherited = -1;

    if (service_open(&p->service, err) == ASSAY_OK &&
        service_inherit(&inherited, err) == ASSAY_OK &&
        site_write_chain(p->site, err) == ASSAY_OK &&
        access_log_open(o->access_log, o->json_log, &p->access, err) ==
            ASSAY_OK &&
        doors_open(&p->doors, &p->loop, &o->listen, inherited, count_workers(o),
                   err) == ASSAY_OK) {
        (void)!open_admin(p, err);
    }
    return err->code;
}

/* From here on there are no files but those of the settings, and no programs.
 */
static enum assay_code
close_in(struct program *p, struct assay_error *err)
{
    const struct options *o = &p->site->options;
    struct sandbox_paths paths;
    struct sandbox_state state;
    char files[24];

    if (o->sandbox == SANDBOX_OFF) {
        return ASSAY_OK;
    }
    sandbox_paths_of(o, &paths);
    if (sandbox_enter(&paths, o->sandbox == SANDBOX_STRICT, &state, err) ==
        ASSAY_OK) {
        snprintf(files, sizeof(files), "landlock-%d", state.landlock);
        log_event(
            &p->log, LOG_INFO, "sandbox",
            (struct log_field[]){
                {"files",
                 assay_slice_of(state.landlock > 0 ? files : "unprotected")},
                {"calls",
                 assay_slice_of(state.seccomp ? "seccomp" : "unprotected")},
            },
            2);
    }
    sandbox_paths_free(&paths);
    return err->code;
}

#define DOG_TURNS 3u /* in the time that the service manager waits */

/* It hears from us as long as every thread moves. */
static void
on_dog(uv_timer_t *timer)
{
    struct program *p = timer->data;

    if (crew_is_alive(&p->crew)) {
        service_tell(&p->service, "WATCHDOG=1");
    }
}

static void
tell_service(struct program *p)
{
    uint64_t turn_ms = p->service.dog_us / 1000u / DOG_TURNS;

    service_tell(&p->service, "READY=1");
    if (p->service.dog_us > 0) {
        turn_ms = turn_ms > 0 ? turn_ms : 1;
        uv_timer_start(&p->dog, on_dog, turn_ms, turn_ms);
    }
}

bool
program_open(struct program *p)
{
    struct assay_error err;
    char workers[16];

    check_dates(p->site, (int64_t)time(NULL), &p->log);
    if (open_all(p, &err) != ASSAY_OK || close_in(p, &err) != ASSAY_OK ||
        announce_all(p, &err) != ASSAY_OK || hire(p, &err) != ASSAY_OK ||
        write_ready(p, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    snprintf(workers, sizeof(workers), "%u", p->crew.count);
    log_event(&p->log, LOG_INFO, "listening",
              (struct log_field[]){
                  {"address", assay_slice_of(p->doors.address)},
                  {"quotes", assay_slice_of(assay_quoter_name(p->quoter))},
                  {"workers", assay_slice_of(workers)},
              },
              3);
    tell_service(p);
    reload_begin(p);
    return true;
}
