/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_veil.c - what goes through a veil, and how it ends. Client and
 * plain end are threads that wait for each octet; the veil is on this one.
 */
#include "programs/bridge/veil.h"

#include <poll.h>
#include <pthread.h>

#include "harness/pattern.h"
#include "harness/wss.h"
#include "io/socket_name.h"

#define BULK_BYTES (8u * 1024u * 1024u)
#define PIECE      (96u * 1024u)
#define STUCK_BYTES                                                            \
    (128u * 1024u) /* more than small buffers, less than a pair's */

static const char alpn_web[] = "\x02h2\x08http/1.1";
static const char alpn_h2[] = "\x02h2";
static const char alpn_like[] = "\x08http/1.0\x07http/1.\x09http/1.1x";

static int gate[2]; /* a pipe: closed once the loop has run empty */

/* --- ends of a conversation ----------------------------------------------- */

static void
talk_client(SSL *ssl, int fd)
{
    wss_put_text(ssl, "hello");
    wss_get_text(ssl, "world");
    SSL_shutdown(ssl);
    wss_get_end(ssl);
    get_end(fd);
}

static void
talk_plain(int fd)
{
    get_text(fd, "hello");
    put(fd, "world", 5);
    get_end(fd);
}

/* Chosen, whatever was offered with it. */
static void
web_client(SSL *ssl, int fd)
{
    const unsigned char *name = NULL;
    unsigned len = 0;

    SSL_get0_alpn_selected(ssl, &name, &len);
    want(len == 8 && memcmp(name, "http/1.1", 8) == 0, "http/1.1 is chosen");
    talk_client(ssl, fd);
}

static void
no_resumption_client(SSL *ssl, int fd)
{
    wss_put_text(ssl, "hello");
    wss_get_text(ssl, "world");
    want(SSL_SESSION_is_resumable(SSL_get0_session(ssl)) == 0,
         "there is nothing to resume");
    SSL_shutdown(ssl);
    wss_get_end(ssl);
    get_end(fd);
}

/* It says that it ends, and hears the rest. */
static void
half_client(SSL *ssl, int fd)
{
    wss_put_text(ssl, "hello");
    SSL_shutdown(ssl);
    wss_get_text(ssl, "world");
    wss_get_end(ssl);
    get_end(fd);
}

/* The same without close_notify. */
static void
cut_client(SSL *ssl, int fd)
{
    wss_put_text(ssl, "hello");
    shutdown(fd, SHUT_WR);
    wss_get_text(ssl, "world");
    wss_get_end(ssl);
    get_end(fd);
}

static void
answer_plain(int fd)
{
    get_text(fd, "hello");
    get_end(fd);
    put(fd, "world", 5);
}

static void
reset_client(SSL *ssl, int fd)
{
    wss_put_text(ssl, "hello");
    wss_get_text(ssl, "world");
    reset(fd);
}

/* The plain end says that it ends, and hears the rest. */
static void
plain_first_client(SSL *ssl, int fd)
{
    wss_put_text(ssl, "hello");
    wss_get_text(ssl, "last words");
    wss_get_end(ssl);
    get_end(fd);
    wss_put_text(ssl, "and mine");
    SSL_shutdown(ssl);
    get_end(fd);
}

static void
plain_first_plain(int fd)
{
    get_text(fd, "hello");
    put(fd, "last words", 10);
    shutdown(fd, SHUT_WR);
    get_text(fd, "and mine");
    get_end(fd);
}

/* It is closed with something unread in it. */
static void
closed_client(SSL *ssl, int fd)
{
    wss_put_text(ssl, "hello");
    wss_put_text(ssl, "unread");
    wss_get_text(ssl, "world");
    wss_get_end(ssl);
    get_end(fd);
}

static void
closed_plain(int fd)
{
    char octet[6];

    get_text(fd, "hello");
    want(recv(fd, octet, 6, MSG_PEEK | MSG_WAITALL) == 6, "something more");
    put(fd, "world", 5);
}

/* Whoever goes on though nobody listens any more is not waited for. */
static void
endless_client(SSL *ssl, int fd)
{
    (void)fd;
    wss_put_text(ssl, "hello");
    wss_get_text(ssl, "world");
    wss_get_end(ssl);
    while (SSL_write(ssl, "more", 4) == 4) {
    }
}

static void
short_plain(int fd)
{
    get_text(fd, "hello");
    put(fd, "world", 5);
}

/* --- a client that breaks TLS --------------------------------------------- */

static void
broken_client(SSL *ssl, int fd)
{
    static const uint8_t record[5 + 32] = {0x17, 3, 3, 0, 32};
    char octet;

    wss_put_text(ssl, "hello");
    wss_get_text(ssl, "world");
    put(fd, record, sizeof(record));
    want(SSL_read(ssl, &octet, 1) <= 0 &&
             ERR_GET_REASON(ERR_peek_error()) ==
                 SSL_AD_REASON_OFFSET + SSL_AD_BAD_RECORD_MAC,
         "an alert says so");
    want(read(gate[0], &octet, 1) == 0, "the veil is gone");
}

/* It need not end for the veil to. */
static void
broken_plain(int fd)
{
    struct pollfd p = {.fd = fd};

    get_text(fd, "hello");
    put(fd, "world", 5);
    get_end(fd);
    want(poll(&p, 1, LIMIT_S * 1000) == 1 && (p.revents & POLLHUP) != 0,
         "it is closed");
}

static void
renegotiating_client(SSL *ssl, int fd)
{
    (void)fd;
    wss_put_text(ssl, "hello");
    wss_get_text(ssl, "world");
    want(SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) != 1 &&
             ERR_GET_REASON(ERR_peek_error()) == SSL_R_NO_RENEGOTIATION,
         "no renegotiation");
}

/* New keys, in both directions, as often as it likes. */
static void
updating_client(SSL *ssl, int fd)
{
    for (unsigned i = 0; i < 20; i++) {
        want(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1, "an update");
        want(SSL_do_handshake(ssl) == 1, "new keys");
    }
    talk_client(ssl, fd);
}

/* --- many octets, both ways at once --------------------------------------- */

struct duplex {
    int fd;           /* does not block */
    SSL *ssl;         /* NULL: plain */
    bool write_first; /* nothing is read until all is written */
    size_t in;
    size_t out;
    uint8_t piece[PIECE];
    size_t at; /* of piece */
    size_t len;
};

/* How much was moved; 0: not now; -1: never. */
static ssize_t
duplex_call(struct duplex *d, bool write, uint8_t *bytes, size_t len)
{
    size_t n = 0;
    int result;

    if (d->ssl == NULL) {
        ssize_t moved = write ? send(d->fd, bytes, len, MSG_NOSIGNAL)
                              : recv(d->fd, bytes, len, 0);

        return moved < 0 && errno == EAGAIN ? 0 : moved == 0 ? -1 : moved;
    }
    ERR_clear_error();
    result = write ? SSL_write_ex(d->ssl, bytes, len, &n)
                   : SSL_read_ex(d->ssl, bytes, len, &n);
    if (result != 1) {
        int error = SSL_get_error(d->ssl, result);

        return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
                   ? 0
                   : -1;
    }
    return (ssize_t)n;
}

static bool
duplex_write(struct duplex *d)
{
    ssize_t n;

    if (d->at == d->len) {
        d->len = BULK_BYTES - d->out < PIECE ? BULK_BYTES - d->out : PIECE;
        d->at = 0;
        make(d->piece, d->len, d->out);
    }
    n = duplex_call(d, true, d->piece + d->at, d->len - d->at);
    want(n >= 0, "bulk is taken");
    if (n > 0) {
        d->at += (size_t)n;
        d->out += (size_t)n;
    }
    return n > 0;
}

static bool
duplex_read(struct duplex *d)
{
    uint8_t piece[16384];
    size_t left = BULK_BYTES - d->in; /* what follows is not bulk */
    ssize_t n = duplex_call(d, false, piece,
                            left < sizeof(piece) ? left : sizeof(piece));

    want(n >= 0 && is_made(piece, (size_t)(n > 0 ? n : 0), d->in),
         "bulk comes as it was sent");
    if (n > 0) {
        d->in += (size_t)n;
    }
    return n > 0;
}

static void
duplex_run(struct duplex *d)
{
    fcntl(d->fd, F_SETFL, O_NONBLOCK);
    while ((d->in < BULK_BYTES || d->out < BULK_BYTES) &&
           atomic_load(&wrong) == NULL) {
        bool reads =
            d->in < BULK_BYTES && (!d->write_first || d->out == BULK_BYTES);
        bool moved = d->out < BULK_BYTES && duplex_write(d);

        moved = (reads && duplex_read(d)) || moved;
        if (!moved) {
            struct pollfd p = {d->fd,
                               (short)((reads ? POLLIN : 0) |
                                       (d->out < BULK_BYTES ? POLLOUT : 0)),
                               0};

            want(poll(&p, 1, LIMIT_S * 1000) == 1, "bulk goes on");
        }
    }
    fcntl(d->fd, F_SETFL, 0);
}

static void
bulk(SSL *ssl, int fd, bool write_first)
{
    struct duplex *d = calloc(1, sizeof(*d));

    if (d == NULL) {
        abort();
    }
    d->fd = fd;
    d->ssl = ssl;
    d->write_first = write_first;
    if (ssl != NULL) {
        SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    duplex_run(d);
    free(d);
}

static void
bulk_client(SSL *ssl, int fd)
{
    bulk(ssl, fd, false);
    talk_client(ssl, fd);
}

static void
bulk_plain(int fd)
{
    bulk(NULL, fd, false);
    talk_plain(fd);
}

static void
late_client(SSL *ssl, int fd)
{
    bulk(ssl, fd, true);
    talk_client(ssl, fd);
}

static void
late_plain(int fd)
{
    bulk(NULL, fd, true);
    talk_plain(fd);
}

/* All is under way when the plain end closes. */
static void
rest_client(SSL *ssl, int fd)
{
    uint8_t *all = malloc(BULK_BYTES);

    if (all == NULL) {
        abort();
    }
    wss_put_text(ssl, "hello");
    want(wss_get(ssl, all, BULK_BYTES) && is_made(all, BULK_BYTES, 0),
         "all of it");
    free(all);
    wss_get_end(ssl);
    get_end(fd);
}

static void
rest_plain(int fd)
{
    uint8_t *all = malloc(BULK_BYTES);

    if (all == NULL) {
        abort();
    }
    make(all, BULK_BYTES, 0);
    get_text(fd, "hello");
    put(fd, all, BULK_BYTES);
    free(all);
}

/* The client reads nothing until the veil has given it up. */
static void
stuck_client(SSL *ssl, int fd)
{
    uint8_t piece[16384];
    size_t total = 0;
    char octet;
    int n;

    (void)fd;
    wss_put_text(ssl, "hello");
    want(read(gate[0], &octet, 1) == 0, "the veil is gone");
    while ((n = SSL_read(ssl, piece, sizeof(piece))) > 0) {
        total += (size_t)n;
    }
    want(total < STUCK_BYTES, "it was given up with something left");
    want(SSL_get_error(ssl, n) != SSL_ERROR_ZERO_RETURN, "and no goodbye");
}

static void
stuck_plain(int fd)
{
    uint8_t bytes[STUCK_BYTES];

    make(bytes, sizeof(bytes), 0);
    get_text(fd, "hello");
    put(fd, bytes, sizeof(bytes));
}

/* --- no handshake ----------------------------------------------------------
 */

/* To the end, or a reset; an alert may come before it. */
static void
get_any_end(int fd)
{
    char bytes[256];
    ssize_t n;

    do {
        n = recv(fd, bytes, sizeof(bytes), 0);
    } while (n > 0);
    want(n == 0 || errno == ECONNRESET, "the connection ends");
}

static void
garbage_client(SSL *ssl, int fd)
{
    (void)ssl;
    put(fd, "\x01\x02 what is this? nothing that one knows.", 40);
    get_any_end(fd);
}

static void
http_client(SSL *ssl, int fd)
{
    (void)ssl;
    put(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
    get_any_end(fd);
}

/* The start of a ClientHello, and then nothing. */
static void
silent_client(SSL *ssl, int fd)
{
    (void)ssl;
    put(fd, "\x16\x03\x01\x02", 4);
    get_any_end(fd);
}

static void
leaving_client(SSL *ssl, int fd)
{
    (void)ssl;
    put(fd, "\x16\x03\x01\x02", 4);
}

static void
resetting_client(SSL *ssl, int fd)
{
    (void)ssl;
    put(fd, "\x16\x03\x01\x02", 4);
    reset(fd);
}

static void
ended_plain(int fd)
{
    get_end(fd);
}

static void
closing_plain(int fd)
{
    (void)fd;
}

/* An answer that cannot be said any more. */
static void
shutting_plain(int fd)
{
    put(fd, "HTTP/1.1 408 Request Timeout\r\n\r\n", 32);
    shutdown(fd, SHUT_WR);
    get_any_end(fd);
}

/* --- running -------------------------------------------------------------- */

static const struct row {
    const char *name;
    void (*client)(SSL *ssl, int fd);
    void (*plain)(int fd);
    struct wss_client tls;
    const char *version; /* of the handshake; NULL: there is none */
    const char *refused; /* why */
    const char *broken;  /* why, behind the handshake */
    int alert;           /* that the client is sent instead of a session */
    uint32_t close_ms;
    bool small; /* buffers */
    bool raw;   /* the client begins no handshake */
} rows[] = {
    {.name = "TLS 1.3",
     .client = talk_client,
     .plain = talk_plain,
     .version = "TLSv1.3"},
    {.name = "TLS 1.2",
     .client = talk_client,
     .plain = talk_plain,
     .tls.version = TLS1_2_VERSION,
     .version = "TLSv1.2"},
    {.name = "ChaCha20",
     .client = talk_client,
     .plain = talk_plain,
     .tls = {.version = TLS1_2_VERSION,
             .ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305"},
     .version = "TLSv1.2"},
    {.name = "ALPN, http/1.1 among others",
     .client = web_client,
     .plain = talk_plain,
     .tls.alpn = alpn_web,
     .version = "TLSv1.3"},
    {.name = "nothing to resume",
     .client = no_resumption_client,
     .plain = talk_plain,
     .version = "TLSv1.3"},
    {.name = "nothing to resume, TLS 1.2",
     .client = no_resumption_client,
     .plain = talk_plain,
     .tls.version = TLS1_2_VERSION,
     .version = "TLSv1.2"},
    {.name = "the client ends first",
     .client = half_client,
     .plain = answer_plain,
     .version = "TLSv1.3"},
    {.name = "the client ends first, TLS 1.2",
     .client = half_client,
     .plain = answer_plain,
     .tls.version = TLS1_2_VERSION,
     .version = "TLSv1.2"},
    {.name = "the client ends without close_notify",
     .client = cut_client,
     .plain = answer_plain,
     .version = "TLSv1.3"},
    {.name = "the client's connection is reset",
     .client = reset_client,
     .plain = talk_plain,
     .version = "TLSv1.3"},
    {.name = "the plain end ends first",
     .client = plain_first_client,
     .plain = plain_first_plain,
     .version = "TLSv1.3"},
    {.name = "the plain end is closed with something unread",
     .client = closed_client,
     .plain = closed_plain,
     .version = "TLSv1.3",
     .close_ms = 50},
    {.name = "the plain end is closed, the client does not end",
     .client = endless_client,
     .plain = short_plain,
     .version = "TLSv1.3",
     .close_ms = 50},
    {.name = "bad record",
     .client = broken_client,
     .plain = broken_plain,
     .version = "TLSv1.3",
     .broken = "decryption failed or bad record mac"},
    {.name = "renegotiation",
     .client = renegotiating_client,
     .plain = talk_plain,
     .tls.version = TLS1_2_VERSION,
     .version = "TLSv1.2",
     .broken = "sslv3 alert handshake failure"},
    {.name = "new keys",
     .client = updating_client,
     .plain = talk_plain,
     .tls.version = TLS1_3_VERSION,
     .version = "TLSv1.3"},
    {.name = "bulk",
     .client = bulk_client,
     .plain = bulk_plain,
     .version = "TLSv1.3"},
    {.name = "bulk through small buffers",
     .client = bulk_client,
     .plain = bulk_plain,
     .version = "TLSv1.3",
     .small = true},
    {.name = "bulk through small buffers, TLS 1.2",
     .client = bulk_client,
     .plain = bulk_plain,
     .tls.version = TLS1_2_VERSION,
     .version = "TLSv1.2",
     .small = true},
    {.name = "the client reads when it has written",
     .client = late_client,
     .plain = bulk_plain,
     .version = "TLSv1.3"},
    {.name = "the plain end reads when it has written",
     .client = bulk_client,
     .plain = late_plain,
     .version = "TLSv1.3"},
    {.name = "the plain end closes behind much",
     .client = rest_client,
     .plain = rest_plain,
     .version = "TLSv1.3",
     .small = true},
    {.name = "the client does not read, and the plain end is gone",
     .client = stuck_client,
     .plain = stuck_plain,
     .version = "TLSv1.3",
     .close_ms = 50,
     .small = true},
    {.name = "garbage",
     .client = garbage_client,
     .plain = ended_plain,
     .refused = "wrong version number",
     .raw = true},
    {.name = "HTTP without TLS",
     .client = http_client,
     .plain = ended_plain,
     .refused = "http request",
     .raw = true},
    {.name = "TLS 1.1",
     .plain = ended_plain,
     .tls.version = TLS1_1_VERSION,
     .refused = "unsupported protocol",
     .alert = SSL_AD_PROTOCOL_VERSION},
    {.name = "TLS 1.0",
     .plain = ended_plain,
     .tls.version = TLS1_VERSION,
     .refused = "unsupported protocol",
     .alert = SSL_AD_PROTOCOL_VERSION},
    {.name = "ALPN, without http/1.1",
     .plain = ended_plain,
     .tls.alpn = alpn_h2,
     .refused = "no application protocol",
     .alert = SSL_AD_NO_APPLICATION_PROTOCOL},
    {.name = "ALPN, names that resemble it",
     .plain = ended_plain,
     .tls.alpn = alpn_like,
     .refused = "no application protocol",
     .alert = SSL_AD_NO_APPLICATION_PROTOCOL},
    {.name = "no forward secrecy",
     .plain = ended_plain,
     .tls = {.version = TLS1_2_VERSION, .ciphers = "AES128-GCM-SHA256"},
     .refused = "no shared cipher",
     .alert = SSL_AD_HANDSHAKE_FAILURE},
    {.name = "CBC",
     .plain = ended_plain,
     .tls = {.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA256"},
     .refused = "no shared cipher",
     .alert = SSL_AD_HANDSHAKE_FAILURE},
    {.name = "the client leaves in the handshake",
     .client = leaving_client,
     .plain = ended_plain,
     .refused = "the client went away",
     .raw = true},
    {.name = "reset in the handshake",
     .client = resetting_client,
     .plain = ended_plain,
     .refused = "the client went away",
     .raw = true},
    {.name = "the plain end is closed in the handshake",
     .client = silent_client,
     .plain = closing_plain,
     .refused = "given up in the handshake",
     .raw = true},
    {.name = "the plain end is shut down in the handshake",
     .client = silent_client,
     .plain = shutting_plain,
     .refused = "given up in the handshake",
     .raw = true},
};

struct trial {
    const struct row *row;
    int client_fd;
    int plain_fd;
    unsigned told[VEIL_EVENTS];
    const char *detail[VEIL_EVENTS];
    char peer[ASSAY_SOCKET_NAME_BYTES];
};

static void
shake_client(const struct row *row, SSL *ssl)
{
    int result = SSL_do_handshake(ssl);

    if (row->alert == 0) {
        want(result == 1, "a handshake");
        return;
    }
    want(result != 1, "no handshake");
    want(ERR_GET_REASON(ERR_peek_error()) == SSL_AD_REASON_OFFSET + row->alert,
         "the alert that says why");
}

static void *
be_client(void *arg)
{
    const struct trial *t = arg;
    SSL *ssl = NULL;

    if (!t->row->raw) {
        ERR_clear_error();
        ssl = wss_new(t->client_fd, &t->row->tls);
        shake_client(t->row, ssl);
    }
    if (t->row->client != NULL) {
        t->row->client(ssl, t->client_fd);
    }
    SSL_free(ssl);
    close(t->client_fd);
    OPENSSL_thread_stop();
    return NULL;
}

static void *
be_plain(void *arg)
{
    const struct trial *t = arg;

    t->row->plain(t->plain_fd);
    close(t->plain_fd);
    return NULL;
}

static void
on_told(void *user, enum veil_event event, const char *peer, const char *detail)
{
    struct trial *t = user;

    t->told[event]++;
    t->detail[event] = detail;
    snprintf(t->peer, sizeof(t->peer), "%s", peer);
}

static void
check_told(const struct trial *t)
{
    const struct row *row = t->row;
    const char *const wanted[VEIL_EVENTS] = {
        [VEIL_READY] = row->version,
        [VEIL_REFUSED] = row->refused,
        [VEIL_BROKEN] = row->broken,
    };

    for (unsigned i = 0; i < VEIL_EVENTS; i++) {
        CHECK(row->name, t->told[i] == (wanted[i] != NULL));
        if (wanted[i] != NULL && strcmp(t->detail[i], wanted[i]) != 0) {
            fail_msg("%s: \"%s\"", row->name, t->detail[i]);
        }
    }
    CHECK(row->name, strncmp(t->peer, "127.0.0.1:", 10) == 0);
}

/* The plain end as others get it, for a thread. */
static int
open_plain(struct veils *all, struct certificate *c, struct wss_link *link)
{
    struct assay_stream *plain = veil_open(all, c, link->stream);
    int fd;

    assert_non_null(plain);
    assert_int_equal(strncmp(assay_stream_peer(plain), "127.0.0.1:", 10), 0);
    fd = assay_stream_release(plain);
    if (fd < 0) {
        abort(); /* an analyser knows that this does not return */
    }
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
    set_limits(fd);
    return fd;
}

static void
check(const struct row *row, struct certificate *c)
{
    struct trial t = {.row = row};
    struct veils *all = calloc(1, sizeof(*all));
    size_t fds = folder_count("/proc/self/fd");
    struct trial_loop loop;
    struct wss_link link;
    pthread_t client;
    pthread_t plain;

    assert_non_null(all);
    atomic_store(&wrong, NULL);
    assert_int_equal(pipe(gate), 0);
    loop_open(&loop);
    link = wss_connect(&loop, row->small);
    all->loop = &loop.uv;
    all->close_ms = row->close_ms > 0 ? row->close_ms : 20000;
    all->told = on_told;
    all->user = &t;
    t.client_fd = link.client;
    t.plain_fd = open_plain(all, c, &link);
    assert_int_equal(all->count, 1);
    assert_int_equal(pthread_create(&client, NULL, be_client, &t), 0);
    assert_int_equal(pthread_create(&plain, NULL, be_plain, &t), 0);
    loop_close(&loop);
    close(gate[1]);
    pthread_join(client, NULL);
    pthread_join(plain, NULL);
    close(gate[0]);
    check_wrong(row->name);
    check_told(&t);
    CHECK(row->name, all->count == 0 && all->first == NULL);
    CHECK(row->name, ERR_peek_error() == 0);
    CHECK(row->name, folder_count("/proc/self/fd") == fds);
    free(all);
}

static void
one_client(void **state)
{
    struct certificate *c = certificate_of_world();
    struct trial_loop first;

    (void)state;
    loop_open(&first); /* libuv's descriptors that stay */
    loop_close(&first);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(&rows[i], c);
    }
    certificate_drop(c);
}

/* --- several ----------------------------------------------------------------
 */

static void
cut(void **state)
{
    struct certificate *c = certificate_of_world();
    struct veils *all = calloc(1, sizeof(*all));
    size_t fds = folder_count("/proc/self/fd");
    struct trial_loop loop;
    struct wss_link link[3];
    int plain[3];

    (void)state;
    assert_non_null(all);
    atomic_store(&wrong, NULL);
    loop_open(&loop);
    all->loop = &loop.uv;
    all->close_ms = 20000;
    for (unsigned i = 0; i < 3; i++) {
        link[i] = wss_connect(&loop, false);
        plain[i] = open_plain(all, c, &link[i]);
    }
    put(link[1].client, "\x16\x03\x01", 3);
    uv_run(&loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(all->count, 3);
    veils_cut(all);
    assert_int_equal(all->count, 0);
    loop_close(&loop);
    for (unsigned i = 0; i < 3; i++) {
        get_end(plain[i]);
        get_any_end(link[i].client);
        close(plain[i]);
        close(link[i].client);
    }
    check_wrong("cut");
    assert_int_equal(folder_count("/proc/self/fd"), fds);
    certificate_drop(c);
    free(all);
}

struct shown {
    int fd;
    X509 *leaf;
};

/* What a new client is shown. */
static void *
look(void *arg)
{
    struct shown *s = arg;
    SSL *ssl = wss_new(s->fd, &(struct wss_client){.alpn = NULL});

    want(SSL_do_handshake(ssl) == 1, "a handshake");
    s->leaf = SSL_get1_peer_certificate(ssl);
    want(sk_X509_num(SSL_get_peer_cert_chain(ssl)) == 2, "with its chain");
    wss_put_text(ssl, "hello");
    wss_get_text(ssl, "world");
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(s->fd);
    OPENSSL_thread_stop();
    return NULL;
}

static void *
answer(void *arg)
{
    int fd = *(int *)arg;

    get_text(fd, "hello");
    put(fd, "world", 5);
    get_end(fd);
    close(fd);
    return NULL;
}

/* A certificate that was replaced, and dropped, while connections had only
 * begun is still theirs. */
static void
reload(void **state)
{
    struct pki leaf =
        make_cert(&(struct recipe){.subject = "new"}, &world.middle);
    struct certificate *old = certificate_of_world();
    struct certificate *new;
    struct veils *all = calloc(1, sizeof(*all));
    struct pki was = world.leaf;
    struct shown shown[2];
    pthread_t threads[4];
    struct trial_loop loop;
    struct wss_link link[2];
    int plain[2];

    (void)state;
    assert_non_null(all);
    atomic_store(&wrong, NULL);
    world.leaf = leaf;
    new = certificate_of_world();
    world.leaf = was;
    loop_open(&loop);
    all->loop = &loop.uv;
    all->close_ms = 20000;
    for (unsigned i = 0; i < 2; i++) {
        link[i] = wss_connect(&loop, false);
        plain[i] = open_plain(all, i == 0 ? old : new, &link[i]);
        certificate_drop(i == 0 ? old : new);
        shown[i].fd = link[i].client;
        assert_int_equal(pthread_create(&threads[i], NULL, look, &shown[i]), 0);
        assert_int_equal(
            pthread_create(&threads[2 + i], NULL, answer, &plain[i]), 0);
    }
    loop_close(&loop);
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    check_wrong("reload");
    assert_int_equal(X509_cmp(shown[0].leaf, world.leaf.cert), 0);
    assert_int_equal(X509_cmp(shown[1].leaf, leaf.cert), 0);
    X509_free(shown[0].leaf);
    X509_free(shown[1].leaf);
    free_cert(&leaf);
    free(all);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_client),
        cmocka_unit_test(cut),
        cmocka_unit_test(reload),
    };

    return cmocka_run_group_tests(tests, certificate_setup,
                                  certificate_teardown);
}
