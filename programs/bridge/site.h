/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * site.h - what visits use and a reload replaces as a whole: the settings and
 * what was read for them. Not changed once threads have it; whoever holds it
 * counts.
 */
#pragma once

#include <stdatomic.h>

#include "admission.h"
#include "assay/bytes.h"
#include "certificate.h"
#include "options.h"

struct site {
    atomic_uint holders;
    struct options options;
    struct allow *allow;
    struct assay_buf token;          /* with a NUL; empty: none */
    struct certificate *certificate; /* NULL: no wss:// */
    struct admission_rules rules;
    struct guard guard;
};

/* Takes the options over, also if it fails. Errors of allow_new(), of
 * certificate_read(), and of the token's file, whose name is in the message. */
ASSAY_MUST_CHECK enum assay_code site_new(struct options *o, struct site **out,
                                          struct assay_error *err);
struct site *site_hold(struct site *s); /* s */
void site_drop(struct site *s);         /* NULL is fine */

/* One of the places where the bridge itself listens, "192.0.2.1:9000" (for
 * "0.0.0.0:9000" and "[::]:9000": every address that this machine has now);
 * before threads have the site. ASSAY_TOO_LARGE, ASSAY_IO. (own.c) */
ASSAY_MUST_CHECK enum assay_code
site_guard_own(struct site *s, const char *address, struct assay_error *err);
