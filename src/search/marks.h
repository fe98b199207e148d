/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * marks.h - the highest tcbEvaluationDataNumbers that were ever verified, in
 * memory, so that collateral of an older evaluation is noticed. Where they are
 * kept, and who keeps them apart from other threads, is the caller's.
 */
#pragma once

#include "assay/collateral.h"
#include "assay/root.h"
#include "search/mark.h"

/* Numbers held in memory. */
#define ASSAY_MARKS_MAX 1024u
/* Of those, so many are of other roots than Intel's: tests make roots by the
 * day, and must not push out what counts. Of more the oldest are forgotten. */
#define ASSAY_MARKS_OTHERS_MAX 256u
#define ASSAY_MARKS_LEARNT_MAX 2u /* from one collateral */

struct assay_marks; /* opaque; belongs to one thread at a time */

struct assay_marks *assay_marks_new(void);    /* NULL: out of memory */
void assay_marks_free(struct assay_marks *s); /* NULL is fine */

/* One that is kept already: it was read back, or has just been written. */
void assay_marks_add(struct assay_marks *s, const struct assay_mark *kept);

/* What is known for collateral of this kind; zero where nothing is. Only what
 * was issued by now_s counts: who judges as of an earlier time is not held to
 * what was found out later. */
struct assay_evaluations
assay_marks_recall(const struct assay_marks *s, const struct assay_root *root,
                   const struct assay_collateral_need *need, int64_t now_s);

/* To be called only once a verdict under this root has shown that everything
 * in the collateral is authentic and in date. Numbers that are not higher than
 * what is known change nothing. Returns how many of the highest are to be kept,
 * because they are new or have not been added since. */
size_t assay_marks_learn(struct assay_marks *s, const struct assay_root *root,
                         const struct assay_collateral *c,
                         struct assay_mark out[ASSAY_MARKS_LEARNT_MAX]);
