/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dcap/facts.h"

#include <stdlib.h>

#include "dcap/memo.h"

/* Intel has two CAs under the root and a signer or two; each platform family
 * (FMSPC) and evaluation number adds a TCB info. */
#define MAX_ENDORSEMENTS   256u
#define MAX_ISSUERS        16u
#define FACTS_PER_PLATFORM 2u /* PCK certificate, QE report */
/* PCK keys are asked only when a platform has a new QE report; a key that is
 * ready takes some 3 KiB, so few are kept. */
#define MAX_PCK_KEYS 64u

/* One remembered fact: K, S, D. */
#define FACT_BYTES                                                             \
    (ASSAY_P256_POINT_BYTES + ASSAY_P256_SIG_BYTES + ASSAY_SHA256_BYTES)

struct assay_facts {
    const struct assay_ctx *ctx;
    struct assay_lock *lock;
    struct assay_memo *endorsements; /* facts */
    struct assay_memo *platforms;    /* facts */
    struct assay_memo *issuer_keys;  /* keys that sign endorsements, PCKs */
    struct assay_memo *pck_keys;     /* keys that sign QE reports */
    struct assay_memo *attesters;    /* attestation keys */
    struct assay_issuers *issuers;
};

enum assay_code
assay_facts_new(const struct assay_ctx *ctx, uint32_t max_platforms,
                struct assay_facts **out, struct assay_error *err)
{
    uint32_t endorsements = max_platforms == 0 ? 0 : MAX_ENDORSEMENTS;
    struct assay_facts *f = NULL;

    *out = NULL;
    assay_error_clear(err);
    if (max_platforms > (1u << 20)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "verifier: more than %u platforms", 1u << 20);
    }
    f = calloc(1, sizeof(*f));
    if (f == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "verifier: out of memory");
    }
    f->ctx = ctx;
    f->lock = assay_lock_new();
    f->endorsements = assay_memo_new(endorsements, FACT_BYTES);
    f->platforms =
        assay_memo_new(FACTS_PER_PLATFORM * max_platforms, FACT_BYTES);
    f->issuer_keys = assay_memo_new(max_platforms == 0 ? 0 : MAX_ISSUERS,
                                    ASSAY_P256_POINT_BYTES);
    f->issuers = assay_issuers_new(max_platforms == 0 ? 0 : MAX_ISSUERS);
    f->pck_keys = assay_memo_new(max_platforms < MAX_PCK_KEYS ? max_platforms
                                                              : MAX_PCK_KEYS,
                                 ASSAY_P256_POINT_BYTES);
    f->attesters = assay_memo_new(max_platforms, ASSAY_P256_POINT_BYTES);
    if (f->lock == NULL || f->endorsements == NULL || f->platforms == NULL ||
        f->issuer_keys == NULL || f->issuers == NULL || f->pck_keys == NULL ||
        f->attesters == NULL) {
        assay_facts_free(f);
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "verifier: out of memory");
    }
    *out = f;
    return ASSAY_OK;
}

void
assay_facts_free(struct assay_facts *f)
{
    if (f == NULL) {
        return;
    }
    assay_memo_free(f->endorsements);
    assay_memo_free(f->platforms);
    assay_memo_free(f->issuer_keys);
    assay_memo_free(f->pck_keys);
    assay_memo_free(f->attesters);
    assay_issuers_free(f->issuers);
    assay_lock_free(f->lock);
    free(f);
}

struct assay_issuers *
assay_facts_issuers(struct assay_facts *f)
{
    return f->issuers;
}

static bool
recall(struct assay_facts *f, struct assay_memo *m, const uint8_t *entry,
       struct assay_p256 **value)
{
    bool there;

    assay_lock_take(f->lock);
    there = assay_memo_get(m, entry, value);
    assay_lock_release(f->lock);
    return there;
}

static void
remember(struct assay_facts *f, struct assay_memo *m, const uint8_t *entry,
         struct assay_p256 *value)
{
    assay_lock_take(f->lock);
    assay_memo_put(m, entry, value);
    assay_lock_release(f->lock);
}

/* Checks with a key that is ready, or made ready now and kept in `keys` once
 * it has proven good for something. */
static enum assay_code
verify(struct assay_facts *f, struct assay_memo *keys, struct assay_slice key,
       const struct assay_signed *what, bool *good, struct assay_error *err)
{
    struct assay_p256 *p256 = NULL;
    bool known = recall(f, keys, key.ptr, &p256) && p256 != NULL;

    if (!known) {
        struct assay_error sub;

        assay_error_clear(&sub);
        if (assay_p256_new(f->ctx, key.ptr, &p256, &sub) != ASSAY_OK) {
            return sub.code == ASSAY_MALFORMED
                       ? ASSAY_OK
                       : assay_fail(err, sub.code, sub.offset, "%s", sub.msg);
        }
    }
    if (assay_p256_verify(f->ctx, p256, what->digest, what->signature, good,
                          err) != ASSAY_OK) {
        *good = false;
    }
    if (*good && !known) {
        remember(f, keys, key.ptr, p256);
    }
    assay_p256_free(p256);
    return err->code;
}

enum assay_code
assay_facts_signed(struct assay_facts *f, enum assay_fact_kind kind,
                   struct assay_slice key, const struct assay_signed *what,
                   bool *good, struct assay_error *err)
{
    uint8_t fact[FACT_BYTES];
    struct assay_memo *facts =
        kind == ASSAY_FACT_ENDORSEMENT ? f->endorsements : f->platforms;
    struct assay_memo *keys =
        kind == ASSAY_FACT_QE_REPORT ? f->pck_keys : f->issuer_keys;

    *good = false;
    memcpy(fact, key.ptr, ASSAY_P256_POINT_BYTES);
    memcpy(fact + ASSAY_P256_POINT_BYTES, what->signature,
           ASSAY_P256_SIG_BYTES);
    memcpy(fact + ASSAY_P256_POINT_BYTES + ASSAY_P256_SIG_BYTES, what->digest,
           ASSAY_SHA256_BYTES);
    if (recall(f, facts, fact, NULL)) {
        *good = true;
        return ASSAY_OK;
    }
    if (verify(f, keys, key, what, good, err) == ASSAY_OK && *good) {
        remember(f, facts, fact, NULL);
    }
    return err->code;
}

enum assay_code
assay_facts_signed_once(struct assay_facts *f, struct assay_slice key,
                        const struct assay_signed *what, bool *good,
                        struct assay_error *err)
{
    *good = false;
    return verify(f, f->attesters, key, what, good, err);
}
