/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tsm_entry.h - one report entry of configfs-tsm, file by file. Blocks.
 */
#pragma once

#include "assay/bytes.h"
#include "io/tsm.h"

#define ASSAY_TSM_NAME_BYTES   48u
#define ASSAY_TSM_TEXT_BYTES   64u /* of an attribute that is text */
#define ASSAY_TSM_FOLDER_SHOWN 100 /* bytes of its path in a message */

struct assay_tsm_entry {
    const char *folder; /* as it was given */
    int folder_fd;
    int fd;
    char name[ASSAY_TSM_NAME_BYTES];
};

/* Unless it is GOT, *err says why. AGAIN: busy, which passes. */
enum assay_tsm_outcome {
    ASSAY_TSM_GOT,
    ASSAY_TSM_AGAIN,
    ASSAY_TSM_FAILED,
};

/* A new entry with a name of its own; `folder` must outlive it. False: *err
 * says why, and nothing is left behind. */
ASSAY_MUST_CHECK bool assay_tsm_entry_new(struct assay_tsm_entry *e,
                                          const char *folder,
                                          struct assay_error *err);
void assay_tsm_entry_remove(struct assay_tsm_entry *e);

/* All of a file, appended. */
ASSAY_MUST_CHECK enum assay_tsm_outcome
assay_tsm_read(const struct assay_tsm_entry *e, const char *file,
               struct assay_buf *out, struct assay_error *err);
/* A text attribute without its line feed, NUL-terminated. */
ASSAY_MUST_CHECK enum assay_tsm_outcome
assay_tsm_read_text(const struct assay_tsm_entry *e, const char *file,
                    char to[ASSAY_TSM_TEXT_BYTES + 1], struct assay_error *err);
/* inblob: all of it at once. */
ASSAY_MUST_CHECK enum assay_tsm_outcome
assay_tsm_write(const struct assay_tsm_entry *e,
                const uint8_t report_data[ASSAY_TSM_DATA_BYTES],
                struct assay_error *err);
