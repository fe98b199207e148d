/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * identity_openssl.c - a server's certificate chain and key: read, or made.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "atls/name.h"
#include "atls/tls_openssl.h"
#include "base/bytes.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "crypto/ctx_openssl.h"

#define CHAIN_MAX   10
#define HOUR_S      INT64_C(3600)
#define DAY_S       INT64_C(86400)
#define SERIAL_BITS 127
#define NAMES_MAX   64u
#define DAYS_MAX    3650u

/* http/1.1 or nothing: a client that asks for ALPN and does not know it cannot
 * be served (RFC 7301, section 3.2). */
static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
            const unsigned char *offered, unsigned int offered_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";

    (void)ssl;
    (void)arg;
    for (unsigned i = 0; i < offered_len; i += offered[i] + 1u) {
        if (offered_len - i >= sizeof(ours) - 1 &&
            memcmp(offered + i, ours, sizeof(ours) - 1) == 0) {
            *out = offered + i + 1;
            *out_len = ours[0];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static struct assay_tls_identity *
new_identity(const struct assay_ctx *ctx)
{
    struct assay_tls_identity *i = calloc(1, sizeof(*i));

    if (i == NULL) {
        return NULL;
    }
    assay_buf_init(&i->leaf, ASSAY_TLS_IDENTITY_MAX_BYTES);
    assay_buf_init(&i->chain, ASSAY_TLS_IDENTITY_MAX_BYTES);
    assay_buf_init(&i->names, ASSAY_TLS_IDENTITY_MAX_BYTES);
    i->server = assay_tls_settings(ctx->lib, TLS_server_method());
    if (i->server == NULL) {
        free(i);
        return NULL;
    }
    SSL_CTX_set_alpn_select_cb(i->server, choose_alpn, NULL);
    (void)SSL_CTX_set_tlsext_servername_callback(i->server,
                                                 assay_tls_identity_choose);
    (void)SSL_CTX_set_tlsext_servername_arg(i->server, i);
    (void)SSL_CTX_set_options(i->server, SSL_OP_CIPHER_SERVER_PREFERENCE |
                                             SSL_OP_PRIORITIZE_CHACHA);
    return i;
}

void
assay_tls_identity_free(struct assay_tls_identity *i)
{
    while (i != NULL) {
        struct assay_tls_identity *next = i->next;

        SSL_CTX_free(i->server);
        assay_buf_free(&i->leaf);
        assay_buf_free(&i->chain);
        assay_buf_free(&i->names);
        free(i);
        i = next;
    }
}

struct assay_slice
assay_tls_identity_leaf(const struct assay_tls_identity *i)
{
    return assay_buf_slice(&i->leaf);
}

void
assay_tls_identity_pem(const struct assay_tls_identity *i,
                       struct assay_buf *out)
{
    assay_buf_add(out, assay_buf_slice(&i->chain));
}

void
assay_tls_identity_sha256(const struct assay_tls_identity *i, uint8_t out[32])
{
    memcpy(out, i->sha256, sizeof(i->sha256));
}

/* Keeps what the leaf says, and the PEM of one more certificate. */
static bool
keep_certificate(struct assay_tls_identity *i, const struct assay_ctx *ctx,
                 X509 *cert, bool leaf)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    struct assay_slice s = {der, len > 0 ? (size_t)len : 0};
    struct assay_error err;

    assay_error_clear(&err);
    if (len > 0) {
        assay_pem_encode(&i->chain, "CERTIFICATE", s);
        if (leaf) {
            assay_buf_add(&i->leaf, s);
            (void)!assay_sha256(ctx, s, i->sha256, &err);
        }
    }
    OPENSSL_free(der);
    return len > 0 && err.code == ASSAY_OK && !i->chain.failed &&
           !i->leaf.failed && (!leaf || assay_tls_identity_read(i, cert));
}

/* --- from PEM ----------------------------------------------------------- */

/* Never asks anybody for a passphrase. */
static int
no_passphrase(char *to, int size, int writing, void *user)
{
    (void)to;
    (void)size;
    (void)writing;
    (void)user;
    return -1;
}

/* The next certificate, or NULL: at the end, where *end becomes true, or where
 * it cannot be read. */
static X509 *
next_certificate(const struct assay_ctx *ctx, BIO *pem, bool *end)
{
    X509 *cert = X509_new_ex(ctx->lib, NULL);

    if (cert != NULL &&
        PEM_read_bio_X509(pem, &cert, no_passphrase, NULL) == NULL) {
        X509_free(cert); /* NULL unless only its extensions were bad */
        cert = NULL;
        *end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    }
    return cert;
}

/* The certificates one after another: the leaf, then what is sent along. */
static bool
use_chain(struct assay_tls_identity *i, const struct assay_ctx *ctx, BIO *pem)
{
    bool end = false;
    int count = 0;

    for (; count <= CHAIN_MAX; count++) {
        X509 *cert = next_certificate(ctx, pem, &end);
        bool good = cert != NULL && count < CHAIN_MAX;

        good = good && keep_certificate(i, ctx, cert, count == 0) &&
               (count == 0 ? SSL_CTX_use_certificate(i->server, cert)
                           : SSL_CTX_add1_chain_cert(i->server, cert)) == 1;
        X509_free(cert);
        if (!good) {
            break;
        }
    }
    ERR_clear_error();
    return end && count > 0;
}

/* BIO_new_mem_buf() takes no NULL. */
static BIO *
open_pem(struct assay_slice pem)
{
    return BIO_new_mem_buf(pem.len > 0 ? pem.ptr : (const uint8_t *)"",
                           (int)pem.len);
}

static bool
use_key(struct assay_tls_identity *i, const struct assay_ctx *ctx, BIO *pem)
{
    EVP_PKEY *key = PEM_read_bio_PrivateKey_ex(pem, NULL, no_passphrase, NULL,
                                               ctx->lib, NULL);
    bool good = key != NULL && SSL_CTX_use_PrivateKey(i->server, key) == 1 &&
                SSL_CTX_check_private_key(i->server) == 1;

    EVP_PKEY_free(key);
    return good;
}

enum assay_code
assay_tls_identity_parse(const struct assay_ctx *ctx,
                         struct assay_slice chain_pem,
                         struct assay_slice key_pem,
                         struct assay_tls_identity **out,
                         struct assay_error *err)
{
    struct assay_tls_identity *i = NULL;
    BIO *chain = NULL;
    BIO *key = NULL;

    *out = NULL;
    assay_error_clear(err);
    if (chain_pem.len > ASSAY_TLS_IDENTITY_MAX_BYTES ||
        key_pem.len > ASSAY_TLS_IDENTITY_MAX_BYTES) {
        return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                          "certificate or key: more than %u bytes",
                          ASSAY_TLS_IDENTITY_MAX_BYTES);
    }
    ERR_clear_error();
    i = new_identity(ctx);
    chain = open_pem(chain_pem);
    key = open_pem(key_pem);
    if (i == NULL || chain == NULL || key == NULL) {
        assay_tls_fail_library(err, "certificate and key");
    } else if (!use_chain(i, ctx, chain)) {
        (void)!assay_buf_check(&i->chain, "certificate", err);
        (void)!assay_buf_check(&i->leaf, "certificate", err);
        (void)!assay_buf_check(&i->names, "certificate", err);
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "certificate: not a chain of 1 to %d certificates in PEM, "
                   "leaf first",
                   CHAIN_MAX);
    } else if (!use_key(i, ctx, key)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "key: not an unencrypted private key in PEM, or not that "
                   "of the certificate");
    }
    BIO_free(chain);
    BIO_free(key);
    ERR_clear_error();
    if (err->code != ASSAY_OK) {
        assay_tls_identity_free(i);
        return err->code;
    }
    *out = i;
    return ASSAY_OK;
}

/* --- made here ---------------------------------------------------------- */

static bool
set_serial(X509 *cert, OSSL_LIB_CTX *lib)
{
    BN_CTX *bn = BN_CTX_new_ex(lib);
    BIGNUM *n = BN_new();
    bool good = n != NULL && bn != NULL &&
                BN_rand_ex(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY,
                           0, bn) == 1 &&
                BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;

    BN_free(n);
    BN_CTX_free(bn);
    return good;
}

static bool
set_times(X509 *cert, int64_t now_s, unsigned days)
{
    time_t from = (time_t)(now_s - HOUR_S);
    time_t to = (time_t)(now_s + (int64_t)days * DAY_S);

    return ASN1_TIME_set(X509_getm_notBefore(cert), from) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(cert), to) != NULL;
}

static bool
set_subject(X509 *cert, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(cert);
    /* ub-common-name is 64 (RFC 5280, appendix A.1); the name that counts is
     * in the subjectAltName. */
    const char *cn = strlen(name) <= 64 ? name : "assay";

    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
                                      (const unsigned char *)cn, -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(cert, subject) == 1;
}

static GENERAL_NAME *
general_name(const char *name)
{
    bool ip = assay_name_is_ip(name);
    GENERAL_NAME *g = GENERAL_NAME_new();
    ASN1_OCTET_STRING *address = NULL;
    ASN1_IA5STRING *dns = NULL;

    if (g != NULL && ip) {
        address = a2i_IPADDRESS(name);
    } else if (g != NULL) {
        dns = ASN1_IA5STRING_new();
        if (dns != NULL && ASN1_STRING_set(dns, name, -1) != 1) {
            ASN1_IA5STRING_free(dns);
            dns = NULL;
        }
    }
    if (address == NULL && dns == NULL) {
        GENERAL_NAME_free(g);
        return NULL;
    }
    GENERAL_NAME_set0_value(g, ip ? GEN_IPADD : GEN_DNS,
                            ip ? (void *)address : (void *)dns);
    return g;
}

static bool
add_names(X509 *cert, const char *const *names, size_t count)
{
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    bool good = list != NULL;

    for (size_t k = 0; good && k < count; k++) {
        GENERAL_NAME *g = general_name(names[k]);

        good = g != NULL && sk_GENERAL_NAME_push(list, g) > 0;
        if (!good) {
            GENERAL_NAME_free(g);
        }
    }
    good =
        good && X509_add1_ext_i2d(cert, NID_subject_alt_name, list, 0, 0) == 1;
    GENERAL_NAMES_free(list);
    return good;
}

static bool
add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool good = e != NULL && X509_add_ext(cert, e, -1) == 1;

    X509_EXTENSION_free(e);
    return good;
}

static bool
fill_certificate(X509 *cert, const struct assay_ctx *ctx, EVP_PKEY *key,
                 const char *const *names, size_t count, int64_t now_s,
                 unsigned days)
{
    return X509_set_version(cert, X509_VERSION_3) == 1 &&
           set_serial(cert, ctx->lib) && set_times(cert, now_s, days) &&
           set_subject(cert, names[0]) && X509_set_pubkey(cert, key) == 1 &&
           add_names(cert, names, count) &&
           add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
           add_extension(cert, NID_ext_key_usage, "serverAuth") &&
           X509_sign(cert, key, ctx->md[ASSAY_SHA256]) > 0;
}

static void
check_names(const char *const *names, size_t count, unsigned days,
            struct assay_error *err)
{
    if (count == 0 || count > NAMES_MAX || days == 0 || days > DAYS_MAX) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "certificate: 1 to %u names and 1 to %u days", NAMES_MAX,
                   DAYS_MAX);
    }
    for (size_t k = 0; k < count && err->code == ASSAY_OK; k++) {
        if (!assay_name_is_valid(names[k])) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "certificate: '%.80s' is no DNS name and no IP address",
                       names[k]);
        }
    }
}

enum assay_code
assay_tls_identity_make(const struct assay_ctx *ctx, const char *const *names,
                        size_t name_count, int64_t now_s, unsigned days,
                        struct assay_tls_identity **out,
                        struct assay_error *err)
{
    struct assay_tls_identity *i = NULL;
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;

    *out = NULL;
    assay_error_clear(err);
    check_names(names, name_count, days, err);
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    ERR_clear_error();
    i = new_identity(ctx);
    key = EVP_PKEY_Q_keygen(ctx->lib, NULL, "EC", "P-256");
    cert = X509_new_ex(ctx->lib, NULL);
    if (i == NULL || key == NULL || cert == NULL ||
        !fill_certificate(cert, ctx, key, names, name_count, now_s, days) ||
        !keep_certificate(i, ctx, cert, true) ||
        SSL_CTX_use_certificate(i->server, cert) != 1 ||
        SSL_CTX_use_PrivateKey(i->server, key) != 1) {
        assay_tls_fail_library(err, "certificate");
        assay_tls_identity_free(i);
        i = NULL;
    }
    EVP_PKEY_free(key);
    X509_free(cert);
    ERR_clear_error();
    *out = i;
    return err->code;
}
