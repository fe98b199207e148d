/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visits.h - one visit to a bridge, for tests: what the client says and is
 * answered, and what it gets through. The client is a thread; so is the target.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/un.h>

#include "harness/ctx.h"
#include "harness/loop.h"
#include "harness/ws_client.h"
#include "io/listen.h"
#include "io/proxy_header.h"
#include "programs/bridge/visit.h"

#define FIELDS                                                                 \
    "Host: bridge.example\r\n"                                                 \
    "Upgrade: websocket\r\n"                                                   \
    "Connection: Upgrade\r\n"                                                  \
    "Sec-WebSocket-Version: 13\r\n"                                            \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

struct asked;

struct row {
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
    bool trickles; /* the request comes octet by octet */
    bool unix_door;
    bool proxied;          /* the target is told of the client */
    const char *trust;     /* who speaks for others */
    const char *peer;      /* that the report has; NULL: the client's own */
    const char *elsewhere; /* an address that has all its places */
    const struct visit_relay *relay;
    /* In the place of what clients and targets usually say. */
    void (*client)(const struct asked *a, int fd);
    void (*target)(int fd);
    /* Within the loop, when the client has come. */
    void (*come)(struct visits *visits);
    void (*gone)(void); /* and when its visit is over */
    enum tunnel_why why;
};

/* --- the two ends --------------------------------------------------------- */

struct asked {
    const struct row *row;
    uint16_t bridge;
    uint16_t target;
    int fd; /* the client's, or what the target accepts at */
    char path[ASSAY_PATH_MAX_BYTES + 1]; /* of a Unix socket */
    char own[ASSAY_SOCKET_NAME_BYTES];   /* the client's */
};

static inline uint16_t
port_of(int fd)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof(at);

    want(getsockname(fd, (struct sockaddr *)&at, &len) == 0, "a port");
    return ntohs(at.sin_port);
}

static inline uint16_t
listen_at(int *fd)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    *fd = loop_socket(AF_INET, 0);
    assert_int_equal(bind(*fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(*fd, 1), 0);
    set_limits(*fd);
    return port_of(*fd);
}

/* Sends back what comes, to the end. */
static inline void
echo(int fd)
{
    char bytes[256];
    ssize_t n;

    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
        put(fd, bytes, (size_t)n);
    }
}

/* The header comes before all else, and says who the client is. */
static inline void
get_introduction(const struct asked *a, int fd)
{
    struct assay_proxy_header header;
    struct assay_error err;
    const char *source = a->row->peer != NULL ? a->row->peer : a->own;
    char own[ASSAY_SOCKET_NAME_BYTES];
    uint8_t in[28];
    size_t used = 0;

    snprintf(own, sizeof(own), "127.0.0.1:%u", a->bridge);
    assay_error_clear(&err);
    if (strcmp(source, "unix") == 0) {
        want(get(fd, in, 16) &&
                 assay_proxy_header_read((struct assay_slice){in, 16}, &header,
                                         &used, &err) == ASSAY_OK &&
                 used == 16 && !header.known,
             "a header that says nothing");
        return;
    }
    want(get(fd, in, 28) &&
             assay_proxy_header_read(ASSAY_SLICE(in), &header, &used, &err) ==
                 ASSAY_OK &&
             used == 28 && header.known,
         "a header of the PROXY protocol");
    if (used == 28) {
        want(strcmp(header.source, source) == 0, "the client's address");
        want(strcmp(header.destination,
                    a->row->unix_door ? "0.0.0.0:0" : own) == 0,
             "the bridge's address");
    }
}

static inline void *
serve(void *arg)
{
    const struct asked *a = arg;
    int fd = accept(a->fd, NULL, NULL);

    want(fd >= 0, "the target is connected to");
    if (fd >= 0) {
        set_limits(fd);
        if (a->row->proxied) {
            get_introduction(a, fd);
        }
        (a->row->target != NULL ? a->row->target : echo)(fd);
        close(fd);
    }
    return NULL;
}

/* The head of the answer, octet by octet: what is behind it is frames. */
static inline void
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

static inline void
get_answer(const struct asked *a, int fd)
{
    char head[1024] = "";

    get_head(fd, head, sizeof(head));
    want(strncmp(head, a->row->answer, strlen(a->row->answer)) == 0,
         a->row->answer);
}

static inline void
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
static inline size_t
put_port(const char *form, unsigned port, char *out, size_t size)
{
    size_t at = strcspn(form, "@");

    return (size_t)snprintf(out, size, "%.*s%u%s", (int)at, form, port,
                            form[at] == '@' ? form + at + 1 : "");
}

static inline void
put_request(const struct asked *a, int fd)
{
    const struct row *row = a->row;
    unsigned port = row->own_door ? a->bridge : a->target;
    char request[1024];
    size_t len = strlen(row->request);

    if (strchr(row->request, '@') == NULL) {
        assay_copy((uint8_t *)request, assay_slice_of(row->request));
    } else {
        len = put_port(row->request, port, request, sizeof(request));
    }
    if (row->ahead) {
        char *frame = request + len;

        len += assay_ws_put_header((uint8_t *)frame, ASSAY_WS_BINARY, true, 5,
                                   key);
        assay_copy((uint8_t *)request + len, assay_slice_of("ahead"));
        assay_ws_mask((uint8_t *)request + len, 5, key, 0);
        len += 5;
    }
    for (size_t at = 0; row->trickles && at < len; at++) {
        put(fd, request + at, 1);
    }
    if (!row->trickles) {
        put(fd, request, len);
    }
}

/* What clients usually do. */
static inline void
talk(const struct asked *a, int fd)
{
    const struct row *row = a->row;

    put_request(a, fd);
    get_answer(a, fd);
    if (row->code != NULL) {
        get_body(fd, row->code);
        return;
    }
    if (row->ahead) {
        get_frame(fd, ASSAY_WS_BINARY, "ahead");
    }
    put_text(fd, "hello");
    get_frame(fd, ASSAY_WS_BINARY, "hello");
    put_close(fd, 1000);
    get_close(fd, 1000);
    get_end(fd);
}

static inline int
connect_to_bridge(struct asked *a)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons(a->bridge)};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    bool is_unix = a->row->unix_door;
    int fd = loop_socket(is_unix ? AF_UNIX : AF_INET, 0);
    const int on = 1;
    int rc;

    snprintf(un.sun_path, sizeof(un.sun_path), "%s", a->path);
    rc = is_unix ? connect(fd, (struct sockaddr *)&un, sizeof(un))
                 : connect(fd, (struct sockaddr *)&at, sizeof(at));
    want(rc == 0, "the bridge is connected to");
    set_limits(fd);
    if (!is_unix) { /* each octet on its own */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    return fd;
}

static inline void *
ask(void *arg)
{
    const struct asked *a = arg;
    int fd = a->fd;

    (a->row->client != NULL ? a->row->client : talk)(a, fd);
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
    char peer[ASSAY_SOCKET_NAME_BYTES];
    unsigned ended;
    unsigned inside;
};

static inline void *
hold(void *user)
{
    struct bridge *b = user;

    b->inside++;
    return b;
}

static inline void
drop(void *user, void *held)
{
    struct bridge *b = user;

    assert_ptr_equal(held, b);
    b->inside--;
}

static inline void
on_ended(void *user, const struct visit_report *report)
{
    struct bridge *b = user;

    b->ended++;
    b->report = *report;
    snprintf(b->target, sizeof(b->target), "%s", report->target);
    snprintf(b->peer, sizeof(b->peer), "%s", report->peer);
    if (b->row->gone != NULL) {
        b->row->gone();
    }
}

static inline void
on_accepted(void *user, struct assay_stream *stream)
{
    struct bridge *b = user;

    visit_open(&b->visits, stream);
    if (b->row->come != NULL) {
        b->row->come(&b->visits);
    }
    assay_listener_close(b->listener); /* one is all that comes */
    b->listener = NULL;
}

static inline void
take_places(const struct row *row, struct places **places, struct place *taken)
{
    struct assay_error err;
    struct cidr_ip ip;

    assert_int_equal(
        places_new(&(struct place_limits){.connections = row->full ? 0 : 2,
                                          .per_address = row->elsewhere ? 1 : 0,
                                          .burst = 1},
                   ctx, places, &err),
        ASSAY_OK);
    *taken = (struct place){0};
    if (row->elsewhere != NULL) {
        assert_true(cidr_ip_of(row->elsewhere, &ip));
        assert_int_equal(places_knock(*places, &ip, 0, taken), ADMITTED);
    }
}

/* Where the bridge listens, and the client that comes there. */
static inline void
open_door(struct bridge *b, struct asked *asked)
{
    struct assay_address door = {.host = "127.0.0.1", .port = "0"};
    struct assay_error err;

    assay_error_clear(&err);
    if (b->row->unix_door) {
        snprintf(asked->path, sizeof(asked->path), "/tmp/assay-visit-%d.sock",
                 (int)getpid());
        door.is_unix = true;
        snprintf(door.path, sizeof(door.path), "%s", asked->path);
    }
    assert_int_equal(assay_listen(b->visits.loop, &door, 0600, on_accepted, b,
                                  &b->listener, &err),
                     ASSAY_OK);
    asked->bridge = 9; /* of no use */
    if (!b->row->unix_door) {
        asked->bridge = (uint16_t)strtoul(
            strrchr(assay_listener_address(b->listener), ':') + 1, NULL, 10);
    }
}

static inline void
check_report(const struct row *row, const struct bridge *b,
             const struct asked *asked)
{
    const char *peer = row->peer != NULL ? row->peer : asked->own;
    bool gone = row->denial == DENIED_GONE; /* perhaps before it was accepted */

    CHECK(row->name, b->ended == 1 && b->inside == 0);
    CHECK(row->name, b->visits.count == 0 && b->visits.first == NULL);
    CHECK(row->name, b->report.denial == row->denial);
    CHECK(row->name, strcmp(b->peer, peer) == 0 ||
                         (gone && strcmp(b->peer, "unknown") == 0));
    if (row->denial == ADMITTED) {
        CHECK(row->name, b->report.tunnel.why == row->why);
        CHECK(row->name, b->target[0] != '\0');
    }
    if (row->denial == ADMITTED && row->client == NULL) {
        CHECK(row->name, b->report.tunnel.up == (row->ahead ? 10u : 5u));
        CHECK(row->name, b->report.tunnel.down == b->report.tunnel.up);
    }
}

static inline struct visit_report
check(const struct row *row)
{
    struct bridge b = {.row = row};
    struct tunnels *tunnels = calloc(1, sizeof(*tunnels));
    struct guard guard = {.private_ok = ""};
    struct admission_rules rules = {.path = "/", .origins = ""};
    struct asked asked = {.row = row};
    struct asked served = {.row = row};
    struct trial_loop loop;
    struct assay_error err;
    struct places *places;
    struct place taken;
    struct allow *allow;
    pthread_t client;
    pthread_t target;
    char list[128];
    bool connected = row->denial == ADMITTED;

    assert_non_null(tunnels);
    take_places(row, &places, &taken);
    atomic_store(&wrong, NULL);
    loop_open(&loop);
    asked.target = listen_at(&served.fd);
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
                        .trust_forwarded = row->trust,
                        .target_proxy = row->proxied,
                        .relay = row->relay,
                        .hold = hold,
                        .drop = drop,
                        .places = places,
                        .ended = on_ended,
                        .user = &b};
    open_door(&b, &asked);
    guard.own_count = 1;
    guard.own[0].port = asked.bridge;
    assert_true(cidr_ip_of("127.0.0.1:1", &guard.own[0].ip));
    snprintf(list, sizeof(list), "127.0.0.1:%u,localhost:%u,127.0.0.1:%u",
             asked.target, asked.target, asked.bridge);
    assay_error_clear(&err);
    assert_int_equal(allow_new(list, &allow, &err), ASSAY_OK);
    rules.allow = allow;
    if (row->nobody) {
        close(served.fd);
    }
    asked.fd = connect_to_bridge(&asked);
    snprintf(asked.own, sizeof(asked.own), "unix");
    if (!row->unix_door) {
        snprintf(asked.own, sizeof(asked.own), "127.0.0.1:%u",
                 port_of(asked.fd));
    }
    served.bridge = asked.bridge;
    snprintf(served.own, sizeof(served.own), "%s", asked.own);
    assert_int_equal(pthread_create(&client, NULL, ask, &asked), 0);
    if (connected) {
        assert_int_equal(pthread_create(&target, NULL, serve, &served), 0);
    }
    loop_close(&loop);
    pthread_join(client, NULL);
    if (connected) {
        pthread_join(target, NULL);
    }
    if (!row->nobody) {
        close(served.fd);
    }
    check_wrong(row->name);
    check_report(row, &b, &asked);
    places_leave(places, &taken);
    CHECK(row->name, places_count(places).connections == 0);
    allow_free(allow);
    places_free(places);
    pipes_close(&tunnels->pipes);
    free(tunnels);
    return b.report;
}
