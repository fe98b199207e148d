/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * parts.h - the parts of collateral as a table.
 */
#pragma once

#include "assay/collateral.h"

struct assay_part_row {
    const char *name; /* also the member of a bundle */
    size_t offset;    /* of the slice in struct assay_collateral_parts */
    size_t max;       /* bytes read of it */
    bool required;
    bool crl; /* DER, PEM or hex, which a bundle holds as hex */
};

#define ASSAY_PART_COUNT 8u
extern const struct assay_part_row assay_part_rows[ASSAY_PART_COUNT];

/* The slice of a row in parts. */
struct assay_slice *assay_part(struct assay_collateral_parts *parts,
                               size_t row);

/* Appends the DER of a CRL that is DER, PEM or hex, as its bytes tell. */
void assay_crl_decode(struct assay_slice in, const char *what,
                      struct assay_buf *der, struct assay_error *err);
