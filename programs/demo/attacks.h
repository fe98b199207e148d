/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * attacks.h - the attacks, as one table.
 */
#pragma once

#include "judge.h"
#include "stage.h"

struct attack {
    const char *name; /* as on the command line */
    const char *title;
    const char *did; /* one sentence */
    struct judge_expects expects;
    const char *control; /* of assay-sim; NULL: the platform is well */
    /* Mounts it and has it judged; false: it could not be mounted, s->err
     * says why. NULL: `control` is all of it. */
    bool (*mount)(struct stage *s, const struct attack *a, struct outcome *out);
};

extern const struct attack attacks[];
extern const size_t attack_count;

/* From a fresh start. */
bool attack_run(struct stage *s, const struct attack *a, struct outcome *out);
/* By name; NULL: no such. */
const struct attack *attack_find(const char *name);
