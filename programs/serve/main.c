/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * main.c - assay-serve: the TEE's side of attested TLS, before an HTTP backend.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "check.h"
#include "daemon/sandbox.h"
#include "ekm.h"
#include "help.h"
#include "program.h"

/* --- ending ------------------------------------------------------------- */

static void
on_ended(uv_async_t *ended)
{
    struct program *p = ended->data;

    if (crew_is_gone(&p->crew)) {
        uv_stop(&p->loop);
    }
}

static void
on_drain_over(uv_timer_t *timer)
{
    struct program *p = timer->data;

    log_event(&p->log, LOG_WARNING, "cut what was under way", NULL, 0);
    crew_order(&p->crew, ORDER_CUT);
}

/* The first one asks, the second one insists. */
static void
on_signal(uv_signal_t *handle, int number)
{
    struct program *p = handle->data;

    (void)number;
    if (p->draining) {
        crew_order(&p->crew, ORDER_CUT);
        return;
    }
    p->draining = true;
    log_event(&p->log, LOG_INFO, "stopping", NULL, 0);
    service_tell(&p->service, "STOPPING=1");
    if (p->crew.count == 0) {
        return; /* program_open() looks */
    }
    uv_timer_start(&p->drain, on_drain_over, p->site->options.drain_ms, 0);
    crew_order(&p->crew, ORDER_DRAIN);
    doors_close(&p->doors);
}

static void
on_rotate(uv_signal_t *handle, int number)
{
    struct program *p = handle->data;
    struct assay_error err;

    (void)number;
    if (access_log_reopen(p->access, &err) != ASSAY_OK) {
        log_failure(&p->log, LOG_ERROR, "the access log stays where it was",
                    &err);
    } else {
        log_event(&p->log, LOG_INFO, "access log reopened", NULL, 0);
    }
}

/* --- life --------------------------------------------------------------- */

static void
init_loop(struct program *p)
{
    if (uv_loop_init(&p->loop) != 0) {
        fputs("assay-serve: out of memory or descriptors\n", stderr);
        exit(DAEMON_FAILED);
    }
    uv_signal_init(&p->loop, &p->terminate);
    uv_signal_init(&p->loop, &p->interrupt);
    uv_signal_init(&p->loop, &p->rotate);
    uv_timer_init(&p->loop, &p->drain);
    uv_timer_init(&p->loop, &p->dog);
    p->dog.data = p;
    p->service.fd = -1;
    uv_async_init(&p->loop, &p->ended, on_ended);
    p->terminate.data = p;
    p->interrupt.data = p;
    p->rotate.data = p;
    p->drain.data = p;
    p->ended.data = p;
    reload_init(p);
}

/* It ends anyway: a signal that comes now must not make a failure of that,
 * when its watcher is gone. */
static void
hold_signals(void)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static void
tear_down(struct program *p)
{
    crew_end(&p->crew);
    hold_signals();
    doors_close(&p->doors);
    admin_close(&p->admin);
    stapler_free(p->stapler);
    quotes_close(&p->quotes);
    assay_quoter_free(p->quoter);
    reload_close(p);
    uv_close((uv_handle_t *)&p->terminate, NULL);
    uv_close((uv_handle_t *)&p->interrupt, NULL);
    uv_close((uv_handle_t *)&p->rotate, NULL);
    uv_close((uv_handle_t *)&p->drain, NULL);
    uv_close((uv_handle_t *)&p->dog, NULL);
    uv_close((uv_handle_t *)&p->ended, NULL);
    uv_run(&p->loop, UV_RUN_DEFAULT); /* lets closed handles be freed */
    uv_loop_close(&p->loop);
    assay_quote_gate_free(p->gate);
    shelf_free(p->shelf);
    site_drop(p->site);
    given_free(&p->started);
    access_log_close(p->access);
    service_close(&p->service);
    assay_ctx_free(p->ctx);
}

static void
print(struct assay_buf *text)
{
    fwrite(text->ptr, 1, text->len, stdout);
    assay_buf_free(text);
}

/* What needs nothing but the settings. False: the program goes on. */
static bool
answered(const struct options *o)
{
    struct assay_buf text;

    if (o->help) {
        for (size_t i = 0; serve_help[i] != NULL; i++) {
            fputs(serve_help[i], stdout);
        }
    } else if (o->version) {
        printf("assay-serve %s\n", ASSAY_VERSION);
    } else if (o->dump) {
        assay_buf_init(&text, 2 * SETTINGS_FILE_MAX_BYTES);
        options_dump(o, &text);
        print(&text);
    }
    return o->help || o->version || o->dump;
}

static bool
check(const struct program *p)
{
    struct assay_buf text;
    struct assay_error err;

    if (check_start(&p->site->options, &err) != ASSAY_OK) {
        log_failure(&p->log, LOG_ERROR, "cannot start", &err);
        return false;
    }
    assay_buf_init(&text, 2 * SETTINGS_FILE_MAX_BYTES);
    check_describe(p->site, p->quoter, (int64_t)time(NULL), &text);
    print(&text);
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
    uv_signal_start(&p->terminate, on_signal, SIGTERM);
    uv_signal_start(&p->interrupt, on_signal, SIGINT);
    uv_signal_start(&p->rotate, on_rotate, SIGUSR1);
    if (!program_open(p)) {
        return p->draining;
    }
    uv_run(&p->loop, UV_RUN_DEFAULT);
    return true;
}

#define OTHER_THREADS 8u /* for names and files, and what is stapled */

/* Neither searches for the collateral of clients nor a kernel that hangs over a
 * quote (each worker and the main thread may have one thread wait for it) must
 * keep the backend's name from being looked up, which uses the same threads.
 * They are made when the first is needed. */
static void
widen_pool(const struct options *o)
{
    char count[16];

    snprintf(count, sizeof(count), "%u",
             o->max_appraisals + program_workers(o) + 1 + OTHER_THREADS);
    (void)setenv("UV_THREADPOOL_SIZE", count, 0);
}

int
main(int argc, char **argv)
{
    static struct program p;
    static struct options o;
    struct assay_error err;
    enum daemon_exit code = options_parse(&o, argc, argv, &err);

    if (code != DAEMON_DONE) {
        fprintf(stderr, "assay-serve: %s (%s)\n", err.msg,
                code == DAEMON_USAGE ? "try 'assay-serve --help'"
                                     : assay_code_hint(err.code));
        return (int)code;
    }
    if (answered(&o)) {
        options_free(&o);
        return DAEMON_DONE;
    }
    signal(SIGPIPE, SIG_IGN);
    widen_pool(&o);
    p.argc = argc;
    p.argv = argv;
    p.log.json = o.json_log;
    atomic_init(&p.log.verbose, o.verbose);
    if (o.sandbox != SANDBOX_OFF) {
        sandbox_hide_rings();
    }
    if (o.ekm_header) {
        code = ekm_run(&o, &p.log);
        options_free(&o);
        return (int)code;
    }
    init_loop(&p);
    code = run(&p, &o) ? DAEMON_DONE : DAEMON_FAILED;
    tear_down(&p);
    return (int)code;
}
