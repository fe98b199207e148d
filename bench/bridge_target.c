/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bridge_target.c - what is behind assay-bridge and its peers when they are
 * compared: TCP, one thread, and as little work as there can be. The first
 * octet of a connection says what it is for:
 *   e  what comes is sent back, this octet too
 *   d  for each octet that comes, PIECE_BYTES are sent
 *   u  octets are taken
 *   c  how many have been taken, of all connections: 8 octets of this machine's
 *
 * usage: bridge_target: writes its port, and runs until its input ends.
 */
#define _GNU_SOURCE 1 /* accept4, memfd_create */

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include "bench/measure.h"

#define CHUNK_BYTES (256u * 1024u)
#define PIECE_BYTES (2u << 20)
#define EVENTS      256
#define DESCRIPTORS 65536

static int source;               /* a file in memory */
static char echoed[CHUNK_BYTES]; /* or what else is read */
static char uses[DESCRIPTORS];   /* of a connection; 0: not known yet */
static int fds;                  /* above those of all connections */
static size_t owed[DESCRIPTORS];
static uint64_t taken;
static int epoll_fd;

static void
watch(int how, int fd, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.fd = fd};

    if (epoll_ctl(epoll_fd, how, fd, &e) != 0) {
        bench_die("epoll: %s", strerror(errno));
    }
}

/* These functions say whether the peer is still of use. */

/* What is sent back is little, and waited for: nobody's buffers are full. */
static bool
put(int fd, const void *bytes, size_t len)
{
    ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

    if (n >= 0 && (size_t)n < len) {
        bench_die("an echo is not read");
    }
    return n > 0;
}

static bool
echo(int fd)
{
    ssize_t n = recv(fd, echoed, sizeof(echoed), 0);

    return n > 0 && put(fd, echoed, (size_t)n);
}

/* From the file's own pages, not copied. */
static bool
pour(int fd)
{
    off_t at = 0;
    ssize_t n = sendfile(fd, source, &at,
                         owed[fd] < CHUNK_BYTES ? owed[fd] : CHUNK_BYTES);

    if (n > 0) {
        owed[fd] -= (size_t)n;
        if (owed[fd] == 0) {
            watch(EPOLL_CTL_MOD, fd, EPOLLIN);
        }
    }
    return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool
owe(int fd)
{
    ssize_t n = recv(fd, echoed, sizeof(echoed), 0);

    if (n > 0) {
        owed[fd] += (size_t)n * PIECE_BYTES;
        watch(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
    }
    return n > 0;
}

/* Not even copied (tcp(7)). */
static bool
take(int fd)
{
    ssize_t n = recv(fd, NULL, 4 * CHUNK_BYTES, MSG_TRUNC);

    taken += n > 0 ? (uint64_t)n : 0;
    return n > 0 || (n < 0 && errno == EAGAIN);
}

/* Also what is less than sinks wait for. Those that have ended are closed when
 * they are seen to have. */
static void
take_all(void)
{
    for (int fd = 0; fd < fds; fd++) {
        if (uses[fd] == 'u') {
            (void)take(fd);
        }
    }
}

static bool
begin(int fd)
{
    /* To wake a reader for each segment is work, and the server's. */
    static const int late = CHUNK_BYTES / 2;
    char use;

    if (recv(fd, &use, 1, 0) != 1) {
        return false;
    }
    uses[fd] = use;
    switch (use) {
    case 'e':
        return put(fd, &use, 1);
    case 'u':
        return setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &late, sizeof(late)) ==
               0;
    case 'c':
        take_all();
        return put(fd, &taken, sizeof(taken));
    default:
        return use == 'd';
    }
}

static bool
serve(int fd, uint32_t events)
{
    switch (uses[fd]) {
    case 'e':
        return echo(fd);
    case 'd':
        return ((events & EPOLLIN) == 0 || owe(fd)) &&
               (owed[fd] == 0 || pour(fd));
    case 'u':
        return take(fd);
    default:
        return begin(fd);
    }
}

static void
accept_all(int listener)
{
    int one = 1;
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >=
           0) {
        if (fd >= DESCRIPTORS) {
            bench_die("too many connections");
        }
        owed[fd] = 0;
        fds = fd < fds ? fds : fd + 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    }
    if (errno != EAGAIN) {
        bench_die("the target cannot accept: %s", strerror(errno));
    }
}

static int
open_listener(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 ||
        listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0) {
        bench_die("target: %s", strerror(errno));
    }
    (void)printf("%u\n", ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

static void
make_source(void)
{
    char bytes[CHUNK_BYTES];

    memset(bytes, 's', sizeof(bytes));
    source = memfd_create("source", MFD_CLOEXEC);
    if (source < 0 ||
        write(source, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes)) {
        bench_die("source: %s", strerror(errno));
    }
}

int
main(void)
{
    struct epoll_event ready[EVENTS];
    int listener = open_listener();

    make_source();
    (void)signal(SIGPIPE, SIG_IGN); /* sendfile() has no flag for it */
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
    watch(EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN);
    for (;;) {
        int n = epoll_wait(epoll_fd, ready, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd;

            if (fd == STDIN_FILENO) {
                return 0;
            }
            if (fd == listener) {
                accept_all(listener);
            } else if (!serve(fd, ready[i].events)) {
                uses[fd] = 0;
                (void)close(fd);
            }
        }
    }
}
