/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * program.h - the main thread: settings, reloads, and the crew that serves.
 */
#pragma once

#include "assay/assay.h"
#include "daemon/admin.h"
#include "daemon/keeper.h"
#include "worker.h"

struct program {
    int argc;
    char **argv;
    struct keeper keeper;
    struct assay_ctx *ctx;
    struct learnt *learnt;
    uint8_t secret[SITE_SECRET_BYTES]; /* of this run */
    struct site *site;                 /* the newest one */
    struct given started;              /* as it was told then: what stays so */
    struct assay_buf state; /* the path of --state, with NUL; empty: none */
    int claim;              /* on it (claim.h); -1: none */
    struct journal *audit;
    struct board *board;
    struct evidence_store *evidence;
    struct metrics metrics; /* of the main thread */
    struct admin admin;
    struct doors doors;
    struct hall hall;
};

/* All that can be had without letting anybody in (start.c). The options are
 * taken over. False: it was said why. */
bool program_prepare(struct program *p, struct options *o);
/* Lets them in. */
bool program_open(struct program *p);

/* Reads everything anew (reload.c), of a struct program; see keeper.h. */
void reload_begin(void *user);
