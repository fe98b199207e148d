/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bridge_load.c - clients of assay-bridge and its peers, with bridge_target.c
 * behind these, in windows (windows.h).
 *
 * usage: bridge_load KIND PORT TARGET MODE N SECONDS MORE
 *   KIND    of link.h: tcp, ws, tls, wss; PORT: of the server
 *   TARGET  the target's port
 *   MODE    down     N links read what comes; writes MiB, seconds
 *           up       N links send, in frames of MORE octets; the same
 *           connect  N clients connect, have an octet sent back, and leave;
 *                    writes connections, seconds
 *           echo     N links have 1 KiB sent back MORE times a second in all,
 *                    or one behind the other (0); writes echoes, seconds, p50,
 * p99 in us hold     N links are there, and have had an octet sent back; writes
 *                    N when all of them have had another 1 KiB
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "bench/link.h"
#include "bench/measure.h"
#include "bench/windows.h"

#define ECHO_BYTES    1024u
#define ECHOES_WARM   100u
#define PIECE_BYTES   (2u << 20) /* as bridge_target.c has it */
#define PIECES_AHEAD  3u
#define ROOM_BYTES    4096u
#define ROOM_DOWN     (256u * 1024u)
#define WARM_NS       2e8
#define TAKEN_WAIT_NS 30e9
#define TAKEN_POLL_NS 100000L

static struct {
    size_t count; /* of links */
    double more;
    uint16_t target;
} plan;

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
    down_until(w, windows_end_ns());
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
    send_until(w, windows_end_ns());
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
    uint64_t sent = windows_done();
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
    while (bench_now_ns() < windows_end_ns()) {
        struct link l;

        open_for(&l, w->index + w->done, 'e');
        want_echo(&l);
        link_close(&l);
        w->done++;
    }
}

/* --- latency ------------------------------------------------------------- */

/* When the next one of this worker is due. Time counts from there: one that is
 * late because the one before it was slow is late. */
static double
due_ns(const struct worker *w)
{
    double turn = (double)(w->done * plan.count + w->index);

    return plan.more > 0 ? windows_start_ns() + turn / plan.more * 1e9
                         : bench_now_ns();
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
    for (double due; (due = due_ns(w)) < windows_end_ns(); w->done++) {
        if (plan.more > 0) {
            windows_sleep_until(due);
        }
        echo_once(&w->link);
        windows_note_us((bench_now_ns() - due) / 1e3);
    }
}

static const struct mode modes[] = {
    {"down", down_begin, down_window, NULL, NULL, windows_print_mib},
    {"up", up_begin, up_window, up_prepare, up_settle, windows_print_mib},
    {"connect", connect_begin, connect_window, NULL, NULL, windows_print_count},
    {"echo", echo_begin, echo_window, NULL, NULL, windows_print_latency},
};

static void
open_held(struct link *l, size_t number)
{
    open_for(l, number, 'e');
    want_echo(l);
}

int
main(int argc, char **argv)
{
    const struct mode *mode;

    (void)signal(SIGPIPE, SIG_IGN);
    if (argc != 8) {
        (void)fputs("usage: see the head of bridge_load.c\n", stderr);
        return 64;
    }
    link_setup(argv[1], (uint16_t)strtoul(argv[2], NULL, 10),
               strcmp(argv[4], "down") == 0 ? ROOM_DOWN : ROOM_BYTES);
    plan.target = (uint16_t)strtoul(argv[3], NULL, 10);
    plan.count = strtoul(argv[5], NULL, 10);
    plan.more = strtod(argv[7], NULL);
    mode = windows_mode(modes, sizeof(modes) / sizeof(modes[0]), argv[4]);
    if (mode != NULL && mode->window == up_window) {
        block_payload = link_make_block((size_t)plan.more);
    }
    if (mode != NULL) {
        windows_run(mode, plan.count, strtod(argv[6], NULL));
    } else if (strcmp(argv[4], "hold") == 0) {
        windows_hold(plan.count, open_held, echo_once);
    } else {
        bench_die("no mode %s", argv[4]);
    }
    return 0;
}
