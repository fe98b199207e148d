/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * program.h - the main thread: settings, reloads, and the crew that bridges.
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
    struct site *site;    /* the newest one */
    struct given started; /* as it was told then: what stays so */
    struct journal *access;
    struct metrics metrics; /* of the main thread */
    struct admin admin;
    struct doors doors;     /* ws:// */
    struct doors tls_doors; /* wss:// */
    struct places *places;
    struct relay *relay;
    struct hall hall;
};

/* All that can be had without letting anybody in (start.c). The options are
 * taken over. False: it was said why. */
bool program_prepare(struct program *p, struct options *o);
/* Lets them in. */
bool program_open(struct program *p);
/* What these settings have to say of who may come. */
struct place_limits program_limits(const struct options *o);
/* So that the bridge is not led to itself. */
ASSAY_MUST_CHECK enum assay_code program_guard(const struct program *p,
                                               struct site *site,
                                               struct assay_error *err);

/* Reads everything anew (reload.c), of a struct program; see keeper.h. */
void reload_begin(void *user);
