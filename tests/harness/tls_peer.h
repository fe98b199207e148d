/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tls_peer.h - both ends of TLS for a test: ours, and a plain OpenSSL peer that
 * does what it is told; certificates of every kind for them.
 */
#pragma once

#include <stdio.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "atls/tls.h"
#include "base/text.h"
#include "harness/ctx.h"

#define NOW_S      INT64_C(1790000000)
#define DAY_S      INT64_C(86400)
#define PLAIN_ROOM (4u << 20)

/* --- certificates ------------------------------------------------------- */

/* All that a test may want to be wrong. */
struct recipe {
    const char *subject;
    const char *names; /* subjectAltName as OpenSSL writes it, or NULL */
    bool ca;
    int64_t from_s; /* relative to NOW_S; both 0: a year around it */
    int64_t to_s;
};

struct pki {
    EVP_PKEY *key;
    X509 *cert;
};

static inline void
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX c;
    X509_EXTENSION *e;

    X509V3_set_ctx(&c, issuer, cert, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &c, nid, value);

    assert_non_null(e);
    assert_int_equal(X509_add_ext(cert, e, -1), 1);
    X509_EXTENSION_free(e);
}

/* issuer NULL: self-signed */
static inline struct pki
make_cert(const struct recipe *r, const struct pki *issuer)
{
    static long serial = 1;
    struct pki p = {EVP_EC_gen("P-256"), X509_new()};
    X509_NAME *name = X509_get_subject_name(p.cert);
    int64_t from = r->from_s == r->to_s ? -DAY_S : r->from_s;
    int64_t to = r->from_s == r->to_s ? 365 * DAY_S : r->to_s;

    X509_set_version(p.cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(p.cert), serial++);
    ASN1_TIME_set(X509_getm_notBefore(p.cert), (time_t)(NOW_S + from));
    ASN1_TIME_set(X509_getm_notAfter(p.cert), (time_t)(NOW_S + to));
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)r->subject, -1, -1, 0);
    X509_set_issuer_name(
        p.cert, issuer != NULL ? X509_get_subject_name(issuer->cert) : name);
    X509_set_pubkey(p.cert, p.key);
    if (r->names != NULL) {
        add_extension(p.cert, NULL, NID_subject_alt_name, r->names);
    }
    add_extension(p.cert, NULL, NID_basic_constraints,
                  r->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (r->ca) {
        add_extension(p.cert, NULL, NID_subject_key_identifier, "hash");
    }
    if (issuer != NULL &&
        X509_get_ext_by_NID(issuer->cert, NID_subject_key_identifier, -1) >=
            0) {
        add_extension(p.cert, issuer->cert, NID_authority_key_identifier,
                      "keyid:always");
    }
    assert_true(X509_sign(p.cert, issuer != NULL ? issuer->key : p.key,
                          EVP_sha256()) > 0);
    return p;
}

static inline void
free_cert(struct pki *p)
{
    EVP_PKEY_free(p->key);
    X509_free(p->cert);
}

static inline void
add_cert_pem(struct assay_buf *b, const X509 *cert)
{
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);

    assert_true(n > 0);
    assay_pem_encode(b, "CERTIFICATE", (struct assay_slice){der, (size_t)n});
    OPENSSL_free(der);
}

static inline void
add_key_pem(struct assay_buf *b, EVP_PKEY *key, const char *passphrase)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long n;

    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
                         bio, key,
                         passphrase != NULL ? EVP_aes_128_cbc() : NULL,
                         passphrase, passphrase != NULL ? 4 : 0, NULL, NULL),
                     1);
    n = BIO_get_mem_data(bio, &text);
    assay_buf_add(b, (struct assay_slice){(const uint8_t *)text, (size_t)n});
    BIO_free(bio);
}

static inline struct assay_buf
new_text(void)
{
    struct assay_buf b;

    assay_buf_init(&b, 16u << 20);
    return b;
}

/* Root, intermediate, leaf and what is made of them; once for all tests. */
static struct {
    struct pki root;
    struct pki middle;
    struct pki leaf;
    struct pki other_root;
    struct assay_tls_roots *roots;  /* believe `root` */
    struct assay_tls_roots *nobody; /* of an empty text */
    struct assay_tls_identity *identity;
} world;

static inline struct assay_tls_roots *
parse_roots(struct assay_slice pem, size_t want_count)
{
    struct assay_tls_roots *r = NULL;
    struct assay_error err;
    size_t count = 0;

    if (assay_tls_roots_parse(ctx, pem, &r, &count, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    assert_int_equal(err.code, ASSAY_OK);
    assert_int_equal(count, want_count);
    assert_int_equal(ERR_peek_error(), 0);
    return r;
}

static inline struct assay_tls_roots *
roots_of(const X509 *cert)
{
    struct assay_buf b = new_text();
    struct assay_tls_roots *r;

    add_cert_pem(&b, cert);
    r = parse_roots(assay_buf_slice(&b), 1);
    assay_buf_free(&b);
    return r;
}

static inline struct assay_tls_identity *
parse_identity(const struct pki *leaf, const struct pki *middle)
{
    struct assay_buf chain = new_text();
    struct assay_buf key = new_text();
    struct assay_tls_identity *i = NULL;
    struct assay_error err;

    add_cert_pem(&chain, leaf->cert);
    if (middle != NULL) {
        add_cert_pem(&chain, middle->cert);
    }
    add_key_pem(&key, leaf->key, NULL);
    if (assay_tls_identity_parse(ctx, assay_buf_slice(&chain),
                                 assay_buf_slice(&key), &i, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    assay_buf_free(&chain);
    assay_buf_free(&key);
    return i;
}

static inline int
tls_setup(void **state)
{
    if (ctx_setup(state) != 0) {
        return -1;
    }
    world.root =
        make_cert(&(struct recipe){.subject = "root", .ca = true}, NULL);
    world.other_root =
        make_cert(&(struct recipe){.subject = "other", .ca = true}, NULL);
    world.middle = make_cert(&(struct recipe){.subject = "middle", .ca = true},
                             &world.root);
    world.leaf =
        make_cert(&(struct recipe){.subject = "leaf",
                                   .names = "DNS:a.example,DNS:*.w.example,"
                                            "IP:192.0.2.1,IP:2001:db8::1"},
                  &world.middle);
    world.roots = roots_of(world.root.cert);
    world.nobody = parse_roots(ASSAY_EMPTY, 0);
    world.identity = parse_identity(&world.leaf, &world.middle);
    return 0;
}

static inline int
tls_teardown(void **state)
{
    assay_tls_identity_free(world.identity);
    assay_tls_roots_free(world.roots);
    assay_tls_roots_free(world.nobody);
    free_cert(&world.root);
    free_cert(&world.middle);
    free_cert(&world.leaf);
    free_cert(&world.other_root);
    return ctx_teardown(state);
}

/* --- the peer ----------------------------------------------------------- */

struct raw {
    SSL_CTX *settings;
    SSL *ssl;
    BIO *in;
    BIO *out;
};

static inline struct raw
new_raw(bool server)
{
    struct raw r = {
        SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()), NULL,
        NULL, NULL};

    assert_non_null(r.settings);
    return r;
}

/* After the settings are complete. */
static inline void
start_raw(struct raw *r, bool server)
{
    r->ssl = SSL_new(r->settings);
    r->in = BIO_new(BIO_s_mem());
    r->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(r->in, -1);
    SSL_set_bio(r->ssl, r->in, r->out);
    if (server) {
        SSL_set_accept_state(r->ssl);
    } else {
        SSL_set_connect_state(r->ssl);
    }
}

static inline void
free_raw(struct raw *r)
{
    SSL_free(r->ssl);
    SSL_CTX_free(r->settings);
    ERR_clear_error();
}

static inline struct raw
new_raw_server(const struct pki *leaf, const struct pki *middle)
{
    struct raw r = new_raw(true);

    SSL_CTX_use_certificate(r.settings, leaf->cert);
    SSL_CTX_use_PrivateKey(r.settings, leaf->key);
    if (middle != NULL) {
        SSL_CTX_add1_chain_cert(r.settings, middle->cert);
    }
    return r;
}

/* --- ours --------------------------------------------------------------- */

struct ours {
    struct assay_tls *tls;
    struct assay_queue plain;
    struct assay_error err;
    size_t step; /* octets given at a time */
};

static inline struct assay_tls *
new_client(const struct assay_tls_roots *roots, const char *name, bool check,
           int64_t now_s)
{
    const struct assay_tls_client_setup s = {ctx, roots, check, name, now_s};
    struct assay_tls *t = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_tls_client_new(&s, &t, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    assert_true(assay_queue_len(assay_tls_output(t)) > 0);
    assert_int_equal(ERR_peek_error(), 0);
    return t;
}

static inline struct assay_tls *
new_server(void)
{
    struct assay_tls *t = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(assay_tls_server_new(ctx, world.identity, &t, &err),
                     ASSAY_OK);
    return t;
}

static inline struct ours
new_ours(struct assay_tls *tls)
{
    struct ours o = {.tls = tls, .step = SIZE_MAX};

    assay_queue_init(&o.plain, PLAIN_ROOM + 2 * ASSAY_TLS_RECORD_MAX_BYTES);
    assay_error_clear(&o.err);
    return o;
}

static inline void
free_ours(struct ours *o)
{
    assay_tls_free(o->tls);
    assay_queue_free(&o->plain);
    assert_int_equal(ERR_peek_error(), 0);
}

/* Gives all of it; every octet must be used unless it fails. */
static inline void
feed(struct ours *o, struct assay_slice in)
{
    while (in.len > 0 && o->err.code == ASSAY_OK) {
        struct assay_slice part = {in.ptr, in.len < o->step ? in.len : o->step};
        struct assay_slice copy = exact_copy(part);
        size_t used = SIZE_MAX;
        enum assay_code code =
            assay_tls_feed(o->tls, copy, &used, &o->plain, PLAIN_ROOM, &o->err);

        free((void *)copy.ptr);
        assert_int_equal(code, o->err.code);
        assert_int_equal(ERR_peek_error(), 0);
        assert_true(used <= part.len);
        if (code == ASSAY_OK) {
            assert_int_equal(used, part.len);
        }
        in.ptr += part.len;
        in.len -= part.len;
    }
}

/* What waits, to the peer. */
static inline bool
to_raw(struct ours *o, struct raw *r)
{
    struct assay_slice out = assay_queue_slice(assay_tls_output(o->tls));

    if (out.len > 0) {
        assert_int_equal(BIO_write(r->in, out.ptr, (int)out.len), out.len);
        assay_queue_take(assay_tls_output(o->tls), out.len);
    }
    return out.len > 0;
}

static inline bool
to_ours(struct ours *o, struct raw *r)
{
    char *p = NULL;
    long n = BIO_get_mem_data(r->out, &p);
    struct assay_slice copy;

    if (n <= 0) {
        return false;
    }
    copy = exact_copy((struct assay_slice){(const uint8_t *)p, (size_t)n});
    (void)BIO_reset(r->out);
    feed(o, copy);
    free((void *)copy.ptr);
    return true;
}

/* Until nothing moves; the last error of the peer, 0 for none. */
static inline unsigned long
shake(struct ours *o, struct raw *r)
{
    unsigned long peer_error = 0;
    bool moved = true;

    while (moved) {
        ERR_clear_error();
        if (SSL_do_handshake(r->ssl) <= 0 && ERR_peek_error() != 0) {
            peer_error = ERR_peek_error();
        }
        ERR_clear_error();
        moved = to_ours(o, r);
        moved = to_raw(o, r) || moved;
    }
    return peer_error;
}

static inline void
check_ready(const char *row, struct ours *o, struct raw *r)
{
    check_error(row, &o->err, ASSAY_OK, "", ASSAY_NO_OFFSET);
    CHECK(row, assay_tls_ready(o->tls));
    CHECK(row, SSL_is_init_finished(r->ssl));
    CHECK(row, strcmp(assay_tls_version(o->tls), "TLSv1.3") == 0);
    CHECK(row, strncmp(assay_tls_cipher(o->tls), "TLS_", 4) == 0);
}

/* A client of ours and a plain server with the world's leaf, shaken. */
static inline void
open_client(struct ours *o, struct raw *r)
{
    *o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
    *r = new_raw_server(&world.leaf, &world.middle);
    start_raw(r, true);
    assert_int_equal(shake(o, r), 0);
    check_ready("client", o, r);
}

static inline void
open_server(struct ours *o, struct raw *r)
{
    *o = new_ours(new_server());
    *r = new_raw(false);
    start_raw(r, false);
    assert_int_equal(shake(o, r), 0);
    check_ready("server", o, r);
}
