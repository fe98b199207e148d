/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * keeper.c - the main thread of a daemon.
 */
#include "daemon/keeper.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bytes.h"
#include "daemon/exits.h"

#define REST_MS 50u /* SIGHUPs within this are one */

/* --- ending ------------------------------------------------------------- */

static void
on_ended(uv_async_t *ended)
{
    struct keeper *k = ended->data;

    if (crew_is_gone(&k->crew)) {
        uv_stop(&k->loop);
    }
}

static void
on_drain_over(uv_timer_t *timer)
{
    struct keeper *k = timer->data;

    log_event(&k->log, LOG_WARNING, "cut what was under way", NULL, 0);
    crew_order(&k->crew, ORDER_CUT);
}

/* The first one asks, the second one insists. */
static void
on_terminate(uv_signal_t *handle, int number)
{
    struct keeper *k = handle->data;

    (void)number;
    if (k->draining) {
        crew_order(&k->crew, ORDER_CUT);
        return;
    }
    k->draining = true;
    log_event(&k->log, LOG_INFO, "stopping", NULL, 0);
    service_tell(&k->service, "STOPPING=1");
    if (k->crew.count == 0) {
        return; /* whoever is about to open looks */
    }
    crew_order(&k->crew, ORDER_DRAIN);
    uv_timer_start(&k->drain, on_drain_over, k->trade->stop(k->user), 0);
}

/* --- reloads ------------------------------------------------------------ */

static void
on_rest_over(uv_timer_t *timer)
{
    struct keeper *k = timer->data;

    if (!k->draining) {
        k->reloading = true;
        service_tell_reloading(&k->service);
        k->trade->reload(k->user);
    }
}

static void
begin_again(struct keeper *k)
{
    if (k->again) {
        k->again = false;
        uv_timer_start(&k->rest, on_rest_over, REST_MS, 0);
    }
}

void
keeper_reloaded(struct keeper *k)
{
    k->reloading = false;
    if (!k->draining) { /* else STOPPING=1 was the last word */
        service_tell(&k->service, "READY=1");
        begin_again(k);
    }
}

void
keeper_keep_old(struct keeper *k, const struct assay_error *why)
{
    log_event(&k->log, LOG_ERROR, "reload failed, nothing has changed",
              (struct log_field[]){
                  {"code", assay_slice_of(assay_code_name(why->code))},
                  {"message", assay_slice_of(why->msg)},
                  {"hint", assay_slice_of(assay_code_hint(why->code))},
              },
              3);
    keeper_reloaded(k);
}

static void
on_hang_up(uv_signal_t *handle, int number)
{
    struct keeper *k = handle->data;

    (void)number;
    if (k->reloading || k->crew.count == 0) {
        k->again = true;
    } else if (!k->draining && !uv_is_active((uv_handle_t *)&k->rest)) {
        uv_timer_start(&k->rest, on_rest_over, REST_MS, 0);
    }
}

static void
on_rotate(uv_signal_t *handle, int number)
{
    struct keeper *k = handle->data;

    (void)number;
    k->trade->rotate(k->user);
}

/* --- the service manager ------------------------------------------------ */

/* It hears from us as long as every thread moves. */
static void
on_dog(uv_timer_t *timer)
{
    struct keeper *k = timer->data;

    if (crew_is_alive(&k->crew)) {
        service_tell(&k->service, "WATCHDOG=1");
    }
}

void
keeper_ready(struct keeper *k)
{
    uint64_t turn_ms = service_dog_ms(&k->service);

    service_tell(&k->service, "READY=1");
    if (turn_ms > 0) {
        uv_timer_start(&k->dog, on_dog, turn_ms, turn_ms);
    }
    begin_again(k);
}

/* --- life --------------------------------------------------------------- */

void
keeper_widen_pool(unsigned threads)
{
    char count[16];

    snprintf(count, sizeof(count), "%u", threads);
    (void)setenv("UV_THREADPOOL_SIZE", count, 0);
}

static void
do_nothing(uv_work_t *work)
{
    (void)work;
}

/* The threads outlast the watchers of signals: none is to be theirs. */
void
keeper_make_pool(struct keeper *k)
{
    sigset_t ours;
    sigset_t before;

    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    (void)uv_queue_work(&k->loop, &k->first, do_nothing, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Each client takes one or more, and the usual limit (1,024) is low for the
 * sake of programs that use select(). */
static void
widen_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* A peer that is gone, and a file that may not grow, are errors of one writing.
 */
static void
ignore_signals(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

void
keeper_init(struct keeper *k)
{
    ignore_signals();
    if (uv_loop_init(&k->loop) != 0) {
        fprintf(stderr, "%s: out of memory or descriptors\n", k->name);
        exit(DAEMON_FAILED);
    }
    widen_descriptors();
    k->service.fd = -1;
    uv_signal_init(&k->loop, &k->terminate);
    uv_signal_init(&k->loop, &k->interrupt);
    uv_signal_init(&k->loop, &k->hang_up);
    uv_signal_init(&k->loop, &k->rotate);
    uv_timer_init(&k->loop, &k->drain);
    uv_timer_init(&k->loop, &k->dog);
    uv_timer_init(&k->loop, &k->rest);
    uv_async_init(&k->loop, &k->ended, on_ended);
    k->terminate.data = k;
    k->interrupt.data = k;
    k->hang_up.data = k;
    k->rotate.data = k;
    k->drain.data = k;
    k->dog.data = k;
    k->rest.data = k;
    k->ended.data = k;
    k->crew.ended = &k->ended;
    uv_signal_start(&k->hang_up, on_hang_up, SIGHUP);
}

void
keeper_watch(struct keeper *k)
{
    uv_signal_start(&k->terminate, on_terminate, SIGTERM);
    uv_signal_start(&k->interrupt, on_terminate, SIGINT);
    uv_signal_start(&k->rotate, on_rotate, SIGUSR1);
}

void
keeper_run(struct keeper *k)
{
    uv_run(&k->loop, UV_RUN_DEFAULT);
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

void
keeper_dismiss(struct keeper *k)
{
    bool ended = crew_end(&k->crew);

    hold_signals();
    if (!ended) {
        log_event(&k->log, LOG_WARNING, "a look-up hangs: it is not waited for",
                  NULL, 0);
        _exit(k->draining ? DAEMON_DONE : DAEMON_FAILED);
    }
}

void
keeper_close(struct keeper *k)
{
    uv_close((uv_handle_t *)&k->terminate, NULL);
    uv_close((uv_handle_t *)&k->interrupt, NULL);
    uv_close((uv_handle_t *)&k->hang_up, NULL);
    uv_close((uv_handle_t *)&k->rotate, NULL);
    uv_close((uv_handle_t *)&k->drain, NULL);
    uv_close((uv_handle_t *)&k->dog, NULL);
    uv_close((uv_handle_t *)&k->rest, NULL);
    uv_close((uv_handle_t *)&k->ended, NULL);
    uv_run(&k->loop, UV_RUN_DEFAULT); /* lets closed handles be freed */
    uv_loop_close(&k->loop);
    service_close(&k->service);
}
