/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_tunnel.c - what goes through a tunnel, and how it ends. Client
 * and target are threads that wait for each octet; the tunnel is on this one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/loop.h"
#include "harness/pattern.h"
#include "harness/unit.h"
#include "harness/ws_client.h"
#include "programs/bridge/tunnel.h"

#define BULK_BYTES (24u * 1024u * 1024u)
#define PIECE      (192u * 1024u)
#define ANY        UINT64_MAX
/* A second's worth is free, and what one read gives. */
#define RATE         (8u * PIECE)
#define RATE_BYTES   (12u * PIECE)
#define RATE_MIN_MS  300u
#define BUFFER_BYTES (96 * 1024)

/* --- sockets ------------------------------------------------------------- */

/* So that it is known what fits in between. */
static void
set_buffers(int fd, int bytes)
{
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)), 0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
}

/* pair[0] is the test's, pair[1] the tunnel's. */
static void
connect_pair(int pair[2], int buffers)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    const int on = 1;
    int listener = loop_socket(AF_INET, 0);

    set_buffers(listener, buffers);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    pair[0] = loop_socket(AF_INET, 0);
    set_buffers(pair[0], buffers);
    assert_int_equal(
        setsockopt(pair[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    assert_int_equal(connect(pair[0], (struct sockaddr *)&at, len), 0);
    pair[1] = accept(listener, NULL, NULL);
    assert_true(pair[1] >= 0);
    close(listener);
    set_limits(pair[0]);
    assert_int_equal(fcntl(pair[1], F_SETFL, O_NONBLOCK), 0);
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
    put_close(fd, 4321);
    get_frame(fd, ASSAY_WS_BINARY, "answer");
    get_close(fd, 4321); /* its own (section 5.5.1) */
    get_end(fd);
}

static void
client_first_target(int fd)
{
    get_text(fd, "question");
    get_end(fd);
    put(fd, "answer", 6);
}

/* A Close without a code is answered by one. */
static void
no_code_client(int fd)
{
    put_close(fd, ASSAY_WS_NO_CODE);
    get_frame(fd, ASSAY_WS_CLOSE, "");
    get_end(fd);
}

static void
greeting_client(int fd)
{
    get_frame(fd, ASSAY_WS_BINARY, "220 welcome");
    talk_client(fd);
}

static void
greeting_target(int fd)
{
    put(fd, "220 welcome", 11);
    talk_target(fd);
}

static void
ended_target_client(int fd)
{
    get_close(fd, 1000);
    put_close(fd, 1000);
    get_end(fd);
}

static void
ended_target(int fd)
{
    shutdown(fd, SHUT_WR);
    get_end(fd);
}

/* --- much of it, both ways ------------------------------------------------ */

static void
send_frames_of(int fd, size_t bytes)
{
    static uint8_t piece[PIECE];

    for (size_t at = 0; at < bytes; at += PIECE) {
        make(piece, PIECE, at);
        put_frame(fd, ASSAY_WS_BINARY, true, piece, PIECE);
    }
}

static void *
send_frames(void *arg)
{
    send_frames_of(*(int *)arg, BULK_BYTES);
    return NULL;
}

static void
get_frames(int fd, size_t in_all)
{
    static uint8_t bytes[1u << 20];
    size_t at = 0;

    while (at < in_all && atomic_load(&wrong) == NULL) {
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
    get_frames(fd, BULK_BYTES);
    pthread_join(sender, NULL);
    put_close(fd, 1000);
    get_close(fd, 1000);
    get_end(fd);
}

static void
send_octets_of(int fd, size_t bytes)
{
    static uint8_t piece[PIECE];

    for (size_t at = 0; at < bytes; at += PIECE) {
        make(piece, PIECE, at);
        put(fd, piece, PIECE);
    }
}

static void *
send_octets(void *arg)
{
    send_octets_of(*(int *)arg, BULK_BYTES);
    return NULL;
}

static void
get_octets(int fd, size_t in_all)
{
    static uint8_t bytes[PIECE];

    for (size_t at = 0; at < in_all; at += PIECE) {
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
    get_octets(fd, BULK_BYTES);
    pthread_join(sender, NULL);
    get_end(fd);
}

/* Neither direction waits for the other: one side does not read before all that
 * it has to say has gone. */
static void
deaf_client(int fd)
{
    send_frames(&fd);
    get_frames(fd, BULK_BYTES);
    put_close(fd, 1000);
    get_close(fd, 1000);
    get_end(fd);
}

static void
deaf_target(int fd)
{
    send_octets(&fd);
    get_octets(fd, BULK_BYTES);
    get_end(fd);
}

/* More than a second's worth, one way. */
static void
rate_client(int fd)
{
    send_frames_of(fd, RATE_BYTES);
    put_close(fd, 1000);
    get_close(fd, 1000);
    get_end(fd);
}

static void
bulk_up_target(int fd)
{
    get_octets(fd, RATE_BYTES);
    get_end(fd);
}

static void
bulk_down_client(int fd)
{
    get_frames(fd, RATE_BYTES);
    get_close(fd, 1000);
    put_close(fd, 1000);
    get_end(fd);
}

static void
rate_target(int fd)
{
    send_octets_of(fd, RATE_BYTES);
    shutdown(fd, SHUT_WR);
    get_end(fd);
}

/* --- faults --------------------------------------------------------------- */

static void
unmasked_client(int fd)
{
    static const uint8_t frame[] = {0x82, 1, 'x'};

    put_text(fd, "good");
    put(fd, frame, sizeof(frame));
    get_close_that_says(fd, 1002, "protocol_error");
    get_end(fd);
}

static void
unmasked_target(int fd)
{
    get_text(fd, "good");
    get_end(fd);
}

/* What the client is still sending when it is told does not overtake that as a
 * reset: all of it is taken. */
static void
wrong_and_much_client(int fd)
{
    static const uint8_t frame[] = {0x82, 1, 'x'};
    static uint8_t more[PIECE];

    put_text(fd, "good");
    put(fd, frame, sizeof(frame));
    for (unsigned i = 0; i < 10; i++) {
        put(fd, more, sizeof(more));
    }
    get_close_that_says(fd, 1002, "protocol_error");
    get_end(fd);
}

/* But not forever. */
static void
wrong_for_ever_client(int fd)
{
    static const uint8_t frame[] = {0x82, 1, 'x'};
    static uint8_t more[PIECE];

    put_text(fd, "good");
    put(fd, frame, sizeof(frame));
    while (send(fd, more, sizeof(more), MSG_NOSIGNAL) > 0) {
    }
    want(errno == ECONNRESET || errno == EPIPE, "a reset in the end");
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
    get_close_that_says(fd, 1011, "target_failed");
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

/* --- one side takes nothing, and the other one goes ---------------------- */

/* Until nothing more is taken: all buffers on the way are full. */
static void
fill(int fd, bool frames)
{
    static uint8_t zeros[PIECE];
    uint8_t header[ASSAY_WS_HEADER_MAX_BYTES];
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    if (frames) { /* one, of which there is no end */
        put(fd, header,
            assay_ws_put_header(header, ASSAY_WS_BINARY, true, 1ull << 40,
                                key));
    }
    while (poll(&p, 1, 300) == 1) {
        want(send(fd, zeros, sizeof(zeros), MSG_DONTWAIT | MSG_NOSIGNAL) > 0,
             "what is sent is taken, or is not");
    }
}

static void
stuck(int fd)
{
    (void)fd; /* does not even read its end */
}

static void
full_and_reset_client(int fd)
{
    fill(fd, true);
    reset(fd);
}

/* All that it has said, and its end, has come; more than the target takes. */
static void
cut_behind_client(int fd)
{
    static uint8_t bytes[96 * 1024];

    put_frame(fd, ASSAY_WS_BINARY, true, bytes, sizeof(bytes));
    shutdown(fd, SHUT_WR);
}

static void
full_and_reset_target(int fd)
{
    fill(fd, false);
    reset(fd);
}

/* From one side to the other, past the tunnel. */
static int aside[2];
#define CLIENT 0
#define TARGET 1

static void
say(int side)
{
    want(write(aside[side], "", 1) == 1, "a word to the other side");
}

static void
listen_to(int side)
{
    char octet;

    want(read(aside[side], &octet, 1) == 1, "a word of the other side");
}

/* Of a client whose target does not take what it says there is no judging
 * whether it answers. */
static void
waits_for_target_client(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    fill(fd, true);
    want(poll(&p, 1, 300) == 0, "neither a Ping nor an end");
    say(CLIENT);
    shutdown(fd, SHUT_WR);
    get_end(fd);
}

static void
reads_later_target(int fd)
{
    static uint8_t bytes[PIECE];

    listen_to(TARGET);
    while (recv(fd, bytes, sizeof(bytes), 0) > 0) {
    }
}

/* What came before the client's end is delivered, though the target has said
 * more than anybody has read: a reset would take it back. */
static void
cut_unread_client(int fd)
{
    static uint8_t bytes[PIECE];

    listen_to(CLIENT);
    make(bytes, sizeof(bytes), 0);
    put_frame(fd, ASSAY_WS_BINARY, true, bytes, sizeof(bytes));
    shutdown(fd, SHUT_WR);
    while (recv(fd, bytes, sizeof(bytes), 0) > 0) {
    }
    say(CLIENT);
}

static void
cut_unread_target(int fd)
{
    static uint8_t bytes[PIECE];

    fill(fd, false);
    say(TARGET);
    listen_to(TARGET);
    want(get(fd, bytes, sizeof(bytes)) && is_made(bytes, sizeof(bytes), 0),
         "all that the client has said");
    get_end(fd);
}

/* --- limits --------------------------------------------------------------- */

/* Silence: the tunnel ends it. */
static void
idle_client(int fd)
{
    get_close_that_says(fd, 1001, "idle");
    put_close(fd, 1001);
    get_end(fd);
}

static void
old_client(int fd)
{
    get_close_that_says(fd, 1001, "lifetime");
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

/* Answers Pings, and so stays. */
static void
alive_client(int fd)
{
    unsigned opcode = ASSAY_WS_PING;
    uint8_t code[2];

    for (unsigned i = 0; i < 3; i++) {
        get_frame(fd, ASSAY_WS_PING, "");
        put_control(fd, ASSAY_WS_PONG, "");
    }
    put_close(fd, 1000);
    while (opcode == ASSAY_WS_PING && get_header(fd, &opcode) == 0) {
    }
    want(opcode == ASSAY_WS_CLOSE && get(fd, code, 2), "a Close");
    get_end(fd);
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
    if (s->run != never_ends_target && s->run != stuck) {
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
    bool narrow; /* little is on its way to the target */
    uint64_t min_ms;
    bool no_pipes; /* there is no descriptor for one */
} rows[] = {
    {.name = "talk",
     .client = talk_client,
     .target = talk_target,
     .code = 1000,
     .up = 5,
     .down = 5},
    {.name = "pieces",
     .client = pieces_client,
     .target = pieces_target,
     .code = 1000,
     .up = 8,
     .down = 5},
    {.name = "target first",
     .client = target_first_client,
     .target = target_first_target,
     .code = 1000,
     .up = 8,
     .down = 10},
    {.name = "client first",
     .client = client_first_client,
     .target = client_first_target,
     .code = 4321,
     .up = 8,
     .down = 6},
    {.name = "no code",
     .client = no_code_client,
     .target = idle_target,
     .code = ASSAY_WS_NO_CODE},
    {.name = "greeting",
     .client = greeting_client,
     .target = greeting_target,
     .code = 1000,
     .up = 5,
     .down = 16},
    {.name = "target that ends at once",
     .client = ended_target_client,
     .target = ended_target,
     .code = 1000},
    {.name = "bulk",
     .client = bulk_client,
     .target = bulk_target,
     .code = 1000,
     .up = BULK_BYTES,
     .down = BULK_BYTES},
    {.name = "bulk without pipes",
     .client = bulk_client,
     .target = bulk_target,
     .code = 1000,
     .up = BULK_BYTES,
     .down = BULK_BYTES,
     .no_pipes = true},
    {.name = "client that does not read",
     .client = deaf_client,
     .target = bulk_target,
     .code = 1000,
     .up = BULK_BYTES,
     .down = BULK_BYTES},
    {.name = "target that does not read",
     .client = bulk_client,
     .target = deaf_target,
     .code = 1000,
     .up = BULK_BYTES,
     .down = BULK_BYTES},
    {.name = "unmasked",
     .client = unmasked_client,
     .target = unmasked_target,
     .limits = {.close_ms = 300},
     .why = TUNNEL_CLIENT_WRONG,
     .code = 1002,
     .up = 4},
    {.name = "wrong, and much behind it",
     .client = wrong_and_much_client,
     .target = unmasked_target,
     .limits = {.close_ms = 60000},
     .why = TUNNEL_CLIENT_WRONG,
     .code = 1002,
     .up = 4},
    {.name = "wrong, and for ever",
     .client = wrong_for_ever_client,
     .target = unmasked_target,
     .limits = {.close_ms = 60000},
     .why = TUNNEL_CLIENT_WRONG,
     .code = 1002,
     .up = 4},
    {.name = "stuck target, client reset",
     .client = full_and_reset_client,
     .target = stuck,
     .limits = {.close_ms = 100},
     .why = TUNNEL_CLIENT_GONE,
     .up = ANY},
    {.name = "stuck target, client cut",
     .client = cut_behind_client,
     .target = stuck,
     .limits = {.close_ms = 100},
     .why = TUNNEL_CLIENT_GONE,
     .up = ANY,
     .narrow = true},
    {.name = "stuck client, target reset",
     .client = stuck,
     .target = full_and_reset_target,
     .limits = {.close_ms = 100},
     .why = TUNNEL_TARGET_FAILED,
     .down = ANY},
    {.name = "stuck target, client waits",
     .client = waits_for_target_client,
     .target = reads_later_target,
     .limits = {.ping_ms = 50},
     .why = TUNNEL_CLIENT_GONE,
     .up = ANY},
    {.name = "cut, and much unread",
     .client = cut_unread_client,
     .target = cut_unread_target,
     .limits = {.close_ms = 60000},
     .why = TUNNEL_CLIENT_GONE,
     .up = PIECE,
     .down = ANY},
    {.name = "client reset",
     .client = reset_client,
     .target = talk_target,
     .why = TUNNEL_CLIENT_GONE,
     .up = 5,
     .down = 5},
    {.name = "client cut",
     .client = cut_client,
     .target = cut_target,
     .why = TUNNEL_CLIENT_GONE,
     .up = 5},
    {.name = "target reset",
     .client = reset_target_client,
     .target = reset_target,
     .why = TUNNEL_TARGET_FAILED,
     .code = 1011,
     .up = 2,
     .down = 1},
    {.name = "idle",
     .client = idle_client,
     .target = idle_target,
     .limits = {.idle_ms = 50},
     .why = TUNNEL_IDLE,
     .code = 1001},
    {.name = "lifetime",
     .client = old_client,
     .target = idle_target,
     .limits = {.life_ms = 50},
     .why = TUNNEL_TOO_OLD,
     .code = 1001},
    {.name = "mute",
     .client = mute_client,
     .target = idle_target,
     .limits = {.ping_ms = 50},
     .why = TUNNEL_UNANSWERED},
    {.name = "alive",
     .client = alive_client,
     .target = idle_target,
     .limits = {.ping_ms = 50},
     .code = 1000},
    {.name = "no Close",
     .client = never_closes_client,
     .target = ends_target,
     .limits = {.close_ms = 50},
     .why = TUNNEL_CLOSE_TIMEOUT,
     .code = 1000},
    {.name = "no end",
     .client = never_ends_client,
     .target = never_ends_target,
     .limits = {.close_ms = 50},
     .code = 1000},
    {.name = "rate, up",
     .client = rate_client,
     .target = bulk_up_target,
     .limits = {.rate = RATE},
     .code = 1000,
     .up = RATE_BYTES,
     .min_ms = RATE_MIN_MS},
    {.name = "rate, down",
     .client = bulk_down_client,
     .target = rate_target,
     .limits = {.rate = RATE},
     .code = 1000,
     .down = RATE_BYTES,
     .min_ms = RATE_MIN_MS},
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
    struct rlimit before;
    struct rlimit none;

    assert_non_null(all);
    atomic_store(&wrong, NULL);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, aside), 0);
    loop_open(&loop);
    all->loop = &loop.uv;
    all->limits = row->limits;
    connect_pair(client, BUFFER_BYTES);
    connect_pair(target, row->narrow ? 1 : BUFFER_BYTES);
    sides[0] = (struct script){.run = row->client, .fd = client[0]};
    sides[1] = (struct script){.run = row->target, .fd = target[0]};
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_side, &sides[i]),
                         0);
    }
    assert_true(tunnel_open(all, client[1], target[1], NULL, 0, on_ended, &r));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    if (row->no_pipes) {
        none = (struct rlimit){0, before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    loop_close(&loop);
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(client[0]);
    close(target[0]);
    close(aside[0]);
    close(aside[1]);
    check_wrong(row->name);
    CHECK(row->name, r.why == row->why);
    CHECK(row->name, r.code == row->code);
    CHECK(row->name, r.ms >= row->min_ms);
    CHECK(row->name, row->up == ANY || r.up == row->up);
    CHECK(row->name, row->down == ANY || r.down == row->down);
    /* For /metrics; what a client was yet to take is counted there. */
    CHECK(row->name, all->up == r.up && all->down >= r.down);
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

/* A connection that was reset is none that has ended, whoever finds out. */
static void
reset_found_by_writing(void **state)
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
    connect_pair(client, BUFFER_BYTES);
    connect_pair(target, BUFFER_BYTES);
    reset(target[0]);
    assert_true(
        tunnel_open(all, client[1], target[1], ahead, len + 3, on_ended, &r));
    put_close(client[0], 1000);
    loop_close(&loop);
    get_close_that_says(client[0], 1011, "target_failed");
    get_end(client[0]);
    close(client[0]);
    close(target[0]);
    check_wrong("reset found by writing");
    assert_int_equal(r.why, TUNNEL_TARGET_FAILED);
    assert_int_equal(r.up, 0);
    free(all);
}

/* Its last words and the reset come together, and the client takes none of
 * them. */
static void
reset_with_last_words(void **state)
{
    static uint8_t words[96 * 1024];
    struct trial_loop loop;
    struct tunnels *all = calloc(1, sizeof(*all));
    struct tunnel_report r = {.why = TUNNEL_WHYS};
    int client[2];
    int target[2];

    (void)state;
    assert_non_null(all);
    atomic_store(&wrong, NULL);
    loop_open(&loop);
    all->loop = &loop.uv;
    all->limits.close_ms = 100;
    connect_pair(client, 1);
    connect_pair(target, BUFFER_BYTES);
    assert_true(tunnel_open(all, client[1], target[1], NULL, 0, on_ended, &r));
    put(target[0], words, sizeof(words));
    reset(target[0]);
    loop_close(&loop);
    close(client[0]);
    close(target[0]);
    check_wrong("reset with last words");
    assert_int_equal(r.why, TUNNEL_TARGET_FAILED);
    free(all);
}

/* What cannot be waited for. */
static void
no_sockets(void **state)
{
    struct trial_loop loop;
    struct tunnels *all = calloc(1, sizeof(*all));
    struct tunnel_report r = {.why = TUNNEL_WHYS};

    (void)state;
    assert_non_null(all);
    loop_open(&loop);
    all->loop = &loop.uv;
    for (unsigned i = 0; i < 2; i++) {
        int client[2];
        int target[2];
        int file = open("/proc/self/exe", O_RDONLY);

        connect_pair(client, BUFFER_BYTES);
        connect_pair(target, BUFFER_BYTES);
        close(i == 0 ? client[1] : target[1]);
        assert_false(tunnel_open(all, i == 0 ? file : client[1],
                                 i == 0 ? target[1] : file, NULL, 0, on_ended,
                                 &r));
        get_end(client[0]);
        get_end(target[0]);
        assert_int_equal(fcntl(file, F_GETFD), -1);
        close(client[0]);
        close(target[0]);
    }
    assert_int_equal(r.why, TUNNEL_WHYS);
    assert_true(all->count == 0 && all->first == NULL);
    loop_close(&loop);
    free(all);
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
    connect_pair(client, BUFFER_BYTES);
    connect_pair(target, BUFFER_BYTES);
    assert_true(
        tunnel_open(all, client[1], target[1], ahead, len + 3, on_ended, &r));
    get_text(target[0], "abc");
    tunnels_drain(all);
    get_close_that_says(client[0], 1001, "drained");
    put_close(client[0], 1001);
    shutdown(target[0], SHUT_WR);
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
        cmocka_unit_test(reset_found_by_writing),
        cmocka_unit_test(reset_with_last_words),
        cmocka_unit_test(no_sockets),
        cmocka_unit_test(drained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
