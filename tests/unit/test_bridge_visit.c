/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_visit.c - from a client's connection to its end: what it is
 * answered, and what it gets through. The client is a thread; so is the target.
 */
#include "programs/bridge/visit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>

#include "harness/ctx.h"
#include "harness/loop.h"
#include "harness/ws_client.h"
#include "io/listen.h"

#define FIELDS                                                                 \
    "Host: bridge.example\r\n"                                                 \
    "Upgrade: websocket\r\n"                                                   \
    "Connection: Upgrade\r\n"                                                  \
    "Sec-WebSocket-Version: 13\r\n"                                            \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static const struct row {
    const char *name;
    const char *request; /* @: the target's port */
    const char *answer;  /* what its first line starts with */
    const char *code;    /* in the body, or NULL */
    enum denial denial;
    bool full; /* as many as there may be */
    uint32_t head_ms;
    bool ahead;    /* a frame comes with the request */
    bool nobody;   /* listens at the target */
    bool own_door; /* the target is the bridge's own */
} rows[] = {
    {.name = "address",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 101 "},
    {.name = "localhost, with a frame behind the request",
     .request = "GET /?target=LOCALHOST.:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 101 ",
     .ahead = true},
    {.name = "subprotocol",
     .request = "GET /?target=localhost%3A@ HTTP/1.1\r\n" FIELDS
                "Sec-WebSocket-Protocol: binary\r\n\r\n",
     .answer = "HTTP/1.1 101 "},
    {.name = "not allowed",
     .request = "GET /?target=127.0.0.2:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 403 ",
     .code = "target_denied",
     .denial = DENIED_TARGET},
    {.name = "the bridge itself",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 403 ",
     .code = "address_denied",
     .denial = DENIED_ADDRESS,
     .own_door = true},
    {.name = "nobody listens",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 502 ",
     .code = "connect_failed",
     .denial = DENIED_NOT_CONNECTED,
     .nobody = true},
    {.name = "full",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 503 ",
     .code = "full",
     .denial = DENIED_FULL,
     .full = true},
    {.name = "no handshake",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\nHost: x\r\n\r\n",
     .answer = "HTTP/1.1 426 ",
     .code = "upgrade_required",
     .denial = DENIED_NO_UPGRADE},
    {.name = "no HTTP",
     .request = "\x16\x03\x01 hello, I would like TLS @\r\n\r\n",
     .answer = "HTTP/1.1 400 ",
     .code = "bad_request",
     .denial = DENIED_REQUEST},
    {.name = "half a request",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\nHost: x\r\n",
     .answer = "HTTP/1.1 408 ",
     .code = "handshake_timeout",
     .denial = DENIED_SLOW,
     .head_ms = 50},
};

/* --- the two ends --------------------------------------------------------- */

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

/* Sends back what comes, to the end. */
static void *
echo(void *arg)
{
    int fd = accept(*(int *)arg, NULL, NULL);
    char bytes[256];
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

struct asked {
    const struct row *row;
    uint16_t bridge;
    uint16_t target;
};

/* The head of the answer, octet by octet: what is behind it is frames. */
static void
get_head(int fd, char *head, size_t size)
{
    size_t len = 0;

    while (len < size - 1 && get(fd, head + len, 1)) {
        head[++len] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL) {
            return;
        }
    }
    want(false, "the head of an answer");
}

static void
get_body(int fd, const char *code)
{
    char body[512] = "";
    size_t len = 0;
    ssize_t n;

    while (len < sizeof(body) - 1 &&
           (n = recv(fd, body + len, sizeof(body) - 1 - len, 0)) > 0) {
        len += (size_t)n;
    }
    want(strstr(body, code) != NULL, "the code of the denial");
}

/* "@" becomes the port. */
static size_t
put_port(const char *form, unsigned port, char *out, size_t size)
{
    size_t at = strcspn(form, "@");

    return (size_t)snprintf(out, size, "%.*s%u%s", (int)at, form, port,
                            form + at + 1);
}

static void *
ask(void *arg)
{
    const struct asked *a = arg;
    const struct row *row = a->row;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons(a->bridge)};
    char request[1024];
    char head[1024] = "";
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t len;

    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        want(false, "the bridge is connected to");
        return NULL;
    }
    set_limits(fd);
    len = put_port(row->request, row->own_door ? a->bridge : a->target, request,
                   sizeof(request));
    if (row->ahead) {
        char *frame = request + len;

        len += assay_ws_put_header((uint8_t *)frame, ASSAY_WS_BINARY, true, 5,
                                   key);
        assay_copy(request + len, assay_slice_of("ahead"));
        assay_ws_mask((uint8_t *)request + len, 5, key, 0);
        len += 5;
    }
    put(fd, request, len);
    get_head(fd, head, sizeof(head));
    want(strncmp(head, row->answer, strlen(row->answer)) == 0, row->answer);
    if (row->code != NULL) {
        get_body(fd, row->code);
    } else {
        if (row->ahead) {
            get_frame(fd, ASSAY_WS_BINARY, "ahead");
        }
        put_text(fd, "hello");
        get_frame(fd, ASSAY_WS_BINARY, "hello");
        put_close(fd, 1000);
        get_close(fd, 1000);
        get_end(fd);
    }
    close(fd);
    return NULL;
}

/* --- running -------------------------------------------------------------- */

struct bridge {
    const struct row *row;
    struct assay_listener *listener;
    struct visits visits;
    struct visit_report report;
    char target[TARGET_TEXT_BYTES];
    unsigned ended;
    unsigned inside;
};

static void *
hold(void *user)
{
    struct bridge *b = user;

    b->inside++;
    return b;
}

static void
drop(void *user, void *held)
{
    struct bridge *b = user;

    assert_ptr_equal(held, b);
    b->inside--;
}

static void
on_ended(void *user, const struct visit_report *report)
{
    struct bridge *b = user;

    b->ended++;
    b->report = *report;
    snprintf(b->target, sizeof(b->target), "%s", report->target);
}

static void
on_accepted(void *user, struct assay_stream *stream)
{
    struct bridge *b = user;

    visit_open(&b->visits, stream);
    assay_listener_close(b->listener); /* one is all that comes */
    b->listener = NULL;
}

static void
check(const struct row *row)
{
    struct bridge b = {.row = row};
    struct tunnels *tunnels = calloc(1, sizeof(*tunnels));
    struct guard guard = {.private_ok = ""};
    struct admission_rules rules = {.path = "/", .origins = ""};
    struct assay_address door = {.host = "127.0.0.1", .port = "0"};
    struct asked asked = {.row = row};
    struct trial_loop loop;
    struct assay_error err;
    struct places *places;
    struct allow *allow;
    pthread_t client;
    pthread_t target;
    char list[128];
    int listener;
    bool connected = row->denial == ADMITTED;

    assert_non_null(tunnels);
    assert_int_equal(
        places_new(&(struct place_limits){.connections = row->full ? 0 : 1,
                                          .burst = 1},
                   ctx, &places, &err),
        ASSAY_OK);
    atomic_store(&wrong, NULL);
    loop_open(&loop);
    asked.target = listen_at(&listener);
    tunnels->loop = &loop.uv;
    tunnels->limits.close_ms = 10000;
    b.visits =
        (struct visits){.loop = &loop.uv,
                        .ctx = ctx,
                        .rules = &rules,
                        .guard = &guard,
                        .tunnels = tunnels,
                        .head_ms = row->head_ms > 0 ? row->head_ms : 10000,
                        .connect_ms = 10000,
                        .hold = hold,
                        .drop = drop,
                        .places = places,
                        .ended = on_ended,
                        .user = &b};
    assert_int_equal(
        assay_listen(&loop.uv, &door, 0, on_accepted, &b, &b.listener, &err),
        ASSAY_OK);
    asked.bridge = (uint16_t)strtoul(
        strrchr(assay_listener_address(b.listener), ':') + 1, NULL, 10);
    guard.own_count = 1;
    guard.own[0].port = asked.bridge;
    assert_true(cidr_ip_of("127.0.0.1:1", &guard.own[0].ip));
    snprintf(list, sizeof(list), "127.0.0.1:%u,localhost:%u,127.0.0.1:%u",
             asked.target, asked.target, asked.bridge);
    assert_int_equal(allow_new(list, &allow, &err), ASSAY_OK);
    rules.allow = allow;
    if (row->nobody) {
        close(listener);
    }
    assert_int_equal(pthread_create(&client, NULL, ask, &asked), 0);
    if (connected) {
        assert_int_equal(pthread_create(&target, NULL, echo, &listener), 0);
    }
    loop_close(&loop);
    pthread_join(client, NULL);
    if (connected) {
        pthread_join(target, NULL);
    }
    if (!row->nobody) {
        close(listener);
    }
    check_wrong(row->name);
    CHECK(row->name, b.ended == 1 && b.inside == 0);
    CHECK(row->name, b.visits.count == 0 && b.visits.first == NULL);
    CHECK(row->name, places_count(places).connections == 0);
    CHECK(row->name, b.report.denial == row->denial);
    if (connected) {
        CHECK(row->name, b.report.tunnel.why == TUNNEL_CLOSED);
        CHECK(row->name, b.report.tunnel.up == (row->ahead ? 10u : 5u));
        CHECK(row->name, b.report.tunnel.down == b.report.tunnel.up);
        CHECK(row->name, b.target[0] != '\0');
    }
    allow_free(allow);
    places_free(places);
    pipes_close(&tunnels->pipes);
    free(tunnels);
}

static void
visits(void **state)
{
    (void)state;
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

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
