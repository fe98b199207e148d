/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * program.h - the main thread: signals, reloads, and the crew that serves.
 */
#pragma once

#include "announce.h"
#include "daemon/keeper.h"
#include "health.h"

struct program {
    int argc;
    char **argv;
    struct keeper keeper;
    struct assay_ctx *ctx;
    struct site *site;           /* the newest one */
    struct given started;        /* as it was told then: what stays so */
    struct assay_quoter *quoter; /* for announcements ... */
    struct quotes quotes;        /* ... and for what asks on this thread */
    struct assay_quote_gate *gate;
    struct journal *access;
    struct metrics metrics; /* of the main thread */
    struct health health;
    struct doors doors;
    struct hall hall;
    struct shelf *shelf;
    struct stapler *stapler;
    /* reload.c */
    struct announcement announcement;
    struct site *next; /* being announced, or NULL */
};

/* All that can be had without letting anybody in (start.c). The options are
 * taken over. False: it was said why. */
bool program_prepare(struct program *p, struct options *o);
/* Lets them in. */
bool program_open(struct program *p);

/* Reads everything anew (reload.c), of a struct program; see keeper.h. */
void reload_begin(void *user);
