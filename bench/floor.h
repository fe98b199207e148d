/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * floor.h - what verifying a quote cannot do without: ECDSA verifications and
 * SHA-256, by OpenSSL directly. Nothing is parsed, looked up or judged here,
 * and keys, digests and contexts are made ready beforehand.
 */
#pragma once

#include "assay/quote.h"
#include "collateral/collateral.h"

enum bench_state {
    BENCH_HOT,          /* the quote: 1 signature */
    BENCH_WARM,         /* and the QE report: 2 */
    BENCH_NEW_PLATFORM, /* and the PCK certificate: 3 */
    BENCH_COLD,         /* and CA, TCB signer, CRLs, TCB info, QE identity: 9 */
};
#define BENCH_STATE_COUNT 4

struct bench_floor;

/* The signatures of this very quote and collateral. Dies if there is anything
 * it cannot use. The inputs must outlive it. */
struct bench_floor *bench_floor_new(const struct assay_collateral *c,
                                    const struct assay_quote *q);
void bench_floor_free(struct bench_floor *f);

/* For struct bench_runner: hashes and verifies what is new in a state. Bytes
 * hashed: what each of the signatures covers, and the attestation key with the
 * QE authentication data. Dies if a signature is not right. */
struct bench_floor_run {
    struct bench_floor *floor;
    enum bench_state state;
};
double bench_floor_run(void *run, size_t count);
