/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_listen.c - who may listen where, and what is accepted.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "harness/loop.h"
#include "io/listen.h"
#include "io/listen_socket.h"

#define ACCEPTED_MAX 8

struct server {
    struct trial_loop loop;
    struct assay_listener *listener;
    struct assay_stream *streams[ACCEPTED_MAX];
    size_t count;
    size_t close_after;      /* connections; 0: never */
    char folder[64];         /* for a Unix socket */
    struct assay_address at; /* folder/s */
};

static void
on_accepted(void *user, struct assay_stream *stream)
{
    struct server *s = user;

    assert_true(s->count < ACCEPTED_MAX);
    s->streams[s->count++] = stream;
    if (s->count == s->close_after) {
        assay_listener_close(s->listener);
        s->listener = NULL;
    }
}

static void
server_open(struct server *s)
{
    *s = (struct server){.at = {.is_unix = true}};
    loop_open(&s->loop);
    snprintf(s->folder, sizeof(s->folder), "/tmp/assay-test-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->at.path, sizeof(s->at.path), "%s/s", s->folder);
}

static void
server_close(struct server *s)
{
    for (size_t i = 0; i < s->count; i++) {
        assay_stream_close(s->streams[i]);
    }
    assay_listener_close(s->listener);
    loop_close(&s->loop);
    (void)unlink(s->at.path);
    assert_int_equal(rmdir(s->folder), 0);
}

static void
listen_at(struct server *s, const struct assay_address *at)
{
    struct assay_error err;

    if (assay_listen(&s->loop.uv, at, 0600, on_accepted, s, &s->listener,
                     &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    check_error("listen", &err, ASSAY_OK, "", ASSAY_NO_OFFSET);
}

static void
listen_text(struct server *s, const char *text)
{
    struct assay_address at;
    struct assay_error err;

    assert_int_equal(assay_address_parse(text, NULL, &at, &err), ASSAY_OK);
    listen_at(s, &at);
}

/* The kernel completes a connection before it is accepted. */
static int
connect_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = loop_socket(AF_UNIX, 0);

    snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int
connect_tcp(const char *address)
{
    struct sockaddr_in to;
    const char *colon = strrchr(address, ':');
    int fd = loop_socket(AF_INET, 0);

    assert_non_null(colon);
    assert_int_equal(
        uv_ip4_addr("127.0.0.1", (int)strtol(colon + 1, NULL, 10), &to), 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Until so many are accepted, or the watchdog barks. */
static void
run_until(struct server *s, size_t count)
{
    while (s->count < count && !s->loop.expired) {
        uv_run(&s->loop.uv, UV_RUN_ONCE);
    }
    assert_int_equal(s->count, count);
}

static void
settle(struct server *s)
{
    for (int i = 0; i < 8; i++) {
        uv_run(&s->loop.uv, UV_RUN_NOWAIT);
    }
}

static void
tcp(void **state)
{
    static const struct {
        const char *at;
        const char *prefix;
    } rows[] = {
        {"127.0.0.1:0", "127.0.0.1:"},
        {"localhost:0", "127.0.0.1:"},
        {"[::1]:0", "[::1]:"},
        {"0.0.0.0:0", "0.0.0.0:"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct server s;
        const char *address;

        server_open(&s);
        listen_text(&s, rows[i].at);
        address = assay_listener_address(s.listener);
        CHECK(rows[i].at,
              strncmp(address, rows[i].prefix, strlen(rows[i].prefix)) == 0);
        CHECK(rows[i].at, strcmp(strrchr(address, ':'), ":0") != 0);
        if (strncmp(address, "[", 1) != 0) {
            int fd = connect_tcp(address);

            assert_true(fd >= 0);
            run_until(&s, 1);
            CHECK(rows[i].at, strncmp(assay_stream_peer(s.streams[0]),
                                      "127.0.0.1:", 10) == 0);
            close(fd);
        }
        server_close(&s);
    }
}

/* The port is free as soon as close returns, connections or not. */
static void
again(void **state)
{
    struct server s;
    char address[64];
    int fd;

    (void)state;
    server_open(&s);
    listen_text(&s, "127.0.0.1:0");
    snprintf(address, sizeof(address), "%s",
             assay_listener_address(s.listener));
    fd = connect_tcp(address);
    run_until(&s, 1);
    assay_listener_close(s.listener);
    assert_int_equal(connect_tcp(address), -1);
    listen_text(&s, address);
    assert_string_equal(assay_listener_address(s.listener), address);
    close(fd);
    server_close(&s);
}

static void
unix_socket(void **state)
{
    struct server s;
    struct stat st;
    char want[128];
    char path[sizeof(s.at.path)];
    int fd;

    (void)state;
    server_open(&s);
    listen_at(&s, &s.at);
    snprintf(want, sizeof(want), "unix:%s", s.at.path);
    assert_string_equal(assay_listener_address(s.listener), want);
    assert_int_equal(lstat(s.at.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    fd = connect_unix(s.at.path);
    assert_true(fd >= 0);
    run_until(&s, 1);
    assert_string_equal(assay_stream_peer(s.streams[0]), "unix");
    close(fd);
    snprintf(path, sizeof(path), "%s", s.at.path);
    assay_listener_close(s.listener);
    s.listener = NULL;
    assert_int_equal(lstat(path, &st), -1);
    server_close(&s);
}

static void
stale_socket(void **state)
{
    struct server s;
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    int fd = loop_socket(AF_UNIX, 0);

    (void)state;
    server_open(&s);
    snprintf(own.sun_path, sizeof(own.sun_path), "%s", s.at.path);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(listen(fd, 1), 0);
    close(fd); /* as a killed server leaves it */
    listen_at(&s, &s.at);
    fd = connect_unix(s.at.path);
    run_until(&s, 1);
    close(fd);
    server_close(&s);
}

/* A successor's socket is not removed. */
static void
replaced_socket(void **state)
{
    struct server s;
    struct server successor;
    int fd;

    (void)state;
    server_open(&s);
    server_open(&successor);
    listen_at(&s, &s.at);
    assert_int_equal(unlink(s.at.path), 0);
    listen_at(&successor, &s.at);
    assay_listener_close(s.listener);
    s.listener = NULL;
    fd = connect_unix(s.at.path);
    assert_true(fd >= 0);
    run_until(&successor, 1);
    close(fd);
    server_close(&successor);
    server_close(&s);
}

static void
refused(void **state)
{
    struct server s;
    struct assay_listener *second;
    struct assay_address at;
    struct assay_error err;
    struct stat st;
    FILE *file;

    (void)state;
    server_open(&s);
    /* a live one */
    listen_at(&s, &s.at);
    assert_int_equal(
        assay_listen(&s.loop.uv, &s.at, 0600, on_accepted, &s, &second, &err),
        ASSAY_IO);
    assert_null(second);
    check_error("live", &err, ASSAY_IO, "listen on unix:/tmp/assay-test-",
                ASSAY_NO_OFFSET);
    assert_non_null(strstr(err.msg, "/s: another process listens there"));
    assay_listener_close(s.listener);
    /* a file that is no socket */
    file = fopen(s.at.path, "w");
    if (file == NULL) {
        abort();
    }
    fclose(file);
    assert_int_equal(
        assay_listen(&s.loop.uv, &s.at, 0600, on_accepted, &s, &second, &err),
        ASSAY_IO);
    assert_non_null(strstr(err.msg, "/s: something else is at this path"));
    assert_int_equal(lstat(s.at.path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    /* no folder */
    at = (struct assay_address){.is_unix = true};
    snprintf(at.path, sizeof(at.path), "%s/none/s", s.folder);
    assert_int_equal(
        assay_listen(&s.loop.uv, &at, 0600, on_accepted, &s, &second, &err),
        ASSAY_IO);
    assert_non_null(strstr(err.msg, "/none/s: no such file or directory"));
    /* a port that is taken, and an address that is not ours */
    listen_text(&s, "127.0.0.1:0");
    assert_int_equal(assay_address_parse(assay_listener_address(s.listener),
                                         NULL, &at, &err),
                     ASSAY_OK);
    assert_int_equal(
        assay_listen(&s.loop.uv, &at, 0600, on_accepted, &s, &second, &err),
        ASSAY_IO);
    check_error("taken", &err, ASSAY_IO,
                "listen on 127.0.0.1:", ASSAY_NO_OFFSET);
    assert_non_null(strstr(
        err.msg, ": address already in use: end what listens there, or "));
    assert_int_equal(assay_address_parse("192.0.2.1:0", NULL, &at, &err),
                     ASSAY_OK);
    assert_int_equal(
        assay_listen(&s.loop.uv, &at, 0600, on_accepted, &s, &second, &err),
        ASSAY_IO);
    check_error("not ours", &err, ASSAY_IO,
                "listen on 192.0.2.1:0: ", ASSAY_NO_OFFSET);
    server_close(&s);
}

/* Several loops at one address: TCP has a queue for each, among which the
 * system spreads; a Unix socket has one, and whoever looks first takes. */
static void
several(const char *text)
{
    struct server first;
    struct server second;
    struct assay_error err;
    int fds[2];
    int clients[ACCEPTED_MAX] = {0};
    struct assay_address at;

    server_open(&first);
    server_open(&second);
    at = first.at;
    if (text != NULL) {
        assert_int_equal(assay_address_parse(text, NULL, &at, &err), ASSAY_OK);
    }
    assay_error_clear(&err);
    assert_int_equal(
        assay_listen_socket(&first.loop.uv, &at, 0600, &fds[0], &err),
        ASSAY_OK);
    assert_int_equal(assay_listen_again(fds[0], &fds[1], &err), ASSAY_OK);
    assert_int_equal(assay_listen_on(&first.loop.uv, fds[0], on_accepted,
                                     &first, &first.listener, &err),
                     ASSAY_OK);
    assert_int_equal(assay_listen_on(&second.loop.uv, fds[1], on_accepted,
                                     &second, &second.listener, &err),
                     ASSAY_OK);
    assert_string_equal(assay_listener_address(first.listener),
                        assay_listener_address(second.listener));
    for (size_t i = 0; i < ACCEPTED_MAX; i++) {
        clients[i] = text != NULL
                         ? connect_tcp(assay_listener_address(first.listener))
                         : connect_unix(first.at.path);
        assert_true(clients[i] >= 0);
    }
    while (first.count + second.count < ACCEPTED_MAX) {
        uv_run(&first.loop.uv, UV_RUN_NOWAIT);
        uv_run(&second.loop.uv, UV_RUN_NOWAIT);
    }
    for (size_t i = 0; i < ACCEPTED_MAX; i++) {
        close(clients[i]);
    }
    server_close(&second);
    server_close(&first);
}

static void
several_loops(void **state)
{
    (void)state;
    several("127.0.0.1:0");
    several(NULL);
}

static void
closed_while_accepting(void **state)
{
    struct server s;
    int fds[3];

    (void)state;
    server_open(&s);
    listen_at(&s, &s.at);
    for (size_t i = 0; i < 3; i++) {
        fds[i] = connect_unix(s.at.path);
    }
    s.close_after = 2;
    settle(&s);
    assert_int_equal(s.count, 2);
    for (size_t i = 0; i < 3; i++) {
        close(fds[i]);
    }
    server_close(&s);
}

static void
paused(void **state)
{
    struct server s;
    int fd;

    (void)state;
    server_open(&s);
    listen_at(&s, &s.at);
    assay_listener_pause(s.listener, true);
    fd = connect_unix(s.at.path);
    settle(&s);
    assert_int_equal(s.count, 0);
    assay_listener_pause(s.listener, false);
    run_until(&s, 1);
    close(fd);
    server_close(&s);
}

/* A connection that comes when descriptors have run out waits for one. */
static void
no_descriptors(void **state)
{
    struct server s;
    struct rlimit before;
    struct rlimit none;
    int fd;

    (void)state;
    server_open(&s);
    listen_at(&s, &s.at);
    fd = connect_unix(s.at.path);
    settle(&s); /* the loop has all that it needs for itself */
    assert_int_equal(s.count, 1);
    close(fd);
    fd = connect_unix(s.at.path);
    assert_true(fd >= 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    settle(&s);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(s.count, 1);
    run_until(&s, 2);
    close(fd);
    server_close(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp),
        cmocka_unit_test(again),
        cmocka_unit_test(unix_socket),
        cmocka_unit_test(stale_socket),
        cmocka_unit_test(replaced_socket),
        cmocka_unit_test(refused),
        cmocka_unit_test(several_loops),
        cmocka_unit_test(closed_while_accepting),
        cmocka_unit_test(paused),
        cmocka_unit_test(no_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
