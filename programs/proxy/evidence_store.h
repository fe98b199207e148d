/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_store.h - a folder with the evidence of every verdict, trusted or
 * not, as bundles that `assay verify --evidence` judges again.
 *
 * Requests never wait for it, and go on without it: what the disk does not take
 * is counted and warned of. It is bounded in every way: the oldest bundles go
 * once there are too many, or they are too large together. Of refusals a few
 * are kept, the last ones: who refuses to be trusted all the time does not
 * drive out what was trusted.
 */
#pragma once

#include "daemon/log.h"
#include "io/attested.h"
#include "provider.h"

#define EVIDENCE_FILES_DEFAULT 1000u
#define EVIDENCE_FILES_MAX     100000u
#define EVIDENCE_BYTES_DEFAULT (256ull * 1024 * 1024)
#define EVIDENCE_REFUSED_MAX   64u /* at most; and half of all */
#define EVIDENCE_BUNDLE_MAX    (16u * 1024u * 1024u) /* bytes */
#define EVIDENCE_PENDING_MAX   32u /* bundles that wait for the disk */
#define EVIDENCE_PENDING_BYTES (64u * 1024u * 1024u)

struct evidence_store_options {
    const char *folder;
    unsigned max_files; /* at least 1 */
    uint64_t max_bytes;
    const struct assay_ctx *ctx; /* outlives it, as the log does */
    const struct log *log;
};

struct evidence_store; /* opaque; shared by threads */

/* Makes the folder (0700) where it is not there yet. Its own thread is started
 * with the first bundle, so that it is in the sandbox of whoever saves.
 * ASSAY_IO, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
evidence_store_new(const struct evidence_store_options *options,
                   struct evidence_store **out, struct assay_error *err);
/* Waits until what was saved is on disk. When no other thread uses it. NULL is
 * fine. */
void evidence_store_free(struct evidence_store *s);

/* As `judged` of struct upstream_options calls it; the session has to keep its
 * evidence. Where it came to no verdict, or s is NULL, nothing is done. */
void evidence_store_save(struct evidence_store *s,
                         const struct provider *provider,
                         struct assay_attested *a,
                         const struct assay_error *why);

struct evidence_counts {
    uint64_t saved;
    uint64_t failed;  /* could not be made or written */
    uint64_t dropped; /* too many waited for the disk */
    uint64_t pending; /* now */
};
void evidence_store_counts(struct evidence_store *s,
                           struct evidence_counts *out);
