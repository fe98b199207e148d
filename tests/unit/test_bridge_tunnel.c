/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_tunnel.c - what goes through a tunnel, and how it ends. Client
 * and target are threads that wait for each octet; the tunnel is on this one.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/loop.h"
#include "harness/unit.h"
#include "harness/ws_client.h"
#include "programs/bridge/tunnel.h"

#define BULK_BYTES (24u * 1024u * 1024u)
#define PIECE      (192u * 1024u)

/* --- sockets ------------------------------------------------------------- */

/* pair[0] is the test's, pair[1] the tunnel's. */
static void
connect_pair(int pair[2])
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int listener = loop_socket(AF_INET, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    pair[0] = loop_socket(AF_INET, 0);
    assert_int_equal(connect(pair[0], (struct sockaddr *)&at, len), 0);
    pair[1] = accept(listener, NULL, NULL);
    assert_true(pair[1] >= 0);
    close(listener);
    set_limits(pair[0]);
    assert_int_equal(fcntl(pair[1], F_SETFL, O_NONBLOCK), 0);
}

/* --- a pattern ------------------------------------------------------------ */

static void
make(uint8_t *bytes, size_t len, size_t from)
{
    for (size_t i = 0; i < len; i++) {
        size_t at = from + i;

        bytes[i] = (uint8_t)(at * 7 + (at >> 8) * 13 + (at >> 16));
    }
}

static bool
is_made(const uint8_t *bytes, size_t len, size_t from)
{
    uint8_t right[4096];

    while (len > 0) {
        size_t n = len < sizeof(right) ? len : sizeof(right);

        make(right, n, from);
        if (memcmp(bytes, right, n) != 0) {
            return false;
        }
        bytes += n;
        from += n;
        len -= n;
    }
    return true;
}

/* --- what both sides do --------------------------------------------------- */

static void
talk_client(int fd)
{
    put_text(fd, "hello");
    get_frame(fd, ASSAY_WS_BINARY, "world");
    put_control(fd, ASSAY_WS_PING, "are you there");
    get_frame(fd, ASSAY_WS_PONG, "are you there");
    put_close(fd, 1000);
    get_close(fd, 1000);
    get_end(fd);
}

static void
talk_target(int fd)
{
    get_text(fd, "hello");
    put(fd, "world", 5);
    get_end(fd);
}

/* One octet a piece, with a Ping between two fragments. */
static void
pieces_client(int fd)
{
    static const char *const parts[] = {"a", "", "b", "c"};

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        uint8_t copy[1] = {(uint8_t)parts[i][0]};

        put_frame(fd, i == 0 ? ASSAY_WS_TEXT : ASSAY_WS_CONTINUATION,
                  i == COUNT_OF(parts) - 1, copy, strlen(parts[i]));
        put_control(fd, ASSAY_WS_PING, parts[i]);
        get_frame(fd, ASSAY_WS_PONG, parts[i]);
    }
    talk_client(fd);
}

static void
pieces_target(int fd)
{
    get_text(fd, "abc");
    talk_target(fd);
}

/* The target ends first: what the client says until its own Close arrives. */
static void
target_first_client(int fd)
{
    get_frame(fd, ASSAY_WS_BINARY, "last words");
    get_close(fd, 1000);
    put_text(fd, "and mine");
    put_close(fd, 1000);
    get_end(fd);
}

static void
target_first_target(int fd)
{
    put(fd, "last words", 10);
    shutdown(fd, SHUT_WR);
    get_text(fd, "and mine");
    get_end(fd);
}

/* The client ends first: what the target still says arrives before the Close.
 */
static void
client_first_client(int fd)
{
    put_text(fd, "question");
    put_close(fd, 1001);
    get_frame(fd, ASSAY_WS_BINARY, "answer");
    get_close(fd, 1000);
    get_end(fd);
}

static void
client_first_target(int fd)
{
    get_text(fd, "question");
    get_end(fd);
    put(fd, "answer", 6);
}

/* --- much of it, both ways ------------------------------------------------ */

static void *
send_frames(void *arg)
{
    static uint8_t piece[PIECE];
    int fd = *(int *)arg;

    for (size_t at = 0; at < BULK_BYTES; at += PIECE) {
        make(piece, PIECE, at);
        put_frame(fd, ASSAY_WS_BINARY, true, piece, PIECE);
    }
    return NULL;
}

static void
get_frames(int fd)
{
    static uint8_t bytes[1u << 20];
    size_t at = 0;

    while (at < BULK_BYTES && atomic_load(&wrong) == NULL) {
        unsigned opcode = 99;
        uint64_t len = get_header(fd, &opcode);

        want(opcode == ASSAY_WS_BINARY && len <= sizeof(bytes), "a data frame");
        if (len <= sizeof(bytes) && get(fd, bytes, len)) {
            want(is_made(bytes, len, at), "the octets of the target");
        }
        at += len;
    }
}

static void
bulk_client(int fd)
{
    pthread_t sender;

    want(pthread_create(&sender, NULL, send_frames, &fd) == 0, "a thread");
    get_frames(fd);
    pthread_join(sender, NULL);
    put_close(fd, 1000);
    get_close(fd, 1000);
    get_end(fd);
}

static void *
send_octets(void *arg)
{
    static uint8_t piece[PIECE];
    int fd = *(int *)arg;

    for (size_t at = 0; at < BULK_BYTES; at += PIECE) {
        make(piece, PIECE, at);
        put(fd, piece, PIECE);
    }
    return NULL;
}

static void
get_octets(int fd)
{
    static uint8_t bytes[PIECE];

    for (size_t at = 0; at < BULK_BYTES; at += PIECE) {
        if (!get(fd, bytes, PIECE)) {
            return;
        }
        want(is_made(bytes, PIECE, at), "the octets of the client");
    }
}

static void
bulk_target(int fd)
{
    pthread_t sender;

    want(pthread_create(&sender, NULL, send_octets, &fd) == 0, "a thread");
    get_octets(fd);
    pthread_join(sender, NULL);
    get_end(fd);
}

/* Neither direction waits for the other: one side does not read before all that
 * it has to say has gone. */
static void
deaf_client(int fd)
{
    send_frames(&fd);
    get_frames(fd);
    put_close(fd, 1000);
    get_close(fd, 1000);
    get_end(fd);
}

static void
deaf_target(int fd)
{
    send_octets(&fd);
    get_octets(fd);
    get_end(fd);
}

/* --- faults --------------------------------------------------------------- */

static void
unmasked_client(int fd)
{
    static const uint8_t frame[] = {0x82, 1, 'x'};

    put_text(fd, "good");
    put(fd, frame, sizeof(frame));
    get_close(fd, 1002);
    get_end(fd);
}

static void
unmasked_target(int fd)
{
    get_text(fd, "good");
    get_end(fd);
}

static void
reset_client(int fd)
{
    put_text(fd, "hello");
    get_frame(fd, ASSAY_WS_BINARY, "world");
    reset(fd);
}

static void
cut_client(int fd)
{
    put_text(fd, "hello");
    shutdown(fd, SHUT_WR);
}

/* What was sent before it is delivered. */
static void
cut_target(int fd)
{
    get_text(fd, "hello");
    get_end(fd);
}

static void
reset_target_client(int fd)
{
    get_frame(fd, ASSAY_WS_BINARY, "x");
    put_text(fd, "go");
    get_close(fd, 1011);
    put_close(fd, 1000);
    get_end(fd);
}

static void
reset_target(int fd)
{
    put(fd, "x", 1);
    get_text(fd, "go");
    reset(fd);
}

/* Silence: the tunnel ends it. */
static void
idle_client(int fd)
{
    get_close(fd, 1001);
    put_close(fd, 1001);
    get_end(fd);
}

static void
idle_target(int fd)
{
    get_end(fd);
}

static void
mute_client(int fd)
{
    unsigned opcode = 99;

    want(get_header(fd, &opcode) == 0 && opcode == ASSAY_WS_PING, "a Ping");
    get_end(fd);
}

/* Answers Pings, and so stays until its time is over. */
static void
alive_client(int fd)
{
    for (unsigned i = 0; i < 3; i++) {
        get_frame(fd, ASSAY_WS_PING, "");
        put_control(fd, ASSAY_WS_PONG, "");
    }
    talk_client(fd);
}

static void
never_closes_client(int fd)
{
    get_close(fd, 1000);
    get_end(fd);
}

static void
ends_target(int fd)
{
    shutdown(fd, SHUT_WR);
    get_end(fd);
}

static void
never_ends_client(int fd)
{
    put_close(fd, 1000);
    get_close(fd, 1000);
    get_end(fd);
}

static void
never_ends_target(int fd)
{
    get_end(fd);
}

/* --- running -------------------------------------------------------------- */

typedef void side(int fd);

struct script {
    side *run;
    int fd;
};

static void *
run_side(void *arg)
{
    struct script *s = arg;

    s->run(s->fd);
    if (s->run != never_ends_target) {
        shutdown(s->fd, SHUT_WR);
    }
    return NULL;
}

static const struct row {
    const char *name;
    side *client;
    side *target;
    struct tunnel_limits limits;
    enum tunnel_why why;
    unsigned code;
    uint64_t up;
    uint64_t down;
} rows[] = {
    {"talk", talk_client, talk_target, {0}, TUNNEL_CLOSED, 1000, 5, 5},
    {"pieces", pieces_client, pieces_target, {0}, TUNNEL_CLOSED, 1000, 8, 5},
    {"target first",
     target_first_client,
     target_first_target,
     {0},
     TUNNEL_CLOSED,
     1000,
     8,
     10},
    {"client first",
     client_first_client,
     client_first_target,
     {0},
     TUNNEL_CLOSED,
     1000,
     8,
     6},
    {"bulk",
     bulk_client,
     bulk_target,
     {0},
     TUNNEL_CLOSED,
     1000,
     BULK_BYTES,
     BULK_BYTES},
    {"client that does not read",
     deaf_client,
     bulk_target,
     {0},
     TUNNEL_CLOSED,
     1000,
     BULK_BYTES,
     BULK_BYTES},
    {"target that does not read",
     bulk_client,
     deaf_target,
     {0},
     TUNNEL_CLOSED,
     1000,
     BULK_BYTES,
     BULK_BYTES},
    {"unmasked",
     unmasked_client,
     unmasked_target,
     {.close_ms = 300},
     TUNNEL_CLIENT_WRONG,
     1002,
     4,
     0},
    {"client reset",
     reset_client,
     talk_target,
     {0},
     TUNNEL_CLIENT_GONE,
     0,
     5,
     5},
    {"client cut", cut_client, cut_target, {0}, TUNNEL_CLIENT_GONE, 0, 5, 0},
    {"target reset",
     reset_target_client,
     reset_target,
     {0},
     TUNNEL_TARGET_FAILED,
     1011,
     2,
     1},
    {"idle",
     idle_client,
     idle_target,
     {.idle_ms = 50},
     TUNNEL_IDLE,
     1001,
     0,
     0},
    {"lifetime",
     idle_client,
     idle_target,
     {.life_ms = 50},
     TUNNEL_TOO_OLD,
     1001,
     0,
     0},
    {"mute",
     mute_client,
     idle_target,
     {.ping_ms = 50},
     TUNNEL_UNANSWERED,
     0,
     0,
     0},
    {"alive",
     alive_client,
     talk_target,
     {.ping_ms = 50},
     TUNNEL_CLOSED,
     1000,
     5,
     5},
    {"no Close",
     never_closes_client,
     ends_target,
     {.close_ms = 50},
     TUNNEL_CLOSE_TIMEOUT,
     1000,
     0,
     0},
    {"no end",
     never_ends_client,
     never_ends_target,
     {.close_ms = 50},
     TUNNEL_CLOSED,
     1000,
     0,
     0},
};

static void
on_ended(void *user, const struct tunnel_report *report)
{
    *(struct tunnel_report *)user = *report;
}

static void
check(const struct row *row)
{
    struct trial_loop loop;
    struct tunnels *all = calloc(1, sizeof(*all));
    struct tunnel_report r = {.why = TUNNEL_WHYS};
    int client[2];
    int target[2];
    pthread_t threads[2];
    struct script sides[2];

    assert_non_null(all);
    atomic_store(&wrong, NULL);
    loop_open(&loop);
    all->loop = &loop.uv;
    all->limits = row->limits;
    connect_pair(client);
    connect_pair(target);
    sides[0] = (struct script){.run = row->client, .fd = client[0]};
    sides[1] = (struct script){.run = row->target, .fd = target[0]};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_side, &sides[i]),
                         0);
    }
    assert_true(tunnel_open(all, client[1], target[1], NULL, 0, on_ended, &r));
    loop_close(&loop);
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    close(client[0]);
    close(target[0]);
    check_wrong(row->name);
    CHECK(row->name, r.why == row->why);
    CHECK(row->name, r.code == row->code);
    CHECK(row->name, r.up == row->up && r.down == row->down);
    CHECK(row->name, all->count == 0 && all->first == NULL);
    pipes_close(&all->pipes);
    free(all);
}

static void
tunnels(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(&rows[i]);
    }
}

/* What came behind the request, and an end that the operator asks for. */
static void
drained(void **state)
{
    struct trial_loop loop;
    struct tunnels *all = calloc(1, sizeof(*all));
    struct tunnel_report r = {.why = TUNNEL_WHYS};
    uint8_t ahead[ASSAY_WS_HEADER_MAX_BYTES + 3];
    size_t len = assay_ws_put_header(ahead, ASSAY_WS_BINARY, true, 3, key);
    int client[2];
    int target[2];

    (void)state;
    assert_non_null(all);
    atomic_store(&wrong, NULL);
    assay_copy(ahead + len, assay_slice_of("abc"));
    assay_ws_mask(ahead + len, 3, key, 0);
    loop_open(&loop);
    all->loop = &loop.uv;
    all->limits = (struct tunnel_limits){.close_ms = 10000};
    connect_pair(client);
    connect_pair(target);
    assert_true(
        tunnel_open(all, client[1], target[1], ahead, len + 3, on_ended, &r));
    get_text(target[0], "abc");
    tunnels_drain(all);
    get_close(client[0], 1001);
    put_close(client[0], 1001);
    loop_close(&loop);
    get_end(client[0]);
    get_end(target[0]);
    close(client[0]);
    close(target[0]);
    check_wrong("drained");
    assert_int_equal(r.why, TUNNEL_DRAINED);
    assert_int_equal(r.code, 1001);
    assert_int_equal(r.up, 3);
    pipes_close(&all->pipes);
    free(all);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tunnels),
        cmocka_unit_test(drained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
