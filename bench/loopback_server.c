/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * loopback_server.c - see loopback_server.h.
 */
#include "bench/loopback_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "atls/tls.h"
#include "bench/measure.h"

#define READ_BYTES 65536u
#define BACKLOG    16

/* --- sockets ------------------------------------------------------------ */

static void
need(bool good, const char *what)
{
    if (!good) {
        bench_die("%s: %s", what, strerror(errno));
    }
}

/* Empty at the end; a client that resets a connection has ended it, too. */
static struct assay_slice
receive(int fd, uint8_t room[READ_BYTES])
{
    ssize_t n = recv(fd, room, READ_BYTES, 0);

    need(n >= 0 || errno == ECONNRESET, "receiving");
    return (struct assay_slice){room, n > 0 ? (size_t)n : 0};
}

static void
send_all(int fd, struct assay_slice out)
{
    while (out.len > 0) {
        ssize_t n = send(fd, out.ptr, out.len, MSG_NOSIGNAL);

        need(n > 0, "sending");
        out.ptr += n;
        out.len -= (size_t)n;
    }
}

/* --- connections -------------------------------------------------------- */

static void
serve_plain(const struct bench_site *s, int fd)
{
    uint8_t room[READ_BYTES];
    struct assay_slice in = receive(fd, room);
    struct assay_tls *tls = NULL;
    struct assay_queue plain;
    struct assay_error err;

    assay_error_clear(&err);
    assay_queue_init(&plain, READ_BYTES);
    bench_must(assay_tls_server_new(s->p.ctx, s->p.identity, &tls, &err),
               "TLS server", &err);
    while (in.len > 0) {
        struct assay_queue *out = assay_tls_output(tls);
        size_t used = 0;

        bench_must(assay_tls_feed(tls, in, &used, &plain, READ_BYTES / 2, &err),
                   "TLS server", &err);
        send_all(fd, assay_queue_slice(out));
        assay_queue_take(out, assay_queue_len(out));
        in = receive(fd, room);
    }
    assay_queue_free(&plain);
    assay_tls_free(tls);
}

static void
serve_attested(const struct bench_site *s, int fd)
{
    uint8_t room[READ_BYTES];
    struct assay_slice in = receive(fd, room);
    struct assay_server *session = NULL;
    struct assay_error err;

    bench_must(assay_server_new(s->p.ctx, s->p.identity, &session, &err),
               "server", &err);
    while (in.len > 0) {
        struct assay_slice out;
        size_t used = 0;

        bench_must(assay_server_feed(session, in, &used, &err), "server", &err);
        if (assay_server_state(session) == ASSAY_SERVER_QUOTE) {
            bench_site_give_quote(s, session);
        }
        out = assay_server_output(session);
        send_all(fd, out);
        assay_server_sent(session, out.len);
        in = receive(fd, room);
    }
    assay_server_free(session);
}

/* --- the thread --------------------------------------------------------- */

static void *
serve(void *arg)
{
    const struct bench_server *s = arg;
    const int on = 1;
    int fd = accept(s->listener, NULL, NULL);

    while (fd >= 0) {
        need(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0,
             "TCP_NODELAY");
        if (s->attested) {
            serve_attested(s->site, fd);
        } else {
            serve_plain(s->site, fd);
        }
        (void)close(fd);
        fd = accept(s->listener, NULL, NULL);
    }
    return NULL;
}

void
bench_server_start(struct bench_server *s, const struct bench_site *site,
                   bool attested)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof(at);

    *s = (struct bench_server){.site = site, .attested = attested};
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(s->listener >= 0, "socket");
    need(bind(s->listener, (struct sockaddr *)&at, len) == 0 &&
             listen(s->listener, BACKLOG) == 0 &&
             getsockname(s->listener, (struct sockaddr *)&at, &len) == 0,
         "listening");
    s->port = ntohs(at.sin_port);
    errno = pthread_create(&s->thread, NULL, serve, s);
    need(errno == 0, "thread");
}

void
bench_server_stop(struct bench_server *s)
{
    /* Ends accept(), which has no other way to learn of it. */
    (void)shutdown(s->listener, SHUT_RDWR);
    errno = pthread_join(s->thread, NULL);
    need(errno == 0, "thread");
    (void)close(s->listener);
}
