/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_keeper.c - the main thread of a daemon: what signals do, and what the
 * service manager hears of it. The one worker has a client that leaves when it
 * is asked to, or only when it is cut.
 */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "daemon/keeper.h"
#include "harness/loop.h"

#define LONG_MS 600000u
#define WORDS   512u

struct hand {
    struct worker worker; /* first */
    bool stays;           /* until it is cut */
    unsigned cuts;        /* the worker's, until it is gone */
};

struct trial {
    struct keeper keeper;
    struct hand hand;
    sigset_t signals;
    int manager;
    uv_timer_t later; /* ends a reload */
    uint32_t drain_ms;
    unsigned stops;
    unsigned rotations;
    unsigned reloads;
    unsigned reloads_wanted; /* behind them it ends */
};

/* --- the crew's trade ---------------------------------------------------- */

static void *
hold(void *site)
{
    return site;
}

static void
drop(void *site)
{
    (void)site;
}

static void
use(struct worker *w, void *site)
{
    (void)w;
    (void)site;
}

static void
drain(struct worker *w)
{
    if (!((struct hand *)w)->stays) {
        worker_count(w, 0);
    }
}

static void
cut(struct worker *w)
{
    ((struct hand *)w)->cuts++;
    worker_count(w, 0);
}

static void
close_hand(struct worker *w)
{
    (void)w;
}

static const struct crew_trade crew_trade = {
    .hold = hold,
    .drop = drop,
    .use = use,
    .drain = drain,
    .cut = cut,
    .close = close_hand,
};

/* --- the keeper's trade -------------------------------------------------- */

static uint32_t
on_stop(void *user)
{
    struct trial *t = user;

    t->stops++;
    return t->drain_ms;
}

/* The last one of the signals that a test sends. */
static void
on_rotate(void *user)
{
    struct trial *t = user;

    t->rotations++;
    raise(SIGTERM);
}

/* SIGHUP while a reload is going on is for one more; who is about to end makes
 * none. */
static void
on_later(uv_timer_t *timer)
{
    struct trial *t = timer->data;
    struct assay_error err;

    assert_int_equal(t->keeper.again, t->reloads < t->reloads_wanted);
    if (t->reloads < t->reloads_wanted) {
        keeper_reloaded(&t->keeper);
        return;
    }
    assay_error_clear(&err);
    err.code = ASSAY_INVALID;
    keeper_keep_old(&t->keeper, &err);
    raise(SIGTERM);
    raise(SIGHUP);
}

static void
on_reload(void *user)
{
    struct trial *t = user;

    t->reloads++;
    if (t->reloads < t->reloads_wanted) {
        raise(SIGHUP);
        raise(SIGHUP);
    }
    uv_timer_start(&t->later, on_later, 1, 0);
}

static const struct keeper_trade trade = {
    .stop = on_stop,
    .rotate = on_rotate,
    .reload = on_reload,
};

/* --- a daemon ------------------------------------------------------------ */

static int
open_manager(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char path[64];
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        abort();
    }
    snprintf(path, sizeof(path), "@assay-test-keeper-%ld", (long)getpid());
    memcpy(at.sun_path, path, strlen(path));
    at.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (const struct sockaddr *)&at,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                                      strlen(path))),
                     0);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    return fd;
}

static void
start(struct trial *t)
{
    struct assay_error err;

    *t = (struct trial){.drain_ms = LONG_MS};
    t->keeper.name = "test";
    t->keeper.trade = &trade;
    t->keeper.user = t;
    t->keeper.crew.trade = &crew_trade;
    pthread_sigmask(SIG_SETMASK, NULL, &t->signals);
    t->manager = open_manager();
    keeper_init(&t->keeper);
    assert_int_equal(service_open(&t->keeper.service, &err), ASSAY_OK);
    uv_timer_init(&t->keeper.loop, &t->later);
    t->later.data = t;
    keeper_watch(&t->keeper);
}

static void
hire(struct trial *t)
{
    struct crew *c = &t->keeper.crew;
    struct assay_error err;

    atomic_store(&c->max_clients, 10);
    assert_int_equal(crew_add(c, &t->hand.worker, &err), ASSAY_OK);
    worker_count(&t->hand.worker, 1);
    assert_int_equal(crew_start(c, &err), ASSAY_OK);
    keeper_ready(&t->keeper);
}

/* What the manager was told, as one line. */
static void
end(struct trial *t, const char *told)
{
    char words[WORDS] = "";
    char word[64];
    size_t len = 0;
    ssize_t n;

    keeper_dismiss(&t->keeper);
    uv_close((uv_handle_t *)&t->later, NULL);
    keeper_close(&t->keeper);
    pthread_sigmask(SIG_SETMASK, &t->signals, NULL);
    while (len < WORDS &&
           (n = recv(t->manager, word, sizeof(word) - 1, 0)) > 0) {
        word[n] = '\0';
        len += (size_t)snprintf(words + len, WORDS - len, " %.*s",
                                (int)strcspn(word, "\n"), word);
    }
    close(t->manager);
    assert_string_equal(words, told);
}

/* --- signals ------------------------------------------------------------- */

static void
reloads(void **state)
{
    struct trial t;

    (void)state;
    start(&t);
    hire(&t);
    t.reloads_wanted = 2;
    for (unsigned i = 0; i < 100; i++) {
        raise(SIGHUP);
    }
    keeper_run(&t.keeper);
    assert_int_equal(t.reloads, 2);
    assert_int_equal(t.stops, 1);
    assert_int_equal(t.hand.cuts, 0);
    end(&t, " READY=1 RELOADING=1 READY=1 RELOADING=1 READY=1 STOPPING=1");
}

/* It is not forgotten, and does not come before there is a crew. */
static void
a_reload_before_the_crew(void **state)
{
    struct trial t;

    (void)state;
    start(&t);
    t.reloads_wanted = 1;
    raise(SIGHUP);
    uv_run(&t.keeper.loop, UV_RUN_NOWAIT);
    assert_true(t.keeper.again);
    assert_int_equal(t.reloads, 0);
    hire(&t);
    keeper_run(&t.keeper);
    assert_int_equal(t.reloads, 1);
    end(&t, " READY=1 RELOADING=1 READY=1 STOPPING=1");
}

static void
an_end_before_the_crew(void **state)
{
    struct trial t;

    (void)state;
    start(&t);
    raise(SIGTERM);
    uv_run(&t.keeper.loop, UV_RUN_NOWAIT);
    assert_true(t.keeper.draining);
    assert_int_equal(t.stops, 0); /* there is nothing that could be stopped */
    end(&t, " STOPPING=1");
}

static void
rotation(void **state)
{
    struct trial t;

    (void)state;
    start(&t);
    hire(&t);
    raise(SIGUSR1);
    keeper_run(&t.keeper);
    assert_int_equal(t.rotations, 1);
    assert_int_equal(t.reloads, 0);
    end(&t, " READY=1 STOPPING=1");
}

/* A reload that is over only then is not told: STOPPING=1 was the last word. */
static void
a_reload_that_ends_late(void **state)
{
    struct trial t;

    (void)state;
    start(&t);
    t.hand.stays = true;
    hire(&t);
    t.keeper.reloading = true;
    raise(SIGTERM);
    while (!t.keeper.draining) {
        uv_run(&t.keeper.loop, UV_RUN_ONCE);
    }
    keeper_reloaded(&t.keeper);
    assert_false(t.keeper.reloading);
    raise(SIGTERM);
    keeper_run(&t.keeper);
    end(&t, " READY=1 STOPPING=1");
}

/* --- clients that stay --------------------------------------------------- */

static void
a_second_signal_cuts(void **state)
{
    struct trial t;

    (void)state;
    start(&t);
    t.hand.stays = true;
    hire(&t);
    raise(SIGINT);
    raise(SIGTERM);
    keeper_run(&t.keeper);
    assert_int_equal(t.stops, 1);
    assert_true(t.hand.cuts > 0);
    end(&t, " READY=1 STOPPING=1");
}

static void
a_drain_has_an_end(void **state)
{
    struct trial t;

    (void)state;
    start(&t);
    t.hand.stays = true;
    t.drain_ms = 1;
    hire(&t);
    raise(SIGTERM);
    keeper_run(&t.keeper);
    assert_int_equal(t.stops, 1);
    assert_true(t.hand.cuts > 0);
    end(&t, " READY=1 STOPPING=1");
}

/* --- what it asks of the system ------------------------------------------ */

static void
descriptors(void **state)
{
    struct rlimit before;
    struct rlimit few;
    struct rlimit after;
    struct trial t;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    start(&t);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(after.rlim_cur == before.rlim_max);
    end(&t, "");
}

static size_t
count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    size_t n = 0;

    assert_non_null(tasks);
    while (readdir(tasks) != NULL) {
        n++;
    }
    (void)closedir(tasks);
    return n;
}

static void
threads(void **state)
{
    struct trial t;
    size_t before;

    (void)state;
    assert_int_equal(unsetenv("UV_THREADPOOL_SIZE"), 0);
    keeper_widen_pool(5);
    assert_string_equal(getenv("UV_THREADPOOL_SIZE"), "5");
    keeper_widen_pool(7); /* somebody has said otherwise */
    assert_string_equal(getenv("UV_THREADPOOL_SIZE"), "5");
    start(&t);
    before = count_threads();
    keeper_make_pool(&t.keeper);
    assert_int_equal(count_threads(), before + 5);
    end(&t, "");
    assert_int_equal(unsetenv("UV_THREADPOOL_SIZE"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reloads),
        cmocka_unit_test(a_reload_before_the_crew),
        cmocka_unit_test(an_end_before_the_crew),
        cmocka_unit_test(rotation),
        cmocka_unit_test(a_reload_that_ends_late),
        cmocka_unit_test(a_second_signal_cuts),
        cmocka_unit_test(a_drain_has_an_end),
        cmocka_unit_test(descriptors),
        cmocka_unit_test(threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
