/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_relay_cache.c - what is kept, what goes first, and threads.
 */
#include "programs/bridge/relay_cache.h"

#include <pthread.h>
#include <stdio.h>

#include "harness/unit.h"

#define BODY    1024u
#define THREADS 4u
#define ROUNDS  2000u
#define NAMES   12u

static struct relay_reply *
reply(const char *path, size_t body, uint64_t at_ms)
{
    struct relay_question q = {.kind = RELAY_ROOT_CRL};
    struct relay_reply *r;

    snprintf(q.path, sizeof(q.path), "%s", path);
    r = relay_reply_new(&q, 200, at_ms);
    assert_non_null(r);
    r->body.max = body;
    if (body > 0) {
        assert_non_null(assay_buf_extend(&r->body, body));
    }
    return r;
}

static void
put(struct relay_cache *c, const char *path, size_t body, uint64_t at_ms)
{
    struct relay_reply *r = reply(path, body, at_ms);

    relay_cache_put(c, r);
    relay_reply_release(r);
}

/* When the reply that is kept came; 0: there is none. */
static uint64_t
at(struct relay_cache *c, const char *path)
{
    struct relay_reply *r = relay_cache_get(c, path);
    uint64_t at_ms = r != NULL ? r->at_ms : 0;

    assert_true(r == NULL || strcmp(r->path, path) == 0);
    relay_reply_release(r);
    return at_ms;
}

/* That of one reply with such a body. */
static size_t
size_of(size_t body)
{
    struct relay_reply *r = reply("/", body, 1);
    size_t n = relay_reply_bytes(r);

    relay_reply_release(r);
    return n;
}

static void
check_use(struct relay_cache *c, size_t bytes, unsigned replies)
{
    size_t b;
    unsigned n;

    relay_cache_use(c, &b, &n);
    assert_int_equal(b, bytes);
    assert_int_equal(n, replies);
}

static void
by_question(void **state)
{
    struct relay_cache *c = relay_cache_new(1u << 20, 8);

    (void)state;
    check_use(c, 0, 0);
    assert_int_equal(at(c, "/a"), 0);
    put(c, "/a", BODY, 1);
    put(c, "/b", BODY, 2);
    assert_int_equal(at(c, "/a"), 1);
    assert_int_equal(at(c, "/b"), 2);
    assert_int_equal(at(c, "/"), 0);
    check_use(c, 2 * size_of(BODY), 2);
    put(c, "/a", 2 * BODY, 3);
    assert_int_equal(at(c, "/a"), 3);
    check_use(c, size_of(BODY) + size_of(2 * BODY), 2);
    relay_cache_free(c);
    relay_cache_free(NULL);
}

static void
last_asked_for_stays(void **state)
{
    struct relay_cache *c = relay_cache_new(1u << 20, 2);

    (void)state;
    put(c, "/a", 1, 1);
    put(c, "/b", 1, 2);
    assert_int_equal(at(c, "/a"), 1);
    put(c, "/c", 1, 3);
    assert_int_equal(at(c, "/b"), 0);
    assert_int_equal(at(c, "/a"), 1);
    assert_int_equal(at(c, "/c"), 3);
    check_use(c, 2 * size_of(1), 2);
    relay_cache_free(c);
}

static void
bytes(void **state)
{
    struct relay_cache *c = relay_cache_new(3 * size_of(BODY), 100);

    (void)state;
    put(c, "/a", BODY, 1);
    put(c, "/b", BODY, 2);
    put(c, "/c", BODY, 3);
    check_use(c, 3 * size_of(BODY), 3);
    put(c, "/d", BODY, 4); /* in place of one */
    assert_int_equal(at(c, "/a"), 0);
    assert_int_equal(at(c, "/b"), 2);
    put(c, "/e", size_of(BODY) + BODY, 5); /* ... of two */
    assert_int_equal(at(c, "/c"), 0);
    assert_int_equal(at(c, "/d"), 0);
    assert_int_equal(at(c, "/b"), 2);
    assert_int_equal(at(c, "/e"), 5);
    relay_cache_free(c);
}

/* It does not push the others out; and what it says is newer than what was
 * kept. */
static void
larger_than_all(void **state)
{
    struct relay_cache *c = relay_cache_new(2 * size_of(BODY), 100);

    (void)state;
    put(c, "/a", BODY, 1);
    put(c, "/b", 4 * BODY, 2);
    assert_int_equal(at(c, "/b"), 0);
    assert_int_equal(at(c, "/a"), 1);
    put(c, "/a", 4 * BODY, 3);
    check_use(c, 0, 0);
    relay_cache_free(c);
    c = relay_cache_new(1u << 20, 0);
    put(c, "/a", BODY, 1);
    check_use(c, 0, 0);
    relay_cache_free(c);
}

/* Who holds one may go on with it. */
static void
held(void **state)
{
    struct relay_cache *c = relay_cache_new(1u << 20, 1);
    struct relay_reply *r;

    (void)state;
    put(c, "/a", BODY, 1);
    r = relay_cache_get(c, "/a");
    put(c, "/b", BODY, 2);
    assert_int_equal(at(c, "/a"), 0);
    relay_cache_free(c);
    assert_int_equal(r->at_ms, 1);
    assert_int_equal(r->body.len, BODY);
    relay_reply_release(r);
}

/* --- threads ------------------------------------------------------------- */

static void *
run(void *user)
{
    struct relay_cache *c = user;

    for (unsigned i = 0; i < ROUNDS; i++) {
        char path[8];
        struct relay_reply *r;

        snprintf(path, sizeof(path), "/%u", i % NAMES);
        r = relay_cache_get(c, path);
        if (r == NULL) {
            put(c, path, BODY, i + 1);
        } else if (strcmp(r->path, path) != 0 || r->body.len != BODY) {
            abort();
        }
        relay_reply_release(r);
    }
    return NULL;
}

static void
threads(void **state)
{
    struct relay_cache *c = relay_cache_new(1u << 20, NAMES / 2);
    pthread_t thread[THREADS];

    (void)state;
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, run, c), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
    }
    check_use(c, NAMES / 2 * size_of(BODY), NAMES / 2);
    relay_cache_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_question),
        cmocka_unit_test(bytes),
        cmocka_unit_test(larger_than_all),
        cmocka_unit_test(held),
        cmocka_unit_test(threads),
        cmocka_unit_test(last_asked_for_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
