/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * veil_tls_openssl.c - veil_tls.h by OpenSSL 3.
 */
#include "veil_tls.h"

#include <errno.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "certificate_openssl.h"

/* --- the socket ---------------------------------------------------------- */

static int
bio_write(BIO *bio, const char *bytes, size_t len, size_t *written)
{
    const struct veil_tls *t = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (!t->sink(t->user, bytes, len)) {
        return 0;
    }
    *written = len;
    return 1;
}

/* A reset is an end too: what there is to say of it, writing will find out. */
static int
bio_read(BIO *bio, char *to, size_t size, size_t *len)
{
    struct veil_tls *t = BIO_get_data(bio);
    ssize_t n;

    BIO_clear_retry_flags(bio);
    do {
        n = recv(t->fd, to, size, 0);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        *len = (size_t)n;
        return 1;
    }
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        BIO_set_retry_read(bio);
    } else {
        t->ended = true;
    }
    return 0;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    const struct veil_tls *t = BIO_get_data(bio);

    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return t->ended;
    default:
        return 0;
    }
}

BIO_METHOD *
veil_tls_method(void)
{
    BIO_METHOD *m =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "veil");

    if (m != NULL && (BIO_meth_set_write_ex(m, bio_write) != 1 ||
                      BIO_meth_set_read_ex(m, bio_read) != 1 ||
                      BIO_meth_set_ctrl(m, bio_ctrl) != 1)) {
        BIO_meth_free(m);
        m = NULL;
    }
    return m;
}

/* --- life ---------------------------------------------------------------- */

bool
veil_tls_open(struct veil_tls *t, const struct certificate *c)
{
    BIO *bio = BIO_new(c->socket);

    t->ssl = SSL_new(c->settings);
    if (bio == NULL || t->ssl == NULL) {
        BIO_free(bio);
        veil_tls_free(t);
        ERR_clear_error();
        return false;
    }
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio); /* takes it over */
    SSL_set_accept_state(t->ssl);
    return true;
}

void
veil_tls_free(struct veil_tls *t)
{
    SSL_free(t->ssl);
    t->ssl = NULL;
}

/* --- going on ------------------------------------------------------------ */

/* After a call that returned `result`. */
static enum veil_tls_result
judge(struct veil_tls *t, int result)
{
    unsigned long e;

    switch (SSL_get_error(t->ssl, result)) {
    case SSL_ERROR_NONE:
        return VEIL_TLS_ON;
    case SSL_ERROR_WANT_READ:
        return VEIL_TLS_WAITS;
    case SSL_ERROR_ZERO_RETURN:
        return VEIL_TLS_ENDED;
    default:
        break;
    }
    e = ERR_peek_error();
    if (e == 0 && t->ended) {
        return VEIL_TLS_ENDED;
    }
    t->fault = ERR_reason_error_string(e);
    if (t->fault == NULL) {
        t->fault = "TLS failed";
    }
    ERR_clear_error();
    return VEIL_TLS_FAILED;
}

enum veil_tls_result
veil_tls_shake(struct veil_tls *t)
{
    ERR_clear_error();
    return judge(t, SSL_do_handshake(t->ssl));
}

enum veil_tls_result
veil_tls_read(struct veil_tls *t, uint8_t *to, size_t size, size_t *len)
{
    *len = 0;
    ERR_clear_error();
    return judge(t, SSL_read_ex(t->ssl, to, size, len));
}

bool
veil_tls_pending(const struct veil_tls *t)
{
    return SSL_has_pending(t->ssl) == 1;
}

bool
veil_tls_write(struct veil_tls *t, const uint8_t *bytes, size_t len)
{
    size_t written = 0;

    ERR_clear_error();
    return judge(t, SSL_write_ex(t->ssl, bytes, len, &written)) == VEIL_TLS_ON;
}

void
veil_tls_close(struct veil_tls *t)
{
    ERR_clear_error();
    (void)SSL_shutdown(t->ssl);
    ERR_clear_error();
}

const char *
veil_tls_version(const struct veil_tls *t)
{
    return SSL_get_version(t->ssl);
}
