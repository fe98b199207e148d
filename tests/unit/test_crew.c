/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_crew.c - threads of a daemon: how many clients they let in, sites that
 * replace each other, and how they end. A client is a connection that lasts
 * until its other end closes it.
 */
#include <netinet/in.h>
#include <pthread.h>

#include "daemon/crew.h"
#include "harness/loop.h"
#include "io/listen_socket.h"

#define WORKERS      2u
#define CLIENTS_MAX  4u
#define LOOK_TURN_MS 1u
#define TURNS_MAX    1000u /* of a loop that waits for other workers */

/* What a reload replaces; it is only counted here. */
struct site {
    atomic_uint holders;
};

struct hand {
    struct worker worker; /* first */
    struct sockaddr_in at;
    struct assay_stream *clients[CLIENTS_MAX];
    unsigned count;
    struct site *site;
    atomic_uint accepted;
    atomic_uint drains;
    atomic_uint cuts;
    uv_timer_t last;
    unsigned turns;     /* of its loop, until all were closed */
    atomic_bool blocks; /* `use` waits for `go_on` */
    atomic_bool blocked;
    uv_sem_t go_on;
};

struct trial {
    struct trial_loop loop;
    uv_async_t ended;
    uv_timer_t look; /* at what a test waits for */
    struct crew crew;
    struct hand hands[WORKERS];
    unsigned closed; /* hands */
    struct site sites[3];
};

static struct trial *now;

static void
on_look(uv_timer_t *timer)
{
    (void)timer;
}

#define WAIT(t, condition)                                                     \
    while (!(condition)) {                                                     \
        assert_false((t)->loop.expired);                                       \
        uv_run(&(t)->loop.uv, UV_RUN_ONCE);                                    \
    }

/* --- the trade ----------------------------------------------------------- */

static void *
hold(void *site)
{
    atomic_fetch_add(&((struct site *)site)->holders, 1);
    return site;
}

static void
drop(void *site)
{
    if (site != NULL) {
        atomic_fetch_sub(&((struct site *)site)->holders, 1);
    }
}

static void
use(struct worker *w, void *site)
{
    struct hand *h = (struct hand *)w;

    drop(h->site);
    h->site = site;
    if (atomic_load(&h->blocks)) {
        atomic_store(&h->blocked, true);
        uv_sem_wait(&h->go_on);
    }
}

static void
drain(struct worker *w)
{
    atomic_fetch_add(&((struct hand *)w)->drains, 1);
}

static void
cut(struct worker *w)
{
    struct hand *h = (struct hand *)w;

    atomic_fetch_add(&h->cuts, 1);
    while (h->count > 0) {
        assay_stream_close(h->clients[--h->count]);
        worker_count(w, h->count);
    }
}

static void
on_last(uv_timer_t *last)
{
    struct hand *h = last->data;

    if (now->closed == WORKERS || ++h->turns == TURNS_MAX) {
        uv_close((uv_handle_t *)last, NULL);
    }
}

/* What it leaves on its loop is over once the others are closed as well. */
static void
close_hand(struct worker *w)
{
    struct hand *h = (struct hand *)w;

    now->closed++;
    assert_int_equal(uv_timer_init(&w->loop, &h->last), 0);
    h->last.data = h;
    uv_timer_start(&h->last, on_last, LOOK_TURN_MS, LOOK_TURN_MS);
}

static const struct crew_trade trade = {
    .hold = hold,
    .drop = drop,
    .use = use,
    .drain = drain,
    .cut = cut,
    .close = close_hand,
};

/* The clients of a hand leave in the order in which they came. */
static void
on_eof(void *user)
{
    struct hand *h = user;

    assay_stream_close(h->clients[0]);
    h->count--;
    memmove(h->clients, h->clients + 1, h->count * sizeof(h->clients[0]));
    worker_count(&h->worker, h->count);
}

static void
on_accepted(struct worker *w, struct assay_stream *stream)
{
    static const struct assay_stream_events events = {.eof = on_eof};
    struct hand *h = (struct hand *)w;

    h->clients[h->count++] = stream;
    assay_stream_tell(stream, &events, h);
    assay_stream_read(stream, true);
    worker_count(w, h->count);
    atomic_fetch_add(&h->accepted, 1);
}

/* --- a crew -------------------------------------------------------------- */

static void
add_hand(struct trial *t, struct hand *h)
{
    struct assay_address any = {.host = "127.0.0.1", .port = "0"};
    socklen_t len = sizeof(h->at);
    struct assay_error err;
    int fd;

    assert_int_equal(uv_sem_init(&h->go_on, 0), 0);
    assert_int_equal(assay_listen_socket(&t->loop.uv, &any, 0, &fd, &err),
                     ASSAY_OK);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&h->at, &len), 0);
    assert_int_equal(crew_add(&t->crew, &h->worker, &err), ASSAY_OK);
    h->site = hold(&t->sites[0]);
    assert_int_equal(worker_listen(&h->worker, fd, on_accepted, &err),
                     ASSAY_OK);
}

static void
on_ended(uv_async_t *ended)
{
    (void)ended; /* tests ask crew_is_gone() */
}

static void
open_crew(struct trial *t, unsigned max_clients)
{
    *t = (struct trial){.crew = {.trade = &trade, .ended = &t->ended}};
    now = t;
    loop_open(&t->loop);
    assert_int_equal(uv_async_init(&t->loop.uv, &t->ended, on_ended), 0);
    assert_int_equal(uv_timer_init(&t->loop.uv, &t->look), 0);
    uv_timer_start(&t->look, on_look, LOOK_TURN_MS, LOOK_TURN_MS);
    atomic_store(&t->crew.max_clients, max_clients);
    for (size_t i = 0; i < WORKERS; i++) {
        add_hand(t, &t->hands[i]);
    }
}

static void
start_crew(struct trial *t, unsigned max_clients)
{
    struct assay_error err;

    open_crew(t, max_clients);
    assert_int_equal(crew_start(&t->crew, &err), ASSAY_OK);
}

/* Nobody holds anything any more. */
static void
end_crew(struct trial *t)
{
    assert_true(crew_end(&t->crew));
    assert_int_equal(t->crew.count, 0);
    assert_int_equal(t->closed, WORKERS);
    assert_int_equal(atomic_load(&t->crew.clients), 0);
    for (size_t i = 0; i < WORKERS; i++) {
        assert_true(t->hands[i].turns < TURNS_MAX);
        drop(t->hands[i].site);
        uv_sem_destroy(&t->hands[i].go_on);
    }
    for (size_t i = 0; i < COUNT_OF(t->sites); i++) {
        assert_int_equal(atomic_load(&t->sites[i].holders), 0);
    }
    uv_close((uv_handle_t *)&t->ended, NULL);
    uv_close((uv_handle_t *)&t->look, NULL);
    loop_close(&t->loop);
}

static int
try_to_connect(const struct hand *h)
{
    int fd = loop_socket(AF_INET, SOCK_CLOEXEC);

    if (connect(fd, (const struct sockaddr *)&h->at, sizeof(h->at)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* With the system: whether it is accepted is another matter. */
static int
come(const struct hand *h)
{
    int fd = try_to_connect(h);

    assert_true(fd >= 0);
    return fd;
}

static unsigned
clients(struct trial *t)
{
    return atomic_load(&t->crew.clients);
}

/* All that has happened by now has been looked at: a loop that has gone round
 * twice since has seen every socket. */
static void
turn_twice(struct trial *t)
{
    (void)crew_is_alive(&t->crew);
    for (unsigned i = 0; i < 3; i++) {
        WAIT(t, crew_is_alive(&t->crew));
    }
}

/* --- how many ------------------------------------------------------------ */

static void
a_full_crew_waits(void **state)
{
    static struct trial t;
    struct hand *a = &t.hands[0];
    int one;
    int two;

    (void)state;
    start_crew(&t, 1);
    one = come(a);
    WAIT(&t, clients(&t) == 1);
    two = come(a);
    turn_twice(&t);
    assert_int_equal(atomic_load(&a->accepted), 1);
    close(one);
    WAIT(&t, atomic_load(&a->accepted) == 2);
    assert_int_equal(clients(&t), 1);
    close(two);
    WAIT(&t, clients(&t) == 0);
    end_crew(&t);
}

/* A place that becomes free with one is given by another. */
static void
room_is_for_all(void **state)
{
    static struct trial t;
    struct hand *a = &t.hands[0];
    struct hand *b = &t.hands[1];
    int one;
    int two;

    (void)state;
    start_crew(&t, 1);
    one = come(a);
    WAIT(&t, clients(&t) == 1);
    turn_twice(&t); /* the other one has seen that it is full */
    two = come(b);
    turn_twice(&t);
    assert_int_equal(atomic_load(&b->accepted), 0);
    close(one);
    WAIT(&t, atomic_load(&b->accepted) == 1);
    close(two);
    WAIT(&t, clients(&t) == 0);
    end_crew(&t);
}

static void
a_reload_makes_room(void **state)
{
    static struct trial t;
    struct hand *a = &t.hands[0];
    int fds[3];

    (void)state;
    start_crew(&t, 1);
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        fds[i] = come(a);
    }
    WAIT(&t, clients(&t) == 1);
    turn_twice(&t);
    assert_int_equal(atomic_load(&a->accepted), 1);
    crew_use(&t.crew, &t.sites[1], 3);
    WAIT(&t, clients(&t) == 3);
    crew_use(&t.crew, &t.sites[2], 1); /* those who are in stay */
    turn_twice(&t);
    assert_int_equal(clients(&t), 3);
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        close(fds[i]);
    }
    WAIT(&t, clients(&t) == 0);
    end_crew(&t);
}

/* --- sites --------------------------------------------------------------- */

/* Also those that a worker had no time to look at. */
static void
sites_are_dropped(void **state)
{
    static struct trial t;
    struct hand *a = &t.hands[0];

    (void)state;
    start_crew(&t, 1);
    atomic_store(&a->blocks, true);
    crew_use(&t.crew, &t.sites[1], 1);
    WAIT(&t, atomic_load(&a->blocked));
    atomic_store(&a->blocks, false);
    crew_use(&t.crew, &t.sites[2], 1);
    crew_use(&t.crew, &t.sites[0], 1);
    assert_int_equal(atomic_load(&t.sites[2].holders) > WORKERS, false);
    uv_sem_post(&a->go_on);
    WAIT(&t, atomic_load(&t.sites[0].holders) == WORKERS &&
                 atomic_load(&t.sites[1].holders) == 0);
    end_crew(&t);
}

static void
who_is_stuck_is_missed(void **state)
{
    static struct trial t;
    struct hand *a = &t.hands[0];

    (void)state;
    start_crew(&t, 1);
    turn_twice(&t);
    atomic_store(&a->blocks, true);
    crew_use(&t.crew, &t.sites[1], 1);
    WAIT(&t, atomic_load(&a->blocked));
    (void)crew_is_alive(&t.crew);
    assert_false(crew_is_alive(&t.crew));
    assert_false(crew_is_alive(&t.crew));
    atomic_store(&a->blocks, false);
    uv_sem_post(&a->go_on);
    WAIT(&t, crew_is_alive(&t.crew));
    end_crew(&t);
}

/* --- the end ------------------------------------------------------------- */

static void
a_drain_waits_for_clients(void **state)
{
    static struct trial t;
    struct hand *a = &t.hands[0];
    struct hand *b = &t.hands[1];
    int one;

    (void)state;
    start_crew(&t, 10);
    one = come(a);
    WAIT(&t, clients(&t) == 1);
    crew_order(&t.crew, ORDER_DRAIN);
    WAIT(&t, atomic_load(&b->worker.gone)); /* it had nobody */
    WAIT(&t, atomic_load(&a->drains) == 1);
    turn_twice(&t);
    assert_int_equal(try_to_connect(a), -1);
    assert_false(crew_is_gone(&t.crew));
    crew_order(&t.crew, ORDER_DRAIN);
    turn_twice(&t);
    assert_int_equal(atomic_load(&a->drains), 1);
    assert_int_equal(clients(&t), 1);
    close(one);
    WAIT(&t, crew_is_gone(&t.crew));
    assert_int_equal(atomic_load(&a->cuts), 0);
    end_crew(&t);
}

static void
a_cut_waits_for_nobody(void **state)
{
    static struct trial t;
    int fds[WORKERS];

    (void)state;
    start_crew(&t, 10);
    for (size_t i = 0; i < WORKERS; i++) {
        fds[i] = come(&t.hands[i]);
    }
    WAIT(&t, clients(&t) == WORKERS);
    crew_order(&t.crew, ORDER_DRAIN);
    crew_order(&t.crew, ORDER_CUT);
    WAIT(&t, crew_is_gone(&t.crew));
    assert_int_equal(clients(&t), 0);
    for (size_t i = 0; i < WORKERS; i++) {
        char byte;

        assert_int_equal(atomic_load(&t.hands[i].drains), 1);
        assert_int_equal(read(fds[i], &byte, 1), 0);
        close(fds[i]);
    }
    end_crew(&t);
}

/* A start that fails half-way: nobody runs yet. */
static void
an_end_before_the_start(void **state)
{
    static struct trial t;
    int one;

    (void)state;
    open_crew(&t, 1);
    crew_use(&t.crew, &t.sites[1], 1);
    one = come(&t.hands[0]); /* is with the system, and gone with the door */
    end_crew(&t);
    close(one);
}

static void
an_end_with_clients(void **state)
{
    static struct trial t;
    int one;

    (void)state;
    start_crew(&t, 1);
    one = come(&t.hands[1]);
    WAIT(&t, clients(&t) == 1);
    end_crew(&t);
    close(one);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_crew_waits),
        cmocka_unit_test(room_is_for_all),
        cmocka_unit_test(a_reload_makes_room),
        cmocka_unit_test(sites_are_dropped),
        cmocka_unit_test(who_is_stuck_is_missed),
        cmocka_unit_test(a_drain_waits_for_clients),
        cmocka_unit_test(a_cut_waits_for_nobody),
        cmocka_unit_test(an_end_before_the_start),
        cmocka_unit_test(an_end_with_clients),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
