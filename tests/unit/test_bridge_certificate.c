/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_certificate.c - chains and keys in files: those that can be used,
 * and what is said of the others.
 */
#include "harness/certificate.h"

#include <openssl/rsa.h>

/* Files with these names are made below; "missing" is not. */
static const struct row {
    const char *chain;
    const char *key;
    enum assay_code code;
    const char *file; /* that the message starts with */
    const char *msg;  /* and what follows */
} rows[] = {
    {"leaf.pem", "leaf.key", ASSAY_OK, NULL, NULL},
    {"chain.pem", "leaf.key", ASSAY_OK, NULL, NULL},
    {"both.pem", "both.pem", ASSAY_OK, NULL, NULL},
    {"rsa2048.pem", "rsa2048.key", ASSAY_OK, NULL, NULL},
    {"missing", "leaf.key", ASSAY_IO, "missing", "cannot open"},
    {"leaf.pem", "missing", ASSAY_IO, "missing", "cannot open"},
    {"empty", "leaf.key", ASSAY_INVALID, "empty", "no certificate in it"},
    {"leaf.pem", "empty", ASSAY_INVALID, "empty", "no private key in it"},
    {"words", "leaf.key", ASSAY_INVALID, "words", "no certificate in it"},
    {"leaf.pem", "words", ASSAY_INVALID, "words", "no private key in it"},
    {"leaf.key", "leaf.key", ASSAY_INVALID, "leaf.key", "no certificate in it"},
    {"leaf.pem", "leaf.pem", ASSAY_INVALID, "leaf.pem", "no private key in it"},
    {"cut.pem", "leaf.key", ASSAY_INVALID, "cut.pem", "certificate 2: "},
    {"leaf.pem", "locked.key", ASSAY_INVALID, "locked.key",
     "the key is encrypted"},
    {"leaf.pem", "other.key", ASSAY_INVALID, "other.key",
     "not the key of the first certificate"},
    {"turned.pem", "leaf.key", ASSAY_INVALID, "leaf.key",
     "not the key of the first certificate"},
    {"old.pem", "old.key", ASSAY_INVALID, "old.pem",
     "the certificate expired at 2026-09-21T14:13:19Z"},
    {"last.pem", "last.key", ASSAY_OK, NULL, NULL},
    {"oldchain.pem", "leaf.key", ASSAY_OK, NULL, NULL},
    {"early.pem", "early.key", ASSAY_INVALID, "early.pem",
     "the certificate is not valid before 2026-09-21T14:13:21Z"},
    {"rsa1024.pem", "rsa1024.key", ASSAY_INVALID, "rsa1024.pem",
     "certificate 1: ee key too small"},
    {"ten.pem", "leaf.key", ASSAY_OK, NULL, NULL},
    {"eleven.pem", "leaf.key", ASSAY_TOO_LARGE, "eleven.pem",
     "more than 10 certificates"},
    {"large", "leaf.key", ASSAY_TOO_LARGE, "large", ""},
};

/* --- the files ------------------------------------------------------------ */

static void
write_pair(const char *chain, const char *key, const struct recipe *r)
{
    struct pki p = make_cert(r, NULL);

    certificate_write_chain(chain, p.cert, NULL);
    certificate_write_key(key, p.key, NULL);
    free_cert(&p);
}

static void
write_rsa(const char *chain, const char *key, unsigned bits)
{
    struct pki p =
        make_cert(&(struct recipe){.subject = "rsa", .ca = false}, NULL);

    EVP_PKEY_free(p.key);
    p.key = EVP_RSA_gen(bits);
    assert_non_null(p.key);
    X509_set_pubkey(p.cert, p.key);
    assert_true(X509_sign(p.cert, p.key, EVP_sha256()) > 0);
    certificate_write_chain(chain, p.cert, NULL);
    certificate_write_key(key, p.key, NULL);
    free_cert(&p);
}

static void
write_many(const char *name, unsigned count)
{
    struct assay_buf text = new_text();

    add_cert_pem(&text, world.leaf.cert);
    for (unsigned i = 1; i < count; i++) {
        add_cert_pem(&text, world.middle.cert);
    }
    certificate_write(name, &text);
}

static void
write_leafs(void)
{
    struct assay_buf text = new_text();

    certificate_write("empty", &text);
    assay_buf_add_text(&text, "certificate: see the other folder\n");
    certificate_write("words", &text);
    certificate_write_chain("leaf.pem", world.leaf.cert, NULL);
    certificate_write_key("leaf.key", world.leaf.key, NULL);
    certificate_write_key("locked.key", world.leaf.key, "word");
    certificate_write_key("other.key", world.middle.key, NULL);
    certificate_write_chain("chain.pem", world.leaf.cert, world.middle.cert);
    certificate_write_chain("turned.pem", world.middle.cert, world.leaf.cert);
    add_key_pem(&text, world.leaf.key, NULL);
    add_cert_pem(&text, world.leaf.cert);
    certificate_write("both.pem", &text);
    add_cert_pem(&text, world.leaf.cert);
    add_cert_pem(&text, world.middle.cert);
    text.len -= 60; /* in the middle of its base64 */
    certificate_write("cut.pem", &text);
}

static void
write_files(void)
{
    struct assay_buf text = new_text();
    struct pki old = make_cert(
        &(struct recipe){.subject = "old", .from_s = -DAY_S, .to_s = -1}, NULL);

    write_leafs();
    certificate_write_chain("old.pem", old.cert, NULL);
    certificate_write_key("old.key", old.key, NULL);
    certificate_write_chain("oldchain.pem", world.leaf.cert, old.cert);
    free_cert(&old);
    write_pair("last.pem", "last.key",
               &(struct recipe){.subject = "last", .from_s = -1, .to_s = 0});
    write_pair("early.pem", "early.key",
               &(struct recipe){.subject = "new", .from_s = 1, .to_s = DAY_S});
    write_rsa("rsa1024.pem", "rsa1024.key", 1024);
    write_rsa("rsa2048.pem", "rsa2048.key", 2048);
    write_many("ten.pem", 10);
    write_many("eleven.pem", 11);
    for (unsigned i = 0; i <= CERTIFICATE_FILE_MAX_BYTES; i++) {
        assay_buf_add_u8(&text, '\n');
    }
    certificate_write("large", &text);
}

/* --- reading them --------------------------------------------------------- */

static void
check(const struct row *row)
{
    char chain[CERTIFICATE_PATH_BYTES];
    char key[CERTIFICATE_PATH_BYTES];
    char file[CERTIFICATE_PATH_BYTES];
    char msg[2 * CERTIFICATE_PATH_BYTES] = "";
    struct certificate *c = NULL;
    struct assay_error err;

    certificate_path(row->chain, chain);
    certificate_path(row->key, key);
    if (row->file != NULL) {
        certificate_path(row->file, file);
        snprintf(msg, sizeof(msg), "%s: %s", file, row->msg);
    }
    (void)!certificate_read(chain, key, NOW_S, &c, &err);
    check_error(row->chain, &err, row->code, msg, ASSAY_NO_OFFSET);
    CHECK(row->chain, (c != NULL) == (row->code == ASSAY_OK));
    CHECK(row->chain, ERR_peek_error() == 0);
    certificate_drop(c);
}

static void
files(void **state)
{
    (void)state;
    write_files();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(&rows[i]);
    }
}

static void
until(void **state)
{
    struct certificate *c = certificate_of_world();

    (void)state;
    assert_int_equal(certificate_until(c), NOW_S + 365 * DAY_S);
    assert_ptr_equal(certificate_hold(c), c);
    certificate_drop(c);
    assert_int_equal(certificate_until(c), NOW_S + 365 * DAY_S);
    certificate_drop(c);
    certificate_drop(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
        cmocka_unit_test(until),
    };

    return cmocka_run_group_tests(tests, certificate_setup,
                                  certificate_teardown);
}
