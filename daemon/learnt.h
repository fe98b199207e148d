/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * learnt.h - what a daemon that judges evidence has learnt: how late it is at
 * least, and the highest evaluations that were ever verified. A reload forgets
 * neither, so it is counted; shared by threads.
 */
#pragma once

#include <stdatomic.h>

#include "daemon/log.h"
#include "daemon/sandbox.h"
#include "io/seen.h"

struct assay_ctx;
struct assay_verifier;

struct learnt {
    atomic_uint holders;
    struct assay_verifier *verifier;
    struct assay_seen *seen; /* not NULL */
};

/* ASSAY_NO_MEMORY, ASSAY_CRYPTO. */
ASSAY_MUST_CHECK enum assay_code learnt_new(const struct assay_ctx *ctx,
                                            struct learnt **out,
                                            struct assay_error *err);
struct learnt *learnt_hold(struct learnt *l); /* l */
void learnt_drop(struct learnt *l);           /* NULL is fine */
/* Where rollbacks may go unnoticed. */
void learnt_warn(const struct learnt *l, const struct log *log);
/* The folders of the memory and, with `cache`, of collateral: made now, for
 * they could not be later. What fails costs a fetch, or the memory beyond this
 * process. */
void learnt_allow(struct sandbox_paths *to, bool cache);
