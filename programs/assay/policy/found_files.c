/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * found_files.c - evidence in files, verified.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "found.h"
#include "programs/assay/judgement.h"

enum assay_code
found_in_files(const struct options *o, const struct found_terms *t,
               struct found *f, bool *peer, struct assay_error *err)
{
    const struct options rest = found_options(o);
    struct judgement j = {.o = &rest};

    *peer = false;
    if (found_policy(o, t, f, &j.policy, err) == ASSAY_OK &&
        judgement_make(&j, err) == ASSAY_OK) {
        (void)snprintf(f->from, sizeof(f->from), "%s", o->operand);
        *peer = found_take(j.ctx, j.verdict, j.quote,
                           assay_buf_slice(&j.app_compose), f,
                           err) == ASSAY_NOT_TRUSTED;
    }
    judgement_free(&j);
    return err->code;
}
