/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_tls_data.c - octets both ways over TLS in memory, and how each way ends.
 */
#include "harness/tls_peer.h"

/* --- data --------------------------------------------------------------- */

/* What the peer reads, up to n octets. */
static size_t
read_raw(struct raw *r, uint8_t *to, size_t n)
{
    size_t len = 0;
    size_t part = 0;

    while (len < n && SSL_read_ex(r->ssl, to + len, n - len, &part) == 1) {
        len += part;
    }
    ERR_clear_error();
    return len;
}

static void
check_both_ways(struct ours *o, struct raw *r, size_t n)
{
    uint8_t *data = malloc(n);
    uint8_t *got = malloc(n + 1);
    size_t done = 0;
    struct assay_error err;

    assert_true(data != NULL && got != NULL);
    for (size_t i = 0; i < n; i++) {
        data[i] = (uint8_t)(i * 7 + (i >> 8));
    }
    assay_error_clear(&err);
    assert_int_equal(
        assay_tls_write(o->tls, (struct assay_slice){data, n}, &err), ASSAY_OK);
    to_raw(o, r);
    assert_int_equal(read_raw(r, got, n + 1), n);
    assert_memory_equal(got, data, n);
    assert_int_equal(SSL_write_ex(r->ssl, data, n, &done), 1);
    assert_int_equal(done, n);
    assert_true(to_ours(o, r));
    check_error("data", &o->err, ASSAY_OK, "", ASSAY_NO_OFFSET);
    assert_true(assay_slice_equal(assay_queue_slice(&o->plain),
                                  (struct assay_slice){data, n}));
    assay_queue_take(&o->plain, n);
    free(data);
    free(got);
}

static void
test_data(void **state)
{
    static const size_t sizes[] = {1,     2,     100,    16383,
                                   16384, 16385, 100000, 3000000};
    struct ours o;
    struct raw r;

    (void)state;
    for (int side = 0; side < 2; side++) {
        if (side == 0) {
            open_client(&o, &r);
        } else {
            open_server(&o, &r);
        }
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
            check_both_ways(&o, &r, sizes[i]);
        }
        free_raw(&r);
        free_ours(&o);
    }
}

/* Handshake and data, octet by octet. */
static void
test_single_octets(void **state)
{
    struct ours o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
    struct raw r = new_raw_server(&world.leaf, &world.middle);

    (void)state;
    o.step = 1;
    start_raw(&r, true);
    assert_int_equal(shake(&o, &r), 0);
    check_ready("client", &o, &r);
    check_both_ways(&o, &r, 20000);
    free_raw(&r);
    free_ours(&o);
    o = new_ours(new_server());
    o.step = 1;
    r = new_raw(false);
    start_raw(&r, false);
    assert_int_equal(shake(&o, &r), 0);
    check_ready("server", &o, &r);
    check_both_ways(&o, &r, 20000);
    free_raw(&r);
    free_ours(&o);
}

/* No more than the room and one record is made; the rest is left. */
static void
test_room(void **state)
{
    static uint8_t data[200000];
    struct ours o;
    struct raw r;
    char *p = NULL;
    struct assay_slice in;
    size_t done = 0;
    size_t used = 0;

    (void)state;
    open_client(&o, &r);
    assert_int_equal(SSL_write_ex(r.ssl, data, sizeof(data), &done), 1);
    in.len = (size_t)BIO_get_mem_data(r.out, &p);
    in.ptr = (const uint8_t *)p;
    assert_int_equal(assay_tls_feed(o.tls, in, &used, &o.plain, 0, &o.err),
                     ASSAY_OK);
    assert_int_equal(assay_queue_len(&o.plain), 0);
    assert_int_equal(used, 0);
    assert_int_equal(assay_tls_feed(o.tls, in, &used, &o.plain, 1, &o.err),
                     ASSAY_OK);
    assert_int_equal(assay_queue_len(&o.plain), ASSAY_TLS_RECORD_MAX_BYTES);
    assert_true(used > ASSAY_TLS_RECORD_MAX_BYTES &&
                used < ASSAY_TLS_RECORD_MAX_BYTES + 600);
    in.ptr += used;
    in.len -= used;
    assert_int_equal(assay_tls_feed(o.tls, in, &used, &o.plain,
                                    ASSAY_TLS_RECORD_MAX_BYTES + 1, &o.err),
                     ASSAY_OK);
    assert_int_equal(assay_queue_len(&o.plain), 3 * ASSAY_TLS_RECORD_MAX_BYTES);
    in.ptr += used;
    in.len -= used;
    assert_int_equal(
        assay_tls_feed(o.tls, in, &used, &o.plain, PLAIN_ROOM, &o.err),
        ASSAY_OK);
    assert_int_equal(used, in.len);
    assert_int_equal(assay_queue_len(&o.plain), sizeof(data));
    free_raw(&r);
    free_ours(&o);
}

static void
test_write_limits(void **state)
{
    static uint8_t data[ASSAY_TLS_OUTPUT_MAX_BYTES / 2];
    struct ours o;
    struct raw r;
    struct assay_error err;

    (void)state;
    o = new_ours(new_client(world.roots, "a.example", true, NOW_S));
    assay_error_clear(&err);
    assert_int_equal(assay_tls_write(o.tls, assay_slice_of("x"), &err),
                     ASSAY_INVALID); /* before the handshake */
    free_ours(&o);
    open_client(&o, &r);
    assay_error_clear(&err);
    assert_int_equal(assay_tls_write(o.tls, ASSAY_EMPTY, &err), ASSAY_OK);
    assert_int_equal(assay_queue_len(assay_tls_output(o.tls)), 0);
    assert_int_equal(assay_tls_write(o.tls, ASSAY_SLICE(data), &err), ASSAY_OK);
    assert_int_equal(assay_tls_write(o.tls, ASSAY_SLICE(data), &err),
                     ASSAY_TOO_LARGE);
    /* which was no failure of the connection */
    assay_error_clear(&err);
    to_raw(&o, &r);
    assert_int_equal(read_raw(&r, data, sizeof(data)), sizeof(data));
    check_both_ways(&o, &r, 100);
    assay_tls_close(o.tls);
    assert_int_equal(assay_tls_write(o.tls, assay_slice_of("x"), &err),
                     ASSAY_INVALID);
    free_raw(&r);
    free_ours(&o);
}

static void
test_key_update(void **state)
{
    struct ours o;
    struct raw r;

    (void)state;
    for (int side = 0; side < 2; side++) {
        if (side == 0) {
            open_client(&o, &r);
        } else {
            open_server(&o, &r);
        }
        for (int i = 0; i < 20; i++) {
            assert_int_equal(
                SSL_key_update(r.ssl, i % 2 == 0
                                          ? SSL_KEY_UPDATE_REQUESTED
                                          : SSL_KEY_UPDATE_NOT_REQUESTED),
                1);
            check_both_ways(&o, &r, 1000);
        }
        free_raw(&r);
        free_ours(&o);
    }
}

/* A peer that makes us answer for ever and reads nothing is given up. */
static void
test_key_update_flood(void **state)
{
    static uint8_t data[ASSAY_TLS_OUTPUT_MAX_BYTES / 2];
    struct ours o;
    struct raw r;
    struct assay_error err;
    int updates = 0;
    size_t done;

    (void)state;
    open_server(&o, &r);
    for (size_t n = sizeof(data); n > 0; n /= 2) { /* nearly full */
        assay_error_clear(&err);
        (void)!assay_tls_write(o.tls, (struct assay_slice){data, n}, &err);
    }
    for (; updates < 10000 && o.err.code == ASSAY_OK; updates++) {
        assert_int_equal(SSL_key_update(r.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_write_ex(r.ssl, "x", 1, &done), 1);
        assert_true(to_ours(&o, &r));
    }
    assert_true(updates > 1);
    check_error("flood", &o.err, ASSAY_TLS,
                "TLS: the peer makes us answer more than it reads",
                ASSAY_NO_OFFSET);
    assert_true(assay_queue_len(assay_tls_output(o.tls)) <=
                ASSAY_TLS_OUTPUT_MAX_BYTES);
    free_raw(&r);
    free_ours(&o);
}

/* --- ending ------------------------------------------------------------- */

static void
test_goodbye(void **state)
{
    struct ours o;
    struct raw r;
    size_t used = 0;
    size_t done = 0;

    (void)state;
    open_client(&o, &r);
    assert_false(assay_tls_goodbye(o.tls));
    assert_int_equal(SSL_write_ex(r.ssl, "bye", 3, &done), 1);
    assert_int_equal(SSL_shutdown(r.ssl), 0);
    assert_true(to_ours(&o, &r));
    check_error("goodbye", &o.err, ASSAY_OK, "", ASSAY_NO_OFFSET);
    assert_true(assay_tls_goodbye(o.tls));
    assert_true(assay_slice_is(assay_queue_slice(&o.plain), "bye"));
    /* what comes behind it is dropped */
    assert_int_equal(assay_tls_feed(o.tls, assay_slice_of("garbage"), &used,
                                    &o.plain, PLAIN_ROOM, &o.err),
                     ASSAY_OK);
    assert_int_equal(used, 7);
    assert_int_equal(assay_queue_len(&o.plain), 3);
    /* one side only has been closed */
    assert_int_equal(assay_tls_write(o.tls, assay_slice_of("last"), &o.err),
                     ASSAY_OK);
    free_raw(&r);
    free_ours(&o);
}

/* Behind a goodbye in the same octets, too. */
static void
test_goodbye_and_more(void **state)
{
    struct ours o;
    struct raw r;
    struct assay_buf b = new_text();
    char *p = NULL;
    long n;
    size_t used = 0;

    (void)state;
    open_client(&o, &r);
    assert_int_equal(SSL_shutdown(r.ssl), 0);
    n = BIO_get_mem_data(r.out, &p);
    assay_buf_add(&b, (struct assay_slice){(const uint8_t *)p, (size_t)n});
    assay_buf_add_text(&b, "garbage");
    assert_int_equal(assay_tls_feed(o.tls, assay_buf_slice(&b), &used, &o.plain,
                                    PLAIN_ROOM, &o.err),
                     ASSAY_OK);
    assert_int_equal(used, b.len);
    assert_true(assay_tls_goodbye(o.tls));
    assay_buf_free(&b);
    free_raw(&r);
    free_ours(&o);
}

/* Our own reaches the peer; half of a record is no goodbye. */
static void
test_close(void **state)
{
    struct ours o;
    struct raw r;
    char c;
    char *p = NULL;
    size_t used = 0;
    size_t done = 0;

    (void)state;
    open_server(&o, &r);
    assay_tls_close(o.tls);
    assay_tls_close(o.tls); /* once only */
    to_raw(&o, &r);
    assert_int_equal(SSL_read(r.ssl, &c, 1), 0);
    assert_int_equal(SSL_get_error(r.ssl, 0), SSL_ERROR_ZERO_RETURN);
    assert_int_equal(BIO_ctrl_pending(r.in), 0);
    assert_int_equal(SSL_write_ex(r.ssl, "abc", 3, &done), 1);
    assert_true(BIO_get_mem_data(r.out, &p) > 10);
    assert_int_equal(
        assay_tls_feed(o.tls, (struct assay_slice){(const uint8_t *)p, 10},
                       &used, &o.plain, PLAIN_ROOM, &o.err),
        ASSAY_OK);
    assert_int_equal(used, 10);
    assert_false(assay_tls_goodbye(o.tls));
    assert_int_equal(assay_queue_len(&o.plain), 0);
    free_raw(&r);
    free_ours(&o);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_single_octets),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_write_limits),
        cmocka_unit_test(test_key_update),
        cmocka_unit_test(test_key_update_flood),
        cmocka_unit_test(test_goodbye),
        cmocka_unit_test(test_goodbye_and_more),
        cmocka_unit_test(test_close),
    };
    return cmocka_run_group_tests(tests, tls_setup, tls_teardown);
}
