/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * floor_openssl.c - see floor.h.
 */
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/bytes.h"
#include "bench/floor.h"
#include "bench/measure.h"
#include "pki/chain.h"

#define SIGNATURES  9
#define DER_SIG_MAX 72

/* One signature, ready to be verified. */
struct item {
    EVP_PKEY *key;
    EVP_PKEY_CTX *verifier; /* initialised with the key */
    uint8_t der[DER_SIG_MAX];
    size_t der_len;
    struct assay_slice message;
};

struct bench_floor {
    size_t count;
    struct item item[SIGNATURES]; /* in the order of enum bench_state */
    struct assay_slice binding[2];
    struct assay_chain chain;
    EVP_MD *sha256;
    EVP_MD_CTX *md;
};

static EVP_PKEY *
make_key(const uint8_t xy[64])
{
    uint8_t point[65] = {0x04};
    char group[] = "P-256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 5),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_END,
    };
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    memcpy(point + 1, xy, 64);
    if (maker == NULL || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        bench_die("floor: a key could not be made");
    }
    EVP_PKEY_CTX_free(maker);
    return key;
}

static void
encode_signature(struct item *item, const uint8_t rs[64])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    uint8_t *to = item->der;
    int len;

    if (sig == NULL || ECDSA_SIG_set0(sig, BN_bin2bn(rs, 32, NULL),
                                      BN_bin2bn(rs + 32, 32, NULL)) != 1) {
        bench_die("floor: out of memory");
    }
    len = i2d_ECDSA_SIG(sig, &to);
    if (len <= 0 || len > DER_SIG_MAX) {
        bench_die("floor: a signature could not be written");
    }
    item->der_len = (size_t)len;
    ECDSA_SIG_free(sig);
}

static void
add(struct bench_floor *f, struct assay_slice key, struct assay_slice message,
    const uint8_t rs[64])
{
    struct item *item = &f->item[f->count++];

    item->message = message;
    item->key = make_key(key.ptr);
    item->verifier = EVP_PKEY_CTX_new_from_pkey(NULL, item->key, NULL);
    if (item->verifier == NULL || EVP_PKEY_verify_init(item->verifier) != 1) {
        bench_die("floor: a key could not be made ready");
    }
    encode_signature(item, rs);
}

static void
add_cert(struct bench_floor *f, const struct assay_cert *cert,
         const struct assay_cert *issuer)
{
    add(f, issuer->key, cert->tbs, cert->signature);
}

static void
add_json(struct bench_floor *f, const struct assay_signed_json *j,
         const struct assay_collateral_signer *signer)
{
    add(f, signer->chain.cert[0].key, assay_json_span(j->doc, j->body),
        j->seal.signature);
}

struct bench_floor *
bench_floor_new(const struct assay_collateral *c, const struct assay_quote *q)
{
    const struct assay_quote_view *v = assay_quote_view(q);
    struct bench_floor *f = calloc(1, sizeof(*f));
    const struct assay_cert *cert;
    struct assay_error err;

    assay_error_clear(&err);
    if (f == NULL) {
        bench_die("floor: out of memory");
    }
    f->sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    f->md = EVP_MD_CTX_new();
    if (f->sha256 == NULL || f->md == NULL) {
        bench_die("floor: no SHA-256");
    }
    bench_must(assay_chain_parse(v->cert_data, 3, "PCK chain", &f->chain, &err),
               "floor", &err);
    cert = f->chain.cert;
    f->binding[0] = v->attestation_key;
    f->binding[1] = v->qe_auth_data;
    add(f, v->attestation_key, v->signed_bytes, v->signature.ptr);
    add(f, cert[0].key, v->qe_report.raw, v->qe_report_signature.ptr);
    add_cert(f, &cert[0], &cert[1]);
    add_cert(f, &cert[1], &cert[2]);
    add_cert(f, &c->tcb_signer.chain.cert[0], &c->tcb_signer.chain.cert[1]);
    add(f, cert[2].key, c->root_crl.crl.tbs, c->root_crl.crl.signature);
    add(f, cert[1].key, c->pck_crl.crl.tbs, c->pck_crl.crl.signature);
    add_json(f, &c->tcb_info.json, &c->tcb_signer);
    add_json(f, &c->qe_identity.json, &c->qe_signer);
    return f;
}

void
bench_floor_free(struct bench_floor *f)
{
    for (size_t i = 0; i < f->count; i++) {
        EVP_PKEY_CTX_free(f->item[i].verifier);
        EVP_PKEY_free(f->item[i].key);
    }
    EVP_MD_CTX_free(f->md);
    EVP_MD_free(f->sha256);
    assay_chain_free(&f->chain);
    free(f);
}

static void
hash(struct bench_floor *f, const struct assay_slice *parts, size_t count,
     uint8_t digest[32])
{
    bool good = EVP_DigestInit_ex2(f->md, f->sha256, NULL) == 1;

    for (size_t i = 0; good && i < count; i++) {
        good = EVP_DigestUpdate(f->md, parts[i].ptr, parts[i].len) == 1;
    }
    if (!good || EVP_DigestFinal_ex(f->md, digest, NULL) != 1) {
        bench_die("floor: SHA-256 failed");
    }
}

double
bench_floor_run(void *run, size_t count)
{
    static const size_t signatures[BENCH_STATE_COUNT] = {1, 2, 3, SIGNATURES};
    const struct bench_floor_run *r = run;
    struct bench_floor *f = r->floor;
    double start = bench_cpu_ns();
    uint8_t digest[32];

    for (size_t n = 0; n < count; n++) {
        hash(f, f->binding, 2, digest);
        for (size_t i = 0; i < signatures[r->state]; i++) {
            const struct item *item = &f->item[i];

            hash(f, &item->message, 1, digest);
            if (EVP_PKEY_verify(item->verifier, item->der, item->der_len,
                                digest, sizeof(digest)) != 1) {
                bench_die("floor: signature %zu is wrong", i);
            }
        }
    }
    return bench_cpu_ns() - start;
}
