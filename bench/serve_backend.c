/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * serve_backend.c - the backend behind assay-serve and nginx when they are
 * compared, and behind assay-serve when clients' proxies are: HTTP/1.1 as far
 * as they speak it, one thread, and as little work as there can be. Unlike
 * nginx's "return", it reads a whole body before it answers, so that uploads
 * are carried whole. What it answers is in answers[], and there before it is
 * asked for; only the events of a paced stream are made, and one by one.
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
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench/answers.h"
#include "bench/measure.h"

#define PACED       20u /* events in a paced stream */
#define PACE_TICKS  20u /* from one to the next */
#define TICK_NS     1000000
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
    size_t body_left; /* of the request */
    const struct answer *answer;
    size_t at;       /* of it */
    unsigned events; /* of a paced one, still to come */
    bool answering;
    bool blocked; /* EPOLLOUT is waited for */
    char head[HEAD_BYTES + 1];
};

static char sink[READ_BYTES];
static int epoll_fd;
static struct peer *peers[DESCRIPTORS];
static int fds; /* above those of all peers */
static int timer;
static size_t tick;
static unsigned pacing; /* peers with events to come */

/* Ticks while there is anybody to pace. */
static void
run_timer(bool on)
{
    struct itimerspec t = {{0, 0}, {0, 0}};

    if (on) {
        t.it_interval.tv_nsec = t.it_value.tv_nsec = TICK_NS;
    }
    if (timerfd_settime(timer, 0, &t, NULL) != 0) {
        bench_die("timer: %s", strerror(errno));
    }
}

static void
pace(struct peer *p, unsigned events)
{
    unsigned before = pacing;

    pacing = pacing + (events > 0) - (p->events > 0);
    p->events = events;
    if ((before > 0) != (pacing > 0)) {
        run_timer(pacing > 0);
    }
}

static void
drop(struct peer *p)
{
    if (p->events > 0) {
        pace(p, 0);
    }
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

/* The answer goes on. 1: all is written; 0: later; -1: the peer is gone. */
static int
answer(struct peer *p)
{
    const struct answer *a = p->answer;

    while (p->at < a->len) {
        ssize_t n =
            send(p->fd, a->octets + p->at, a->len - p->at, MSG_NOSIGNAL);

        if (n < 0) {
            if (errno == EAGAIN) {
                want(p, true);
            }
            return errno == EAGAIN ? 0 : -1;
        }
        p->at += (size_t)n;
    }
    p->answering = a->pace != ANSWERS_AT_ONCE;
    want(p, false);
    return 1;
}

static int
begin_answer(struct peer *p)
{
    p->answering = true;
    p->answer = answers_find(p->head);
    p->at = 0;
    p->head_len = 0;
    if (p->answer->pace == ANSWERS_BY_AND_BY) {
        pace(p, PACED);
    }
    return answer(p);
}

/* The next event; the last one ends the stream. */
static void
send_event(struct peer *p)
{
    char event[ANSWERS_EVENT_MAX_BYTES + sizeof(ANSWERS_END)];
    size_t len = answers_put_event(event, ANSWERS_SMALL_BYTES, bench_now_ns());

    if (p->events == 1) {
        len += (size_t)snprintf(event + len, sizeof(event) - len, ANSWERS_END);
        p->answering = false;
    }
    pace(p, p->events - 1);
    if (send(p->fd, event, len, MSG_NOSIGNAL) != (ssize_t)len) {
        bench_die("an event is not read");
    }
}

/* Each peer has a moment of its own. */
static void
on_tick(void)
{
    uint64_t ticks;

    if (read(timer, &ticks, sizeof(ticks)) != sizeof(ticks)) {
        return;
    }
    for (; ticks > 0; ticks--, tick++) {
        for (size_t fd = tick % PACE_TICKS; fd < (size_t)fds;
             fd += PACE_TICKS) {
            if (peers[fd] != NULL && peers[fd]->events > 0) {
                send_event(peers[fd]);
            }
        }
    }
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

/* While an answer takes its time, the end is all that a peer has to say. */
static bool
is_gone(const struct peer *p)
{
    return p->answering && p->answer->pace != ANSWERS_AT_ONCE &&
           recv(p->fd, sink, 1, MSG_DONTWAIT) >= 0;
}

static void
on_ready(struct peer *p)
{
    if (is_gone(p) || (p->answering && answer(p) < 0) || !take(p)) {
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
        fds = fd < fds ? fds : fd + 1;
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
    int listener;

    answers_make();
    listener = open_listener();
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch(listener);
    watch(STDIN_FILENO);
    watch(timer);
    for (;;) {
        int n = epoll_wait(epoll_fd, ready, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd;

            if (fd == STDIN_FILENO) {
                return 0;
            }
            if (fd == listener) {
                accept_all(listener);
            } else if (fd == timer) {
                on_tick();
            } else if (peers[fd] != NULL) {
                on_ready(peers[fd]);
            }
        }
    }
}
