/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * facts.h - a bounded memory of "key K signed digest D with signature S", and
 * of keys made ready for use. Both are true for ever and say nothing of trust:
 * whether K may sign D is judged by the caller in every call.
 *
 * Safe between threads. Callers ask only about keys that they have already
 * traced to a trust anchor, so that strangers cannot fill the memory.
 */
#pragma once

#include "collateral/signed_json.h"
#include "crypto/crypto.h"
#include "dcap/issuers.h"

struct assay_facts;

/* Endorsements are few and shared by platforms, so they are kept apart from
 * what each platform brings. */
enum assay_fact_kind {
    ASSAY_FACT_ENDORSEMENT, /* CA, signer, CRL, TCB info, QE identity */
    ASSAY_FACT_PCK,         /* a PCK certificate */
    ASSAY_FACT_QE_REPORT,
};

/* max_platforms 0: remembers nothing. */
ASSAY_MUST_CHECK enum assay_code assay_facts_new(const struct assay_ctx *ctx,
                                                 uint32_t max_platforms,
                                                 struct assay_facts **out,
                                                 struct assay_error *err);
void assay_facts_free(struct assay_facts *f); /* NULL is fine */
/* CAs and roots by their text; part of the facts. */
struct assay_issuers *assay_facts_issuers(struct assay_facts *f);

/* *good: did the key (x || y) sign the digest? Remembered or computed. A key
 * that is no point of the curve has signed nothing. */
enum assay_code assay_facts_signed(struct assay_facts *f,
                                   enum assay_fact_kind kind,
                                   struct assay_slice key,
                                   const struct assay_signed *what, bool *good,
                                   struct assay_error *err);

/* The same for a signature that will not be seen again (a quote's): only the
 * key is remembered. */
enum assay_code assay_facts_signed_once(struct assay_facts *f,
                                        struct assay_slice key,
                                        const struct assay_signed *what,
                                        bool *good, struct assay_error *err);
