/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * program.h - the main thread: signals, reloads, and the crew that serves.
 */
#pragma once

#include "admin.h"
#include "announce.h"
#include "daemon/doors.h"
#include "daemon/service.h"
#include "worker.h"

struct program {
    int argc;
    char **argv;
    struct log log;
    uv_loop_t loop;
    struct assay_ctx *ctx;
    struct site *site;           /* the newest one */
    struct given started;        /* as it was told then: what stays so */
    struct assay_quoter *quoter; /* for announcements ... */
    struct quotes quotes;        /* ... and for what asks on this thread */
    struct assay_quote_gate *gate;
    struct service service;
    uv_timer_t dog; /* until the service manager wants to hear again */
    struct access_log *access;
    struct metrics metrics; /* of the main thread */
    struct admin admin;
    struct doors doors;
    struct crew crew;
    struct shelf *shelf;
    struct stapler *stapler;
    bool draining;
    uv_signal_t terminate;
    uv_signal_t interrupt;
    uv_signal_t hang_up;
    uv_signal_t rotate; /* SIGUSR1: the access log was moved away */
    uv_async_t ended;   /* a worker has */
    uv_timer_t drain;
    /* reload.c */
    uv_timer_t rest; /* after SIGHUP: more of them are the same one */
    struct announcement announcement;
    struct site *next; /* being announced, or NULL */
    bool again;        /* SIGHUP came meanwhile */
};

/* How many there are to be. */
unsigned program_workers(const struct options *o);
/* All that can be had without letting anybody in (start.c). The options are
 * taken over. False: it was said why. */
bool program_prepare(struct program *p, struct options *o);
/* Lets them in. */
bool program_open(struct program *p);

/* Watches SIGHUP (reload.c). */
void reload_init(struct program *p);
/* Does what was asked for meanwhile; also once, when the crew has started. */
void reload_begin(struct program *p);
void reload_close(struct program *p); /* behind the quoter's end */
