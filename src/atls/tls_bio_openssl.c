/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tls_bio_openssl.c - the BIO of a connection over memory: ciphertext is read
 * from the caller's bytes and written to a queue, so nothing is copied that
 * need not be.
 */
#include <openssl/bio.h>

#include "atls/tls_openssl.h"
#include "base/bytes.h"

static int
bio_read(BIO *bio, char *to, size_t n, size_t *done)
{
    struct assay_tls_memory *m = BIO_get_data(bio);
    size_t take = n < m->in.len ? n : m->in.len;

    BIO_clear_retry_flags(bio);
    if (take == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(to, m->in.ptr, take);
    m->in.ptr += take;
    m->in.len -= take;
    *done = take;
    return 1;
}

static int
bio_write(BIO *bio, const char *from, size_t n, size_t *done)
{
    struct assay_tls_memory *m = BIO_get_data(bio);
    uint8_t *room = assay_queue_extend(&m->out, n);

    BIO_clear_retry_flags(bio);
    if (room == NULL) {
        bool full = n > ASSAY_TLS_OUTPUT_MAX_BYTES - assay_queue_len(&m->out);

        m->stuck = full ? ASSAY_TOO_LARGE : ASSAY_NO_MEMORY;
        return 0;
    }
    memcpy(room, from, n);
    *done = n;
    return 1;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *ptr)
{
    (void)bio;
    (void)number;
    (void)ptr;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

bool
assay_tls_memory_attach(struct assay_tls_memory *m, SSL *ssl)
{
    BIO *bio = NULL;

    m->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "assay queue");
    if (m->method == NULL || BIO_meth_set_read_ex(m->method, bio_read) != 1 ||
        BIO_meth_set_write_ex(m->method, bio_write) != 1 ||
        BIO_meth_set_ctrl(m->method, bio_ctrl) != 1) {
        return false;
    }
    bio = BIO_new(m->method);
    if (bio == NULL) {
        return false;
    }
    BIO_set_data(bio, m);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio); /* takes it over */
    return true;
}

void
assay_tls_memory_free(struct assay_tls_memory *m)
{
    BIO_meth_free(m->method);
    assay_queue_free(&m->out);
}
