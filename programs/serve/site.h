/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * site.h - what connections use and a reload replaces as a whole: the settings
 * and what was read for them. Never changed once it is made, so that threads
 * share it; whoever holds it counts.
 */
#pragma once

#include <stdatomic.h>

#include "assay/session.h"
#include "trust.h"

struct site {
    atomic_uint holders;
    struct options options;
    struct assay_tls_identity *identity; /* the default, and others behind it */
    struct trust trust;
    struct site *maker; /* of the identity, if it is not our own; held */
};

/* Takes the options over, also if it fails. before: what it replaces, whose
 * self-made certificate it keeps if it is to have one for the same names; or
 * NULL. The message starts with the file. Errors of the files and of
 * assay_tls_identity_parse(). */
ASSAY_MUST_CHECK enum assay_code
site_new(struct options *o, const struct assay_ctx *ctx, struct site *before,
         struct site **out, struct assay_error *err);
struct site *site_hold(struct site *s); /* s */
void site_drop(struct site *s);         /* NULL is fine */

/* For a supply by what is trusted here, whose searches hold the site. limit_ms:
 * of all sources together. */
struct assay_supply_options
site_supply(struct site *s, const struct assay_ctx *ctx, uint32_t limit_ms);

/* Is this certificate one that it shows? */
bool site_shows(const struct site *s,
                const struct assay_tls_identity *identity);
/* Writes the chain of the default certificate, if --cert-out. */
ASSAY_MUST_CHECK enum assay_code site_write_chain(const struct site *s,
                                                  struct assay_error *err);
