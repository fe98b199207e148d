/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_tls_identity.c - certificate and key of a server: read, refused, made.
 */
#include <openssl/rsa.h>

#include "harness/tls_peer.h"

/* --- identities --------------------------------------------------------- */

static void
refuse_identity(const char *row, const struct assay_buf *chain,
                const struct assay_buf *key, enum assay_code code,
                const char *msg)
{
    struct assay_tls_identity *i = NULL;
    struct assay_error err;

    CHECK(row,
          assay_tls_identity_parse(ctx, assay_buf_slice(chain),
                                   assay_buf_slice(key), &i, &err) == code);
    check_error(row, &err, code, msg, ASSAY_NO_OFFSET);
    CHECK(row, i == NULL && ERR_peek_error() == 0);
}

#define NO_CHAIN "certificate: not a chain of 1 to 10 certificates"
#define NO_KEY   "key: not an unencrypted private key in PEM, or not that"

static void
test_identity_refused(void **state)
{
    struct assay_buf none = new_text();
    struct assay_buf junk = new_text();
    struct assay_buf chain = new_text();
    struct assay_buf reversed = new_text();
    struct assay_buf key = new_text();
    struct assay_buf other_key = new_text();
    struct assay_buf locked = new_text();
    EVP_PKEY *rsa = EVP_RSA_gen(2048);

    (void)state;
    assay_buf_add_text(&junk, "-----BEGIN CERTIFICATE-----\nAAAA\n"
                              "-----END CERTIFICATE-----\n"
                              "-----BEGIN PRIVATE KEY-----\nAAAA\n"
                              "-----END PRIVATE KEY-----\n");
    add_cert_pem(&chain, world.leaf.cert);
    add_cert_pem(&chain, world.middle.cert);
    add_cert_pem(&reversed, world.middle.cert);
    add_cert_pem(&reversed, world.leaf.cert);
    add_key_pem(&key, world.leaf.key, NULL);
    add_key_pem(&other_key, world.middle.key, NULL);
    add_key_pem(&locked, world.leaf.key, "pass");
    refuse_identity("nothing", &none, &none, ASSAY_INVALID, NO_CHAIN);
    refuse_identity("no chain", &none, &key, ASSAY_INVALID, NO_CHAIN);
    refuse_identity("no key", &chain, &none, ASSAY_INVALID, NO_KEY);
    refuse_identity("junk", &junk, &key, ASSAY_INVALID, NO_CHAIN);
    refuse_identity("junk as key", &chain, &junk, ASSAY_INVALID, NO_KEY);
    refuse_identity("swapped", &key, &chain, ASSAY_INVALID, NO_CHAIN);
    refuse_identity("another key", &chain, &other_key, ASSAY_INVALID, NO_KEY);
    refuse_identity("encrypted", &chain, &locked, ASSAY_INVALID, NO_KEY);
    refuse_identity("leaf not first", &reversed, &key, ASSAY_INVALID, NO_KEY);
    other_key.len = 0;
    add_key_pem(&other_key, rsa, NULL);
    refuse_identity("another kind", &chain, &other_key, ASSAY_INVALID, NO_KEY);
    assay_buf_add(&chain, assay_buf_slice(&junk));
    refuse_identity("junk at the end", &chain, &key, ASSAY_INVALID, NO_CHAIN);
    chain.len = 0;
    for (int i = 0; i < 11; i++) {
        add_cert_pem(&chain, i == 0 ? world.leaf.cert : world.middle.cert);
    }
    refuse_identity("eleven", &chain, &key, ASSAY_INVALID, NO_CHAIN);
    (void)assay_buf_extend(&junk, ASSAY_TLS_IDENTITY_MAX_BYTES);
    refuse_identity("too large", &junk, &key, ASSAY_TOO_LARGE,
                    "certificate or key: more than 262144 bytes");
    refuse_identity("key too large", &chain, &junk, ASSAY_TOO_LARGE,
                    "certificate or key: more than 262144 bytes");
    EVP_PKEY_free(rsa);
    assay_buf_free(&junk);
    assay_buf_free(&chain);
    assay_buf_free(&reversed);
    assay_buf_free(&key);
    assay_buf_free(&other_key);
    assay_buf_free(&locked);
}

/* Ten certificates, comments between them, and the key in the same file. */
static void
test_identity_parsed(void **state)
{
    struct assay_buf both = new_text();
    struct assay_buf pem = new_text();
    struct assay_tls_identity *i = NULL;
    struct assay_error err;
    unsigned char *der = NULL;
    int n = i2d_X509(world.leaf.cert, &der);

    (void)state;
    add_key_pem(&both, world.leaf.key, NULL);
    for (int k = 0; k < 10; k++) {
        assay_buf_add_text(&both, "# comment\n");
        add_cert_pem(&both, k == 0 ? world.leaf.cert : world.middle.cert);
    }
    if (assay_tls_identity_parse(ctx, assay_buf_slice(&both),
                                 assay_buf_slice(&both), &i,
                                 &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    assert_int_equal(ERR_peek_error(), 0);
    assert_true(assay_slice_equal(assay_tls_identity_leaf(i),
                                  (struct assay_slice){der, (size_t)n}));
    assay_tls_identity_pem(i, &pem);
    assay_tls_roots_free(parse_roots(assay_buf_slice(&pem), 10));
    assert_int_equal(assay_slice_find(assay_buf_slice(&pem), "PRIVATE"),
                     ASSAY_NO_OFFSET);
    assay_tls_identity_free(i);
    assay_tls_identity_free(NULL);
    OPENSSL_free(der);
    assay_buf_free(&both);
    assay_buf_free(&pem);
}

static void
check_made(const struct assay_tls_identity *i)
{
    struct assay_slice leaf = assay_tls_identity_leaf(i);
    const unsigned char *p = leaf.ptr;
    X509 *cert = d2i_X509(NULL, &p, (long)leaf.len);
    time_t early = (time_t)(NOW_S - 3601);
    time_t first = (time_t)(NOW_S - 3600);
    time_t last = (time_t)(NOW_S + 30 * DAY_S);

    assert_non_null(cert);
    assert_ptr_equal(p, leaf.ptr + leaf.len);
    assert_int_equal(X509_check_host(cert, "a.example", 0,
                                     X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL),
                     1);
    assert_int_equal(X509_check_host(cert, "b.example", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(cert, "192.0.2.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(cert, "2001:db8::1", 0), 1);
    assert_int_equal(X509_check_ip_asc(cert, "192.0.2.2", 0), 0);
    assert_int_equal(X509_cmp_time(X509_get0_notBefore(cert), &early), 1);
    assert_int_equal(X509_cmp_time(X509_get0_notBefore(cert), &first), -1);
    assert_int_equal(X509_cmp_time(X509_get0_notAfter(cert), &last), -1);
    last--;
    assert_int_equal(X509_cmp_time(X509_get0_notAfter(cert), &last), 1);
    assert_int_equal(X509_get_version(cert), X509_VERSION_3);
    assert_true(ASN1_STRING_length(X509_get0_serialNumber(cert)) >= 15);
    assert_int_equal(X509_check_ca(cert), 0);
    assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
    X509_free(cert);
}

static void
test_identity_made(void **state)
{
    static const char *const some[] = {"a.example", "192.0.2.1", "2001:db8::1"};
    struct assay_tls_identity *i = NULL;
    struct assay_buf pem = new_text();
    struct assay_tls_roots *roots;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_tls_identity_make(ctx, some, 3, NOW_S, 30, &i, &err),
                     ASSAY_OK);
    assert_int_equal(ERR_peek_error(), 0);
    check_made(i);
    assay_tls_identity_pem(i, &pem);
    roots = parse_roots(assay_buf_slice(&pem), 1);
    for (size_t k = 0; k < COUNT_OF(some); k++) {
        struct ours client = new_ours(new_client(roots, some[k], true, NOW_S));
        struct assay_tls *server = NULL;
        struct assay_slice out;
        struct ours s;

        assert_int_equal(assay_tls_server_new(ctx, i, &server, &err), ASSAY_OK);
        s = new_ours(server);
        for (int turn = 0; turn < 4; turn++) {
            out = assay_queue_slice(assay_tls_output(client.tls));
            feed(&s, out);
            assay_queue_take(assay_tls_output(client.tls), out.len);
            out = assay_queue_slice(assay_tls_output(s.tls));
            feed(&client, out);
            assay_queue_take(assay_tls_output(s.tls), out.len);
        }
        assert_true(assay_tls_ready(client.tls) && assay_tls_ready(s.tls));
        free_ours(&client);
        free_ours(&s);
    }
    assay_tls_roots_free(roots);
    assay_tls_identity_free(i);
    assay_buf_free(&pem);
}

static void
test_identity_not_made(void **state)
{
    const char *many[65];
    static const char *const good[] = {"a"};
    static const char *const bad[] = {"a", "b c"};
    static const char *const wild[] = {"*.a"};
    static char long_name[254];
    const char *longest[] = {long_name};
    const struct {
        const char *const *names;
        size_t count;
        unsigned days;
        enum assay_code code;
    } rows[] = {
        {good, 0, 1, ASSAY_INVALID},    {good, 1, 0, ASSAY_INVALID},
        {good, 1, 3651, ASSAY_INVALID}, {bad, 2, 1, ASSAY_INVALID},
        {wild, 1, 1, ASSAY_INVALID},    {many, 65, 1, ASSAY_INVALID},
        {many, 64, 3650, ASSAY_OK},     {good, 1, 1, ASSAY_OK},
        {longest, 1, 1, ASSAY_OK},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(many); i++) {
        many[i] = "a.example";
    }
    memset(long_name, 'a', 253);
    for (size_t i = 50; i < 253; i += 50) {
        long_name[i] = '.';
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_tls_identity *id = NULL;
        struct assay_error err;

        assert_int_equal(assay_tls_identity_make(ctx, rows[i].names,
                                                 rows[i].count, NOW_S,
                                                 rows[i].days, &id, &err),
                         rows[i].code);
        assert_int_equal(err.code, rows[i].code);
        assert_int_equal(id != NULL, rows[i].code == ASSAY_OK);
        assert_int_equal(ERR_peek_error(), 0);
        assay_tls_identity_free(id);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_refused),
        cmocka_unit_test(test_identity_parsed),
        cmocka_unit_test(test_identity_made),
        cmocka_unit_test(test_identity_not_made),
    };
    return cmocka_run_group_tests(tests, tls_setup, tls_teardown);
}
