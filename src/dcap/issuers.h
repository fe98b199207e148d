/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * issuers.h - the CA and the root that PCK chains end with, parsed once and
 * remembered by their PEM text. All platforms of the world share a handful of
 * such texts. What is remembered is what the bytes say, never that they are
 * to be trusted. Safe between threads.
 */
#pragma once

#include "collateral/collateral.h"

struct assay_issuers; /* the memory of one verifier */

struct assay_issuer_pair {
    struct assay_cert ca;
    struct assay_cert root;
    struct assay_signed ca_seal;             /* of the CA's certificate */
    uint8_t root_sha256[ASSAY_SHA256_BYTES]; /* of the root's DER */
};

/* max 0: remembers nothing. NULL if memory is out. */
ASSAY_MUST_CHECK struct assay_issuers *assay_issuers_new(uint32_t max);
void assay_issuers_free(struct assay_issuers *i); /* NULL is fine */

/* What this text was parsed to, or NULL. Lives as long as the memory. */
const struct assay_issuer_pair *assay_issuers_get(struct assay_issuers *i,
                                                  struct assay_slice text);
/* Remembers what a text was parsed to, unless it is there, no room is left,
 * or memory is out: nothing is ever forgotten, since others may use it. */
void assay_issuers_put(struct assay_issuers *i, struct assay_slice text,
                       const struct assay_issuer_pair *pair);
