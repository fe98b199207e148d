/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * site.h - what clients are served by and a reload replaces as a whole: the
 * settings, and what was read for them. Not changed once threads have it;
 * whoever holds it counts.
 */
#pragma once

#include "admission.h"
#include "daemon/learnt.h"
#include "options.h"
#include "providers.h"

/* The first segment of all paths where keys are put in, so that other users of
 * the machine cannot spend them: one for each run. */
#define SITE_SECRET_BYTES 16u

struct site {
    atomic_uint holders;
    struct options options;
    struct providers *providers;
    struct learnt *learnt;  /* held */
    struct assay_buf token; /* with a NUL; empty: none */
    struct assay_buf hosts; /* Host fields that mean us; with a NUL */
    char secret[2 * SITE_SECRET_BYTES + 1]; /* "": none */
    struct admission_rules rules;
};

/* Takes the options over, also if it fails. learnt is held. Errors of
 * providers_read(), and of the token's file, whose name is in the message. */
ASSAY_MUST_CHECK enum assay_code
site_new(struct options *o, const struct assay_ctx *ctx, struct learnt *learnt,
         const uint8_t secret[SITE_SECRET_BYTES], struct site **out,
         struct assay_error *err);
struct site *site_hold(struct site *s); /* s */
void site_drop(struct site *s);         /* NULL is fine */

/* The address that is listened at, before threads have the site: then it is
 * known what Host may be. It may be another one than --listen says: a service
 * manager's, or that of before a reload. ASSAY_INVALID (others reach it, and
 * that was not allowed), ASSAY_TOO_LARGE, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
site_listens(struct site *s, const char *address, struct assay_error *err);
