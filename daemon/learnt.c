/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * learnt.c - see learnt.h.
 */
#include "daemon/learnt.h"

#include <stdlib.h>

#include "assay/verify.h"
#include "base/bytes.h"
#include "base/error.h"
#include "io/cache.h"
#include "io/file.h"

enum assay_code
learnt_new(const struct assay_ctx *ctx, struct learnt **out,
           struct assay_error *err)
{
    struct learnt *l = calloc(1, sizeof(*l));
    char *folder;

    *out = NULL;
    assay_error_clear(err);
    if (l == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "evaluations");
    }
    atomic_init(&l->holders, 1);
    if (assay_verifier_new(ctx, ASSAY_DEFAULT_PLATFORMS, &l->verifier, err) ==
        ASSAY_OK) {
        folder = assay_seen_folder();
        l->seen = assay_seen_new(folder);
        free(folder);
        if (l->seen == NULL) { /* not to know would let a rollback pass */
            assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "evaluations");
        }
    }
    if (err->code != ASSAY_OK) {
        learnt_drop(l);
        return err->code;
    }
    *out = l;
    return ASSAY_OK;
}

struct learnt *
learnt_hold(struct learnt *l)
{
    atomic_fetch_add(&l->holders, 1);
    return l;
}

void
learnt_drop(struct learnt *l)
{
    if (l != NULL && atomic_fetch_sub(&l->holders, 1) == 1) {
        assay_seen_free(l->seen);
        assay_verifier_free(l->verifier);
        free(l);
    }
}

void
learnt_warn(const struct learnt *l, const struct log *log)
{
    char note[ASSAY_SEEN_NOTE_BYTES];

    if (assay_seen_note(l->seen, note)) {
        log_event(log, LOG_WARNING, "rollbacks may go unnoticed",
                  (struct log_field[]){{"note", assay_slice_of(note)}}, 1);
    }
}

static void
allow_own(char *folder, struct sandbox_paths *to)
{
    struct assay_error err;

    if (folder != NULL) {
        (void)!assay_folder_make(folder, &err);
        sandbox_allow(to, folder, true);
    }
    free(folder);
}

void
learnt_allow(struct sandbox_paths *to, bool cache)
{
    allow_own(assay_seen_folder(), to);
    allow_own(cache ? assay_cache_folder() : NULL, to);
}
