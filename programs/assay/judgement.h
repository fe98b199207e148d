/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * judgement.h - a quote in a file, and what came with it, judged by options and
 * policy: what `assay verify` and `assay policy pin --quote` have in common.
 */
#pragma once

#include "source.h"

/* All zero but for `o`, and `policy` where it is not the one of the options.
 */
struct judgement {
    const struct options *o; /* the operand is the quote */
    struct assay_ctx *ctx;
    struct assay_quote *quote;
    struct assay_policy *policy;
    struct assay_eventlog *event_log; /* NULL: not given */
    struct assay_buf app_compose;
    struct assay_buf vm_config;
    struct assay_root *own_root;    /* NULL: Intel's */
    const struct assay_root *root;  /* own_root or Intel's */
    struct source source;           /* unless --collateral names a file */
    struct assay_seen *seen;        /* evaluations, by earlier runs */
    struct assay_evaluations known; /* of them, of what was obtained */
    struct assay_obtained obtained;
    const char *collateral_source; /* for people */
    struct assay_verifier *verifier;
    struct assay_verdict *verdict;
};

/* Loads everything, and asks for collateral; then the verdict is there. What it
 * allows is kept and remembered. */
ASSAY_MUST_CHECK enum assay_code judgement_make(struct judgement *j,
                                                struct assay_error *err);
void judgement_free(struct judgement *j);
