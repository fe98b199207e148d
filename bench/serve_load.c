/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * serve_load.c - clients of a TLS server under measurement, for what wrk does
 * not do. Each blocks on its own socket; many are threads. Nothing is verified
 * here: what is measured is the server.
 *
 * usage: serve_load connect PORT SECONDS THREADS   connections/s
 *        serve_load rate PORT RATE SECONDS CONNS   p50 and p99 in us
 *        serve_load hold PORT COUNT get|quote      connections that stay
 *        serve_load slow PORT LORIS STUCK          those nobody wants
 * The last two write a line when they are ready, and end with their input.
 */
#define _GNU_SOURCE 1 /* strcasestr */

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <openssl/ssl.h>

#include "bench/measure.h"

#define THREADS_MAX  64
#define SAMPLES_MAX  (1u << 18)
#define ANSWER_BYTES (256u * 1024u)
#define HOLD_THREADS 4u
#define MOMENTS      100 /* of a second, in which slow clients send */

static const char get_small[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char get_last[] =
    "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
static const char get_large[] =
    "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char get_begun[] = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
static const char ask_quote[] =
    "POST /tdx_quote HTTP/1.1\r\nHost: localhost\r\n"
    "Content-Type: application/json\r\nContent-Length: 80\r\n"
    "Connection: keep-alive\r\n\r\n{\"nonce_hex\":\""
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"}";

static SSL_CTX *ctx;
static uint16_t port;

/* --- one connection ----------------------------------------------------- */

static SSL *
open_connection(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    SSL *ssl = SSL_new(ctx);

    if (fd < 0 || ssl == NULL) {
        bench_die("socket: %s", strerror(errno));
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        bench_die("connect: %s", strerror(errno));
    }
    if (SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1) {
        bench_die("a TLS handshake failed");
    }
    return ssl;
}

static void
close_connection(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);

    SSL_free(ssl);
    (void)close(fd);
}

/* Dies unless the answer is 200, comes whole, and holds `needle`. */
static void
ask(SSL *ssl, const char *request, const char *needle)
{
    static _Thread_local char answer[ANSWER_BYTES + 1];
    size_t len = 0;
    size_t whole = 0;

    if (SSL_write(ssl, request, (int)strlen(request)) <= 0) {
        bench_die("a request could not be sent");
    }
    while (whole == 0 || len < whole) {
        int n = SSL_read(ssl, answer + len, (int)(ANSWER_BYTES - len));
        const char *end;
        const char *length;

        if (n <= 0) {
            bench_die("an answer was cut after %zu bytes", len);
        }
        len += (size_t)n;
        answer[len] = '\0';
        end = strstr(answer, "\r\n\r\n");
        length = strcasestr(answer, "\r\ncontent-length:");
        if (whole == 0 && end != NULL && length != NULL) {
            whole = (size_t)(end - answer) + 4 + strtoul(length + 17, NULL, 10);
        }
    }
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0 ||
        strstr(answer, needle) == NULL) {
        bench_die("not the answer that was expected: %.400s", answer);
    }
}

/* Holds until whoever started this closes our input. */
static void
wait_for_end(void)
{
    char c;

    while (read(STDIN_FILENO, &c, 1) > 0) {
    }
}

static void
say(const char *line)
{
    (void)puts(line);
    (void)fflush(stdout);
}

/* --- threads ------------------------------------------------------------ */

struct worker {
    size_t index;
    size_t count; /* workers */
    double start_ns;
    double end_ns;
    double rate; /* of all */
    size_t done;
    const char *request;
    SSL **kept;
    size_t total; /* connections to keep, of all */
    size_t loris; /* of them */
};

static struct worker workers[THREADS_MAX];
static double samples[SAMPLES_MAX];
static atomic_size_t sample_count;

static void
run_workers(size_t count, const struct worker *like, void *(*work)(void *))
{
    pthread_t threads[THREADS_MAX];

    if (count == 0 || count > THREADS_MAX) {
        bench_die("1 to %d threads", THREADS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        workers[i] = *like;
        workers[i].index = i;
        workers[i].count = count;
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) {
            bench_die("threads");
        }
    }
    for (size_t i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
    }
}

static void *
connect_work(void *arg)
{
    struct worker *w = arg;

    while (bench_now_ns() < w->end_ns) {
        SSL *ssl = open_connection();

        ask(ssl, get_last, "hello");
        close_connection(ssl);
        w->done++;
    }
    return NULL;
}

static void
run_connect(char **argv)
{
    double seconds = strtod(argv[0], NULL);
    size_t count = strtoul(argv[1], NULL, 10);
    double start = bench_now_ns();
    size_t done = 0;

    run_workers(count, &(struct worker){.end_ns = start + seconds * 1e9},
                connect_work);
    for (size_t i = 0; i < count; i++) {
        done += workers[i].done;
    }
    (void)printf("%.2f\n", (double)done / ((bench_now_ns() - start) / 1e9));
}

static void
sleep_until(double ns)
{
    struct timespec t = {(time_t)(ns / 1e9), 0};

    t.tv_nsec = (long)(ns - (double)t.tv_sec * 1e9);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

/* Time counts from when a request was due: one that is late because the one
 * before it was slow is late. */
static void *
rate_work(void *arg)
{
    struct worker *w = arg;
    SSL *ssl = open_connection();

    ask(ssl, get_small, "hello");
    for (size_t i = 0;; i++) {
        double due =
            w->start_ns + (double)(i * w->count + w->index) / w->rate * 1e9;
        size_t at;

        if (due >= w->end_ns) {
            break;
        }
        sleep_until(due);
        ask(ssl, get_small, "hello");
        at = atomic_fetch_add(&sample_count, 1);
        if (at >= SAMPLES_MAX) {
            bench_die("more than %u samples", SAMPLES_MAX);
        }
        samples[at] = (bench_now_ns() - due) / 1e3;
    }
    close_connection(ssl);
    return NULL;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
run_rate(char **argv)
{
    double start = bench_now_ns() + 3e8; /* when all are connected */
    struct worker like = {
        .rate = strtod(argv[0], NULL),
        .start_ns = start,
        .end_ns = start + strtod(argv[1], NULL) * 1e9,
    };
    size_t n;

    run_workers(strtoul(argv[2], NULL, 10), &like, rate_work);
    n = atomic_load(&sample_count);
    if (n < 100) {
        bench_die("too few samples for a p99");
    }
    qsort(samples, n, sizeof(samples[0]), by_value);
    (void)printf("%.1f %.1f\n", samples[n / 2], samples[n * 99 / 100]);
}

static void *
hold_work(void *arg)
{
    struct worker *w = arg;

    for (size_t i = w->index; i < w->total; i += w->count) {
        w->kept[i] = open_connection();
        ask(w->kept[i], w->request,
            w->request == ask_quote ? "\"quote_type\":\"tdx\"" : "hello");
    }
    return NULL;
}

static void
run_hold(char **argv)
{
    size_t total = strtoul(argv[0], NULL, 10);
    SSL **kept = calloc(total, sizeof(SSL *));

    if (kept == NULL || total == 0) {
        bench_die("out of memory");
    }
    run_workers(HOLD_THREADS,
                &(struct worker){.request = strcmp(argv[1], "quote") == 0
                                                ? ask_quote
                                                : get_small,
                                 .kept = kept,
                                 .total = total},
                hold_work);
    say(SSL_get_cipher(kept[0]));
    wait_for_end();
    for (size_t i = 0; i < total; i++) { /* held, and all of them alive */
        ask(kept[i], get_small, "hello");
        close_connection(kept[i]);
    }
    free(kept);
}

static void *
slow_work(void *arg)
{
    struct worker *w = arg;

    for (size_t i = w->index; i < w->total; i += w->count) {
        const char *begin = i < w->loris ? get_begun : get_large;

        w->kept[i] = open_connection();
        (void)SSL_write(w->kept[i], begin, (int)strlen(begin));
    }
    return NULL;
}

/* LORIS connections send a head octet by octet, one a second, each in a moment
 * of its own: all at once, the sender would take the processor from those whose
 * latency is measured. STUCK ask for much and read nothing. */
static void
run_slow(char **argv)
{
    size_t loris = strtoul(argv[0], NULL, 10);
    size_t stuck = strtoul(argv[1], NULL, 10);
    SSL **slow = calloc(loris + stuck, sizeof(SSL *));
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    if (slow == NULL) {
        bench_die("out of memory");
    }
    run_workers(
        HOLD_THREADS,
        &(struct worker){.kept = slow, .loris = loris, .total = loris + stuck},
        slow_work);
    say("ready");
    for (size_t at = 0; poll(&input, 1, 1000 / MOMENTS) == 0;
         at = (at + 1) % MOMENTS) {
        for (size_t i = at; i < loris; i += MOMENTS) {
            (void)SSL_write(slow[i], "x", 1); /* it may have been shown out */
        }
    }
    for (size_t i = 0; i < loris + stuck; i++) {
        close_connection(slow[i]);
    }
    free(slow);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int args;
        void (*run)(char **argv);
    } modes[] = {
        {"connect", 2, run_connect},
        {"rate", 3, run_rate},
        {"hold", 2, run_hold},
        {"slow", 2, run_slow},
    };

    (void)signal(SIGPIPE, SIG_IGN);
    ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL ||
        SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1) {
        bench_die("TLS");
    }
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]) && argc > 2; i++) {
        if (strcmp(argv[1], modes[i].name) == 0 && argc == modes[i].args + 3) {
            port = (uint16_t)strtoul(argv[2], NULL, 10);
            modes[i].run(argv + 3);
            SSL_CTX_free(ctx);
            return 0;
        }
    }
    (void)fputs("usage: see the head of serve_load.c\n", stderr);
    return 64;
}
