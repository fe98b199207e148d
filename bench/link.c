/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * link.c - see link.h.
 */
#define _GNU_SOURCE 1 /* IP_BIND_ADDRESS_NO_PORT, memfd_create */
#include "bench/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include "assay/verify.h"
#include "base/buf.h"
#include "bench/measure.h"
#include "ws/handshake.h"

#define ADDRESSES  8u /* 127.0.0.2 and so on */
#define HEAD_BYTES 4096u
#define PATIENCE_S 30 /* with a server that neither reads nor writes */
/* Some whole frames of any size up to 64 KiB. */
#define BLOCK_BYTES (256u * 1024u + 1024u)

static struct {
    uint16_t port;
    size_t room;
    bool ws;
    SSL_CTX *tls; /* NULL: none */
    struct assay_ctx *ctx;
} all;

static struct {
    int file; /* the same */
    size_t len;
    uint8_t bytes[BLOCK_BYTES];
} block;

void
link_setup(const char *kind, uint16_t port, size_t room)
{
    struct assay_error err;

    assay_error_clear(&err);
    all.port = port;
    all.room = room;
    all.ws = strcmp(kind, "ws") == 0 || strcmp(kind, "wss") == 0;
    bench_must(assay_ctx_new(&all.ctx, &err), "OpenSSL", &err);
    if (strcmp(kind, "tls") == 0 || strcmp(kind, "wss") == 0) {
        all.tls = SSL_CTX_new(TLS_client_method());
        if (all.tls == NULL ||
            SSL_CTX_set_min_proto_version(all.tls, TLS1_3_VERSION) != 1 ||
            SSL_CTX_set_ciphersuites(all.tls, "TLS_AES_128_GCM_SHA256") != 1) {
            bench_die("TLS");
        }
        (void)SSL_CTX_set_mode(all.tls, SSL_MODE_RELEASE_BUFFERS);
    } else if (!all.ws && strcmp(kind, "tcp") != 0) {
        bench_die("no kind of link: %s", kind);
    }
}

/* --- octets -------------------------------------------------------------- */

static void
write_all(struct link *l, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;

    while (len > 0) {
        ssize_t n = l->ssl != NULL ? SSL_write(l->ssl, from, (int)len)
                                   : send(l->fd, from, len, MSG_NOSIGNAL);

        if (n <= 0) {
            bench_die("a link cannot be written to: %s", strerror(errno));
        }
        from += n;
        len -= (size_t)n;
    }
}

/* 0: the end. */
static size_t
read_some(struct link *l, void *bytes, size_t len)
{
    ssize_t n;

    if (l->ssl != NULL) {
        n = SSL_read(l->ssl, bytes, (int)len);
        return n > 0 ? (size_t)n : 0;
    }
    n = recv(l->fd, bytes, len, 0);
    if (n < 0) {
        bench_die("a link cannot be read: %s", strerror(errno));
    }
    return (size_t)n;
}

/* --- payload ------------------------------------------------------------- */

void
link_put(struct link *l, const void *bytes, size_t len)
{
    static const uint8_t key[ASSAY_WS_KEY_BYTES] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t frame[ASSAY_WS_HEADER_MAX_BYTES + LINK_PUT_BYTES];
    size_t head = 0;

    if (len > LINK_PUT_BYTES) {
        bench_die("a frame of %zu octets", len);
    }
    if (all.ws) {
        head = assay_ws_put_header(frame, ASSAY_WS_BINARY, true, len, key);
    }
    memcpy(frame + head, bytes, len);
    if (all.ws) {
        assay_ws_mask(frame + head, len, key, 0);
    }
    write_all(l, frame, head + len);
}

/* The next payload is at `at`, if there is any. False: the link ends. */
static bool
next_payload(struct link *l)
{
    struct assay_ws_event e = {.kind = ASSAY_WS_NOTHING};
    struct assay_error err;
    size_t begin = l->at + l->len;
    size_t used;

    if (begin == l->end) {
        begin = 0;
        l->end = read_some(l, l->in, all.room);
    }
    l->at = begin;
    l->len = l->end - begin;
    if (l->end == 0 || !all.ws) {
        return l->end > 0;
    }
    assay_error_clear(&err);
    bench_must(
        assay_ws_feed(&l->decoder, l->in + begin, l->len, &used, &e, &err),
        "a frame", &err);
    l->at = begin + used;
    l->len = 0;
    if (e.kind == ASSAY_WS_GOT_DATA) {
        l->at = (size_t)(e.payload.ptr - l->in);
        l->len = e.payload.len;
    }
    return e.kind != ASSAY_WS_GOT_CLOSE;
}

struct assay_slice
link_take(struct link *l, size_t most)
{
    struct assay_slice taken;

    while (l->len == 0) {
        if (!next_payload(l)) {
            bench_die("a link has ended, with octets to come");
        }
    }
    taken = (struct assay_slice){l->in + l->at, l->len < most ? l->len : most};
    l->at += taken.len;
    l->len -= taken.len;
    return taken;
}

void
link_read_late(struct link *l, bool late)
{
    int least = late ? (int)all.room / 2 : 1;

    (void)setsockopt(l->fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof(least));
}

void
link_get(struct link *l, void *bytes, size_t len)
{
    uint8_t *to = bytes;

    for (struct assay_slice s; len > 0; len -= s.len, to += s.len) {
        s = link_take(l, len);
        memcpy(to, s.ptr, s.len);
    }
}

void
link_skip(struct link *l, size_t len, uint8_t octet)
{
    for (struct assay_slice s; len > 0; len -= s.len) {
        s = link_take(l, len);
        if (s.ptr[0] != octet || s.ptr[s.len - 1] != octet) {
            bench_die("not the octets that the target sends");
        }
    }
}

/* --- blocks -------------------------------------------------------------- */

/* A mask that repeats would be less work than one that does not. */
static uint32_t
next_key(void)
{
    static uint32_t key = 0x9e3779b9;

    key ^= key << 13;
    key ^= key >> 17;
    key ^= key << 5;
    return key;
}

static size_t
make_frame(uint8_t *out, size_t size)
{
    uint8_t key[ASSAY_WS_KEY_BYTES];
    uint32_t next = next_key();
    size_t head = 0;

    memcpy(key, &next, sizeof(key));
    if (all.ws) {
        head = assay_ws_put_header(out, ASSAY_WS_BINARY, true, size, key);
    }
    memset(out + head, 'x', size);
    if (all.ws) {
        assay_ws_mask(out + head, size, key, 0);
    }
    return head + size;
}

size_t
link_make_block(size_t size)
{
    size_t payload = 0;

    while (sizeof(block.bytes) - block.len >=
           size + ASSAY_WS_HEADER_MAX_BYTES) {
        block.len += make_frame(block.bytes + block.len, size);
        payload += size;
    }
    block.file = memfd_create("block", MFD_CLOEXEC);
    if (payload == 0 || block.file < 0 ||
        write(block.file, block.bytes, block.len) != (ssize_t)block.len) {
        bench_die("a block of frames of %zu octets", size);
    }
    return payload;
}

/* From the file's own pages: to copy them would be the clients' work, and what
 * is measured is the server. */
void
link_put_block(struct link *l)
{
    off_t at = 0;

    if (l->ssl != NULL) {
        write_all(l, block.bytes, block.len);
        return;
    }
    while ((size_t)at < block.len) {
        if (sendfile(l->fd, block.file, &at, block.len - (size_t)at) <= 0) {
            bench_die("a block cannot be sent: %s", strerror(errno));
        }
    }
}

/* --- life ---------------------------------------------------------------- */

static void
connect_from(struct link *l, size_t number)
{
    struct sockaddr_in from = {
        .sin_family = AF_INET,
        .sin_addr.s_addr =
            htonl(INADDR_LOOPBACK + 1 + (uint32_t)(number % ADDRESSES))};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(all.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int one = 1;

    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0) {
        bench_die("socket: %s", strerror(errno));
    }
    (void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    (void)setsockopt(l->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
                     sizeof(one));
    (void)setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
                     sizeof(patience));
    (void)setsockopt(l->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
                     sizeof(patience));
    if (bind(l->fd, (struct sockaddr *)&from, sizeof(from)) != 0 ||
        connect(l->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        bench_die("connect: %s", strerror(errno));
    }
}

static void
ask(struct link *l, const struct assay_ws_request *request)
{
    struct assay_error err;
    struct assay_buf head;

    assay_error_clear(&err);
    assay_buf_init(&head, HEAD_BYTES);
    bench_must(assay_ws_put_request(request, &head, &err), "a request", &err);
    assay_http1_put_end(&head);
    write_all(l, head.ptr, head.len);
    assay_buf_free(&head);
}

static void
hear(struct link *l, const struct assay_ws_request *request)
{
    struct assay_http1_head head ASSAY_HTTP1_UNSET;
    struct assay_error err;
    const char *chosen;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    while (used == 0) {
        size_t n = read_some(l, l->in + l->end, all.room - l->end);

        if (n == 0) {
            bench_die("a handshake got no answer: %.*s", (int)l->end, l->in);
        }
        l->end += n;
        bench_must(assay_http1_response((struct assay_slice){l->in, l->end},
                                        "GET", &scanned, &head, &used, &err),
                   "an answer", &err);
    }
    bench_must(assay_ws_check_response(all.ctx, request, &head, &chosen, &err),
               "a handshake", &err);
    l->at = used;
    assay_ws_decoder_init(&l->decoder, ASSAY_WS_CLIENT, UINT64_MAX, UINT64_MAX);
}

void
link_open(struct link *l, size_t number)
{
    static const char *const protocols[] = {"binary"};
    struct assay_ws_request request = {
        .target = assay_slice_of("/"),
        .host = assay_slice_of("localhost"),
        .protocols = protocols,
        .protocol_count = 1,
    };

    l->ssl = NULL;
    l->at = l->len = l->end = 0;
    l->in = malloc(all.room);
    if (l->in == NULL) {
        bench_die("out of memory");
    }
    connect_from(l, number);
    if (all.tls != NULL) {
        l->ssl = SSL_new(all.tls);
        if (l->ssl == NULL || SSL_set_fd(l->ssl, l->fd) != 1 ||
            SSL_connect(l->ssl) != 1) {
            bench_die("a TLS handshake failed");
        }
    }
    if (all.ws) {
        memcpy(request.nonce, &number, sizeof(number));
        ask(l, &request);
        hear(l, &request);
    }
}

void
link_cut(struct link *l)
{
    SSL_free(l->ssl);
    (void)close(l->fd);
    free(l->in);
}

void
link_close(struct link *l)
{
    static const uint8_t key[ASSAY_WS_KEY_BYTES] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t end[ASSAY_WS_CONTROL_FRAME_MAX_BYTES];

    if (all.ws) {
        write_all(l, end,
                  assay_ws_put_close(end, ASSAY_WS_NORMAL, ASSAY_EMPTY, key));
    } else if (l->ssl != NULL) {
        (void)SSL_shutdown(l->ssl);
    } else {
        (void)shutdown(l->fd, SHUT_WR);
    }
    while (next_payload(l)) {
    }
    link_cut(l);
}
