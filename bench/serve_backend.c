/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * serve_backend.c - the backend behind assay-serve and nginx when they are
 * compared: HTTP/1.1 as far as the two of them speak it, one thread, and as
 * little work as there can be. Unlike nginx's "return", it reads a whole body
 * before it answers, so that uploads are carried whole.
 *
 * usage: serve_backend: writes its port, and runs until its input ends.
 */
#define _GNU_SOURCE 1 /* accept4, strcasestr */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/measure.h"

#define LARGE_BYTES (8u << 20)
#define HEAD_BYTES  8192u
#define READ_BYTES  (256u * 1024u)
#define EVENTS      256
#define DESCRIPTORS 65536
/* A thousand answers that nobody takes are not to use up what the system has
 * for all TCP: that would slow down every one, and say nothing of a server. */
#define UNSENT_MAX_BYTES (128 * 1024)

struct peer {
    int fd;
    size_t head_len;
    size_t body_left;     /* of the request */
    const char *head_out; /* of the answer */
    size_t head_left;
    size_t out_left;
    bool answering;
    bool blocked; /* EPOLLOUT is waited for */
    char head[HEAD_BYTES + 1];
};

static const char small_answer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    "Content-Length: 12\r\n\r\nhello world\n";
static const char large_head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
    "Content-Length: 8388608\r\n\r\n";
static char large[LARGE_BYTES];
static char sink[READ_BYTES];
static int epoll_fd;
static struct peer *peers[DESCRIPTORS];

static void
drop(struct peer *p)
{
    peers[p->fd] = NULL;
    (void)close(p->fd);
    free(p);
}

static void
want(struct peer *p, bool out)
{
    struct epoll_event e = {.events = out ? EPOLLOUT : EPOLLIN,
                            .data.fd = p->fd};

    if (p->blocked != out) {
        p->blocked = out;
        (void)epoll_ctl(epoll_fd, EPOLL_CTL_MOD, p->fd, &e);
    }
}

/* 1: all is written; 0: later; -1: the peer is gone. */
static int
put(struct peer *p, const char *from, size_t *left)
{
    while (*left > 0) {
        ssize_t n = send(p->fd, from, *left, MSG_NOSIGNAL);

        if (n < 0) {
            return errno == EAGAIN ? 0 : -1;
        }
        from += n;
        *left -= (size_t)n;
    }
    return 1;
}

/* The answer goes on; the same results. */
static int
answer(struct peer *p)
{
    size_t before = p->head_left;
    int how = put(p, p->head_out, &p->head_left);

    p->head_out += before - p->head_left;
    if (how == 1) {
        how = put(p, large + (LARGE_BYTES - p->out_left), &p->out_left);
    }
    p->answering = how != 1;
    if (how >= 0) {
        want(p, how == 0);
    }
    return how;
}

static int
begin_answer(struct peer *p)
{
    bool is_large = strncmp(p->head, "GET /large ", 11) == 0;

    p->answering = true;
    p->head_out = is_large ? large_head : small_answer;
    p->head_left = strlen(p->head_out);
    p->out_left = is_large ? LARGE_BYTES : 0;
    p->head_len = 0;
    return answer(p);
}

/* One head, if it is whole. False: the peer is no longer of use. */
static bool
take_head(struct peer *p)
{
    char *end;
    char *length;
    size_t used;
    size_t here;

    p->head[p->head_len] = '\0';
    end = strstr(p->head, "\r\n\r\n");
    if (end == NULL) {
        return p->head_len < HEAD_BYTES;
    }
    used = (size_t)(end - p->head) + 4;
    here = p->head_len - used;
    length = strcasestr(p->head, "\r\ncontent-length:");
    p->body_left = 0;
    if (length != NULL && length < end) {
        p->body_left = strtoul(length + 17, NULL, 10);
    } else if (strcasestr(p->head, "\r\ntransfer-encoding:") != NULL) {
        bench_die("the backend reads sized bodies only");
    }
    if (here > p->body_left) {
        return false; /* nobody here sends two requests at a time */
    }
    p->body_left -= here;
    return p->body_left > 0 || begin_answer(p) >= 0;
}

/* False: the peer is gone. */
static bool
take(struct peer *p)
{
    while (!p->answering) {
        bool in_body = p->body_left > 0;
        ssize_t n =
            in_body
                ? recv(p->fd, sink,
                       p->body_left < READ_BYTES ? p->body_left : READ_BYTES, 0)
                : recv(p->fd, p->head + p->head_len, HEAD_BYTES - p->head_len,
                       0);

        if (n <= 0) {
            return n < 0 && errno == EAGAIN;
        }
        if (in_body) {
            p->body_left -= (size_t)n;
            if (p->body_left == 0 && begin_answer(p) < 0) {
                return false;
            }
        } else {
            p->head_len += (size_t)n;
            if (!take_head(p)) {
                return false;
            }
        }
    }
    return true;
}

static void
on_ready(struct peer *p)
{
    if ((p->answering && answer(p) < 0) || !take(p)) {
        drop(p);
    }
}

static void
watch(int fd)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) != 0) {
        bench_die("epoll: %s", strerror(errno));
    }
}

static void
accept_all(int listener)
{
    int one = 1;
    int unsent = UNSENT_MAX_BYTES;
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >=
           0) {
        if (fd >= DESCRIPTORS ||
            (peers[fd] = calloc(1, sizeof(struct peer))) == NULL) {
            bench_die("too many connections");
        }
        peers[fd]->fd = fd;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent,
                         sizeof(unsent));
        watch(fd);
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
        bench_die("backend: %s", strerror(errno));
    }
    (void)printf("%u\n", ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

int
main(void)
{
    struct epoll_event ready[EVENTS];
    int listener = open_listener();

    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch(listener);
    watch(STDIN_FILENO);
    for (;;) {
        int n = epoll_wait(epoll_fd, ready, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd;

            if (fd == STDIN_FILENO) {
                return 0;
            }
            if (fd == listener) {
                accept_all(listener);
            } else if (peers[fd] != NULL) {
                on_ready(peers[fd]);
            }
        }
    }
}
