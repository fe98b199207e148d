/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_identity_names.c - several certificates at one door: which one a client
 * is shown.
 */
#include "harness/ctx.h"

#include "assay/assay.h"
#include "atls/tls.h"
#include "base/buf.h"

#define NOW_S INT64_C(1790000000)
#define DAY_S INT64_C(86400)

static struct assay_tls_identity *
make(const char *const *names, size_t count)
{
    struct assay_tls_identity *i = NULL;
    struct assay_error err;

    assert_int_equal(
        assay_tls_identity_make(ctx, names, count, NOW_S, 30, &i, &err),
        ASSAY_OK);
    return i;
}

/* Everything that `from` has to say. */
static void
pass(struct assay_tls *from, struct assay_tls *to)
{
    struct assay_queue plain;
    struct assay_error err;
    struct assay_slice out = assay_queue_slice(assay_tls_output(from));
    size_t used = 0;

    assay_error_clear(&err);
    assay_queue_init(&plain, 1u << 16);
    assert_int_equal(assay_tls_feed(to, out, &used, &plain, 1u << 16, &err),
                     ASSAY_OK);
    assay_queue_take(assay_tls_output(from), out.len);
    assay_queue_free(&plain);
}

/* The certificate that a client who asks for `host` is shown. */
static void
shown_to(const struct assay_tls_identity *first, const char *host,
         struct assay_buf *leaf)
{
    struct assay_tls_roots *nobody = NULL;
    struct assay_tls *client = NULL;
    struct assay_tls *server = NULL;
    struct assay_error err;
    size_t count = 0;

    assert_int_equal(
        assay_tls_roots_parse(ctx, ASSAY_EMPTY, &nobody, &count, &err),
        ASSAY_OK);
    assert_int_equal(
        assay_tls_client_new(
            &(struct assay_tls_client_setup){ctx, nobody, false, host, NOW_S},
            &client, &err),
        ASSAY_OK);
    assert_int_equal(assay_tls_server_new(ctx, first, &server, &err), ASSAY_OK);
    for (int turn = 0; turn < 4; turn++) {
        pass(client, server);
        pass(server, client);
    }
    assert_true(assay_tls_ready(client) && assay_tls_ready(server));
    assay_tls_peer_certificate(client, leaf);
    assay_tls_free(client);
    assay_tls_free(server);
    assay_tls_roots_free(nobody);
}

static void
test_choice(void **state)
{
    static const char *const mains[] = {"a.example", "192.0.2.1"};
    static const char *const seconds[] = {"b.example"};
    static const char *const given[] = {"c.example", "*.w.example"};
    static const char *const late[] = {"b.example", "d.w.example"};
    static const struct {
        const char *host;
        size_t want; /* which identity */
    } rows[] = {
        {"a.example", 0},     {"A.Example", 0},   {"192.0.2.1", 0},
        {"other.example", 0}, {"b.example", 1},   {"B.EXAMPLE", 1},
        {"c.example", 2},     {"d.w.example", 2}, {"x.y.w.example", 0},
        {"w.example", 0},     {"xb.example", 0},  {"b.example.org", 0},
    };
    struct assay_tls_identity *all[4] = {make(mains, 2), make(seconds, 1),
                                         make(seconds, 1), make(late, 2)};
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_tls_identity_set_names(all[2], given, 2, &err),
                     ASSAY_OK);
    for (int k = 1; k < 4; k++) {
        assay_tls_identity_add(all[0], all[k]);
        assert_ptr_equal(assay_tls_identity_next(all[k - 1]), all[k]);
    }
    assert_null(assay_tls_identity_next(all[3]));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf leaf;

        assay_buf_init(&leaf, 1u << 16);
        shown_to(all[0], rows[i].host, &leaf);
        CHECK(rows[i].host,
              assay_slice_equal(assay_buf_slice(&leaf),
                                assay_tls_identity_leaf(all[rows[i].want])));
        assay_buf_free(&leaf);
    }
    assay_tls_identity_free(all[0]);
}

static void
test_names_and_dates(void **state)
{
    static const char *const names[] = {"a.example", "192.0.2.1", "b.example"};
    static const char *const other[] = {"*.c.example"};
    static const char *const bad[] = {"a..b",        "*",         "*.",
                                      "a.*.example", "192.0.2.1", ""};
    struct assay_tls_identity *i = make(names, 3);
    struct assay_error err;
    int64_t from_s;
    int64_t until_s;

    (void)state;
    assert_string_equal(assay_tls_identity_name(i, 0), "a.example");
    assert_string_equal(assay_tls_identity_name(i, 1), "b.example");
    assert_null(assay_tls_identity_name(i, 2));
    assay_tls_identity_dates(i, &from_s, &until_s);
    assert_int_equal(from_s, NOW_S - 3600);
    assert_int_equal(until_s, NOW_S + 30 * DAY_S);
    assert_int_equal(assay_tls_identity_set_names(i, other, 1, &err), ASSAY_OK);
    assert_string_equal(assay_tls_identity_name(i, 0), "*.c.example");
    assert_null(assay_tls_identity_name(i, 1));
    for (size_t k = 0; k < COUNT_OF(bad); k++) {
        CHECK(bad[k], assay_tls_identity_set_names(i, &bad[k], 1, &err) ==
                          ASSAY_INVALID);
    }
    assay_tls_identity_free(i);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_names_and_dates),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
