/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_visit_who.c - who a client is: what is counted, reported and told
 * to the target, also where a proxy stands before the bridge.
 */
#include <pthread.h>

#include "harness/visits.h"

#define GET "GET /?target=127.0.0.1:@ HTTP/1.1\r\n" FIELDS

static const struct row rows[] = {
    /* the target is told */
    {.name = "client",
     .request = GET "\r\n",
     .answer = "HTTP/1.1 101 ",
     .proxied = true},
    {.name = "client, with a frame behind the request",
     .request = GET "\r\n",
     .answer = "HTTP/1.1 101 ",
     .ahead = true,
     .proxied = true},
    {.name = "Unix socket",
     .request = GET "\r\n",
     .answer = "HTTP/1.1 101 ",
     .unix_door = true,
     .proxied = true,
     .peer = "unix"},
    {.name = "behind a proxy",
     .request = GET "X-Forwarded-For: 8.8.8.8, 192.0.2.7\r\n\r\n",
     .answer = "HTTP/1.1 101 ",
     .trust = "127.0.0.1",
     .proxied = true,
     .peer = "192.0.2.7:0"},
    {.name = "behind a proxy at a Unix socket",
     .request = GET "X-Forwarded-For: 192.0.2.7:99\r\n\r\n",
     .answer = "HTTP/1.1 101 ",
     .unix_door = true,
     .trust = "unix",
     .proxied = true,
     .peer = "192.0.2.7:99"},
    {.name = "a Unix socket is nobody's who is not named",
     .request = GET "X-Forwarded-For: 192.0.2.7\r\n\r\n",
     .answer = "HTTP/1.1 101 ",
     .unix_door = true,
     .trust = "127.0.0.0/8",
     .proxied = true,
     .peer = "unix"},
    {.name = "no proxy is trusted",
     .request = GET "X-Forwarded-For: 192.0.2.7\r\n\r\n",
     .answer = "HTTP/1.1 101 ",
     .proxied = true},
    {.name = "another one is",
     .request = GET "X-Forwarded-For: 192.0.2.7\r\n\r\n",
     .answer = "HTTP/1.1 101 ",
     .trust = "10.0.0.0/8",
     .proxied = true},
    {.name = "a proxy that says nothing",
     .request = GET "\r\n",
     .answer = "HTTP/1.1 101 ",
     .trust = "127.0.0.1",
     .proxied = true},
    {.name = "a proxy that says what is no address",
     .request = GET "X-Forwarded-For: 192.0.2.7, unknown\r\n\r\n",
     .answer = "HTTP/1.1 101 ",
     .trust = "127.0.0.1",
     .proxied = true},
    /* who is counted */
    {.name = "the client has all its places",
     .request = GET "X-Forwarded-For: 192.0.2.7\r\n\r\n",
     .answer = "HTTP/1.1 429 ",
     .code = "too_many_connections",
     .denial = DENIED_CROWD,
     .trust = "127.0.0.1",
     .elsewhere = "192.0.2.7:1",
     .peer = "192.0.2.7:0"},
    {.name = "the proxy has all its places",
     .request = GET "X-Forwarded-For: 192.0.2.7\r\n\r\n",
     .answer = "HTTP/1.1 101 ",
     .trust = "127.0.0.1",
     .elsewhere = "127.0.0.1:1",
     .peer = "192.0.2.7:0"},
    {.name = "the proxy has, and says nothing",
     .request = GET "\r\n",
     .answer = "HTTP/1.1 429 ",
     .code = "too_many_connections",
     .denial = DENIED_CROWD,
     .trust = "127.0.0.1",
     .elsewhere = "127.0.0.1:1"},
    {.name = "no proxy, but all its places",
     .request = GET "X-Forwarded-For: 192.0.2.7\r\n\r\n",
     .answer = "HTTP/1.1 429 ",
     .code = "too_many_connections",
     .denial = DENIED_CROWD,
     .elsewhere = "127.0.0.1:1"},
};

static void
visits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)check(&rows[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visits),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
