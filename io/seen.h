/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * seen.h - the highest tcbEvaluationDataNumbers that were ever verified, so
 * that collateral of an older evaluation is noticed.
 *
 * Each number is the name of an empty file: making one is atomic, needs no
 * lock between processes, and leaves nothing half written. The highest name
 * counts, so the memory (search/marks.h) never goes down, whoever writes at the
 * same time. See docs/adr/0021-evaluations-as-names.md.
 */
#pragma once

#include "assay/collateral.h"
#include "assay/root.h"

struct assay_seen; /* opaque; may be shared by threads */

/* The folder below $XDG_STATE_HOME/assay, or ~/.local/state/assay. NULL if
 * there is no such place (or no memory); freed with free(). */
char *assay_seen_folder(void);

/* Reads the folder; NULL: the memory is this process's alone, and ends with
 * it. NULL: out of memory. */
struct assay_seen *assay_seen_new(const char *folder);
void assay_seen_free(struct assay_seen *s); /* NULL is fine */

/* What other processes have learnt since. A folder that cannot be read teaches
 * nothing. */
void assay_seen_reload(struct assay_seen *s);
/* What was wrong with the folder when it was read last, written to `note`, ""
 * if nothing was. True: rollbacks may go unnoticed, so people should be told:
 * it could not be read, or not to its end, or others may write to it. False:
 * no more than names that are not assay's, which are ignored. */
#define ASSAY_SEEN_NOTE_BYTES 512u
bool assay_seen_note(struct assay_seen *s, char note[ASSAY_SEEN_NOTE_BYTES]);

/* What is known for collateral of this kind; zero where nothing is. Only what
 * was issued by now_s counts: who judges as of an earlier time is not held to
 * what was found out later. s may be NULL: nothing is known. */
struct assay_evaluations
assay_seen_recall(struct assay_seen *s, const struct assay_root *root,
                  const struct assay_collateral_need *need, int64_t now_s);

/* The same for collateral that is at hand. */
struct assay_evaluations assay_seen_recall_for(struct assay_seen *s,
                                               const struct assay_root *root,
                                               const struct assay_collateral *c,
                                               int64_t now_s);

/* To be called only once a verdict under this root has shown that everything
 * in the collateral is authentic and in date. Numbers that are not higher than
 * what is known change nothing. The memory of this process learns in any case;
 * ASSAY_IO, ASSAY_NO_MEMORY: the folder did not. s may be NULL. */
ASSAY_MUST_CHECK enum assay_code
assay_seen_learn(struct assay_seen *s, const struct assay_root *root,
                 const struct assay_collateral *c, struct assay_error *err);
