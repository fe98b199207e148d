/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * proxy_load.c - clients of assay-proxy and its peers, with serve_backend.c at
 * the far end, in windows (windows.h). Each has a connection that it keeps.
 *
 * usage: proxy_load KIND PORT MODE N SECONDS [WHAT]
 *   KIND    of link.h: tcp, or tls to be without a proxy
 *   MODE    ask     N clients ask one request behind the other, and are
 *                   answered with some JSON; writes requests, seconds, p50, p99
 *                   in us
 *           stream  N clients read streams of WHAT events (small or large), one
 *                   behind the other; writes MiB of events, seconds
 *           paced   N clients read a stream of events, each of which says when
 *                   it was sent; writes events, seconds, p50, p99 in us
 *           hold    N clients have had an answer; writes N when all of them
 *                   have had another one
 *           stall   N clients have had the first event of a stream that then
 *                   stands still
 *           first   a client that connects and asks; writes us, and ends
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/answers.h"
#include "bench/link.h"
#include "bench/measure.h"
#include "bench/windows.h"
#include "http1/http1.h"

#define ROOM_BYTES     4096u
#define ROOM_STREAM    (256u * 1024u)
#define HEAD_BYTES     16384u
#define REQUEST_BYTES  2048u
#define BODY_MAX_BYTES (64u << 20)
#define ASKS_WARM      50u

static const char prompt[] =
    "{\"model\":\"some-model\",\"messages\":[{\"role\":\"system\",\"content\":"
    "\"You are a helpful assistant.\"},{\"role\":\"user\",\"content\":\"What "
    "does it cost to have every connection prove what is at its other end "
    "before anything is sent over it?\"}],\"max_tokens\":256,"
    "\"temperature\":0.7}";

static char plain[REQUEST_BYTES];
static char streamed[REQUEST_BYTES];

/* To the backend the query says what it is to answer. */
static void
make_request(char *to, uint16_t port, const char *query)
{
    (void)snprintf(to, REQUEST_BYTES,
                   "POST /v1/chat/completions%s HTTP/1.1\r\n"
                   "Host: 127.0.0.1:%u\r\n"
                   "Authorization: Bearer sk-0123456789abcdef0123456789abcdef"
                   "\r\nUser-Agent: bench/1\r\nAccept: */*\r\n"
                   "Content-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   query, port, strlen(prompt), prompt);
}

/* --- one answer ---------------------------------------------------------- */

struct reply {
    struct assay_http1_body body;
    uint64_t payload;
    void (*piece)(struct assay_slice payload); /* or NULL */
};

/* Reads the head, and what has come behind it. */
static struct assay_slice
hear_head(struct link *l, struct reply *a, char *room)
{
    struct assay_http1_head head ASSAY_HTTP1_UNSET;
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;
    size_t len = 0;

    assay_error_clear(&err);
    while (used == 0) {
        struct assay_slice s = link_take(l, HEAD_BYTES - len);

        memcpy(room + len, s.ptr, s.len);
        len += s.len;
        bench_must(assay_http1_response((struct assay_slice){(void *)room, len},
                                        "POST", &scanned, &head, &used, &err),
                   "an answer", &err);
    }
    if (head.status != 200) {
        bench_die("not the answer that was expected: %.*s", (int)len, room);
    }
    assay_http1_body_init(&a->body, &head, BODY_MAX_BYTES);
    return (struct assay_slice){(uint8_t *)room + used, len - used};
}

static void
hear_body(struct reply *a, struct assay_slice in)
{
    struct assay_error err;
    struct assay_slice data;
    size_t used = 1;

    assay_error_clear(&err);
    while (used > 0 && !a->body.done) {
        bench_must(assay_http1_body_feed(&a->body, in, &used, &data, &err),
                   "a body", &err);
        in.ptr += used;
        in.len -= used;
        a->payload += data.len;
        if (a->piece != NULL && data.len > 0) {
            a->piece(data);
        }
    }
    if (in.len > 0) {
        bench_die("more than an answer has come");
    }
}

/* Octets of payload; of the whole, or else of what comes first. */
static uint64_t
hear(struct link *l, void (*piece)(struct assay_slice payload), bool whole)
{
    static _Thread_local char room[HEAD_BYTES];
    struct reply a = {.piece = piece};

    hear_body(&a, hear_head(l, &a, room));
    while (!a.body.done && (whole || a.payload == 0)) {
        hear_body(&a, link_take(l, SIZE_MAX));
    }
    return a.payload;
}

static void
ask_plain(struct link *l)
{
    link_put(l, plain, strlen(plain));
    (void)hear(l, NULL, true);
}

/* --- modes --------------------------------------------------------------- */

static void
ask_begin(struct worker *w)
{
    link_open(&w->link, w->index);
    for (size_t i = 0; i < ASKS_WARM; i++) {
        ask_plain(&w->link);
    }
}

static void
ask_window(struct worker *w)
{
    double now = bench_now_ns();

    do { /* once at least, however late it is */
        double before = now;

        ask_plain(&w->link);
        now = bench_now_ns();
        windows_note_us((now - before) / 1e3);
    } while (now < windows_end_ns());
}

static void
stream_once(struct worker *w, void (*piece)(struct assay_slice payload))
{
    link_put(&w->link, streamed, strlen(streamed));
    w->done += hear(&w->link, piece, true);
}

static void
stream_begin(struct worker *w)
{
    link_open(&w->link, w->index);
    stream_once(w, NULL);
}

static void
stream_window(struct worker *w)
{
    do {
        stream_once(w, NULL);
    } while (bench_now_ns() < windows_end_ns());
}

/* Of one that comes alone, as they do if nobody is late. */
static void
note_event(struct assay_slice payload)
{
    char digits[ANSWERS_SENT_AT_DIGITS + 1] = "";
    double now = bench_now_ns();

    if (payload.len >= strlen(ANSWERS_SENT_AT) + ANSWERS_SENT_AT_DIGITS &&
        memcmp(payload.ptr, ANSWERS_SENT_AT, strlen(ANSWERS_SENT_AT)) == 0) {
        memcpy(digits, payload.ptr + strlen(ANSWERS_SENT_AT),
               ANSWERS_SENT_AT_DIGITS);
        windows_note_us((now - strtod(digits, NULL)) / 1e3);
    }
}

static void
paced_window(struct worker *w)
{
    stream_once(w, note_event);
}

static void
hold_open(struct link *l, size_t number)
{
    link_open(l, number);
    ask_plain(l);
}

static void
stall_open(struct link *l, size_t number)
{
    link_open(l, number);
    link_put(l, streamed, strlen(streamed));
    (void)hear(l, NULL, false);
}

static void
first(void)
{
    double start = bench_now_ns();
    struct link l;

    hold_open(&l, 0);
    (void)printf("%.1f\n", (bench_now_ns() - start) / 1e3);
    link_cut(&l);
}

static const struct mode modes[] = {
    {"ask", ask_begin, ask_window, NULL, NULL, windows_print_latency},
    {"stream", stream_begin, stream_window, NULL, NULL, windows_print_mib},
    {"paced", stream_begin, paced_window, NULL, NULL, windows_print_latency},
};

int
main(int argc, char **argv)
{
    const struct mode *mode;
    const char *name = argc > 3 ? argv[3] : "";
    char query[32];
    uint16_t port;
    size_t count;

    (void)signal(SIGPIPE, SIG_IGN);
    if (argc != 6 && argc != 7) {
        (void)fputs("usage: see the head of proxy_load.c\n", stderr);
        return 64;
    }
    port = (uint16_t)strtoul(argv[2], NULL, 10);
    count = strtoul(argv[4], NULL, 10);
    link_setup(argv[1], port,
               strcmp(name, "stream") == 0 ? ROOM_STREAM : ROOM_BYTES);
    (void)snprintf(query, sizeof(query), "?stream=%s",
                   argc == 7 ? argv[6] : name);
    make_request(plain, port, "");
    make_request(streamed, port, query);
    mode = windows_mode(modes, sizeof(modes) / sizeof(modes[0]), name);
    if (mode != NULL) {
        windows_run(mode, count, strtod(argv[5], NULL));
    } else if (strcmp(name, "hold") == 0) {
        windows_hold(count, hold_open, ask_plain);
    } else if (strcmp(name, "stall") == 0) {
        windows_hold(count, stall_open, NULL);
    } else if (strcmp(name, "first") == 0) {
        first();
    } else {
        bench_die("no mode %s", name);
    }
    return 0;
}
