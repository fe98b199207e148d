/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_tls.c - TLS in memory, each end against a plain OpenSSL peer.
 */
#include <stdio.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "harness/unit.h"

#include "assay/verify.h"
#include "atls/tls.h"
#include "base/text.h"

#define NOW_S      INT64_C(1790000000)
#define DAY_S      INT64_C(86400)
#define PLAIN_ROOM (4u << 20)
#define BUNDLE     "/etc/ssl/certs/ca-certificates.crt"

static struct assay_ctx *ctx;

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

static void
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
static struct pki
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

static void
free_cert(struct pki *p)
{
    EVP_PKEY_free(p->key);
    X509_free(p->cert);
}

static void
add_cert_pem(struct assay_buf *b, const X509 *cert)
{
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);

    assert_true(n > 0);
    assay_pem_encode(b, "CERTIFICATE", (struct assay_slice){der, (size_t)n});
    OPENSSL_free(der);
}

static void
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

static struct assay_buf
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

static struct assay_tls_roots *
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

static struct assay_tls_roots *
roots_of(const X509 *cert)
{
    struct assay_buf b = new_text();
    struct assay_tls_roots *r;

    add_cert_pem(&b, cert);
    r = parse_roots(assay_buf_slice(&b), 1);
    assay_buf_free(&b);
    return r;
}

static struct assay_tls_identity *
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

static int
setup(void **state)
{
    (void)state;
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

static int
teardown(void **state)
{
    (void)state;
    assay_tls_identity_free(world.identity);
    assay_tls_roots_free(world.roots);
    assay_tls_roots_free(world.nobody);
    free_cert(&world.root);
    free_cert(&world.middle);
    free_cert(&world.leaf);
    free_cert(&world.other_root);
    return 0;
}

/* --- the peer ----------------------------------------------------------- */

struct raw {
    SSL_CTX *settings;
    SSL *ssl;
    BIO *in;
    BIO *out;
};

static struct raw
new_raw(bool server)
{
    struct raw r = {
        SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()), NULL,
        NULL, NULL};

    assert_non_null(r.settings);
    return r;
}

/* After the settings are complete. */
static void
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

static void
free_raw(struct raw *r)
{
    SSL_free(r->ssl);
    SSL_CTX_free(r->settings);
    ERR_clear_error();
}

static struct raw
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

static struct assay_tls *
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

static struct assay_tls *
new_server(void)
{
    struct assay_tls *t = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(assay_tls_server_new(ctx, world.identity, &t, &err),
                     ASSAY_OK);
    return t;
}

static struct ours
new_ours(struct assay_tls *tls)
{
    struct ours o = {.tls = tls, .step = SIZE_MAX};

    assay_queue_init(&o.plain, PLAIN_ROOM + 2 * ASSAY_TLS_RECORD_MAX_BYTES);
    assay_error_clear(&o.err);
    return o;
}

static void
free_ours(struct ours *o)
{
    assay_tls_free(o->tls);
    assay_queue_free(&o->plain);
    assert_int_equal(ERR_peek_error(), 0);
}

/* Gives all of it; every octet must be used unless it fails. */
static void
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
static bool
to_raw(struct ours *o, struct raw *r)
{
    struct assay_slice out = assay_queue_slice(assay_tls_output(o->tls));

    if (out.len > 0) {
        assert_int_equal(BIO_write(r->in, out.ptr, (int)out.len), out.len);
        assay_queue_take(assay_tls_output(o->tls), out.len);
    }
    return out.len > 0;
}

static bool
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
static unsigned long
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

static void
check_ready(const char *row, struct ours *o, struct raw *r)
{
    check_error(row, &o->err, ASSAY_OK, "", ASSAY_NO_OFFSET);
    CHECK(row, assay_tls_ready(o->tls));
    CHECK(row, SSL_is_init_finished(r->ssl));
    CHECK(row, strcmp(assay_tls_version(o->tls), "TLSv1.3") == 0);
    CHECK(row, strncmp(assay_tls_cipher(o->tls), "TLS_", 4) == 0);
}

/* A client of ours and a plain server with the world's leaf, shaken. */
static void
open_client(struct ours *o, struct raw *r)
{
    *o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
    *r = new_raw_server(&world.leaf, &world.middle);
    start_raw(r, true);
    assert_int_equal(shake(o, r), 0);
    check_ready("client", o, r);
}

static void
open_server(struct ours *o, struct raw *r)
{
    *o = new_ours(new_server());
    *r = new_raw(false);
    start_raw(r, false);
    assert_int_equal(shake(o, r), 0);
    check_ready("server", o, r);
}

/* --- handshakes --------------------------------------------------------- */

static void
test_old_versions(void **state)
{
    struct ours o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
    struct raw r = new_raw_server(&world.leaf, &world.middle);

    (void)state;
    SSL_CTX_set_max_proto_version(r.settings, TLS1_2_VERSION);
    start_raw(&r, true);
    assert_int_equal(ERR_GET_REASON(shake(&o, &r)), SSL_R_UNSUPPORTED_PROTOCOL);
    check_error("a server of 1.2", &o.err, ASSAY_TLS,
                "TLS: the peer does not speak TLS 1.3", ASSAY_NO_OFFSET);
    assert_false(assay_tls_ready(o.tls));
    free_raw(&r);
    free_ours(&o);

    o = new_ours(new_server());
    r = new_raw(false);
    SSL_CTX_set_max_proto_version(r.settings, TLS1_2_VERSION);
    start_raw(&r, false);
    assert_int_equal(ERR_GET_REASON(shake(&o, &r)),
                     SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    check_error("a client of 1.2", &o.err, ASSAY_TLS,
                "TLS: the peer does not speak TLS 1.3", ASSAY_NO_OFFSET);
    assert_false(assay_tls_ready(o.tls));
    free_raw(&r);
    free_ours(&o);
}

static const struct {
    const char *name;
    const char *msg; /* NULL: accepted */
    bool other_root;
    bool unchecked;
} names[] = {
    {"a.example", NULL, false, false},
    {"A.EXAMPLE", NULL, false, false},
    {"x.w.example", NULL, false, false},
    {"192.0.2.1", NULL, false, false},
    {"2001:db8::1", NULL, false, false},
    {"2001:DB8:0:0::0:1", NULL, false, false},
    {"b.example", "TLS: the certificate is for another name", false, false},
    {"leaf", "TLS: the certificate is for another name", false, false},
    {"w.example", "TLS: the certificate is for another name", false, false},
    {"x.y.w.example", "TLS: the certificate is for another name", false, false},
    {"aa.example", "TLS: the certificate is for another name", false, false},
    {"example", "TLS: the certificate is for another name", false, false},
    {"192.0.2.2", "TLS: the certificate is for another name", false, false},
    {"2001:db8::2", "TLS: the certificate is for another name", false, false},
    {"a.example", "TLS: no trusted root signed the certificate", true, false},
    {"b.example", NULL, false, true},
    {"192.0.2.2", NULL, false, true},
    {"a.example", NULL, true, true},
};

static void
test_names(void **state)
{
    struct assay_tls_roots *others = roots_of(world.other_root.cert);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct ours o =
            new_ours(new_client(names[i].other_root ? others : world.roots,
                                names[i].name, !names[i].unchecked, NOW_S));
        struct raw r = new_raw_server(&world.leaf, &world.middle);
        unsigned long peer_error;
        const char *sni;
        bool ip = strpbrk(names[i].name, ":") != NULL ||
                  strncmp(names[i].name, "192", 3) == 0;

        start_raw(&r, true);
        peer_error = shake(&o, &r);
        if (names[i].msg == NULL) {
            check_ready(names[i].name, &o, &r);
            sni = SSL_get_servername(r.ssl, TLSEXT_NAMETYPE_host_name);
            CHECK(names[i].name, ip == (sni == NULL));
            CHECK(names[i].name,
                  sni == NULL || strcmp(sni, names[i].name) == 0);
        } else {
            check_error(names[i].name, &o.err, ASSAY_TLS, names[i].msg,
                        ASSAY_NO_OFFSET);
            CHECK(names[i].name, !assay_tls_ready(o.tls));
            /* and the peer was told, by an alert */
            CHECK(names[i].name, peer_error != 0);
        }
        free_raw(&r);
        free_ours(&o);
    }
    assay_tls_roots_free(others);
}

static void
test_bad_names(void **state)
{
    static const char *const bad[] = {"",      "a b",   "a.example.", "[::1]",
                                      "a:443", "127.1", "*.example"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const struct assay_tls_client_setup s = {ctx, world.roots, true, bad[i],
                                                 NOW_S};
        struct assay_tls *t = NULL;
        struct assay_error err;

        assay_error_clear(&err);
        CHECK(bad[i], assay_tls_client_new(&s, &t, &err) == ASSAY_INVALID);
        CHECK(bad[i], t == NULL);
    }
}

/* One handshake; what the client says, "" if it is content. */
static void
check_chain(const char *row, const struct assay_tls_roots *roots,
            const struct pki *leaf, const struct pki *middle, int64_t now_s,
            const char *msg)
{
    struct ours o = new_ours(new_client(roots, "a.example", true, now_s));
    struct raw r = new_raw_server(leaf, middle);

    start_raw(&r, true);
    (void)shake(&o, &r);
    if (msg[0] == '\0') {
        check_ready(row, &o, &r);
    } else {
        check_error(row, &o.err, ASSAY_TLS, msg, ASSAY_NO_OFFSET);
        CHECK(row, !assay_tls_ready(o.tls));
    }
    free_raw(&r);
    free_ours(&o);
}

#define UNKNOWN "TLS: no trusted root signed the certificate"
#define SELF                                                                   \
    "TLS: the certificate is self-signed and not among the trusted roots"

static void
test_chains(void **state)
{
    struct assay_tls_roots *middle = roots_of(world.middle.cert);
    struct assay_tls_roots *leaf = roots_of(world.leaf.cert);
    struct pki lone = make_cert(
        &(struct recipe){.subject = "lone", .names = "DNS:a.example"}, NULL);
    struct assay_tls_roots *lone_roots = roots_of(lone.cert);
    /* same name as the root, another key */
    struct pki twin =
        make_cert(&(struct recipe){.subject = "root", .ca = true}, NULL);
    struct assay_tls_roots *twin_roots = roots_of(twin.cert);
    /* a leaf that a leaf has signed */
    struct pki below = make_cert(
        &(struct recipe){.subject = "below", .names = "DNS:a.example"},
        &world.leaf);
    /* made anew under the same name, without key identifiers */
    struct pki anew = make_cert(
        &(struct recipe){.subject = "lone", .names = "DNS:a.example"}, NULL);
    struct assay_buf both = new_text();
    struct assay_tls_roots *twins;

    (void)state;
    add_cert_pem(&both, twin.cert);
    add_cert_pem(&both, world.root.cert);
    twins = parse_roots(assay_buf_slice(&both), 2);
    check_chain("root", world.roots, &world.leaf, &world.middle, NOW_S, "");
    check_chain("no intermediate", world.roots, &world.leaf, NULL, NOW_S,
                UNKNOWN);
    check_chain("intermediate as root", middle, &world.leaf, NULL, NOW_S, "");
    check_chain("and sent", middle, &world.leaf, &world.middle, NOW_S, "");
    check_chain("leaf as root", leaf, &world.leaf, NULL, NOW_S, "");
    check_chain("leaf as root, with more", leaf, &world.leaf, &world.middle,
                NOW_S, "");
    check_chain("another leaf as root", leaf, &below, NULL, NOW_S, "TLS: ");
    check_chain("self-signed as root", lone_roots, &lone, NULL, NOW_S, "");
    check_chain("self-signed", world.roots, &lone, NULL, NOW_S, SELF);
    check_chain("root sent too", lone_roots, &world.root, NULL, NOW_S, SELF);
    check_chain("nobody", world.nobody, &world.leaf, &world.middle, NOW_S,
                UNKNOWN);
    check_chain("nobody, self-signed", world.nobody, &lone, NULL, NOW_S, SELF);
    check_chain("the root's name only", twin_roots, &world.leaf, &world.middle,
                NOW_S, "TLS: ");
    check_chain("two of a name", twins, &world.leaf, &world.middle, NOW_S, "");
    assay_tls_roots_free(twins);
    both.len = 0;
    add_cert_pem(&both, lone.cert);
    add_cert_pem(&both, anew.cert);
    twins = parse_roots(assay_buf_slice(&both), 2);
    check_chain("the older", twins, &lone, NULL, NOW_S, "");
    check_chain("the newer", twins, &anew, NULL, NOW_S, "");
    check_chain("the other's name only", lone_roots, &anew, NULL, NOW_S, SELF);
    check_chain("signed by a leaf", world.roots, &below, &world.leaf, NOW_S,
                "TLS: ");
    assay_tls_roots_free(middle);
    assay_tls_roots_free(leaf);
    assay_tls_roots_free(lone_roots);
    assay_tls_roots_free(twin_roots);
    assay_tls_roots_free(twins);
    assay_buf_free(&both);
    free_cert(&lone);
    free_cert(&anew);
    free_cert(&twin);
    free_cert(&below);
}

static void
test_dates(void **state)
{
    const struct recipe r = {.subject = "leaf",
                             .names = "DNS:a.example",
                             .from_s = -100,
                             .to_s = 100};
    struct pki leaf = make_cert(&r, &world.middle);
    static const struct {
        int64_t at;
        const char *msg;
    } rows[] = {
        {0, ""},
        {-99, ""},
        {-101, "TLS: certificate is not yet valid"},
        {99, ""},
        {101, "TLS: certificate has expired"},
        {-NOW_S, "TLS: certificate is not yet valid"}, /* 1970 */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_chain("dates", world.roots, &leaf, &world.middle,
                    NOW_S + rows[i].at, rows[i].msg);
    }
    free_cert(&leaf);
}

/* A long chain that names one root again and again parses it once only; what
 * does not fit in OpenSSL's limit is refused. */
static void
test_long_chain(void **state)
{
    struct raw r = new_raw_server(&world.leaf, &world.middle);
    struct ours o = new_ours(new_client(world.roots, "a.example", true, NOW_S));

    (void)state;
    for (int i = 0; i < 100; i++) {
        SSL_CTX_add1_chain_cert(r.settings, world.middle.cert);
    }
    start_raw(&r, true);
    (void)shake(&o, &r);
    check_ready("long chain", &o, &r);
    free_raw(&r);
    free_ours(&o);
    r = new_raw_server(&world.leaf, &world.middle);
    o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
    for (int i = 0; i < 1000; i++) {
        SSL_CTX_add1_chain_cert(r.settings, world.middle.cert);
    }
    start_raw(&r, true);
    (void)shake(&o, &r);
    assert_int_equal(o.err.code, ASSAY_TLS);
    free_raw(&r);
    free_ours(&o);
}

/* --- ALPN --------------------------------------------------------------- */

static int
choose_first(SSL *ssl, const unsigned char **out, unsigned char *out_len,
             const unsigned char *in, unsigned in_len, void *arg)
{
    const char *fixed = arg;

    (void)ssl;
    assert_int_equal(in_len, 9);
    assert_memory_equal(in, "\x08http/1.1", 9);
    *out = fixed != NULL ? (const unsigned char *)fixed : in + 1;
    *out_len = fixed != NULL ? (unsigned char)strlen(fixed) : in[0];
    return SSL_TLSEXT_ERR_OK;
}

static void
test_alpn_client(void **state)
{
    static char h2[] = "h2";
    static char longer[] = "http/1.1x";

    (void)state;
    for (int i = 0; i < 3; i++) {
        char *const choices[] = {NULL, h2, longer};
        struct ours o =
            new_ours(new_client(world.roots, "a.example", true, NOW_S));
        struct raw r = new_raw_server(&world.leaf, &world.middle);

        SSL_CTX_set_alpn_select_cb(r.settings, choose_first, choices[i]);
        start_raw(&r, true);
        (void)shake(&o, &r);
        if (i == 0) {
            check_ready("ALPN", &o, &r);
        } else {
            check_error("ALPN", &o.err, ASSAY_TLS, "TLS: ", ASSAY_NO_OFFSET);
            assert_false(assay_tls_ready(o.tls));
        }
        free_raw(&r);
        free_ours(&o);
    }
}

static const struct {
    const char *name;
    const char *offered;
    bool good;
} offers[] = {
    {"http/1.1", "\x08http/1.1", true},
    {"both", "\x02h2\x08http/1.1", true},
    {"the other way round", "\x08http/1.1\x02h2", true},
    {"h2", "\x02h2", false},
    {"longer", "\x09http/1.1x", false},
    {"shorter", "\x07http/1.", false},
    {"1.0", "\x08http/1.0", false},
    {"inside another", "\x0a\x08http/1.1x", false},
};

static void
test_alpn_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(offers); i++) {
        struct ours o = new_ours(new_server());
        struct raw r = new_raw(false);
        const unsigned char *chosen = NULL;
        unsigned chosen_len = 0;

        SSL_CTX_set_alpn_protos(r.settings,
                                (const unsigned char *)offers[i].offered,
                                (unsigned)strlen(offers[i].offered));
        start_raw(&r, false);
        if (offers[i].good) {
            CHECK(offers[i].name, shake(&o, &r) == 0);
            check_ready(offers[i].name, &o, &r);
            SSL_get0_alpn_selected(r.ssl, &chosen, &chosen_len);
            CHECK(offers[i].name,
                  chosen_len == 8 && memcmp(chosen, "http/1.1", 8) == 0);
        } else {
            CHECK(offers[i].name,
                  ERR_GET_REASON(shake(&o, &r)) ==
                      SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
            check_error(offers[i].name, &o.err, ASSAY_TLS, "TLS: no ",
                        ASSAY_NO_OFFSET);
        }
        free_raw(&r);
        free_ours(&o);
    }
}

/* --- no resumption ------------------------------------------------------ */

static int sessions_seen;

static int
see_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    (void)session;
    sessions_seen++;
    return 0;
}

static void
test_no_tickets(void **state)
{
    struct ours o = new_ours(new_server());
    struct raw r = new_raw(false);
    SSL_SESSION *session;
    struct assay_error err;

    (void)state;
    sessions_seen = 0;
    SSL_CTX_set_session_cache_mode(r.settings, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(r.settings, see_session);
    start_raw(&r, false);
    (void)shake(&o, &r);
    check_ready("tickets", &o, &r);
    assay_error_clear(&err);
    assert_int_equal(assay_tls_write(o.tls, assay_slice_of("x"), &err),
                     ASSAY_OK);
    to_raw(&o, &r);
    {
        char c;

        assert_int_equal(SSL_read(r.ssl, &c, 1), 1);
    }
    assert_int_equal(sessions_seen, 0);
    session = SSL_get1_session(r.ssl);
    assert_false(SSL_SESSION_is_resumable(session));
    SSL_SESSION_free(session);
    free_raw(&r);
    free_ours(&o);

    /* A server that hands out tickets is no trouble, and none is used. */
    open_client(&o, &r);
    assert_false(SSL_session_reused(r.ssl));
    free_raw(&r);
    free_ours(&o);
    open_client(&o, &r);
    assert_false(SSL_session_reused(r.ssl));
    free_raw(&r);
    free_ours(&o);
}

/* --- exporter ----------------------------------------------------------- */

static void
check_exporter(struct ours *o, struct raw *r)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    uint8_t ours[ASSAY_EXPORTER_BYTES];
    uint8_t theirs[ASSAY_EXPORTER_BYTES];
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(assay_tls_exporter(o->tls, ours, &err), ASSAY_OK);
    for (int context = 0; context < 2; context++) { /* absent or empty */
        assert_int_equal(
            SSL_export_keying_material(r->ssl, theirs, sizeof(theirs), label,
                                       strlen(label), (const unsigned char *)"",
                                       0, context),
            1);
        assert_memory_equal(ours, theirs, sizeof(ours));
    }
}

static void
test_exporter(void **state)
{
    struct ours o;
    struct raw r;
    uint8_t value[ASSAY_EXPORTER_BYTES];
    struct assay_error err;

    (void)state;
    open_client(&o, &r);
    check_exporter(&o, &r);
    free_raw(&r);
    free_ours(&o);
    open_server(&o, &r);
    check_exporter(&o, &r);
    free_raw(&r);
    free_ours(&o);
    o = new_ours(new_server());
    assay_error_clear(&err);
    assert_int_equal(assay_tls_exporter(o.tls, value, &err), ASSAY_CRYPTO);
    free_ours(&o);
}

static void
test_peer_certificate(void **state)
{
    struct ours o;
    struct raw r;
    struct assay_buf got = new_text();
    unsigned char *der = NULL;
    int n = i2d_X509(world.leaf.cert, &der);

    (void)state;
    open_client(&o, &r);
    assay_tls_peer_certificate(o.tls, &got);
    assert_true(assay_slice_equal(assay_buf_slice(&got),
                                  (struct assay_slice){der, (size_t)n}));
    got.len = 0;
    free_raw(&r);
    free_ours(&o);
    open_server(&o, &r); /* whose client has none */
    assay_tls_peer_certificate(o.tls, &got);
    assert_int_equal(got.len, 0);
    assert_false(got.failed);
    free_raw(&r);
    free_ours(&o);
    OPENSSL_free(der);
    assay_buf_free(&got);
}

/* --- data --------------------------------------------------------------- */

/* What the peer reads, up to n octets. */
static size_t
read_raw(struct raw *r, uint8_t *to, size_t n)
{
    size_t len = 0;
    size_t part = 0;

    while (len < n && SSL_read_ex(r->ssl, to + len, n - len, &part) == 1) {
        len += part;
    }
    ERR_clear_error();
    return len;
}

static void
check_both_ways(struct ours *o, struct raw *r, size_t n)
{
    uint8_t *data = malloc(n);
    uint8_t *got = malloc(n + 1);
    size_t done = 0;
    struct assay_error err;

    assert_true(data != NULL && got != NULL);
    for (size_t i = 0; i < n; i++) {
        data[i] = (uint8_t)(i * 7 + (i >> 8));
    }
    assay_error_clear(&err);
    assert_int_equal(
        assay_tls_write(o->tls, (struct assay_slice){data, n}, &err), ASSAY_OK);
    to_raw(o, r);
    assert_int_equal(read_raw(r, got, n + 1), n);
    assert_memory_equal(got, data, n);
    assert_int_equal(SSL_write_ex(r->ssl, data, n, &done), 1);
    assert_int_equal(done, n);
    assert_true(to_ours(o, r));
    check_error("data", &o->err, ASSAY_OK, "", ASSAY_NO_OFFSET);
    assert_true(assay_slice_equal(assay_queue_slice(&o->plain),
                                  (struct assay_slice){data, n}));
    assay_queue_take(&o->plain, n);
    free(data);
    free(got);
}

static void
test_data(void **state)
{
    static const size_t sizes[] = {1,     2,     100,    16383,
                                   16384, 16385, 100000, 3000000};
    struct ours o;
    struct raw r;

    (void)state;
    for (int side = 0; side < 2; side++) {
        if (side == 0) {
            open_client(&o, &r);
        } else {
            open_server(&o, &r);
        }
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            check_both_ways(&o, &r, sizes[i]);
        }
        free_raw(&r);
        free_ours(&o);
    }
}

/* Handshake and data, octet by octet. */
static void
test_single_octets(void **state)
{
    struct ours o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
    struct raw r = new_raw_server(&world.leaf, &world.middle);

    (void)state;
    o.step = 1;
    start_raw(&r, true);
    assert_int_equal(shake(&o, &r), 0);
    check_ready("client", &o, &r);
    check_both_ways(&o, &r, 20000);
    free_raw(&r);
    free_ours(&o);
    o = new_ours(new_server());
    o.step = 1;
    r = new_raw(false);
    start_raw(&r, false);
    assert_int_equal(shake(&o, &r), 0);
    check_ready("server", &o, &r);
    check_both_ways(&o, &r, 20000);
    free_raw(&r);
    free_ours(&o);
}

/* No more than the room and one record is made; the rest is left. */
static void
test_room(void **state)
{
    static uint8_t data[200000];
    struct ours o;
    struct raw r;
    char *p = NULL;
    struct assay_slice in;
    size_t done = 0;
    size_t used = 0;

    (void)state;
    open_client(&o, &r);
    assert_int_equal(SSL_write_ex(r.ssl, data, sizeof(data), &done), 1);
    in.len = (size_t)BIO_get_mem_data(r.out, &p);
    in.ptr = (const uint8_t *)p;
    assert_int_equal(assay_tls_feed(o.tls, in, &used, &o.plain, 0, &o.err),
                     ASSAY_OK);
    assert_int_equal(assay_queue_len(&o.plain), 0);
    assert_int_equal(used, 0);
    assert_int_equal(assay_tls_feed(o.tls, in, &used, &o.plain, 1, &o.err),
                     ASSAY_OK);
    assert_int_equal(assay_queue_len(&o.plain), ASSAY_TLS_RECORD_MAX_BYTES);
    assert_true(used > ASSAY_TLS_RECORD_MAX_BYTES &&
                used < ASSAY_TLS_RECORD_MAX_BYTES + 600);
    in.ptr += used;
    in.len -= used;
    assert_int_equal(assay_tls_feed(o.tls, in, &used, &o.plain,
                                    ASSAY_TLS_RECORD_MAX_BYTES + 1, &o.err),
                     ASSAY_OK);
    assert_int_equal(assay_queue_len(&o.plain), 3 * ASSAY_TLS_RECORD_MAX_BYTES);
    in.ptr += used;
    in.len -= used;
    assert_int_equal(
        assay_tls_feed(o.tls, in, &used, &o.plain, PLAIN_ROOM, &o.err),
        ASSAY_OK);
    assert_int_equal(used, in.len);
    assert_int_equal(assay_queue_len(&o.plain), sizeof(data));
    free_raw(&r);
    free_ours(&o);
}

static void
test_write_limits(void **state)
{
    static uint8_t data[ASSAY_TLS_OUTPUT_MAX_BYTES / 2];
    struct ours o;
    struct raw r;
    struct assay_error err;

    (void)state;
    o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
    assay_error_clear(&err);
    assert_int_equal(assay_tls_write(o.tls, assay_slice_of("x"), &err),
                     ASSAY_INVALID); /* before the handshake */
    free_ours(&o);
    open_client(&o, &r);
    assay_error_clear(&err);
    assert_int_equal(assay_tls_write(o.tls, ASSAY_EMPTY, &err), ASSAY_OK);
    assert_int_equal(assay_queue_len(assay_tls_output(o.tls)), 0);
    assert_int_equal(assay_tls_write(o.tls, ASSAY_SLICE(data), &err), ASSAY_OK);
    assert_int_equal(assay_tls_write(o.tls, ASSAY_SLICE(data), &err),
                     ASSAY_TOO_LARGE);
    /* which was no failure of the connection */
    assay_error_clear(&err);
    to_raw(&o, &r);
    assert_int_equal(read_raw(&r, data, sizeof(data)), sizeof(data));
    check_both_ways(&o, &r, 100);
    assay_tls_close(o.tls);
    assert_int_equal(assay_tls_write(o.tls, assay_slice_of("x"), &err),
                     ASSAY_INVALID);
    free_raw(&r);
    free_ours(&o);
}

static void
test_key_update(void **state)
{
    struct ours o;
    struct raw r;

    (void)state;
    for (int side = 0; side < 2; side++) {
        if (side == 0) {
            open_client(&o, &r);
        } else {
            open_server(&o, &r);
        }
        for (int i = 0; i < 20; i++) {
            assert_int_equal(
                SSL_key_update(r.ssl, i % 2 == 0
                                          ? SSL_KEY_UPDATE_REQUESTED
                                          : SSL_KEY_UPDATE_NOT_REQUESTED),
                1);
            check_both_ways(&o, &r, 1000);
        }
        free_raw(&r);
        free_ours(&o);
    }
}

/* A peer that makes us answer for ever and reads nothing is given up. */
static void
test_key_update_flood(void **state)
{
    static uint8_t data[ASSAY_TLS_OUTPUT_MAX_BYTES / 2];
    struct ours o;
    struct raw r;
    struct assay_error err;
    int updates = 0;
    size_t done;

    (void)state;
    open_server(&o, &r);
    for (size_t n = sizeof(data); n > 0; n /= 2) { /* nearly full */
        assay_error_clear(&err);
        (void)!assay_tls_write(o.tls, (struct assay_slice){data, n}, &err);
    }
    for (; updates < 10000 && o.err.code == ASSAY_OK; updates++) {
        assert_int_equal(SSL_key_update(r.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_write_ex(r.ssl, "x", 1, &done), 1);
        assert_true(to_ours(&o, &r));
    }
    assert_true(updates > 1);
    check_error("flood", &o.err, ASSAY_TLS,
                "TLS: the peer makes us answer more than it reads",
                ASSAY_NO_OFFSET);
    assert_true(assay_queue_len(assay_tls_output(o.tls)) <=
                ASSAY_TLS_OUTPUT_MAX_BYTES);
    free_raw(&r);
    free_ours(&o);
}

/* --- ending ------------------------------------------------------------- */

static void
test_goodbye(void **state)
{
    struct ours o;
    struct raw r;
    size_t used = 0;
    size_t done = 0;

    (void)state;
    open_client(&o, &r);
    assert_false(assay_tls_goodbye(o.tls));
    assert_int_equal(SSL_write_ex(r.ssl, "bye", 3, &done), 1);
    assert_int_equal(SSL_shutdown(r.ssl), 0);
    assert_true(to_ours(&o, &r));
    check_error("goodbye", &o.err, ASSAY_OK, "", ASSAY_NO_OFFSET);
    assert_true(assay_tls_goodbye(o.tls));
    assert_true(assay_slice_is(assay_queue_slice(&o.plain), "bye"));
    /* what comes behind it is dropped */
    assert_int_equal(assay_tls_feed(o.tls, assay_slice_of("garbage"), &used,
                                    &o.plain, PLAIN_ROOM, &o.err),
                     ASSAY_OK);
    assert_int_equal(used, 7);
    assert_int_equal(assay_queue_len(&o.plain), 3);
    /* one side only has been closed */
    assert_int_equal(assay_tls_write(o.tls, assay_slice_of("last"), &o.err),
                     ASSAY_OK);
    free_raw(&r);
    free_ours(&o);
}

/* Behind a goodbye in the same octets, too. */
static void
test_goodbye_and_more(void **state)
{
    struct ours o;
    struct raw r;
    struct assay_buf b = new_text();
    char *p = NULL;
    long n;
    size_t used = 0;

    (void)state;
    open_client(&o, &r);
    assert_int_equal(SSL_shutdown(r.ssl), 0);
    n = BIO_get_mem_data(r.out, &p);
    assay_buf_add(&b, (struct assay_slice){(const uint8_t *)p, (size_t)n});
    assay_buf_add_text(&b, "garbage");
    assert_int_equal(assay_tls_feed(o.tls, assay_buf_slice(&b), &used, &o.plain,
                                    PLAIN_ROOM, &o.err),
                     ASSAY_OK);
    assert_int_equal(used, b.len);
    assert_true(assay_tls_goodbye(o.tls));
    assay_buf_free(&b);
    free_raw(&r);
    free_ours(&o);
}

/* Our own reaches the peer; half of a record is no goodbye. */
static void
test_close(void **state)
{
    struct ours o;
    struct raw r;
    char c;
    char *p = NULL;
    size_t used = 0;
    size_t done = 0;

    (void)state;
    open_server(&o, &r);
    assay_tls_close(o.tls);
    assay_tls_close(o.tls); /* once only */
    to_raw(&o, &r);
    assert_int_equal(SSL_read(r.ssl, &c, 1), 0);
    assert_int_equal(SSL_get_error(r.ssl, 0), SSL_ERROR_ZERO_RETURN);
    assert_int_equal(BIO_ctrl_pending(r.in), 0);
    assert_int_equal(SSL_write_ex(r.ssl, "abc", 3, &done), 1);
    assert_true(BIO_get_mem_data(r.out, &p) > 10);
    assert_int_equal(
        assay_tls_feed(o.tls, (struct assay_slice){(const uint8_t *)p, 10},
                       &used, &o.plain, PLAIN_ROOM, &o.err),
        ASSAY_OK);
    assert_int_equal(used, 10);
    assert_false(assay_tls_goodbye(o.tls));
    assert_int_equal(assay_queue_len(&o.plain), 0);
    free_raw(&r);
    free_ours(&o);
}

/* --- hostile peers ------------------------------------------------------ */

static const struct {
    const char *name;
    const char *text;
    const char *client; /* what ours says as a client */
    const char *server;
} garbage[] = {
    {"HTTP request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
     "TLS: the peer speaks HTTP without TLS",
     "TLS: the peer speaks HTTP without TLS"},
    {"HTTP response", "HTTP/1.1 400 Bad Request\r\n\r\n",
     "TLS: the peer does not speak TLS", "TLS: the peer does not speak TLS"},
    {"CONNECT", "CONNECT a:443 HTTP/1.1\r\n\r\n",
     "TLS: the peer speaks HTTP without TLS",
     "TLS: the peer speaks HTTP without TLS"},
    {"SSH", "SSH-2.0-OpenSSH_9.2\r\n", "TLS: the peer does not speak TLS",
     "TLS: the peer does not speak TLS"},
    {"zeros", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "TLS: the peer does not speak TLS", "TLS: the peer does not speak TLS"},
    {"handshake failure", NULL, "TLS: ", "TLS: "},
};

static void
test_garbage(void **state)
{
    static const uint8_t alert[] = {0x15, 3, 3, 0, 2, 2, 40};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(garbage); i++) {
        struct assay_slice in = garbage[i].text != NULL
                                    ? assay_slice_of(garbage[i].text)
                                    : ASSAY_SLICE(alert);

        for (size_t step = 1; step < 100; step += 98) {
            struct ours o =
                new_ours(new_client(world.roots, "a.example", true, NOW_S));
            struct assay_error again;
            size_t used;

            o.step = step;
            feed(&o, in);
            check_error(garbage[i].name, &o.err, ASSAY_TLS, garbage[i].client,
                        ASSAY_NO_OFFSET);
            /* it stays broken */
            assay_error_clear(&again);
            CHECK(garbage[i].name,
                  assay_tls_feed(o.tls, assay_slice_of("x"), &used, &o.plain,
                                 PLAIN_ROOM, &again) == ASSAY_TLS);
            free_ours(&o);
            o = new_ours(new_server());
            o.step = step;
            feed(&o, in);
            check_error(garbage[i].name, &o.err, ASSAY_TLS, garbage[i].server,
                        ASSAY_NO_OFFSET);
            free_ours(&o);
        }
    }
}

/* A record that was changed on its way ends it, and the peer is told. */
static void
test_changed_record(void **state)
{
    struct ours o;
    struct raw r;
    char *p = NULL;
    uint8_t c;
    size_t done = 0;

    (void)state;
    open_client(&o, &r);
    assert_int_equal(SSL_write_ex(r.ssl, "abc", 3, &done), 1);
    assert_true(BIO_get_mem_data(r.out, &p) > 10);
    p[9] ^= 1;
    assert_true(to_ours(&o, &r));
    assert_int_equal(o.err.code, ASSAY_TLS);
    assert_int_equal(assay_queue_len(&o.plain), 0);
    assert_true(to_raw(&o, &r));
    assert_true(SSL_read(r.ssl, &c, 1) <= 0);
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()),
                     SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
    ERR_clear_error();
    assay_tls_close(o.tls);
    free_raw(&r);
    free_ours(&o);
}

/* A certificate is demanded of the client during the handshake: it has none,
 * which is the server's choice to accept. */
static void
test_client_certificate(void **state)
{
    struct ours o;
    struct raw r;

    (void)state;
    for (int must = 0; must < 2; must++) {
        uint8_t c;

        o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
        r = new_raw_server(&world.leaf, &world.middle);
        SSL_CTX_set_verify(r.settings,
                           SSL_VERIFY_PEER |
                               (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                           NULL);
        start_raw(&r, true);
        (void)shake(&o, &r);
        (void)c;
        if (must == 0) {
            check_ready("may", &o, &r);
        } else {
            assert_int_equal(o.err.code, ASSAY_TLS);
        }
        free_raw(&r);
        free_ours(&o);
    }
}

/* --- roots -------------------------------------------------------------- */

static void
refuse_roots(const char *row, struct assay_slice pem, enum assay_code code)
{
    struct assay_tls_roots *r = NULL;
    struct assay_error err;
    size_t count = 1;

    CHECK(row, assay_tls_roots_parse(ctx, pem, &r, &count, &err) == code);
    CHECK(row, err.code == code && err.msg[0] != '\0');
    CHECK(row, r == NULL && count == 0);
    CHECK(row, ERR_peek_error() == 0);
}

static void
test_bundle(void **state)
{
    struct assay_buf b = new_text();
    struct assay_tls_roots *r;
    size_t good;

    (void)state;
    assay_buf_add_text(&b, "# a comment\n-----\nroot\n====\n");
    add_cert_pem(&b, world.other_root.cert);
    assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\n!!!\n"
                           "-----END CERTIFICATE-----\n");
    assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\nAAAA\n"
                           "-----END CERTIFICATE-----\n");
    assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\n"
                           "-----END CERTIFICATE-----\n");
    assay_buf_add_text(&b, "-----END CERTIFICATE-----\n");
    /* cut off: only itself is lost */
    assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\nMIIB\n");
    good = b.len;
    add_cert_pem(&b, world.root.cert);
    add_key_pem(&b, world.root.key, NULL);
    assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\nMIIB\n");
    r = parse_roots(assay_buf_slice(&b), 2);
    check_chain("bundle", r, &world.leaf, &world.middle, NOW_S, "");
    assay_tls_roots_free(r);
    /* every truncation */
    for (size_t n = good; n < b.len; n += 7) {
        struct assay_slice s = exact_copy((struct assay_slice){b.ptr, n});
        struct assay_error err;
        size_t count = 0;

        assert_int_equal(assay_tls_roots_parse(ctx, s, &r, &count, &err),
                         ASSAY_OK);
        assert_true(count == 1 || count == 2);
        assay_tls_roots_free(r);
        free((void *)s.ptr);
    }
    refuse_roots("a comment", assay_slice_of("# none\n"), ASSAY_INVALID);
    refuse_roots("white space", assay_slice_of("\n"), ASSAY_INVALID);
    refuse_roots("a broken one",
                 assay_slice_of("-----BEGIN CERTIFICATE-----\nMIIB\n"
                                "-----END CERTIFICATE-----\n"),
                 ASSAY_INVALID);
    b.len = 0;
    while (b.len <= ASSAY_TLS_ROOTS_MAX_BYTES) {
        assay_buf_add_text(&b, "-----BEGIN CERTIFICATE-----\n");
    }
    refuse_roots("too large", assay_buf_slice(&b), ASSAY_TOO_LARGE);
    b.len = ASSAY_TLS_ROOTS_MAX_BYTES;
    refuse_roots("no end", assay_buf_slice(&b), ASSAY_INVALID);
    memcpy(b.ptr + b.len - 26, "\n-----END CERTIFICATE-----", 26);
    refuse_roots("one end", assay_buf_slice(&b), ASSAY_INVALID);
    b.len = 0;
    for (int i = 0; i < 4097; i++) {
        add_cert_pem(&b, world.root.cert);
    }
    refuse_roots("too many", assay_buf_slice(&b), ASSAY_TOO_LARGE);
    assay_buf_free(&b);
}

/* One whose subject reads well and whose rest does not: it is counted, and
 * trusted by nobody. */
static void
test_unreadable_root(void **state)
{
    struct assay_buf b = new_text();
    unsigned char *der = NULL;
    int n = i2d_X509(world.root.cert, &der);
    struct assay_tls_roots *r;

    (void)state;
    for (int i = n - 200; i < n - 100; i++) {
        der[i] ^= 0xff; /* in the extensions or the signature */
    }
    assay_pem_encode(&b, "CERTIFICATE", (struct assay_slice){der, (size_t)n});
    r = parse_roots(assay_buf_slice(&b), 1);
    check_chain("unreadable", r, &world.leaf, &world.middle, NOW_S, "TLS: ");
    assay_tls_roots_free(r);
    OPENSSL_free(der);
    assay_buf_free(&b);
}

static void
test_system_bundle(void **state)
{
    struct assay_buf b = new_text();
    FILE *f = fopen(BUNDLE, "rb");
    uint8_t *room;
    struct assay_tls_roots *r = NULL;
    struct assay_error err;
    size_t count = 0;

    (void)state;
    if (f == NULL) {
        print_message("a file %s would be read too\n", BUNDLE);
        return;
    }
    room = assay_buf_extend(&b, ASSAY_TLS_ROOTS_MAX_BYTES);
    assert_non_null(room);
    b.len = fread(room, 1, ASSAY_TLS_ROOTS_MAX_BYTES, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(
        assay_tls_roots_parse(ctx, assay_buf_slice(&b), &r, &count, &err),
        ASSAY_OK);
    assert_true(count > 50);
    check_chain("nobody known", r, &world.leaf, &world.middle, NOW_S, UNKNOWN);
    assay_tls_roots_free(r);
    assay_buf_free(&b);
}

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
        cmocka_unit_test(test_old_versions),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_long_chain),
        cmocka_unit_test(test_alpn_client),
        cmocka_unit_test(test_alpn_server),
        cmocka_unit_test(test_no_tickets),
        cmocka_unit_test(test_exporter),
        cmocka_unit_test(test_peer_certificate),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_single_octets),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_write_limits),
        cmocka_unit_test(test_key_update),
        cmocka_unit_test(test_key_update_flood),
        cmocka_unit_test(test_goodbye),
        cmocka_unit_test(test_goodbye_and_more),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_changed_record),
        cmocka_unit_test(test_client_certificate),
        cmocka_unit_test(test_bundle),
        cmocka_unit_test(test_unreadable_root),
        cmocka_unit_test(test_system_bundle),
        cmocka_unit_test(test_identity_refused),
        cmocka_unit_test(test_identity_parsed),
        cmocka_unit_test(test_identity_made),
        cmocka_unit_test(test_identity_not_made),
    };
    struct assay_error err;
    int rc;

    if (assay_ctx_new(&ctx, &err) != ASSAY_OK) {
        return 1;
    }
    rc = cmocka_run_group_tests(tests, setup, teardown);
    assay_ctx_free(ctx);
    return rc;
}
