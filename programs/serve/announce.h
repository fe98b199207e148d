/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * announce.h - telling the platform which certificates this TD shows.
 */
#pragma once

#include "daemon/log.h"
#include "io/quoter.h"
#include "site.h"

/* One after the other, before anybody is shown one. Filled in by the owner,
 * who keeps it until it is over, or until the quoter is freed. */
struct announcement {
    struct assay_quoter *quoter;
    const struct log *log;
    const struct site *site;
    const struct site *before; /* what it shows needs no saying; or NULL */
    /* Called once, perhaps before announce_begin() returns; what the quoter
     * says, if --announce is required. A platform without such a call, or that
     * fails, is otherwise a line in the log. */
    void (*done)(void *user, const struct assay_error *err);
    void *user;
    /* kept by announce.c */
    const struct assay_tls_identity *next;
};

void announce_begin(struct announcement *a);
