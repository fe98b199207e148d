/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_mint_pki.c - certificates and CRLs of mint/, read by OpenSSL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "mint/world.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct mint_world *
new_world(const struct mint_options *changes)
{
    struct mint_options o = {.seed = NULL};
    struct mint_world *w = NULL;
    struct assay_error err;

    if (changes != NULL) {
        o = *changes;
    }
    o.seed = o.seed != NULL ? o.seed : MINT_TEST_SEED;
    if (mint_world_new(&o, &w, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return w;
}

static X509 *
x509_of(const struct mint_world *w, enum mint_cert_id cert)
{
    struct assay_slice der = mint_world_cert_der(w, cert);
    const uint8_t *p = der.ptr;
    X509 *x = d2i_X509(NULL, &p, (long)der.len);

    if (x != NULL) {
        assert_ptr_equal(p, der.ptr + der.len);
    }
    return x;
}

static X509_CRL *
crl_of(struct assay_slice der)
{
    const uint8_t *p = der.ptr;

    return d2i_X509_CRL(NULL, &p, (long)der.len);
}

/* X509_V_OK or the error; -1 if OpenSSL cannot even parse. */
static int
verify_with_openssl(const struct mint_world *w, enum mint_cert_id leaf_id,
                    int64_t at_s)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    X509 *root = x509_of(w, MINT_CERT_ROOT);
    X509 *ca = x509_of(w, MINT_CERT_CA);
    X509 *leaf = x509_of(w, leaf_id);
    X509_CRL *root_crl = crl_of(mint_world_root_crl_der(w));
    X509_CRL *pck_crl = crl_of(mint_world_pck_crl_der(w));
    int result = -1;

    if (root != NULL && ca != NULL && leaf != NULL && root_crl != NULL &&
        pck_crl != NULL) {
        X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);

        X509_VERIFY_PARAM_set_time(param, (time_t)at_s);
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK |
                                               X509_V_FLAG_CRL_CHECK_ALL |
                                               X509_V_FLAG_X509_STRICT |
                                               X509_V_FLAG_CHECK_SS_SIGNATURE);
        X509_STORE_add_cert(store, root);
        X509_STORE_add_crl(store, root_crl);
        X509_STORE_add_crl(store, pck_crl);
        sk_X509_push(untrusted, ca);
        assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, untrusted), 1);
        result = X509_verify_cert(ctx) == 1 ? X509_V_OK
                                            : X509_STORE_CTX_get_error(ctx);
    }
    X509_CRL_free(pck_crl);
    X509_CRL_free(root_crl);
    X509_free(leaf);
    X509_free(ca);
    X509_free(root);
    sk_X509_free(untrusted);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return result;
}

#define UNKNOWN_CRITICAL {{MINT_OID_UNKNOWN, true, "0500"}}
#define UNKNOWN_HARMLESS {{MINT_OID_UNKNOWN, false, "0500"}}
static const struct mint_name processor_ca = {.common_name =
                                                  "Intel SGX PCK Processor CA"};

static const struct {
    const char *name;
    struct mint_options o;
    int want; /* X509_V_... */
} chain_rows[] = {
    {"default", {.seed = NULL}, X509_V_OK},
    {"processor CA", {.processor_ca = true}, X509_V_OK},
    {"unknown extension", {.pck.extra = UNKNOWN_HARMLESS}, X509_V_OK},
    {"other serial revoked", {.pck_crl.revoked = {"0badcafe"}}, X509_V_OK},
    {"long CRL", {.pck_crl.fill = 300}, X509_V_OK},
    /* OpenSSL ends a second before RFC 5280, whose notAfter is inclusive. */
    {"last second of the PCK",
     {.pck.not_after_s = MINT_NOW_S},
     X509_V_ERR_CERT_HAS_EXPIRED},
    {"second before the last of the PCK",
     {.pck.not_after_s = MINT_NOW_S + 1},
     X509_V_OK},
    {"PCK expired",
     {.pck.not_after_s = MINT_NOW_S - 1},
     X509_V_ERR_CERT_HAS_EXPIRED},
    {"PCK not yet valid",
     {.pck.not_before_s = MINT_NOW_S + 1},
     X509_V_ERR_CERT_NOT_YET_VALID},
    {"CA expired",
     {.ca.not_after_s = MINT_NOW_S - 1},
     X509_V_ERR_CERT_HAS_EXPIRED},
    {"PCK revoked",
     {.pck_crl.revoke = MINT_REVOKE(MINT_CERT_PCK)},
     X509_V_ERR_CERT_REVOKED},
    {"PCK revoked in a long CRL",
     {.pck_crl = {.revoke = MINT_REVOKE(MINT_CERT_PCK), .fill = 300}},
     X509_V_ERR_CERT_REVOKED},
    {"PCK with its own serial revoked",
     {.pck.serial = "7b", .pck_crl.revoked = {"7b"}},
     X509_V_ERR_CERT_REVOKED},
    {"CA revoked",
     {.root_crl.revoke = MINT_REVOKE(MINT_CERT_CA)},
     X509_V_ERR_CERT_REVOKED},
    {"CA without keyCertSign",
     {.ca.key_usage = MINT_KU_CRL_SIGN},
     X509_V_ERR_INVALID_CA},
    {"CA without cRLSign",
     {.ca.key_usage = MINT_KU_CERT_SIGN},
     X509_V_ERR_KEYUSAGE_NO_CRL_SIGN},
    {"CA that is none", {.ca.ca = MINT_NO}, X509_V_ERR_INVALID_CA},
    {"root with path length 0",
     {.root.pathlen = MINT_PATHLEN(0)},
     X509_V_ERR_PATH_LENGTH_EXCEEDED},
    {"CA without path length", {.ca.pathlen = MINT_PATHLEN_NONE}, X509_V_OK},
    {"PCK signed by a stranger",
     {.pck.signing.signer = MINT_KEY_STRANGER},
     X509_V_ERR_CERT_SIGNATURE_FAILURE},
    {"PCK's signature broken",
     {.pck.signing.break_signature = true},
     X509_V_ERR_CERT_SIGNATURE_FAILURE},
    {"root's signature broken",
     {.root.signing.break_signature = true},
     X509_V_ERR_CERT_SIGNATURE_FAILURE},
    {"PCK names another issuer",
     {.pck.issuer = &processor_ca},
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
    {"PCK's AKI is another",
     {.pck.aki = "00112233"},
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
    {"CA's SKI is another, and all follow", {.ca.ski = "00112233"}, X509_V_OK},
    {"unknown critical extension",
     {.pck.extra = UNKNOWN_CRITICAL},
     X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION},
    {"SGX extension critical",
     {.pck.flip_critical = MINT_EXT_SGX},
     X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION},
    {"inner algorithm differs",
     {.pck.signing.inner_algorithm = MINT_ALG_ECDSA_SHA384},
     X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY},
    {"PCK without AKI",
     {.pck.omit = MINT_EXT_AKI},
     X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER},
    {"CA without SKI",
     {.ca.omit = MINT_EXT_SKI},
     X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER},
    {"basic constraints not critical",
     {.ca.flip_critical = MINT_EXT_BASIC_CONSTRAINTS},
     X509_V_ERR_CA_BCONS_NOT_CRITICAL},
    {"PCK CRL signed by a stranger",
     {.pck_crl.signing.signer = MINT_KEY_STRANGER},
     X509_V_ERR_CRL_SIGNATURE_FAILURE},
    {"root CRL's signature broken",
     {.root_crl.signing.break_signature = true},
     X509_V_ERR_CRL_SIGNATURE_FAILURE},
    {"PCK CRL expired",
     {.pck_crl.next_update_s = MINT_NOW_S - 1},
     X509_V_ERR_CRL_HAS_EXPIRED},
    {"PCK CRL of tomorrow",
     {.pck_crl.this_update_s = MINT_NOW_S + 1},
     X509_V_ERR_CRL_NOT_YET_VALID},
    {"PCK CRL of another CA",
     {.pck_crl = {.issuer = &processor_ca,
                  .signing.signer = MINT_KEY_PROCESSOR_CA}},
     X509_V_ERR_UNABLE_TO_GET_CRL},
    {"PCK CRL with an unknown critical extension",
     {.pck_crl.extra = UNKNOWN_CRITICAL},
     X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION},
    {"public key off the curve",
     {.pck.spki = MINT_SPKI_OFF_CURVE},
     X509_V_ERR_UNSPECIFIED},
};

static void
test_chains(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(chain_rows); i++) {
        struct mint_world *w = new_world(&chain_rows[i].o);
        int got = verify_with_openssl(w, MINT_CERT_PCK, MINT_NOW_S);

        if (got != chain_rows[i].want) {
            fail_msg("%s: %s", chain_rows[i].name,
                     X509_verify_cert_error_string(got));
        }
        mint_world_free(w);
    }
}

static void
test_tcb_signer(void **state)
{
    static const struct {
        const char *name;
        struct mint_options o;
        int want; /* X509_V_... */
    } rows[] = {
        {"default", {.seed = NULL}, X509_V_OK},
        {"revoked",
         {.root_crl.revoke = MINT_REVOKE(MINT_CERT_TCB_SIGNER)},
         X509_V_ERR_CERT_REVOKED},
        {"only the CA revoked",
         {.root_crl.revoke = MINT_REVOKE(MINT_CERT_CA)},
         X509_V_OK},
        {"expired",
         {.tcb_signer.not_after_s = MINT_NOW_S - 1},
         X509_V_ERR_CERT_HAS_EXPIRED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mint_world *w = new_world(&rows[i].o);
        int got = verify_with_openssl(w, MINT_CERT_TCB_SIGNER, MINT_NOW_S);

        if (got != rows[i].want) {
            fail_msg("%s: %s", rows[i].name,
                     X509_verify_cert_error_string(got));
        }
        mint_world_free(w);
    }
}

/* What a certificate says, as OpenSSL reads it. */
static void
check_cert(const struct mint_world *w, enum mint_cert_id cert,
           const char *common_name, uint32_t key_usage, long pathlen)
{
    X509 *x = x509_of(w, cert);
    char name[64] = "";

    assert_non_null(x);
    assert_int_equal(X509_get_version(x), 2);
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName,
                                    name, sizeof(name));
    assert_string_equal(name, common_name);
    assert_int_equal(X509_get_key_usage(x), key_usage);
    assert_int_equal(X509_get_pathlen(x), pathlen);
    assert_non_null(X509_get0_subject_key_id(x));
    assert_non_null(X509_get0_authority_key_id(x));
    X509_free(x);
}

static void
test_certificates(void **state)
{
    static const uint32_t leaf = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
    static const uint32_t ca = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
    struct mint_world *w = new_world(NULL);

    (void)state;
    check_cert(w, MINT_CERT_ROOT, "Intel SGX Root CA", ca, 1);
    check_cert(w, MINT_CERT_CA, "Intel SGX PCK Platform CA", ca, 0);
    check_cert(w, MINT_CERT_TCB_SIGNER, "Intel SGX TCB Signing", leaf, -1);
    check_cert(w, MINT_CERT_PCK, "Intel SGX PCK Certificate", leaf, -1);
    mint_world_free(w);
}

/* How often an extension occurs. */
static int
count_extension(const struct mint_world *w, const char *oid)
{
    X509 *x = x509_of(w, MINT_CERT_PCK);
    ASN1_OBJECT *wanted = OBJ_txt2obj(oid, 1);
    int count = 0;

    assert_non_null(x);
    for (int i = 0; i < X509_get_ext_count(x); i++) {
        X509_EXTENSION *e = X509_get_ext(x, i);

        count += OBJ_cmp(X509_EXTENSION_get_object(e), wanted) == 0 ? 1 : 0;
    }
    ASN1_OBJECT_free(wanted);
    X509_free(x);
    return count;
}

static void
test_extensions(void **state)
{
    static const struct {
        const char *oid;
        unsigned bit;
    } rows[] = {
        {"2.5.29.35", MINT_EXT_AKI},
        {"2.5.29.31", MINT_EXT_CRL_POINTS},
        {"2.5.29.14", MINT_EXT_SKI},
        {"2.5.29.15", MINT_EXT_KEY_USAGE},
        {"2.5.29.19", MINT_EXT_BASIC_CONSTRAINTS},
        {"1.2.840.113741.1.13.1", MINT_EXT_SGX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct mint_options o[3] = {
            {.pck.omit = rows[i].bit},
            {.seed = NULL},
            {.pck.duplicate = rows[i].bit},
        };

        for (int times = 0; times < 3; times++) {
            struct mint_world *w = new_world(&o[times]);

            assert_int_equal(count_extension(w, rows[i].oid), times);
            mint_world_free(w);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_tcb_signer),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_extensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
