/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * keeper.h - the main thread of a daemon: its loop, signals, the service
 * manager, and the end.
 *
 * SIGTERM and SIGINT: doors close, what is under way may finish for a while; a
 * second one cuts. SIGHUP: everything is read anew. SIGUSR1: the access log was
 * moved away.
 */
#pragma once

#include "daemon/crew.h"
#include "daemon/log.h"
#include "daemon/service.h"

struct keeper_trade {
    /* Nobody is let in any more. How long to wait for those who are, ms. */
    uint32_t (*stop)(void *user);
    void (*rotate)(void *user);
    /* keeper_reloaded() or keeper_keep_old() when it is over, perhaps at
     * once. */
    void (*reload)(void *user);
};

/* All zero at first. */
struct keeper {
    /* filled in by the owner */
    const char *name; /* "assay-serve" */
    const struct keeper_trade *trade;
    void *user;
    struct log log;
    /* kept by keeper.c */
    uv_loop_t loop;
    struct crew crew; /* the owner adds to it; `ended` is set */
    struct service service;
    bool draining;  /* it is about to end */
    bool reloading; /* keeper_reloaded() is due */
    bool again;     /* SIGHUP came meanwhile */
    uv_signal_t terminate;
    uv_signal_t interrupt;
    uv_signal_t hang_up;
    uv_signal_t rotate;
    uv_async_t ended; /* a worker has */
    uv_timer_t drain;
    uv_timer_t dog;  /* until the service manager wants to hear again */
    uv_timer_t rest; /* after SIGHUP: more of them are the same one */
    uv_work_t first; /* of libuv's threads */
};

/* Before anything: libuv has so many threads for what waits, unless
 * UV_THREADPOOL_SIZE says otherwise. They are made when the first is needed. */
void keeper_widen_pool(unsigned threads);
/* They are made now, so that the first client does not wait for it. Behind the
 * sandbox, which is only that of threads that are made in it. */
void keeper_make_pool(struct keeper *k);
/* The loop is there, SIGHUP, SIGPIPE and SIGXFSZ end nobody, and the process
 * may have as many descriptors as it is allowed to ask for. Without memory or
 * descriptors the process ends. */
void keeper_init(struct keeper *k);
/* The other signals are heard. */
void keeper_watch(struct keeper *k);
/* The crew serves: tells the service manager, and does what was asked for
 * meanwhile. */
void keeper_ready(struct keeper *k);
/* Until it is to end, and everybody has gone. */
void keeper_run(struct keeper *k);
/* It went well ... */
void keeper_reloaded(struct keeper *k);
/* ... or not: that is said. */
void keeper_keep_old(struct keeper *k, const struct assay_error *why);
/* Ends the crew, if it is still there, and hears no signal any more. If
 * something hangs that cannot be cancelled, the process ends in here. */
void keeper_dismiss(struct keeper *k);
/* Behind it, when what the owner had on the loop is closed. */
void keeper_close(struct keeper *k);
