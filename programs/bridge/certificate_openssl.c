/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * certificate_openssl.c - chain and key, from their files to the settings of
 * TLS.
 */
#include "certificate_openssl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/timestamp.h"
#include "io/file.h"

/* What browsers have spoken since 2014 and more: forward secrecy and AEAD. */
#define CIPHERS_1_2                                                            \
    "ECDHE+AESGCM:ECDHE+CHACHA20" /* those of TLS 1.3 are all like that */
/* 112 bits: RSA from 2048 on, no SHA-1 in signatures. */
#define SECURITY_LEVEL 2
/* What one read of the system takes: several records. */
#define READ_BYTES (64u * 1024u)
#define DAY_S      INT64_C(86400)

/* --- errors -------------------------------------------------------------- */

/* OpenSSL's own reason, the first one. */
static void
fail_library(struct assay_error *err, enum assay_code code, const char *what)
{
    unsigned long e = ERR_peek_error();
    const char *reason = ERR_reason_error_string(e);

    if (e == 0 || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s: out of memory",
                   what);
    }
    assay_fail(err, code, ASSAY_NO_OFFSET, "%s: %s", what,
               reason != NULL ? reason : "OpenSSL failed");
}

/* --- settings ------------------------------------------------------------ */

/* http/1.1 or nothing: a client that asks for ALPN and does not know it cannot
 * be served (RFC 7301, section 3.2). */
static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
            const unsigned char *offered, unsigned int offered_len, void *arg)
{
    static const unsigned char ours[] = "http/1.1";
    const unsigned char len = sizeof(ours) - 1;

    (void)ssl;
    (void)arg;
    for (unsigned i = 0; i < offered_len; i += offered[i] + 1u) {
        if (offered[i] == len && offered_len - i > len &&
            memcmp(offered + i + 1, ours, len) == 0) {
            *out = offered + i + 1;
            *out_len = len;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Without the finite field groups and the largest curves, whose cost is all the
 * server's. An older OpenSSL knows no hybrid with ML-KEM. */
static bool
set_groups(SSL_CTX *s)
{
    bool good =
        SSL_CTX_set1_groups_list(s, "X25519MLKEM768:X25519:P-256:P-384") == 1 ||
        SSL_CTX_set1_groups_list(s, "X25519:P-256:P-384") == 1;

    ERR_clear_error();
    return good;
}

/* No resumption: a key of tickets would outlive the connections whose secrets
 * it covers, and a WebSocket is one connection for long. */
static bool
fill_settings(SSL_CTX *s)
{
    if (SSL_CTX_set_min_proto_version(s, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(s, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(s, CIPHERS_1_2) != 1 || !set_groups(s) ||
        SSL_CTX_set_num_tickets(s, 0) != 1) {
        return false;
    }
    SSL_CTX_set_security_level(s, SECURITY_LEVEL);
    (void)SSL_CTX_set_session_cache_mode(s, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_options(
        s, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
               SSL_OP_IGNORE_UNEXPECTED_EOF);
    (void)SSL_CTX_set_mode(s,
                           SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(s, 1);
    SSL_CTX_set_default_read_buffer_len(s, READ_BYTES);
    SSL_CTX_set_alpn_select_cb(s, choose_alpn, NULL);
    return true;
}

static struct certificate *
new_certificate(struct assay_error *err)
{
    struct certificate *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "certificate: out of memory");
        return NULL;
    }
    atomic_init(&c->holders, 1);
    c->socket = veil_tls_method();
    c->settings = SSL_CTX_new(TLS_server_method());
    if (c->socket == NULL || c->settings == NULL ||
        !fill_settings(c->settings)) {
        fail_library(err, ASSAY_CRYPTO, "TLS");
        certificate_drop(c);
        return NULL;
    }
    return c;
}

/* --- the chain ----------------------------------------------------------- */

/* Nobody is asked for a passphrase; *user: one would be needed. */
static int
no_passphrase(char *to, int size, int writing, void *user)
{
    bool *encrypted = user;

    (void)to;
    (void)size;
    (void)writing;
    *encrypted = true;
    return -1;
}

static int64_t
seconds_of(const ASN1_TIME *t)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    bool good = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1;

    ASN1_TIME_free(epoch);
    return good ? (int64_t)days * DAY_S + seconds : INT64_MIN;
}

/* Of the server's own. What is behind it may have run out: a certificate by
 * which older clients find an older root, which others pass over. */
static void
check_dates(struct certificate *c, const X509 *cert, int64_t now_s,
            struct assay_error *err)
{
    int64_t from_s = seconds_of(X509_get0_notBefore(cert));
    int64_t until_s = seconds_of(X509_get0_notAfter(cert));
    char text[ASSAY_TIME_TEXT];

    if (from_s == INT64_MIN || until_s == INT64_MIN) {
        fail_library(err, ASSAY_INVALID, "dates");
    } else if (now_s > until_s) {
        assay_time_format(until_s, text);
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "the certificate expired at %s", text);
    } else if (now_s < from_s) {
        assay_time_format(from_s, text);
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "the certificate is not valid before %s", text);
    }
    c->until_s = until_s;
}

/* The first one is the server's own. */
static void
use_certificate(struct certificate *c, X509 *cert, unsigned number,
                struct assay_error *err)
{
    char what[32];

    snprintf(what, sizeof(what), "certificate %u", number);
    if ((number == 1 ? SSL_CTX_use_certificate(c->settings, cert)
                     : SSL_CTX_add1_chain_cert(c->settings, cert)) != 1) {
        fail_library(err, ASSAY_INVALID, what);
    }
}

/* NULL: it is the end, or *err says what it is. */
static X509 *
next_certificate(BIO *pem, unsigned number, struct assay_error *err)
{
    bool encrypted = false;
    X509 *cert = PEM_read_bio_X509(pem, NULL, no_passphrase, &encrypted);
    unsigned long e = ERR_peek_last_error();
    char what[32];

    if (cert != NULL) {
        return cert;
    }
    if (ERR_GET_LIB(e) != ERR_LIB_PEM ||
        ERR_GET_REASON(e) != PEM_R_NO_START_LINE) {
        snprintf(what, sizeof(what), "certificate %u", number);
        fail_library(err, ASSAY_INVALID, what);
    } else if (number == 1) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "no certificate in it (PEM, the server's own first)");
    }
    ERR_clear_error();
    return NULL;
}

static void
use_chain(struct certificate *c, BIO *pem, int64_t now_s,
          struct assay_error *err)
{
    X509 *cert;

    for (unsigned number = 1;
         err->code == ASSAY_OK && (cert = next_certificate(pem, number, err));
         number++) {
        if (number > CERTIFICATE_CHAIN_MAX) {
            assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                       "more than %u certificates", CERTIFICATE_CHAIN_MAX);
        } else {
            if (number == 1) {
                check_dates(c, cert, now_s, err);
            }
            use_certificate(c, cert, number, err);
        }
        X509_free(cert);
    }
}

/* --- the key ------------------------------------------------------------- */

static void
use_key(struct certificate *c, BIO *pem, struct assay_error *err)
{
    bool encrypted = false;
    EVP_PKEY *key =
        PEM_read_bio_PrivateKey(pem, NULL, no_passphrase, &encrypted);

    if (encrypted) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "the key is encrypted, and nobody can be asked for its "
                   "passphrase");
    } else if (key == NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "no private key in it (PEM)");
    } else if (X509_check_private_key(SSL_CTX_get0_certificate(c->settings),
                                      key) != 1) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "not the key of the first certificate");
    } else if (SSL_CTX_use_PrivateKey(c->settings, key) != 1) {
        fail_library(err, ASSAY_INVALID, "key");
    }
    EVP_PKEY_free(key);
    ERR_clear_error();
}

/* --- life ---------------------------------------------------------------- */

/* The file as OpenSSL reads it; the octets stay with *bytes. */
static BIO *
open_pem(const char *file, struct assay_buf *bytes, struct assay_error *err)
{
    BIO *pem = NULL;

    if (assay_file_read(file, CERTIFICATE_FILE_MAX_BYTES, bytes, err) ==
        ASSAY_OK) {
        pem = BIO_new_mem_buf(bytes->len > 0 ? bytes->ptr : (uint8_t *)"",
                              (int)bytes->len);
        if (pem == NULL) {
            fail_library(err, ASSAY_CRYPTO, file);
        }
    }
    return pem;
}

static void
read_chain(struct certificate *c, const char *file, int64_t now_s,
           struct assay_error *err)
{
    struct assay_buf bytes;
    BIO *pem = open_pem(file, &bytes, err);

    if (pem != NULL) {
        use_chain(c, pem, now_s, err);
        assay_error_prefix(err, "%s", file);
    }
    BIO_free(pem);
    assay_buf_free(&bytes);
}

static void
read_key(struct certificate *c, const char *file, struct assay_error *err)
{
    struct assay_buf bytes;
    BIO *pem = open_pem(file, &bytes, err);

    if (pem != NULL) {
        use_key(c, pem, err);
        assay_error_prefix(err, "%s", file);
    }
    BIO_free(pem);
    assay_buf_free(&bytes);
}

enum assay_code
certificate_read(const char *chain_file, const char *key_file, int64_t now_s,
                 struct certificate **out, struct assay_error *err)
{
    struct certificate *c;

    *out = NULL;
    assay_error_clear(err);
    ERR_clear_error();
    c = new_certificate(err);
    if (c != NULL) {
        read_chain(c, chain_file, now_s, err);
    }
    if (err->code == ASSAY_OK) {
        read_key(c, key_file, err);
    }
    if (err->code != ASSAY_OK) {
        certificate_drop(c);
        c = NULL;
    }
    ERR_clear_error();
    *out = c;
    return err->code;
}

struct certificate *
certificate_hold(struct certificate *c)
{
    atomic_fetch_add(&c->holders, 1);
    return c;
}

void
certificate_drop(struct certificate *c)
{
    if (c != NULL && atomic_fetch_sub(&c->holders, 1) == 1) {
        SSL_CTX_free(c->settings);
        BIO_meth_free(c->socket);
        free(c);
    }
}

int64_t
certificate_until(const struct certificate *c)
{
    return c->until_s;
}
