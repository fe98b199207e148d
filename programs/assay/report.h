/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report.h - what a verdict and other documents look like.
 */
#pragma once

#include <stdio.h>

#include "assay/assay.h"
#include "base/json.h"
#include "cli.h"

/* For people: the verdict, the checks, the measurements. `source` says where
 * the collateral came from; `root` which root was trusted. */
struct report_input {
    const struct assay_verdict *verdict;
    const struct assay_quote *quote;
    const struct assay_collateral *collateral;
    const char *source;
    const char *root;
    const char *time; /* said of the time; NULL: nothing */
    bool colour;
};

void report_text(FILE *to, const struct report_input *in);
/* One line on standard error, if `what` is not trusted. */
void report_refusal(const struct command *c, const char *what,
                    const struct assay_verdict *v);

/* Below that, for a bundle: what nothing in it proves. */
void report_evidence(FILE *to, const struct assay_evidence *e,
                     const struct assay_evidence_options *o,
                     const struct assay_verdict *v);

/* A parsed JSON document as indented "name: value" lines. */
void report_tree(FILE *to, const struct assay_json *j);

/* Items of a bundle with their dates. */
void report_items(FILE *to, const struct assay_collateral *c);
/* When a bundle is judged: at that time, and whether it still stands so much
 * later. */
struct report_moment {
    int64_t now_s;
    int64_t within_s;
};
/* The same with the state of each at that time, and a verdict on top. */
void report_check(FILE *to, const struct assay_collateral *c,
                  struct report_moment at, bool good, bool colour);
/* "in date", "expires soon", "expired" or "not yet valid". */
const char *report_item_state(struct assay_collateral_item item,
                              struct report_moment at);
