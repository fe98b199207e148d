/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tls_openssl.c - tls.h by OpenSSL 3: one connection over memory.
 */
#include "atls/tls_openssl.h"

#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "atls/name.h"
#include "base/bytes.h"

#define EXPORTER_LABEL "EXPORTER-Channel-Binding" /* RFC 9266 */
#define ALPN           "http/1.1"

struct assay_tls {
    SSL *ssl;
    struct assay_tls_memory memory;
    struct assay_tls_judge judge;
    bool ready;
    bool goodbye;
    bool closed;          /* close_notify was written */
    enum assay_code torn; /* why a write was cut short; nothing follows it */
};

/* --- settings ----------------------------------------------------------- */

/* WebAssembly has no instructions for AES, and without them ChaCha20 is several
 * times as fast. A server of ours takes it where a client names it first. */
static bool
order_ciphers(SSL_CTX *s)
{
#if defined(__wasm__)
    return SSL_CTX_set_ciphersuites(s, "TLS_CHACHA20_POLY1305_SHA256:"
                                       "TLS_AES_128_GCM_SHA256:"
                                       "TLS_AES_256_GCM_SHA384") == 1;
#else
    (void)s; /* as OpenSSL has them */
    return true;
#endif
}

SSL_CTX *
assay_tls_settings(OSSL_LIB_CTX *lib, const SSL_METHOD *method)
{
    SSL_CTX *s = SSL_CTX_new_ex(lib, NULL, method);

    if (s == NULL) {
        return NULL;
    }
    if (SSL_CTX_set_min_proto_version(s, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(s, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_num_tickets(s, 0) != 1 || !order_ciphers(s)) {
        SSL_CTX_free(s);
        return NULL;
    }
    (void)SSL_CTX_set_session_cache_mode(s, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_options(s, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CLEANSE_PLAINTEXT);
    /* A server sends the chain that it was given: no search for one in every
     * handshake. */
    (void)SSL_CTX_set_mode(s,
                           SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    return s;
}

/* --- making ------------------------------------------------------------- */

static struct assay_tls *
new_over(SSL_CTX *settings)
{
    struct assay_tls *t = calloc(1, sizeof(*t));

    if (t == NULL) {
        return NULL;
    }
    assay_queue_init(&t->memory.out, ASSAY_TLS_OUTPUT_MAX_BYTES);
    t->ssl = SSL_new(settings);
    if (t->ssl == NULL || !assay_tls_memory_attach(&t->memory, t->ssl)) {
        assay_tls_free(t);
        return NULL;
    }
    return t;
}

static bool
set_name(struct assay_tls *t, const struct assay_tls_client_setup *setup)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);

    if (assay_name_is_ip(setup->server_name)) {
        return !setup->check_certificate ||
               X509_VERIFY_PARAM_set1_ip_asc(param, setup->server_name) == 1;
    }
    if (SSL_set_tlsext_host_name(t->ssl, setup->server_name) != 1) {
        return false;
    }
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return !setup->check_certificate ||
           X509_VERIFY_PARAM_set1_host(param, setup->server_name, 0) == 1;
}

enum assay_code
assay_tls_client_new(const struct assay_tls_client_setup *setup,
                     struct assay_tls **out, struct assay_error *err)
{
    static const unsigned char alpn[] = "\x08" ALPN;
    struct assay_tls *t = NULL;
    int result;

    *out = NULL;
    if (!assay_name_is_valid(setup->server_name)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "TLS: '%.80s' is no DNS name and no IP address",
                          setup->server_name);
    }
    ERR_clear_error();
    t = new_over(assay_tls_roots_settings(setup->roots));
    if (t == NULL) {
        return assay_tls_fail_library(err, "TLS client");
    }
    t->judge.roots = setup->roots;
    t->judge.check = setup->check_certificate;
    SSL_set_connect_state(t->ssl);
    X509_VERIFY_PARAM_set_time(SSL_get0_param(t->ssl), (time_t)setup->now_s);
    SSL_set_verify(t->ssl,
                   setup->check_certificate ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                   NULL);
    if (!set_name(t, setup) || !assay_tls_roots_attach(t->ssl, &t->judge) ||
        SSL_set_alpn_protos(t->ssl, alpn, sizeof(alpn) - 1) != 0) {
        assay_tls_free(t);
        return assay_tls_fail_library(err, "TLS client");
    }
    result = SSL_do_handshake(t->ssl); /* writes the ClientHello */
    if (SSL_get_error(t->ssl, result) != SSL_ERROR_WANT_READ) {
        assay_tls_fail_output(&t->memory, err, "TLS client");
        assay_tls_free(t);
        return err->code;
    }
    ERR_clear_error();
    *out = t;
    return ASSAY_OK;
}

enum assay_code
assay_tls_server_new(const struct assay_ctx *ctx,
                     const struct assay_tls_identity *identity,
                     struct assay_tls **out, struct assay_error *err)
{
    struct assay_tls *t = NULL;

    (void)ctx;
    *out = NULL;
    ERR_clear_error();
    t = new_over(identity->server);
    if (t == NULL) {
        return assay_tls_fail_library(err, "TLS server");
    }
    SSL_set_accept_state(t->ssl);
    *out = t;
    return ASSAY_OK;
}

void
assay_tls_free(struct assay_tls *t)
{
    if (t == NULL) {
        return;
    }
    SSL_free(t->ssl);
    assay_tls_memory_free(&t->memory);
    free(t);
}

/* --- moving ------------------------------------------------------------- */

/* There is hardly ever one, and clearing costs as much where there is none. */
static void
clear_errors(void)
{
    if (ERR_peek_error() != 0) {
        ERR_clear_error();
    }
}

/* OpenSSL does not see to it that what was chosen had been offered. */
static bool
alpn_is_ours(const struct assay_tls *t)
{
    const unsigned char *name = NULL;
    unsigned len = 0;

    SSL_get0_alpn_selected(t->ssl, &name, &len);
    return len == 0 || assay_slice_is((struct assay_slice){name, len}, ALPN);
}

static void
shake_hands(struct assay_tls *t, struct assay_error *err)
{
    int result = SSL_do_handshake(t->ssl);

    if (result != 1) {
        if (SSL_get_error(t->ssl, result) != SSL_ERROR_WANT_READ) {
            assay_tls_fail_peer(&t->memory, &t->judge, err);
        }
    } else if (!alpn_is_ours(t)) {
        assay_fail(err, ASSAY_TLS, ASSAY_NO_OFFSET,
                   "TLS: the peer chose a protocol that was not offered");
    } else {
        t->ready = true;
    }
}

/* One record at the most; false when there is no more for now. The peek opens
 * the record, so that no more room is taken than its plaintext needs. */
static bool
read_record(struct assay_tls *t, struct assay_queue *plain,
            struct assay_error *err)
{
    uint8_t first;
    uint8_t *room;
    size_t n = 0;
    int result = SSL_peek_ex(t->ssl, &first, 1, &n);

    if (result == 1) {
        size_t len = (size_t)SSL_pending(t->ssl);

        room = assay_queue_extend(plain, len);
        if (room == NULL) {
            assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                       "TLS: out of memory");
            return false;
        }
        result = SSL_read_ex(t->ssl, room, len, &n);
        assay_queue_shrink(plain, result == 1 ? len - n : len);
        if (result == 1) {
            return true;
        }
    }
    switch (SSL_get_error(t->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        break;
    case SSL_ERROR_ZERO_RETURN:
        t->goodbye = true;
        break;
    default:
        assay_tls_fail_peer(&t->memory, &t->judge, err);
    }
    return false;
}

enum assay_code
assay_tls_feed(struct assay_tls *t, struct assay_slice in, size_t *used,
               struct assay_queue *plain, size_t room, struct assay_error *err)
{
    size_t before = assay_queue_len(plain);

    clear_errors();
    t->memory.in = in;
    if (!t->ready) {
        shake_hands(t, err);
    }
    if (t->ready && err->code == ASSAY_OK) {
        /* Asking for what is not there would cost as much as a record. */
        while (!t->goodbye && assay_queue_len(plain) - before < room &&
               (t->memory.in.len > 0 || SSL_has_pending(t->ssl)) &&
               read_record(t, plain, err)) {
        }
    }
    if (t->goodbye) {
        t->memory.in.len = 0; /* whatever follows a goodbye is not read */
    }
    *used = in.len - t->memory.in.len;
    t->memory.in = ASSAY_EMPTY;
    clear_errors();
    return err->code;
}

struct assay_queue *
assay_tls_output(struct assay_tls *t)
{
    return &t->memory.out;
}

bool
assay_tls_ready(const struct assay_tls *t)
{
    return t->ready;
}

bool
assay_tls_goodbye(const struct assay_tls *t)
{
    return t->goodbye;
}

/* What TLS adds to so much plaintext, generously. */
static size_t
sealed_len(size_t plain)
{
    return plain + (plain / ASSAY_TLS_RECORD_MAX_BYTES + 1) * 64;
}

enum assay_code
assay_tls_write(struct assay_tls *t, struct assay_slice plain,
                struct assay_error *err)
{
    size_t done = 0;

    if (!t->ready || t->closed) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "TLS: nothing can be written now");
    }
    if (t->torn != ASSAY_OK) {
        return assay_fail(
            err, t->torn, ASSAY_NO_OFFSET,
            "TLS: writing: what was written before was cut short");
    }
    if (plain.len > ASSAY_TLS_OUTPUT_MAX_BYTES ||
        assay_queue_len(&t->memory.out) + sealed_len(plain.len) >
            ASSAY_TLS_OUTPUT_MAX_BYTES) {
        return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                          "TLS: more than %u bytes wait to be sent",
                          ASSAY_TLS_OUTPUT_MAX_BYTES);
    }
    clear_errors();
    if (plain.len > 0 &&
        SSL_write_ex(t->ssl, plain.ptr, plain.len, &done) != 1) {
        t->torn = assay_tls_fail_output(&t->memory, err, "TLS: writing");
    }
    return err->code;
}

/* Not behind half of what was to be said. */
void
assay_tls_close(struct assay_tls *t)
{
    if (t->ready && !t->closed && t->torn == ASSAY_OK) {
        t->closed = true;
        ERR_clear_error();
        (void)SSL_shutdown(t->ssl);
        ERR_clear_error();
    }
}

/* --- asking ------------------------------------------------------------- */

enum assay_code
assay_tls_exporter(const struct assay_tls *t, uint8_t out[ASSAY_EXPORTER_BYTES],
                   struct assay_error *err)
{
    if (!t->ready) {
        return assay_fail(err, ASSAY_CRYPTO, ASSAY_NO_OFFSET,
                          "TLS: exporter: the handshake is not done");
    }
    ERR_clear_error();
    if (SSL_export_keying_material(t->ssl, out, ASSAY_EXPORTER_BYTES,
                                   EXPORTER_LABEL, sizeof(EXPORTER_LABEL) - 1,
                                   NULL, 0, 0) != 1) {
        return assay_tls_fail_library(err, "TLS: exporter");
    }
    return ASSAY_OK;
}

void
assay_tls_peer_certificate(const struct assay_tls *t, struct assay_buf *out)
{
    X509 *leaf = SSL_get0_peer_certificate(t->ssl);
    unsigned char *der = NULL;
    int len = leaf == NULL ? 0 : i2d_X509(leaf, &der);

    if (leaf != NULL && len <= 0) {
        out->failed = true;
        out->no_memory = true;
    } else if (len > 0) {
        assay_buf_add(out, (struct assay_slice){der, (size_t)len});
    }
    OPENSSL_free(der);
}

const char *
assay_tls_version(const struct assay_tls *t)
{
    return SSL_get_version(t->ssl);
}

const char *
assay_tls_cipher(const struct assay_tls *t)
{
    return SSL_get_cipher_name(t->ssl);
}
