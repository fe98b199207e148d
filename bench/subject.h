/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * subject.h - a quote with its collateral, verified in the four states.
 */
#pragma once

#include "assay/assay.h"
#include "base/json.h"
#include "bench/floor.h"
#include "bench/platforms.h"

struct bench_subject {
    struct assay_ctx *ctx;
    struct assay_buf quote;  /* bytes */
    struct assay_buf bundle; /* bytes */
    struct assay_buf root;   /* DER of the root certificate */
    struct assay_root *own_root;
    const struct assay_root *anchor; /* own_root, or Intel's */
    struct assay_policy *policy;
    int64_t now_s;
    struct assay_quote *parsed;
    struct assay_collateral *collateral;
    struct assay_collateral_parts parts; /* as a source sends them */
    struct assay_json *bundle_json;      /* owns them, but for ... */
    struct assay_buf crl[2];             /* ... the CRLs, as DER */
    struct bench_floor *floor;
};

/* Of a test world. Functions here die if they fail. */
void bench_subject_mint(struct bench_subject *s, const struct mint_world *w);
/* Of a folder with quote.bin, collateral.json and expected.json, under its
 * root.pem, or Intel's root where there is none. False if it is no such folder.
 */
bool bench_subject_read(struct bench_subject *s, const char *folder);
void bench_subject_free(struct bench_subject *s);

/* Quote bytes to verdict. Dies unless the TCB status is UpToDate, for which
 * every check of the evidence must have passed. */
void bench_verify_once(const struct bench_subject *s, struct assay_verifier *v,
                       const struct assay_collateral *c,
                       struct assay_slice quote);
struct assay_verifier *bench_verifier_new(const struct bench_subject *s,
                                          uint32_t max_platforms);

/* For struct bench_runner: one verification after another with the same
 * verifier, through all quotes in turn. */
struct bench_known_run {
    const struct bench_subject *subject;
    struct assay_verifier *verifier;
    const struct bench_quotes *quotes; /* NULL: the subject's own */
    size_t next;
};
double bench_known_run(void *run, size_t count);
/* state: struct bench_subject. Collateral and quote as bytes to verdict, with
 * a new verifier each time. Only the library context (struct assay_ctx), root
 * and policy are ready. The collateral is in parts as a source sends them, as
 * the peer gets it, or in a bundle file. */
double bench_cold_run(void *subject, size_t count);
double bench_cold_bundle_run(void *subject, size_t count);
