/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_visit.c - from a client's connection to its end: what it is
 * answered, and what it gets through.
 */
#include <pthread.h>
#include <sys/resource.h>

#include "harness/visits.h"

/* --- clients and targets that are not the usual ones ---------------------- */

static void
closes_at_once(const struct asked *a, int fd)
{
    put_request(a, fd);
    put_close(fd, 1000);
    get_answer(a, fd);
    get_frame(fd, ASSAY_WS_BINARY, "ahead");
    get_close(fd, 1000);
    get_end(fd);
}

static void
ends_at_once(const struct asked *a, int fd)
{
    put_request(a, fd);
    shutdown(fd, SHUT_WR);
    get_answer(a, fd);
    get_end(fd);
}

static void
gets_ahead(int fd)
{
    get_text(fd, "ahead");
    get_end(fd);
}

static void
is_left(const struct asked *a, int fd)
{
    put_request(a, fd);
    get_answer(a, fd);
    get_close(fd, 1000);
    put_close(fd, 1000);
    get_end(fd);
}

static void
leaves(int fd)
{
    (void)fd;
}

static void
is_greeted(const struct asked *a, int fd)
{
    put_request(a, fd);
    get_answer(a, fd);
    get_frame(fd, ASSAY_WS_BINARY, "220 welcome");
    put_close(fd, 1000);
    get_close(fd, 1000);
    get_end(fd);
}

static void
greets(int fd)
{
    put(fd, "220 welcome", 11);
    get_end(fd);
}

static void
gets_head_alone(const struct asked *a, int fd)
{
    put_request(a, fd);
    get_answer(a, fd);
    get_end(fd);
}

static void
says_nothing(const struct asked *a, int fd)
{
    (void)a;
    (void)fd;
}

static void
says_half(const struct asked *a, int fd)
{
    put_request(a, fd);
}

static void
says_half_and_resets(const struct asked *a, int fd)
{
    put_request(a, fd);
    reset(fd);
}

static void
is_cut(const struct asked *a, int fd)
{
    (void)a;
    get_end(fd);
}

/* --- all of them ---------------------------------------------------------- */

static const struct row rows[] = {
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
    {.name = "octet by octet",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 101 ",
     .trickles = true,
     .ahead = true},
    {.name = "whole URI",
     .request = "GET ws://bridge.example?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS
                "\r\n",
     .answer = "HTTP/1.1 101 "},
    {.name = "Unix socket",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 101 ",
     .unix_door = true,
     .ahead = true},
    {.name = "Close with the request",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 101 ",
     .ahead = true,
     .client = closes_at_once},
    {.name = "end without a Close behind the request",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 101 ",
     .ahead = true,
     .client = ends_at_once,
     .target = gets_ahead,
     .why = TUNNEL_CLIENT_GONE},
    {.name = "target that ends at once",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 101 ",
     .client = is_left,
     .target = leaves},
    {.name = "target that speaks first",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 101 ",
     .client = is_greeted,
     .target = greets},
    {.name = "nobody listens, at any address of a name",
     .request = "GET /?target=localhost:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 502 ",
     .code = "connect_failed",
     .denial = DENIED_NOT_CONNECTED,
     .nobody = true},
    {.name = "HEAD",
     .request = "HEAD /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 405 ",
     .denial = DENIED_METHOD,
     .client = gets_head_alone},
    /* clients that do not wait for an answer */
    {.name = "no request", .denial = DENIED_GONE, .client = says_nothing},
    {.name = "half a request, and gone",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\nHost: x\r\n",
     .denial = DENIED_GONE,
     .client = says_half},
    {.name = "half a request, and reset",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\nHost: x\r\n",
     .denial = DENIED_GONE,
     .client = says_half_and_resets},
    /* the bridge goes */
    {.name = "drained",
     .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
     .answer = "HTTP/1.1 503 ",
     .code = "stopping",
     .denial = DENIED_DRAINING,
     .come = visits_drain},
    {.name = "cut",
     .denial = DENIED_DRAINING,
     .client = is_cut,
     .come = visits_cut},
};

static void
visits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)check(&rows[i]);
    }
}

/* --- descriptors ---------------------------------------------------------- */

static struct {
    int fds[256];
    unsigned count;
} taken;

/* Each that there is; the door, which closes behind it, leaves one for the
 * target. */
static void
take_all(struct visits *visits)
{
    int fd;

    (void)visits;
    while (taken.count < COUNT_OF(taken.fds) && (fd = dup(0)) >= 0) {
        taken.fds[taken.count++] = fd;
    }
}

static unsigned
count_open(void)
{
    unsigned n = 0;

    for (int fd = 0; fd < (int)COUNT_OF(taken.fds); fd++) {
        n += fcntl(fd, F_GETFD) != -1;
    }
    return n;
}

/* It is said while it can be, and nothing stays open. */
static void
starved(void **state)
{
    static const struct row row = {
        .name = "no descriptor left",
        .request = "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS "\r\n",
        .answer = "HTTP/1.1 503 ",
        .code = "out_of_resources",
        .denial = DENIED_INTERNAL,
        .come = take_all,
    };
    struct rlimit before;
    struct rlimit few;
    unsigned open_before = count_open();

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){COUNT_OF(taken.fds), before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    (void)check(&row);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    while (taken.count > 0) {
        close(taken.fds[--taken.count]);
    }
    assert_int_equal(count_open(), open_before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visits),
        cmocka_unit_test(starved),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
