/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_keep_alive.c - what servers say of how long their connections
 * stay, and what the proxy's links make of it.
 */
#include "harness/upstream.h"
#include "programs/proxy/keep_alive.h"

/* --- the field ------------------------------------------------------------ */

#define NONE (-1)

static const struct {
    const char *fields;
    int64_t wait_ms;
    int64_t more;
} rows[] = {
    {"", NONE, NONE},
    {"Keep-Alive: timeout=5\r\n", 4000, NONE},
    {"Keep-Alive: timeout=5, max=100\r\n", 4000, 100},
    {"keep-alive: MAX=7,TimeOut=60\r\n", 59000, 7},
    {"Keep-Alive: max=0\r\n", NONE, 0},
    {"Keep-Alive: timeout=2\r\n", 1000, NONE},
    {"Keep-Alive: timeout=1\r\n", 500, NONE},
    {"Keep-Alive: timeout=0\r\n", 0, NONE},
    {"Keep-Alive: timeout = 5 ,, x=y, max= 3\r\n", 4000, 3},
    /* the least */
    {"Keep-Alive: timeout=9, timeout=5\r\n", 4000, NONE},
    {"Keep-Alive: timeout=5\r\nKeep-Alive: timeout=9, max=2\r\n", 4000, 2},
    {"Keep-Alive: max=1\r\nKeep-Alive: max=0\r\n", NONE, 0},
    /* more than anybody would wait, and still a number */
    {"Keep-Alive: timeout=4294967\r\n", 4294966000, NONE},
    {"Keep-Alive: timeout=4294968\r\n", NONE, NONE},
    {"Keep-Alive: max=4294967295\r\n", NONE, 4294967295},
    {"Keep-Alive: max=4294967296\r\n", NONE, NONE},
    {"Keep-Alive: max=99999999999999999999999999\r\n", NONE, NONE},
    /* nothing that can be read */
    {"Keep-Alive: 300\r\n", NONE, NONE},
    {"Keep-Alive: timeout\r\n", NONE, NONE},
    {"Keep-Alive: timeout=\r\n", NONE, NONE},
    {"Keep-Alive: timeout=-1\r\n", NONE, NONE},
    {"Keep-Alive: timeout=5s\r\n", NONE, NONE},
    {"Keep-Alive: timeout=0x5\r\n", NONE, NONE},
    {"Keep-Alive: timeout=1 5\r\n", NONE, NONE},
    {"Keep-Alive: xtimeout=5, maxi=1\r\n", NONE, NONE},
    {"Keep-Alive: timeout=x, max=3\r\n", NONE, 3},
    {"Connection: keep-alive, timeout=5\r\n", NONE, NONE},
};

static void
what_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_http1_head head;
        struct keep_alive k;
        struct assay_error err;
        char text[256];
        size_t scanned = 0;
        size_t used = 0;

        snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%s\r\n",
                 rows[i].fields);
        assay_error_clear(&err);
        assert_int_equal(assay_http1_response(assay_slice_of(text), "GET",
                                              &scanned, &head, &used, &err),
                         ASSAY_OK);
        keep_alive_read(&head, &k);
        CHECK(rows[i].fields, k.has_timeout == (rows[i].wait_ms != NONE));
        CHECK(rows[i].fields, !k.has_timeout || k.wait_ms == rows[i].wait_ms);
        CHECK(rows[i].fields, k.has_max == (rows[i].more != NONE));
        CHECK(rows[i].fields, !k.has_max || k.more == rows[i].more);
    }
}

/* --- a link --------------------------------------------------------------- */

#define OK(fields) "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" fields "\r\nok"

static void
open_near(struct near *n, const char *response)
{
    near_open(n);
    n->far.response = response;
    n->far.keeps = true;
}

/* Behind a request it waits for no longer than its server does. */
static void
one_goes_before_its_server_closes_it(void **state)
{
    struct near n;

    (void)state;
    open_near(&n, OK("Keep-Alive: timeout=1\r\n"));
    near_start(&n);
    assert_int_equal(ask_once(&n, NULL), 200);
    assert_int_equal(GAUGE(&n, idle), 1);
    UNTIL(&n, GAUGE(&n, idle) == 0);
    UNTIL(&n, far_open_count(&n.far) == 0);
    near_end(&n);
}

static void
one_that_may_not_wait_goes_at_once(void **state)
{
    struct near n;

    (void)state;
    open_near(&n, OK("Keep-Alive: timeout=0\r\n"));
    near_start(&n);
    assert_int_equal(ask_once(&n, NULL), 200);
    assert_int_equal(GAUGE(&n, idle), 0);
    near_end(&n);
}

static unsigned
accepted_for_five(const char *response, unsigned max_requests)
{
    struct near n;
    unsigned accepted;

    open_near(&n, response);
    n.o.max_requests = max_requests;
    near_start(&n);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ask_once(&n, NULL), 200);
    }
    accepted = n.far.accepted;
    near_end(&n);
    return accepted;
}

static void
so_many_requests(void **state)
{
    static const struct {
        const char *response;
        unsigned max_requests;
        unsigned accepted;
    } cases[] = {
        {OK("Keep-Alive: max=0\r\n"), 1000, 5},
        {OK("Keep-Alive: max=1\r\n"), 1000, 3},
        {OK("Keep-Alive: max=1\r\n"), 0, 3}, /* where there was no limit */
        {OK("Keep-Alive: max=9\r\n"), 1000, 1},
        /* only ever less than the settings allow */
        {OK("Keep-Alive: timeout=4000000, max=4000000000\r\n"), 2, 3},
        {"HTTP/1.1 100 Continue\r\nKeep-Alive: max=0\r\n\r\n" OK(""), 1000, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(
            accepted_for_five(cases[i].response, cases[i].max_requests),
            cases[i].accepted);
    }
}

/* What a server says later does not give back what it took. */
static void
it_is_never_longer_again(void **state)
{
    struct near n;

    (void)state;
    open_near(&n, OK("Keep-Alive: timeout=1, max=100\r\n"));
    near_start(&n);
    assert_int_equal(ask_once(&n, NULL), 200);
    n.far.response = OK("Keep-Alive: timeout=900\r\n");
    assert_int_equal(ask_once(&n, NULL), 200);
    assert_int_equal(n.far.accepted, 1);
    UNTIL(&n, GAUGE(&n, idle) == 0);
    near_end(&n);
}

/* No longer than the settings allow. */
static void
the_settings_stay(void **state)
{
    struct near n;

    (void)state;
    open_near(&n, OK("Keep-Alive: timeout=900\r\n"));
    n.o.keep_alive_ms = 500;
    near_start(&n);
    assert_int_equal(ask_once(&n, NULL), 200);
    UNTIL(&n, GAUGE(&n, idle) == 0);
    near_end(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said),
        cmocka_unit_test(one_goes_before_its_server_closes_it),
        cmocka_unit_test(one_that_may_not_wait_goes_at_once),
        cmocka_unit_test(so_many_requests),
        cmocka_unit_test(it_is_never_longer_again),
        cmocka_unit_test(the_settings_stay),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
