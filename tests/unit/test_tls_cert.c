/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_tls_cert.c - TLS certificates of the simulated key server, as OpenSSL
 * sees them.
 */
#include "harness/unit.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "mint/tls_cert.h"

#define NOW INT64_C(1790000000)
#define DAY INT64_C(86400)

static const uint8_t seed[MINT_SEED_BYTES] = {7};

static struct mint_tls_options
healthy(void)
{
    return (struct mint_tls_options){
        .subject = "td.example.org",
        .alt_names = {"td.example.org", "127.0.0.1", "2001:db8::1"},
        .server_auth = true,
        .ca_from_s = NOW - DAY,
        .not_before_s = NOW - DAY,
        .not_after_s = NOW + DAY,
        .number = 1,
    };
}

static struct mint_tls_cert
issue(const struct mint_tls_options *o)
{
    struct mint_tls_cert c;
    struct assay_error err;

    if (mint_tls_issue(seed, o, &c, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return c;
}

static BIO *
bio_of(const struct assay_buf *b)
{
    return BIO_new_mem_buf(b->ptr, (int)b->len);
}

static X509 *
cert_of(const struct assay_buf *pem)
{
    BIO *bio = bio_of(pem);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    assert_non_null(x);
    return x;
}

/* Chain, purpose and strictness by OpenSSL, at NOW. */
static bool
accepted(X509 *leaf, X509 *ca, int purpose)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;
    bool good;

    X509_STORE_add_cert(store, ca);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, NULL), 1);
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)NOW);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(param, purpose);
    good = X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return good;
}

static void
test_names_and_chain(void **state)
{
    struct mint_tls_options o = healthy();
    struct mint_tls_cert c = issue(&o);
    X509 *leaf = cert_of(&c.leaf_pem);
    X509 *ca = cert_of(&c.ca_pem);

    (void)state;
    assert_true(accepted(leaf, ca, X509_PURPOSE_SSL_SERVER));
    assert_false(accepted(leaf, ca, X509_PURPOSE_SSL_CLIENT));
    assert_int_equal(X509_check_host(leaf, "td.example.org", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(leaf, "example.org", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(leaf, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "2001:db8::1", 0), 1);
    assert_int_equal(X509_check_ip_asc(leaf, "127.0.0.2", 0), 0);
    X509_free(ca);
    X509_free(leaf);
    mint_tls_cert_free(&c);
}

static void
test_usages(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 4; bits++) {
        struct mint_tls_options o = healthy();
        struct mint_tls_cert c;
        X509 *leaf;
        X509 *ca;

        o.server_auth = (bits & 1) != 0;
        o.client_auth = (bits & 2) != 0;
        c = issue(&o);
        leaf = cert_of(&c.leaf_pem);
        ca = cert_of(&c.ca_pem);
        assert_int_equal(accepted(leaf, ca, X509_PURPOSE_SSL_SERVER),
                         bits == 0 || o.server_auth);
        assert_int_equal(accepted(leaf, ca, X509_PURPOSE_SSL_CLIENT),
                         bits == 0 || o.client_auth);
        X509_free(ca);
        X509_free(leaf);
        mint_tls_cert_free(&c);
    }
}

static void
test_key_belongs_to_certificate(void **state)
{
    struct mint_tls_options o = healthy();
    struct mint_tls_cert c = issue(&o);
    X509 *leaf = cert_of(&c.leaf_pem);
    BIO *bio = bio_of(&c.key_pem);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

    (void)state;
    assert_non_null(key);
    assert_int_equal(X509_check_private_key(leaf, key), 1);
    EVP_PKEY_free(key);
    BIO_free(bio);
    X509_free(leaf);
    mint_tls_cert_free(&c);
}

static void
test_determinism(void **state)
{
    struct mint_tls_options o = healthy();
    struct mint_tls_cert a = issue(&o);
    struct mint_tls_cert b = issue(&o);
    struct mint_tls_cert c;

    (void)state;
    o.number = 2;
    c = issue(&o);
    assert_true(assay_slice_equal(assay_buf_slice(&a.key_pem),
                                  assay_buf_slice(&b.key_pem)));
    assert_true(assay_slice_equal(assay_buf_slice(&a.leaf_pem),
                                  assay_buf_slice(&b.leaf_pem)));
    assert_false(assay_slice_equal(assay_buf_slice(&a.key_pem),
                                   assay_buf_slice(&c.key_pem)));
    assert_true(assay_slice_equal(assay_buf_slice(&a.ca_pem),
                                  assay_buf_slice(&c.ca_pem)));
    mint_tls_cert_free(&c);
    mint_tls_cert_free(&b);
    mint_tls_cert_free(&a);
}

static void
test_refused_names(void **state)
{
    static const char *const names[] = {"", "a b", "a\nb", "a/b", "@"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct mint_tls_options o = healthy();
        struct mint_tls_cert c;
        struct assay_error err;

        o.alt_names[1] = names[i];
        CHECK(names[i], mint_tls_issue(seed, &o, &c, &err) == ASSAY_INVALID);
        mint_tls_cert_free(&c);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_chain),
        cmocka_unit_test(test_usages),
        cmocka_unit_test(test_key_belongs_to_certificate),
        cmocka_unit_test(test_determinism),
        cmocka_unit_test(test_refused_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
