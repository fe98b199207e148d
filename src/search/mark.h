/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * mark.h - one evaluation number as a name, to be kept as an empty file or as a
 * key (docs/adr/0021-evaluations-as-names.md).
 *
 * A name is ROOT_DOCUMENT_NUMBER_SECONDS: "intel" or the SHA-256 of another
 * root's certificate; "tdx-<FMSPC>" or "tdx-qe" (likewise "sgx"); the number;
 * and when the document that taught it was issued.
 */
#pragma once

#include "assay/bytes.h"

#define ASSAY_MARK_KEY_MAX  82u /* 64 digits, '_', tdx-<12 digits>, NUL */
#define ASSAY_MARK_NAME_MAX (ASSAY_MARK_KEY_MAX + 40u)

struct assay_mark {
    char key[ASSAY_MARK_KEY_MAX]; /* ROOT_DOCUMENT */
    uint32_t number;
    int64_t since_s;
};

void assay_mark_write(const struct assay_mark *m,
                      char name[ASSAY_MARK_NAME_MAX]);
/* Exactly what a mark is written as; anything else is false. */
bool assay_mark_read(const char *name, struct assay_mark *out);
bool assay_mark_is_intels(const struct assay_mark *m);
