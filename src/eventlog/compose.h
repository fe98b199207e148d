/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * compose.h - comparing an app-compose with what a policy expects.
 */
#pragma once

#include "assay/compose.h"
#include "crypto/crypto.h"

/* Can this be expected of an app-compose at all? ASSAY_INVALID (no object, or a
 * list of hashes that is empty or holds anything else), ASSAY_TOO_LARGE (a
 * number that cannot be written anew), ASSAY_NO_MEMORY, errors of the JSON
 * reader. */
ASSAY_MUST_CHECK enum assay_code
assay_compose_check(struct assay_slice expected, struct assay_error *err);

/* How the comparison went. */
struct assay_compose_match {
    bool matched;
    const char *form; /* how: "offered text", "text as given", "insertion
                         order", "sorted" */
    char fault[160];  /* else the member that differs and a short diff; or why
                         it could not be compared */
};

/* Is `expected` (the policy's app_compose, a JSON object of any members) what
 * was measured?
 *
 * With `offered` (the raw app-compose of the server, not empty): its SHA-256
 * must be `measured`; then every member of `expected` must equal the one of
 * the offered text, and every member of the offered text or of the defaults
 * that `expected` leaves out must have the default's value. An object
 * {"sha256": [hex, ...]} stands for any string with one of these hashes, null
 * for a member that is absent. Numbers are equal if they are the same integer
 * or the same text; the order of members does not matter.
 * Without: the hash of `expected` as it is, in insertion order, then sorted.
 * ASSAY_CRYPTO, ASSAY_NO_MEMORY, errors of the JSON reader and ASSAY_INVALID
 * (no object, or a list of hashes that holds anything else) for `expected`
 * only: an offered text that is no JSON object is a fault. */
ASSAY_MUST_CHECK enum assay_code
assay_compose_compare(const struct assay_ctx *ctx, struct assay_slice expected,
                      struct assay_slice offered,
                      const uint8_t measured[ASSAY_SHA256_BYTES],
                      struct assay_compose_match *out, struct assay_error *err);
