/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bridge_load.c - clients of assay-bridge and its peers, with bridge_target.c
 * behind these. Each blocks on its own socket; many are threads.
 *
 * usage: bridge_load KIND PORT TARGET MODE N SECONDS MORE
 *   KIND    of link.h: tcp, ws, tls, wss; PORT: of the server
 *   TARGET  the target's port
 *   MODE    down     N links read what comes; writes MiB, seconds
 *           up       N links send, in frames of MORE octets; the same
 *           connect  N clients connect, have an octet sent back, and leave;
 *                    writes connections, seconds
 *           echo     N links have 1 KiB sent back MORE times a second in all,
 *                    or one behind the other (0); writes echoes, p50, p99 in us
 *           hold     N links are there, and have had an octet sent back; writes
 *                    N when all of them have had another 1 KiB
 * It writes "ready" when its links are there and warm. Then for each line that
 * it reads it measures for so many seconds and writes what it saw; in between
 * its links do nothing. It ends with its input.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "bench/link.h"
#include "bench/measure.h"

#define THREADS_MAX   64u
#define HOLD_THREADS  4u
#define SAMPLES_MAX   (1u << 20)
#define ECHO_BYTES    1024u
#define ECHOES_WARM   100u
#define PIECE_BYTES   (2u << 20) /* as bridge_target.c has it */
#define PIECES_AHEAD  3u
#define ROOM_BYTES    4096u
#define ROOM_DOWN     (256u * 1024u)
#define WARM_NS       2e8
#define TAKEN_WAIT_NS 30e9
#define TAKEN_POLL_NS 100000L
#define MIB           (1024.0 * 1024.0)

static struct {
    size_t count; /* of links */
    double seconds;
    double more;
    uint16_t target;
} plan;

struct worker {
    size_t index;
    struct link link;
    uint64_t done; /* octets of payload, or operations, in this window */
};

static struct worker workers[THREADS_MAX];
static double samples[SAMPLES_MAX];
static atomic_size_t sample_count;

/* Everybody is here between two windows. What is set there: */
static pthread_barrier_t gate;
static double start_ns;
static bool over;

static double
end_ns(void)
{
    return start_ns + plan.seconds * 1e9;
}

static uint64_t
done_by_all(void)
{
    uint64_t n = 0;

    for (size_t i = 0; i < plan.count; i++) {
        n += workers[i].done;
    }
    return n;
}

/* --- one link ------------------------------------------------------------ */

/* With what it is for: an octet that the target reads. */
static void
open_for(struct link *l, size_t number, char use)
{
    link_open(l, number);
    link_put(l, &use, 1);
}

static void
want_echo(struct link *l)
{
    char octet = 0;

    link_get(l, &octet, 1);
    if (octet != 'e') {
        bench_die("not the octet that was sent");
    }
}

static void
echo_once(struct link *l)
{
    static const char sent[ECHO_BYTES] = "what it is does not matter";
    char back[ECHO_BYTES];

    link_put(l, sent, sizeof(sent));
    link_get(l, back, sizeof(back));
    if (memcmp(back, sent, sizeof(sent)) != 0) {
        bench_die("not the octets that were sent");
    }
}

/* --- down ---------------------------------------------------------------- */

/* Asked for piece by piece, some ahead, so that it flows, and stops when it is
 * to stop: what stands still in full buffers goes on when TCP tries again. */
static void
down_until(struct worker *w, double until)
{
    unsigned asked = 0;

    link_read_late(&w->link, true);
    while (asked > 0 || bench_now_ns() < until) {
        while (asked < PIECES_AHEAD && bench_now_ns() < until) {
            link_put(&w->link, "g", 1);
            asked++;
        }
        if (asked == 1) {
            link_read_late(&w->link, false);
        }
        link_skip(&w->link, PIECE_BYTES, 's');
        w->done += PIECE_BYTES;
        asked--;
    }
}

static void
down_begin(struct worker *w)
{
    open_for(&w->link, w->index, 'd');
    down_until(w, bench_now_ns() + WARM_NS);
}

static void
down_window(struct worker *w)
{
    down_until(w, end_ns());
}

/* --- up ------------------------------------------------------------------ */

static size_t block_payload; /* octets of it in a block */
static uint64_t taken_before;

static void
send_until(struct worker *w, double until)
{
    while (bench_now_ns() < until) {
        link_put_block(&w->link);
        w->done += block_payload;
    }
}

static void
up_begin(struct worker *w)
{
    open_for(&w->link, w->index, 'u');
    send_until(w, bench_now_ns() + WARM_NS);
}

static void
up_window(struct worker *w)
{
    send_until(w, end_ns());
}

static uint64_t
ask_taken(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(plan.target),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint64_t taken;

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        send(fd, "c", 1, MSG_NOSIGNAL) != 1 ||
        recv(fd, &taken, sizeof(taken), MSG_WAITALL) != sizeof(taken)) {
        bench_die("the target says nothing: %s", strerror(errno));
    }
    (void)close(fd);
    return taken;
}

/* Everything is with the target that was sent, and nothing more than that. */
static void
up_settle(void)
{
    const struct timespec pause = {0, TAKEN_POLL_NS};
    double until = bench_now_ns() + TAKEN_WAIT_NS;
    uint64_t sent = done_by_all();
    uint64_t taken;

    while ((taken = ask_taken() - taken_before) < sent) {
        if (bench_now_ns() > until) {
            bench_die("%llu octets of %llu have come",
                      (unsigned long long)taken, (unsigned long long)sent);
        }
        (void)nanosleep(&pause, NULL);
    }
    if (taken != sent) {
        bench_die("more octets have come than were sent");
    }
}

/* Those of other loads do not count, which rest meanwhile. */
static void
up_prepare(void)
{
    taken_before = ask_taken();
}

/* --- connections --------------------------------------------------------- */

static void
connect_begin(struct worker *w)
{
    open_for(&w->link, w->index, 'e');
    want_echo(&w->link);
}

static void
connect_window(struct worker *w)
{
    while (bench_now_ns() < end_ns()) {
        struct link l;

        open_for(&l, w->index + w->done, 'e');
        want_echo(&l);
        link_close(&l);
        w->done++;
    }
}

/* --- latency ------------------------------------------------------------- */

static void
sleep_until(double ns)
{
    struct timespec t = {(time_t)(ns / 1e9), 0};

    t.tv_nsec = (long)(ns - (double)t.tv_sec * 1e9);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

/* When the next one of this worker is due. Time counts from there: one that is
 * late because the one before it was slow is late. */
static double
due_ns(const struct worker *w)
{
    double turn = (double)(w->done * plan.count + w->index);

    return plan.more > 0 ? start_ns + turn / plan.more * 1e9 : bench_now_ns();
}

static void
echo_begin(struct worker *w)
{
    open_for(&w->link, w->index, 'e');
    want_echo(&w->link);
    for (size_t i = 0; i < ECHOES_WARM; i++) {
        echo_once(&w->link);
    }
}

static void
echo_window(struct worker *w)
{
    for (double due; (due = due_ns(w)) < end_ns(); w->done++) {
        size_t at;

        if (plan.more > 0) {
            sleep_until(due);
        }
        echo_once(&w->link);
        at = atomic_fetch_add(&sample_count, 1);
        if (at >= SAMPLES_MAX) {
            bench_die("more than %u samples", SAMPLES_MAX);
        }
        samples[at] = (bench_now_ns() - due) / 1e3;
    }
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* --- what was seen ------------------------------------------------------- */

static void
print_mib(double seconds)
{
    (void)printf("%.3f %.6f\n", (double)done_by_all() / MIB, seconds);
}

static void
print_count(double seconds)
{
    (void)printf("%llu %.6f\n", (unsigned long long)done_by_all(), seconds);
}

static void
print_latency(double seconds)
{
    size_t n = atomic_exchange(&sample_count, 0);

    (void)seconds;
    if (n == 0) {
        bench_die("nothing came back in time");
    }
    qsort(samples, n, sizeof(samples[0]), by_value);
    (void)printf("%zu %.1f %.1f\n", n, samples[n / 2], samples[n * 99 / 100]);
}

/* --- windows ------------------------------------------------------------- */

static const struct mode {
    const char *name;
    void (*begin)(struct worker *w); /* of each worker, to have a warm link */
    void (*window)(struct worker *w);
    /* Before workers do something, and until all is done that they did; or
     * NULL */
    void (*prepare)(void);
    void (*settle)(void);
    void (*print)(double seconds);
} modes[] = {
    {"down", down_begin, down_window, NULL, NULL, print_mib},
    {"up", up_begin, up_window, up_prepare, up_settle, print_mib},
    {"connect", connect_begin, connect_window, NULL, NULL, print_count},
    {"echo", echo_begin, echo_window, NULL, NULL, print_latency},
};
static const struct mode *mode;

static void
call(void (*step)(void))
{
    if (step != NULL) {
        step();
    }
}

/* False: nobody wants more. */
static bool
is_wanted(void)
{
    char c = 0;

    (void)fflush(stdout);
    while (c != '\n') {
        if (read(STDIN_FILENO, &c, 1) != 1) {
            return false;
        }
    }
    return true;
}

static void *
work(void *arg)
{
    struct worker *w = arg;

    mode->begin(w);
    for (;;) {
        (void)pthread_barrier_wait(&gate);
        (void)pthread_barrier_wait(&gate);
        if (over) {
            return NULL;
        }
        mode->window(w);
    }
}

static void
run_windows(void)
{
    (void)pthread_barrier_wait(&gate);
    call(mode->settle);
    (void)puts("ready");
    while (is_wanted()) {
        for (size_t i = 0; i < plan.count; i++) {
            workers[i].done = 0;
        }
        call(mode->prepare);
        start_ns = bench_now_ns();
        (void)pthread_barrier_wait(&gate);
        (void)pthread_barrier_wait(&gate);
        call(mode->settle);
        mode->print((bench_now_ns() - start_ns) / 1e9);
    }
    over = true;
    (void)pthread_barrier_wait(&gate);
}

static void
run_workers(void)
{
    static pthread_t threads[THREADS_MAX];

    if (plan.count == 0 || plan.count > THREADS_MAX ||
        pthread_barrier_init(&gate, NULL, (unsigned)plan.count + 1) != 0) {
        bench_die("1 to %u links", THREADS_MAX);
    }
    if (mode->window == up_window) {
        block_payload = link_make_block((size_t)plan.more);
    }
    call(mode->prepare);
    for (size_t i = 0; i < plan.count; i++) {
        workers[i].index = i;
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) {
            bench_die("threads");
        }
    }
    run_windows();
    for (size_t i = 0; i < plan.count; i++) {
        (void)pthread_join(threads[i], NULL);
        link_cut(&workers[i].link);
    }
}

/* --- many that are idle -------------------------------------------------- */

static struct link *held;

static void *
hold_work(void *arg)
{
    const struct worker *w = arg;

    for (size_t i = w->index; i < plan.count; i += HOLD_THREADS) {
        open_for(&held[i], i, 'e');
        want_echo(&held[i]);
    }
    return NULL;
}

static void
hold(void)
{
    pthread_t threads[HOLD_THREADS];

    for (size_t i = 0; i < HOLD_THREADS; i++) {
        workers[i].index = i;
        if (pthread_create(&threads[i], NULL, hold_work, &workers[i]) != 0) {
            bench_die("threads");
        }
    }
    for (size_t i = 0; i < HOLD_THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
}

static void
run_hold(void)
{
    held = calloc(plan.count, sizeof(*held));
    if (held == NULL || plan.count == 0) {
        bench_die("out of memory");
    }
    hold();
    (void)puts("ready");
    while (is_wanted()) {
        for (size_t i = 0; i < plan.count; i++) {
            echo_once(&held[i]);
        }
        (void)printf("%zu\n", plan.count);
    }
    for (size_t i = 0; i < plan.count; i++) {
        link_cut(&held[i]);
    }
    free(held);
}

int
main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc != 8) {
        (void)fputs("usage: see the head of bridge_load.c\n", stderr);
        return 64;
    }
    link_setup(argv[1], (uint16_t)strtoul(argv[2], NULL, 10),
               strcmp(argv[4], "down") == 0 ? ROOM_DOWN : ROOM_BYTES);
    plan.target = (uint16_t)strtoul(argv[3], NULL, 10);
    plan.count = strtoul(argv[5], NULL, 10);
    plan.seconds = strtod(argv[6], NULL);
    plan.more = strtod(argv[7], NULL);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(argv[4], modes[i].name) == 0) {
            mode = &modes[i];
        }
    }
    if (mode != NULL) {
        run_workers();
    } else if (strcmp(argv[4], "hold") == 0) {
        run_hold();
    } else {
        bench_die("no mode %s", argv[4]);
    }
    return 0;
}
