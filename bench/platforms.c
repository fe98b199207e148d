/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * platforms.c - see platforms.h.
 */
#include "bench/platforms.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/text.h"
#include "bench/measure.h"

#define CRL_ENTRIES 120

static void
fill_levels(struct mint_tcb_info_options *t)
{
    static const char *const advisories[MINT_ADVISORIES_MAX] = {
        "INTEL-SA-01036", "INTEL-SA-01079", "INTEL-SA-01099", "INTEL-SA-01103"};

    for (int32_t i = 1; i < MINT_LEVELS_MAX; i++) {
        struct mint_tcb_level *level = &t->levels[i];

        level->status = "OutOfDate";
        level->sgx[0] = 3;
        level->pcesvn = MINT_LEVELS_MAX - i;
        level->tdx[0] = 4;
        for (size_t k = 0; k < MINT_ADVISORIES_MAX; k++) {
            level->advisories[k] = advisories[k];
        }
    }
}

void
bench_world_enlarge(struct mint_options *o)
{
    fill_levels(&o->tcb_info);
    o->pck_crl.fill = CRL_ENTRIES;
}

struct mint_world *
bench_world_new(void)
{
    struct mint_options o = {.seed = MINT_TEST_SEED};
    struct mint_world *w = NULL;
    struct assay_error err;

    bench_world_enlarge(&o);
    bench_must(mint_world_new(&o, &w, &err), "test world", &err);
    return w;
}

static struct mint_key *
derive(size_t number, const char *label)
{
    uint8_t seed[MINT_SEED_BYTES] = {(uint8_t)number, (uint8_t)(number >> 8)};
    struct mint_key *key = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    bench_must(mint_key_derive(seed, label, &key, &err), "key", &err);
    return key;
}

/* A PCK certificate of another platform under the world's CA; appended. */
static void
write_pck(const struct mint_world *w, const struct mint_options *o,
          const struct mint_key *pck, size_t number, struct assay_buf *der)
{
    const struct mint_key *ca = mint_world_key(w, MINT_KEY_PLATFORM_CA);
    struct mint_sgx_ext_options sgx = o->sgx;
    uint8_t id[MINT_SHA1_BYTES];
    struct assay_error err;
    char ppid[33];
    struct mint_cert_context c = {
        .issuer_name = &o->ca.subject,
        .issuer_key_id = ASSAY_SLICE(id),
        .subject_key = pck,
        .signer = ca,
        .sgx = &sgx,
    };

    assay_error_clear(&err);
    (void)snprintf(ppid, sizeof(ppid), "%032zx", number + 1);
    sgx.platform.ppid = ppid;
    bench_must(mint_key_identifier(ca, id, &err), "CA key", &err);
    bench_must(mint_cert_write(&o->pck, &c, der, &err), "PCK", &err);
}

static void
write_quote(const struct mint_world *w, const struct mint_options *o,
            struct assay_slice pck_der, const struct mint_key *pck,
            const struct mint_key *attestation, struct assay_buf *out)
{
    struct mint_quote_context c = {
        .platform = &o->platform,
        .attestation_key = attestation,
        .signer = attestation,
        .qe_report_signer = pck,
    };
    struct assay_buf chain;
    struct assay_error err;

    assay_error_clear(&err);
    assay_buf_init(&chain, MINT_TEXT_MAX);
    assay_pem_encode(&chain, "CERTIFICATE", pck_der);
    assay_pem_encode(&chain, "CERTIFICATE",
                     mint_world_cert_der(w, MINT_CERT_CA));
    assay_pem_encode(&chain, "CERTIFICATE",
                     mint_world_cert_der(w, MINT_CERT_ROOT));
    c.chain = assay_buf_slice(&chain);
    bench_must(mint_quote_write(&o->quote, &c, out, &err), "quote", &err);
    assay_buf_free(&chain);
}

static void
quotes_new(struct bench_quotes *q, size_t count)
{
    q->count = count;
    q->quote = calloc(count, sizeof(*q->quote));
    if (q->quote == NULL) {
        bench_die("out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        assay_buf_init(&q->quote[i], MINT_QUOTE_MAX);
    }
}

void
bench_quotes_of_platforms(struct mint_world *w, size_t count,
                          struct bench_quotes *out)
{
    const struct mint_options *o = mint_world_options(w);

    quotes_new(out, count);
    for (size_t i = 0; i < count; i++) {
        struct mint_key *pck = derive(i, "PCK");
        struct mint_key *attestation = derive(i, "attestation");
        struct assay_buf der;

        assay_buf_init(&der, MINT_DER_MAX);
        write_pck(w, o, pck, i, &der);
        write_quote(w, o, assay_buf_slice(&der), pck, attestation,
                    &out->quote[i]);
        assay_buf_free(&der);
        mint_key_free(attestation);
        mint_key_free(pck);
    }
}

void
bench_quotes_of_keys(struct mint_world *w, size_t count,
                     struct bench_quotes *out)
{
    const struct mint_options *o = mint_world_options(w);

    quotes_new(out, count);
    for (size_t i = 0; i < count; i++) {
        struct mint_key *attestation = derive(i, "another attestation");

        write_quote(w, o, mint_world_cert_der(w, MINT_CERT_PCK),
                    mint_world_key(w, MINT_KEY_PCK), attestation,
                    &out->quote[i]);
        mint_key_free(attestation);
    }
}

void
bench_quotes_free(struct bench_quotes *q)
{
    for (size_t i = 0; i < q->count; i++) {
        assay_buf_free(&q->quote[i]);
    }
    free(q->quote);
}
