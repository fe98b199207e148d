/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * wss.h - the client's end of TLS on a socket that blocks, for threads of tests
 * (ws_client.h), and a TCP connection whose other end is a stream.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>

#include "harness/certificate.h"
#include "harness/loop.h"
#include "harness/ws_client.h"

/* --- a connection --------------------------------------------------------- */

struct wss_link {
    int client;                  /* blocks, with limits */
    struct assay_stream *stream; /* the other end */
};

/* small: neither end keeps more than a few KiB. */
static inline void
wss_buffers(int fd, bool small)
{
    int bytes = 4096;

    if (small) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    }
}

static inline struct assay_stream *
wss_adopt(struct trial_loop *t, int fd)
{
    uv_tcp_t *tcp = malloc(sizeof(*tcp));
    struct assay_stream *s;

    assert_non_null(tcp);
    assert_int_equal(uv_tcp_init(&t->uv, tcp), 0);
    assert_int_equal(uv_tcp_open(tcp, fd), 0);
    s = assay_stream_adopt((uv_stream_t *)tcp);
    assert_non_null(s);
    return s;
}

static inline struct wss_link
wss_connect(struct trial_loop *t, bool small)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int listener = loop_socket(AF_INET, 0);
    struct wss_link l = {.client = loop_socket(AF_INET, 0)};
    int fd;

    wss_buffers(listener, small); /* those of accepted ones */
    wss_buffers(l.client, small);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(connect(l.client, (struct sockaddr *)&at, len), 0);
    fd = accept(listener, NULL, NULL);
    assert_true(fd >= 0);
    close(listener);
    set_limits(l.client);
    l.stream = wss_adopt(t, fd);
    return l;
}

/* --- TLS ------------------------------------------------------------------ */

/* What a client is to be like; all zero: anything. */
struct wss_client {
    int version;         /* TLS1_2_VERSION, ...; no other then */
    const char *alpn;    /* as on the wire */
    const char *ciphers; /* of TLS 1.2 */
};

static inline SSL_CTX *
wss_settings(const struct wss_client *c)
{
    SSL_CTX *settings = SSL_CTX_new(TLS_client_method());

    if (settings == NULL) {
        abort();
    }
    if (c->version != 0) {
        SSL_CTX_set_min_proto_version(settings, c->version);
        SSL_CTX_set_max_proto_version(settings, c->version);
    }
    SSL_CTX_set_security_level(settings, 0);
    SSL_CTX_set_cipher_list(settings, c->ciphers != NULL ? c->ciphers
                                                         : "ALL:@SECLEVEL=0");
    if (c->alpn != NULL) {
        SSL_CTX_set_alpn_protos(settings, (const unsigned char *)c->alpn,
                                (unsigned)strlen(c->alpn));
    }
    return settings;
}

/* Its handshake has not begun. */
static inline SSL *
wss_over(SSL_CTX *settings, int fd)
{
    SSL *ssl = SSL_new(settings);

    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        abort();
    }
    SSL_set_connect_state(ssl);
    return ssl;
}

static inline SSL *
wss_new(int fd, const struct wss_client *c)
{
    SSL_CTX *settings = wss_settings(c);
    SSL *ssl = wss_over(settings, fd);

    SSL_CTX_free(settings);
    return ssl;
}

static inline void
wss_put(SSL *ssl, const void *bytes, size_t len)
{
    size_t n = 0;

    want(SSL_write_ex(ssl, bytes, len, &n) == 1 && n == len,
         "what is sealed is taken");
}

static inline void
wss_put_text(SSL *ssl, const char *text)
{
    wss_put(ssl, text, strlen(text));
}

static inline bool
wss_get(SSL *ssl, void *bytes, size_t len)
{
    size_t n = 1;
    size_t at = 0;

    while (at < len && n > 0) {
        if (SSL_read_ex(ssl, (uint8_t *)bytes + at, len - at, &n) != 1) {
            n = 0;
        }
        at += n;
    }
    want(at == len, "what is waited for comes sealed");
    return at == len;
}

static inline void
wss_get_text(SSL *ssl, const char *text)
{
    char got[64] = "";

    want(wss_get(ssl, got, strlen(text)) && strcmp(got, text) == 0, text);
}

/* close_notify, and nothing before it. */
static inline void
wss_get_end(SSL *ssl)
{
    char octet;
    int result = SSL_read(ssl, &octet, 1);

    want(SSL_get_error(ssl, result) == SSL_ERROR_ZERO_RETURN,
         "the session ends with close_notify");
}
