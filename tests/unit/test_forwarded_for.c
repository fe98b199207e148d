/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_forwarded_for.c - whom proxies speak for, and who is believed.
 */
#include "daemon/forwarded_for.h"

#include <stdio.h>

#include "harness/unit.h"

#define NEAR  "10.0.0.0/8, 2001:db8::/32, unix"
#define PROXY "10.0.0.1:4000"

static const struct {
    const char *name;
    const char *list;
    const char *peer;
    const char *fields; /* whole lines */
    const char *client;
} rows[] = {
    {"one", NEAR, PROXY, "X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7:0"},
    {"none", NEAR, PROXY, "", PROXY},
    {"empty", NEAR, PROXY, "X-Forwarded-For: \r\n", PROXY},
    {"nobody is trusted", "", PROXY, "X-Forwarded-For: 192.0.2.7\r\n", PROXY},
    {"peer is not trusted", NEAR, "192.0.2.1:5",
     "X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.1:5"},
    {"invented by the client", NEAR, PROXY,
     "X-Forwarded-For: 127.0.0.1, 10.0.0.9, 192.0.2.7\r\n", "192.0.2.7:0"},
    {"proxies in a row", NEAR, PROXY,
     "X-Forwarded-For: 8.8.8.8, 192.0.2.7, 10.0.0.9,10.1.1.1\r\n",
     "192.0.2.7:0"},
    {"all of them trusted", NEAR, PROXY,
     "X-Forwarded-For: 10.3.3.3, 10.2.2.2\r\n", "10.3.3.3:0"},
    {"several lines", NEAR, PROXY,
     "X-Forwarded-For: 8.8.8.8\r\nX-Forwarded-For: 192.0.2.7\r\n"
     "Host: x\r\nx-forwarded-for: 10.2.2.2\r\n",
     "192.0.2.7:0"},
    {"port", NEAR, PROXY, "X-Forwarded-For: 192.0.2.7:50123\r\n",
     "192.0.2.7:50123"},
    {"IPv6", NEAR, PROXY, "X-Forwarded-For: 2001:DB9::7\r\n",
     "[2001:db9::7]:0"},
    {"IPv6 in brackets", NEAR, PROXY, "X-Forwarded-For: [2001:db9::7]\r\n",
     "[2001:db9::7]:0"},
    {"IPv6 and port", NEAR, PROXY, "X-Forwarded-For: [2001:db9::7]:99\r\n",
     "[2001:db9::7]:99"},
    {"trusted of IPv6", NEAR, "[2001:db8::1]:7",
     "X-Forwarded-For: 192.0.2.7, 2001:db8::2\r\n", "192.0.2.7:0"},
    {"blanks and empty members", NEAR, PROXY,
     "X-Forwarded-For: 192.0.2.7 ,, \t,\r\n", "192.0.2.7:0"},
    {"Unix socket", NEAR, "unix", "X-Forwarded-For: 192.0.2.7\r\n",
     "192.0.2.7:0"},
    {"Unix socket that nobody named", "10.0.0.0/8", "unix",
     "X-Forwarded-For: 192.0.2.7\r\n", "unix"},
    {"unix as an address", NEAR, PROXY, "X-Forwarded-For: 8.8.8.8, unix\r\n",
     PROXY},
    /* whoever says such a thing counts */
    {"a word", NEAR, PROXY, "X-Forwarded-For: 8.8.8.8, unknown\r\n", PROXY},
    {"a word further left", NEAR, PROXY,
     "X-Forwarded-For: 8.8.8.8, _hidden, 10.2.2.2\r\n", "10.2.2.2:0"},
    {"a name", NEAR, PROXY, "X-Forwarded-For: client.example\r\n", PROXY},
    {"a number too large", NEAR, PROXY, "X-Forwarded-For: 192.0.2.256\r\n",
     PROXY},
    {"leading zeros", NEAR, PROXY, "X-Forwarded-For: 192.0.02.1\r\n", PROXY},
    {"a port too large", NEAR, PROXY, "X-Forwarded-For: 192.0.2.7:65536\r\n",
     PROXY},
    {"a port of nothing", NEAR, PROXY, "X-Forwarded-For: 192.0.2.7:\r\n",
     PROXY},
    {"a bracket alone", NEAR, PROXY, "X-Forwarded-For: [2001:db9::7\r\n",
     PROXY},
    {"brackets alone", NEAR, PROXY, "X-Forwarded-For: []\r\n", PROXY},
    {"a zone", NEAR, PROXY, "X-Forwarded-For: fe80::1%eth0\r\n", PROXY},
    {"two in one member", NEAR, PROXY, "X-Forwarded-For: 8.8.8.8 9.9.9.9\r\n",
     PROXY},
    {"quoted", NEAR, PROXY, "X-Forwarded-For: \"8.8.8.8\"\r\n", PROXY},
};

static void
clients(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char client[ASSAY_SOCKET_NAME_BYTES];
        struct assay_http1_head head;
        struct assay_error err;
        char request[512];
        size_t scanned = 0;
        size_t used;

        assay_error_clear(&err);
        snprintf(request, sizeof(request),
                 "GET / HTTP/1.0\r\nAccept: */*\r\n%s\r\n", rows[i].fields);
        CHECK(rows[i].name,
              assay_http1_request(assay_slice_of(request), &scanned, &head,
                                  &used, &err) == ASSAY_OK &&
                  used > 0);
        forwarded_client(rows[i].list, &head, rows[i].peer, client);
        if (strcmp(client, rows[i].client) != 0) {
            fail_msg("%s: %s, not %s", rows[i].name, client, rows[i].client);
        }
    }
}

static void
lists(void **state)
{
    static const struct {
        const char *list;
        enum assay_code code;
    } some[] = {
        {"", ASSAY_OK},
        {"unix", ASSAY_OK},
        {NEAR, ASSAY_OK},
        {"10.0.0.0/8,unix , ::1", ASSAY_OK},
        {"Unix", ASSAY_INVALID},
        {"unix, 10.0.0.0/33", ASSAY_INVALID},
        {"nobody", ASSAY_INVALID},
        {"2001:db8:0000:0000:0000:0000:0000:0000/0000000000000000000000032",
         ASSAY_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(some); i++) {
        struct assay_error err;

        assay_error_clear(&err);
        CHECK(some[i].list,
              forwarded_check(some[i].list, &err) == some[i].code);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients),
        cmocka_unit_test(lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
