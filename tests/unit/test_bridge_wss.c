/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_wss.c - visits of clients that come through TLS: what they are
 * answered and get through, and that nothing is left behind. The client is a
 * thread; so is the target, which sends back what comes.
 */
#include <pthread.h>

#include "harness/wss.h"
#include "io/listen.h"
#include "programs/bridge/veil.h"
#include "programs/bridge/visit.h"

#define PIECE_BYTES (64u * 1024u)
#define PIECES      32u

/* %u: the target's port */
#define REQUEST                                                                \
    "GET /?target=127.0.0.1:%u HTTP/1.1\r\n"                                   \
    "Host: bridge.example\r\n"                                                 \
    "Upgrade: websocket\r\n"                                                   \
    "Connection: Upgrade\r\n"                                                  \
    "Sec-WebSocket-Version: 13\r\n"                                            \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

struct asked {
    const struct row *row;
    uint16_t bridge;
    uint16_t target;
};

/* --- the client ------------------------------------------------------------
 */

static void
put_request(SSL *ssl, unsigned port, const char *end)
{
    char request[1024];

    snprintf(request, sizeof(request), REQUEST "%s", port, end);
    wss_put_text(ssl, request);
}

/* The head of the answer, octet by octet: what is behind it is frames. */
static void
get_head(SSL *ssl, const char *start)
{
    char head[1024] = "";
    size_t len = 0;

    while (len < sizeof(head) - 1 && strstr(head, "\r\n\r\n") == NULL &&
           wss_get(ssl, head + len, 1)) {
        head[++len] = '\0';
    }
    want(strncmp(head, start, strlen(start)) == 0, start);
}

static void
get_body(SSL *ssl, const char *code)
{
    char body[512] = "";
    size_t len = 0;
    int n;

    while (len < sizeof(body) - 1 &&
           (n = SSL_read(ssl, body + len, (int)(sizeof(body) - 1 - len))) > 0) {
        len += (size_t)n;
    }
    want(strstr(body, code) != NULL, "the code of the denial");
}

static void
put_piece(SSL *ssl, const uint8_t *bytes, size_t len)
{
    uint8_t *frame = malloc(ASSAY_WS_HEADER_MAX_BYTES + PIECE_BYTES);
    size_t at;

    if (frame == NULL) {
        abort();
    }
    at = assay_ws_put_header(frame, ASSAY_WS_BINARY, true, len, key);
    assay_copy(frame + at, (struct assay_slice){bytes, len});
    assay_ws_mask(frame + at, len, key, 0);
    wss_put(ssl, frame, at + len);
    free(frame);
}

/* The header of the bridge's next frame: length of its payload. */
static uint64_t
get_frame_header(SSL *ssl, unsigned opcode)
{
    uint8_t h[2] = {0, 0};
    uint8_t more[8] = {0};
    uint64_t len;
    unsigned n;

    want(wss_get(ssl, h, 2) && h[0] == (0x80u | opcode), "a frame of its kind");
    len = h[1];
    n = len == 126 ? 2 : len == 127 ? 8 : 0;
    if (n > 0 && wss_get(ssl, more, n)) {
        len = 0;
        for (unsigned i = 0; i < n; i++) {
            len = len << 8 | more[i];
        }
    }
    return len;
}

/* However it is cut into frames. */
static void
get_piece(SSL *ssl, const uint8_t *bytes, size_t len)
{
    uint8_t *got = malloc(len);
    size_t at = 0;

    if (got == NULL) {
        abort();
    }
    while (at < len) {
        uint64_t n = get_frame_header(ssl, ASSAY_WS_BINARY);

        if (n > len - at || !wss_get(ssl, got + at, n)) {
            want(false, "no more than was sent");
            break;
        }
        at += n;
    }
    want(at == len && memcmp(got, bytes, len) == 0, "what was sent comes back");
    free(got);
}

static void
say_goodbye(SSL *ssl)
{
    uint8_t frame[ASSAY_WS_CONTROL_FRAME_MAX_BYTES];
    uint8_t code[2] = {0, 0};

    wss_put(ssl, frame, assay_ws_put_close(frame, 1000, ASSAY_EMPTY, key));
    want(get_frame_header(ssl, ASSAY_WS_CLOSE) == 2 && wss_get(ssl, code, 2) &&
             code[0] << 8 == (1000 & 0xff00) && code[1] == (1000 & 0xff),
         "a Close with the same code");
    wss_get_end(ssl);
}

static void
tunnel_client(SSL *ssl, int fd, const struct asked *a)
{
    static uint8_t piece[PIECE_BYTES];

    put_request(ssl, a->target, "\r\n");
    get_head(ssl, "HTTP/1.1 101 ");
    for (unsigned i = 0; i < PIECES; i++) {
        memset(piece, (int)i + 1, sizeof(piece));
        put_piece(ssl, piece, sizeof(piece));
        get_piece(ssl, piece, sizeof(piece));
    }
    say_goodbye(ssl);
    get_end(fd);
}

/* It goes without a Close, and without close_notify. */
static void
gone_client(SSL *ssl, int fd, const struct asked *a)
{
    (void)fd;
    put_request(ssl, a->target, "\r\n");
    get_head(ssl, "HTTP/1.1 101 ");
    put_piece(ssl, (const uint8_t *)"hello", 5);
    get_piece(ssl, (const uint8_t *)"hello", 5);
}

static void
denied_client(SSL *ssl, int fd, const struct asked *a)
{
    put_request(ssl, a->bridge, "\r\n");
    get_head(ssl, "HTTP/1.1 403 ");
    get_body(ssl, "target_denied");
    wss_get_end(ssl);
    get_end(fd);
}

static void
slow_client(SSL *ssl, int fd, const struct asked *a)
{
    put_request(ssl, a->target, "");
    get_head(ssl, "HTTP/1.1 408 ");
    get_body(ssl, "handshake_timeout");
    wss_get_end(ssl);
    get_end(fd);
}

/* The start of a ClientHello, and then nothing. */
static void
silent_client(SSL *ssl, int fd, const struct asked *a)
{
    (void)ssl;
    (void)a;
    put(fd, "\x16\x03\x01\x02", 4);
    get_end(fd);
}

static void
plain_client(SSL *ssl, int fd, const struct asked *a)
{
    char bytes[256];
    ssize_t n;

    (void)ssl;
    (void)a;
    put(fd, "GET / HTTP/1.1\r\n\r\n", 18);
    do {
        n = recv(fd, bytes, sizeof(bytes), 0);
    } while (n > 0);
    want(n == 0, "the connection ends");
}

static const struct row {
    const char *name;
    void (*client)(SSL *ssl, int fd, const struct asked *a);
    enum denial denial;
    enum tunnel_why why;
    uint64_t octets; /* each way */
    uint32_t head_ms;
    enum veil_event told; /* the last */
    bool raw;             /* the client begins no handshake */
} rows[] = {
    {.name = "tunnel",
     .client = tunnel_client,
     .why = TUNNEL_CLOSED,
     .octets = (uint64_t)PIECES * PIECE_BYTES},
    {.name = "a client that is gone",
     .client = gone_client,
     .why = TUNNEL_CLIENT_GONE,
     .octets = 5},
    {.name = "denied", .client = denied_client, .denial = DENIED_TARGET},
    {.name = "half a request",
     .client = slow_client,
     .denial = DENIED_SLOW,
     .head_ms = 1000}, /* its handshake is to be done by then */
    {.name = "half a handshake",
     .client = silent_client,
     .denial = DENIED_SLOW,
     .head_ms = 50,
     .told = VEIL_REFUSED,
     .raw = true},
    {.name = "no TLS",
     .client = plain_client,
     .denial = DENIED_GONE,
     .told = VEIL_REFUSED,
     .raw = true},
};

static void *
be_client(void *arg)
{
    const struct asked *a = arg;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons(a->bridge)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    SSL *ssl = NULL;

    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        want(false, "the bridge is connected to");
        return NULL;
    }
    set_limits(fd);
    if (!a->row->raw) {
        ssl = wss_new(fd, &(struct wss_client){.alpn = "\x08http/1.1"});
        want(SSL_do_handshake(ssl) == 1, "a handshake");
    }
    a->row->client(ssl, fd, a);
    SSL_free(ssl);
    close(fd);
    OPENSSL_thread_stop();
    return NULL;
}

/* --- the target ------------------------------------------------------------
 */

static uint16_t
listen_at(int *fd)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    *fd = loop_socket(AF_INET, 0);
    assert_int_equal(bind(*fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(*fd, 1), 0);
    assert_int_equal(getsockname(*fd, (struct sockaddr *)&at, &len), 0);
    set_limits(*fd);
    return ntohs(at.sin_port);
}

static void *
echo(void *arg)
{
    int fd = accept(*(int *)arg, NULL, NULL);
    static char bytes[PIECE_BYTES];
    ssize_t n;

    want(fd >= 0, "the target is connected to");
    if (fd >= 0) {
        set_limits(fd);
        while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
            put(fd, bytes, (size_t)n);
        }
        close(fd);
    }
    return NULL;
}

/* --- running ---------------------------------------------------------------
 */

struct bridge {
    struct assay_listener *listener;
    struct certificate *certificate;
    struct veils *veils;
    struct places *places;
    struct tunnels *tunnels;
    struct visits visits;
    struct visit_report report;
    enum veil_event told;
    unsigned ended;
    unsigned gone;
    char peer[64];
};

static void *
hold(void *user)
{
    return user;
}

static void
drop(void *user, void *held)
{
    assert_ptr_equal(held, user);
}

static void
on_ended(void *user, const struct visit_report *report)
{
    struct bridge *b = user;

    b->ended++;
    b->report = *report;
    snprintf(b->peer, sizeof(b->peer), "%s", report->peer);
}

static void
on_told(void *user, enum veil_event event, const char *peer, const char *detail)
{
    struct bridge *b = user;

    (void)peer;
    (void)detail;
    b->told = event;
}

static void
on_gone(void *user)
{
    struct bridge *b = user;

    b->gone++;
}

static void
on_accepted(void *user, struct assay_stream *stream)
{
    struct bridge *b = user;
    struct assay_stream *plain = veil_open(b->veils, b->certificate, stream);

    assert_non_null(plain);
    visit_open(&b->visits, plain);
    assay_listener_close(b->listener); /* one is all that comes */
    b->listener = NULL;
}

static void
make_bridge(struct bridge *b, struct trial_loop *loop, const struct row *row,
            const struct admission_rules *rules, const struct guard *guard)
{
    struct assay_error err;

    b->veils = calloc(1, sizeof(*b->veils));
    b->tunnels = calloc(1, sizeof(*b->tunnels));
    assert_non_null(b->veils);
    assert_non_null(b->tunnels);
    assert_int_equal(
        places_new(&(struct place_limits){.connections = 1, .burst = 1}, ctx,
                   &b->places, &err),
        ASSAY_OK);
    b->certificate = certificate_of_world();
    b->veils->loop = &loop->uv;
    b->veils->close_ms = 20000;
    b->veils->told = on_told;
    b->veils->gone = on_gone;
    b->veils->user = b;
    b->tunnels->loop = &loop->uv;
    b->tunnels->limits.close_ms = 10000;
    b->visits =
        (struct visits){.loop = &loop->uv,
                        .ctx = ctx,
                        .rules = rules,
                        .guard = guard,
                        .tunnels = b->tunnels,
                        .head_ms = row->head_ms > 0 ? row->head_ms : 10000,
                        .connect_ms = 10000,
                        .places = b->places,
                        .hold = hold,
                        .drop = drop,
                        .ended = on_ended,
                        .user = b};
}

static void
free_bridge(struct bridge *b)
{
    certificate_drop(b->certificate);
    places_free(b->places);
    pipes_close(&b->tunnels->pipes);
    free(b->tunnels);
    free(b->veils);
}

static void
check_bridge(const struct row *row, const struct bridge *b)
{
    CHECK(row->name, b->ended == 1 && b->visits.count == 0);
    CHECK(row->name,
          b->gone == 1 && b->veils->count == 0 && b->told == row->told);
    CHECK(row->name, b->report.denial == row->denial);
    CHECK(row->name, strncmp(b->peer, "127.0.0.1:", 10) == 0);
    if (row->denial == ADMITTED) {
        CHECK(row->name, b->report.tunnel.why == row->why);
        CHECK(row->name, b->report.tunnel.up == row->octets);
        CHECK(row->name, b->report.tunnel.down == row->octets);
    }
}

static void
check(const struct row *row)
{
    struct assay_address door = {.host = "127.0.0.1", .port = "0"};
    struct admission_rules rules = {.path = "/", .origins = ""};
    struct guard guard = {.private_ok = ""};
    struct asked asked = {.row = row};
    struct bridge b = {.told = VEIL_EVENTS};
    size_t fds = folder_count("/proc/self/fd");
    struct trial_loop loop;
    struct allow *allow;
    struct assay_error err;
    pthread_t client;
    pthread_t target;
    char list[64];
    int listener;

    atomic_store(&wrong, NULL);
    loop_open(&loop);
    asked.target = listen_at(&listener);
    make_bridge(&b, &loop, row, &rules, &guard);
    snprintf(list, sizeof(list), "127.0.0.1:%u", asked.target);
    assert_int_equal(allow_new(list, &allow, &err), ASSAY_OK);
    rules.allow = allow;
    assert_int_equal(
        assay_listen(&loop.uv, &door, 0, on_accepted, &b, &b.listener, &err),
        ASSAY_OK);
    asked.bridge = (uint16_t)strtoul(
        strrchr(assay_listener_address(b.listener), ':') + 1, NULL, 10);
    assert_int_equal(pthread_create(&client, NULL, be_client, &asked), 0);
    if (row->denial == ADMITTED) {
        assert_int_equal(pthread_create(&target, NULL, echo, &listener), 0);
    }
    loop_close(&loop);
    pthread_join(client, NULL);
    if (row->denial == ADMITTED) {
        pthread_join(target, NULL);
    }
    close(listener);
    check_wrong(row->name);
    check_bridge(row, &b);
    allow_free(allow);
    free_bridge(&b);
    CHECK(row->name, folder_count("/proc/self/fd") == fds);
}

static void
visits(void **state)
{
    struct trial_loop first;

    (void)state;
    loop_open(&first); /* libuv's descriptors that stay */
    loop_close(&first);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(&rows[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visits),
    };

    return cmocka_run_group_tests(tests, certificate_setup,
                                  certificate_teardown);
}
