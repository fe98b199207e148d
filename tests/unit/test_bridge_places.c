/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_places.c - who may come in: never more than there may be, of
 * anything, and whoever has left is forgotten.
 */
#include "programs/bridge/places.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "harness/ctx.h"

#define S 1000000 /* microseconds */

static struct places *
open_places(struct place_limits limits)
{
    struct places *p = NULL;
    struct assay_error err;

    assert_int_equal(places_new(&limits, ctx, &p, &err), ASSAY_OK);
    return p;
}

static struct cidr_ip
ip_of(const char *peer)
{
    struct cidr_ip ip;

    assert_true(cidr_ip_of(peer, &ip));
    return ip;
}

static struct target
target_of(const char *text)
{
    struct assay_error err;
    struct target t;

    assert_int_equal(target_parse(assay_slice_of(text), &t, &err), ASSAY_OK);
    return t;
}

static enum denial
knock(struct places *p, const char *peer, int64_t now_us, struct place *place)
{
    struct cidr_ip ip;

    memset(place, 0xff, sizeof(*place)); /* what was there does not count */
    if (peer == NULL) {
        return places_knock(p, NULL, now_us, place);
    }
    ip = ip_of(peer);
    return places_knock(p, &ip, now_us, place);
}

static enum denial
name(struct places *p, const char *peer, int64_t now_us, struct place *place)
{
    struct cidr_ip ip = ip_of(peer);

    return places_name(p, &ip, now_us, place);
}

static enum denial
enter(struct places *p, const char *target, struct place *place)
{
    struct target t = target_of(target);

    return places_enter(p, &t, place);
}

static void
assert_counts(struct places *p, unsigned connections, unsigned entered)
{
    struct places_counts c = places_count(p);

    assert_int_equal(c.connections, connections);
    assert_int_equal(c.entered, entered);
}

static void
assert_holds_nothing(const struct place *place)
{
    assert_false(place->taken);
    assert_null(place->address);
    assert_null(place->target);
}

/* --- one limit at a time ------------------------------------------------- */

static void
in_all(void **state)
{
    struct places *p = open_places((struct place_limits){.connections = 2});
    struct place a, b, c;

    (void)state;
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &a), ADMITTED);
    assert_int_equal(knock(p, NULL, 0, &b), ADMITTED);
    assert_int_equal(knock(p, "192.0.2.2:1", 0, &c), DENIED_FULL);
    assert_holds_nothing(&c);
    assert_counts(p, 2, 0);
    places_leave(p, &c);
    assert_counts(p, 2, 0);
    places_leave(p, &a);
    assert_holds_nothing(&a);
    places_leave(p, &a); /* twice is once */
    assert_counts(p, 1, 0);
    assert_int_equal(knock(p, "192.0.2.2:1", 0, &c), ADMITTED);
    places_leave(p, &b);
    places_leave(p, &c);
    assert_counts(p, 0, 0);
    places_free(p);
}

static void
of_an_address(void **state)
{
    struct places *p =
        open_places((struct place_limits){.connections = 10, .per_address = 2});
    struct place a, b, c, d, e;

    (void)state;
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &a), ADMITTED);
    assert_int_equal(knock(p, "[::ffff:192.0.2.1]:2", 0, &b), ADMITTED);
    assert_int_equal(knock(p, "192.0.2.1:3", 0, &c), DENIED_CROWD);
    assert_holds_nothing(&c); /* nor is it one of all */
    assert_counts(p, 2, 0);
    assert_int_equal(knock(p, "192.0.2.2:1", 0, &c), ADMITTED);
    places_leave(p, &a);
    assert_int_equal(knock(p, "192.0.2.1:3", 0, &a), ADMITTED);
    /* a /64 is one customer's */
    assert_int_equal(knock(p, "[2001:db8::1]:1", 0, &d), ADMITTED);
    places_leave(p, &b);
    assert_int_equal(knock(p, "[2001:db8::ffff:2]:1", 0, &b), ADMITTED);
    assert_int_equal(knock(p, "[2001:db8::3]:1", 0, &e), DENIED_CROWD);
    assert_int_equal(knock(p, "[2001:db8:0:1::3]:1", 0, &e), ADMITTED);
    places_leave(p, &a);
    places_leave(p, &b);
    places_leave(p, &c);
    places_leave(p, &d);
    places_leave(p, &e);
    assert_counts(p, 0, 0);
    places_free(p);
}

static void
of_a_target(void **state)
{
    struct places *p =
        open_places((struct place_limits){.connections = 10, .per_target = 1});
    struct place a, b, c;

    (void)state;
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &a), ADMITTED);
    assert_int_equal(knock(p, "192.0.2.1:2", 0, &b), ADMITTED);
    assert_int_equal(knock(p, "192.0.2.1:3", 0, &c), ADMITTED);
    assert_int_equal(enter(p, "tee.example:443", &a), ADMITTED);
    assert_int_equal(enter(p, "TEE.example.", &b), DENIED_TARGET_FULL);
    assert_true(b.taken); /* it is still there, to be told */
    assert_null(b.target);
    assert_counts(p, 3, 1);
    assert_int_equal(enter(p, "tee.example:8443", &b), ADMITTED);
    assert_int_equal(enter(p, "[2001:db8::1]:443", &c), ADMITTED);
    assert_counts(p, 3, 3);
    places_leave(p, &a);
    assert_counts(p, 2, 2);
    assert_int_equal(knock(p, NULL, 0, &a), ADMITTED);
    assert_int_equal(enter(p, "tee.example:443", &a), ADMITTED);
    places_leave(p, &a);
    places_leave(p, &b);
    places_leave(p, &c);
    assert_counts(p, 0, 0);
    places_free(p);
}

static void
new_ones(void **state)
{
    struct places *p = open_places(
        (struct place_limits){.connections = 2, .per_s = 10, .burst = 3});
    struct place a, b;

    (void)state;
    for (int i = 0; i < 3; i++) { /* those who have left count, too */
        assert_int_equal(knock(p, "192.0.2.1:1", S, &a), ADMITTED);
        places_leave(p, &a);
    }
    assert_int_equal(knock(p, "192.0.2.1:1", S, &a), DENIED_RATE);
    assert_holds_nothing(&a);
    assert_counts(p, 0, 0);
    assert_int_equal(knock(p, "192.0.2.2:1", S, &a), ADMITTED);
    assert_int_equal(knock(p, NULL, S, &b), ADMITTED);
    places_leave(p, &a);
    places_leave(p, &b);
    assert_int_equal(knock(p, "192.0.2.1:1", S + S / 10, &a), ADMITTED);
    assert_int_equal(knock(p, "192.0.2.1:1", S + S / 10, &b), DENIED_RATE);
    places_leave(p, &a);
    places_free(p);
}

/* Who is denied for another reason than the rate has asked nonetheless. */
static void
denied_ones(void **state)
{
    struct places *p = open_places((struct place_limits){
        .connections = 9, .per_address = 1, .per_s = 1, .burst = 3});
    struct place a, b;

    (void)state;
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &a), ADMITTED);
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &b), DENIED_CROWD);
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &b), DENIED_CROWD);
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &b), DENIED_RATE);
    places_leave(p, &a);
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &b), DENIED_RATE);
    places_free(p);
}

/* --- behind a proxy ------------------------------------------------------ */

static void
named_later(void **state)
{
    struct places *p = open_places((struct place_limits){
        .connections = 9, .per_address = 1, .per_s = 1, .burst = 2});
    struct place a, b, c;

    (void)state;
    assert_int_equal(knock(p, NULL, 0, &a), ADMITTED);
    assert_int_equal(knock(p, NULL, 0, &b), ADMITTED);
    assert_int_equal(knock(p, NULL, 0, &c), ADMITTED);
    assert_int_equal(name(p, "192.0.2.1:0", 0, &a), ADMITTED);
    assert_int_equal(name(p, "192.0.2.1:0", 0, &b), DENIED_CROWD);
    assert_int_equal(name(p, "192.0.2.1:0", 0, &b), DENIED_RATE);
    assert_true(b.taken); /* it is still there, to be told */
    assert_null(b.address);
    assert_int_equal(name(p, "192.0.2.2:0", 0, &b), ADMITTED);
    assert_int_equal(knock(p, "192.0.2.2:0", 0, &c), DENIED_CROWD);
    places_leave(p, &a);
    places_leave(p, &b);
    places_free(p);
}

/* --- a reload ------------------------------------------------------------ */

static void
other_limits(void **state)
{
    struct place_limits l = {.connections = 4, .per_s = 1, .burst = 4};
    struct places *p = open_places(l);
    struct place a, b, c;

    (void)state;
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &a), ADMITTED);
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &b), ADMITTED);
    assert_int_equal(enter(p, "tee.example", &a), ADMITTED);
    l.connections = 1;
    places_limit(p, &l);
    assert_counts(p, 2, 1); /* who is in stays */
    assert_int_equal(knock(p, "192.0.2.2:1", 0, &c), DENIED_FULL);
    l.connections = 9;
    l.per_address = 2;
    l.per_target = 1;
    places_limit(p, &l);
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &c), DENIED_CROWD);
    /* counted when there was no limit yet */
    assert_int_equal(enter(p, "tee.example", &b), DENIED_TARGET_FULL);
    l.per_address = 0;
    places_limit(p, &l); /* the same rate: what was used is used */
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &c), ADMITTED);
    places_leave(p, &c);
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &c), DENIED_RATE);
    l.burst = 1;
    places_limit(p, &l);
    assert_int_equal(knock(p, "192.0.2.1:1", 0, &c), ADMITTED);
    places_leave(p, &a);
    places_leave(p, &b);
    places_leave(p, &c);
    assert_counts(p, 0, 0);
    places_free(p);
}

/* --- threads ------------------------------------------------------------- */

#define THREADS 4
#define ROUNDS  3000
#define HELD    4 /* connections of one thread at a time */

static const struct place_limits narrow = {
    .connections = 9, .per_address = 6, .per_target = 5};

struct crowded {
    struct places *places;
    atomic_uint in;       /* in all */
    atomic_uint there[2]; /* of each address */
    atomic_uint at[2];    /* to each target */
    atomic_uint wrong;
    atomic_uint admitted;
};

struct visitor {
    struct place place;
    unsigned who; /* which address, and which target */
    bool entered;
};

/* Counts go up behind entering and down before leaving, so none may ever be
 * above its limit. */
static void
count(struct crowded *c, atomic_uint *n, unsigned max)
{
    if (atomic_fetch_add(n, 1) >= max) {
        atomic_fetch_add(&c->wrong, 1);
    }
}

static void
come(struct crowded *c, struct visitor *v, unsigned who)
{
    const struct cidr_ip ip = ip_of(who == 0 ? "192.0.2.1:1" : "[::1]:1");
    const struct target to = target_of(who == 0 ? "a.example" : "b.example");

    v->who = who;
    v->entered = false;
    if (places_knock(c->places, &ip, 0, &v->place) != ADMITTED) {
        return;
    }
    count(c, &c->in, narrow.connections);
    count(c, &c->there[who], narrow.per_address);
    v->entered = places_enter(c->places, &to, &v->place) == ADMITTED;
    if (v->entered) {
        count(c, &c->at[who], narrow.per_target);
        atomic_fetch_add(&c->admitted, 1);
    }
}

static void
go(struct crowded *c, struct visitor *v)
{
    if (v->place.taken) {
        atomic_fetch_sub(&c->in, 1);
        atomic_fetch_sub(&c->there[v->who], 1);
        atomic_fetch_sub(&c->at[v->who], v->entered ? 1 : 0);
    }
    places_leave(c->places, &v->place);
}

static void *
come_and_go(void *user)
{
    struct visitor visitors[HELD] = {0};
    struct crowded *c = user;

    for (unsigned i = 0; i < ROUNDS; i++) {
        go(c, &visitors[i % HELD]);
        come(c, &visitors[i % HELD], i / 7 % 2);
        (void)places_count(c->places);
    }
    for (size_t i = 0; i < HELD; i++) {
        go(c, &visitors[i]);
    }
    return NULL;
}

static void
threads(void **state)
{
    struct crowded c = {.places = open_places(narrow)};
    struct place_limits l = narrow;
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &c), 0);
    }
    for (unsigned i = 0; i < 100; i++) {
        l.per_s = i % 2 * 1000000;
        l.burst = 1000000;
        places_limit(c.places, &l);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(c.wrong, 0);
    assert_true(c.admitted > 0);
    assert_counts(c.places, 0, 0);
    places_free(c.places);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_all),       cmocka_unit_test(of_an_address),
        cmocka_unit_test(of_a_target),  cmocka_unit_test(new_ones),
        cmocka_unit_test(denied_ones),  cmocka_unit_test(named_later),
        cmocka_unit_test(other_limits), cmocka_unit_test(threads),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
