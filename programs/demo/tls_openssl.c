/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tls_openssl.c - see tls_openssl.h.
 */
#include "tls_openssl.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/bytes.h"

#define EXPORTER_LABEL    "EXPORTER-Channel-Binding"
#define PLAIN_BYTES       (16u * 1024u) /* of one record */
#define WAITING_MAX_BYTES (1024u * 1024u)

struct tls_end {
    struct assay_stream *stream;
    SSL *ssl;
    BIO *in;
    BIO *out;
    struct assay_buf waiting; /* to be written after the handshake */
    struct tls_events events;
    void *user;
    bool busy; /* in a callback from the stream */
    bool dead; /* closed; freed once no longer busy */
};

/* --- settings ----------------------------------------------------------- */

static SSL_CTX *
make_settings(const struct tls_role *role)
{
    bool server = role->certificate != NULL;
    SSL_CTX *s =
        SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    int version = role->only_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;

    if (s == NULL) {
        return NULL;
    }
    if (SSL_CTX_set_min_proto_version(s, version) != 1 ||
        SSL_CTX_set_max_proto_version(s, version) != 1 ||
        (server &&
         (SSL_CTX_use_certificate_chain_file(s, role->certificate) != 1 ||
          SSL_CTX_use_PrivateKey_file(s, role->key, SSL_FILETYPE_PEM) != 1))) {
        SSL_CTX_free(s);
        return NULL;
    }
    SSL_CTX_set_verify(s, SSL_VERIFY_NONE, NULL);
    return s;
}

static bool
make_session(struct tls_end *e, const struct tls_role *role)
{
    SSL_CTX *s = make_settings(role);

    e->ssl = s != NULL ? SSL_new(s) : NULL;
    SSL_CTX_free(s);
    e->in = BIO_new(BIO_s_mem());
    e->out = BIO_new(BIO_s_mem());
    if (e->ssl == NULL || e->in == NULL || e->out == NULL) {
        BIO_free(e->in);
        BIO_free(e->out);
        return false;
    }
    SSL_set_bio(e->ssl, e->in, e->out); /* takes them over */
    if (role->certificate != NULL) {
        SSL_set_accept_state(e->ssl);
    } else {
        SSL_set_connect_state(e->ssl);
    }
    return true;
}

/* --- moving bytes ------------------------------------------------------- */

static void
end_free(struct tls_end *e)
{
    assay_stream_close(e->stream);
    SSL_free(e->ssl);
    assay_buf_free(&e->waiting);
    free(e);
}

static void
send_out(struct tls_end *e)
{
    char *bytes = NULL;
    long n = BIO_get_mem_data(e->out, &bytes);

    if (n > 0) {
        assay_stream_write(
            e->stream, (struct assay_slice){(const uint8_t *)bytes, (size_t)n});
        (void)BIO_reset(e->out);
    }
}

static void
write_waiting(struct tls_end *e)
{
    if (e->waiting.len > 0 && SSL_is_init_finished(e->ssl)) {
        (void)SSL_write(e->ssl, e->waiting.ptr, (int)e->waiting.len);
        e->waiting.len = 0;
    }
}

static void
tell_closed(struct tls_end *e)
{
    if (!e->dead) {
        e->events.closed(e->user);
    }
}

/* As far as what has arrived leads. */
static void
go_on(struct tls_end *e)
{
    static uint8_t plain[PLAIN_BYTES];
    int n = 1;

    while (n > 0 && !e->dead) {
        n = SSL_read(e->ssl, plain, sizeof(plain));
        if (n > 0) {
            e->events.data(e->user, (struct assay_slice){plain, (size_t)n});
        }
    }
    if (!e->dead) {
        int why = SSL_get_error(e->ssl, n);

        write_waiting(e);
        send_out(e);
        if (why != SSL_ERROR_WANT_READ) {
            tell_closed(e);
        }
    }
    ERR_clear_error();
}

static void
on_data(void *user, struct assay_slice data)
{
    struct tls_end *e = user;

    e->busy = true;
    if (BIO_write(e->in, data.ptr, (int)data.len) == (int)data.len) {
        go_on(e);
    } else {
        tell_closed(e);
    }
    e->busy = false;
    if (e->dead) {
        end_free(e);
    }
}

static void
on_end(struct tls_end *e)
{
    e->busy = true;
    tell_closed(e);
    e->busy = false;
    if (e->dead) {
        end_free(e);
    }
}

static void
on_eof(void *user)
{
    on_end(user);
}

static void
on_failed(void *user, const struct assay_error *err)
{
    (void)err;
    on_end(user);
}

/* --- for the attackers -------------------------------------------------- */

struct tls_end *
tls_end_new(struct assay_stream *stream, const struct tls_role *role,
            const struct tls_events *events, void *user)
{
    static const struct assay_stream_events stream_events = {
        .data = on_data, .eof = on_eof, .failed = on_failed};
    struct tls_end *e = calloc(1, sizeof(*e));

    if (e == NULL) {
        assay_stream_close(stream);
        return NULL;
    }
    e->stream = stream;
    e->events = *events;
    e->user = user;
    assay_buf_init(&e->waiting, WAITING_MAX_BYTES);
    if (!make_session(e, role)) {
        ERR_clear_error();
        end_free(e);
        return NULL;
    }
    assay_stream_tell(stream, &stream_events, e);
    assay_stream_read(stream, true);
    (void)SSL_do_handshake(e->ssl);
    send_out(e);
    return e;
}

void
tls_end_close(struct tls_end *e)
{
    if (e == NULL || e->dead) {
        return;
    }
    e->dead = true;
    if (!e->busy) {
        end_free(e);
    }
}

void
tls_end_write(struct tls_end *e, struct assay_slice plain)
{
    if (!e->dead) {
        assay_buf_add(&e->waiting, plain);
        write_waiting(e);
        send_out(e);
    }
}

bool
tls_end_binding(const struct tls_end *e, const uint8_t nonce[TLS_NONCE_BYTES],
                uint8_t out[TLS_SHA512_BYTES])
{
    uint8_t both[TLS_NONCE_BYTES + TLS_EXPORTER_BYTES];

    memcpy(both, nonce, TLS_NONCE_BYTES);
    return SSL_export_keying_material(
               e->ssl, both + TLS_NONCE_BYTES, TLS_EXPORTER_BYTES,
               EXPORTER_LABEL, sizeof(EXPORTER_LABEL) - 1, NULL, 0, 0) == 1 &&
           EVP_Digest(both, sizeof(both), out, NULL, EVP_sha512(), NULL) == 1;
}
