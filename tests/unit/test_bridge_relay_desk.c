/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_relay_desk.c - visits that ask the collateral relay itself: what
 * it answers at once, and what it has to ask a source for, which is not there.
 */
#include "programs/bridge/relay_desk.h"

#include <pthread.h>

#include "harness/visits.h"

#define ROOT_CRL "/sgx/certification/v4/rootcacrl HTTP/1.1\r\nHost: x\r\n"

static struct relay *shared;
static struct relay_loop *loop;
static struct relay_desk desk;
static const struct log quiet; /* but for what a source fails with */

static void
come(struct visits *visits)
{
    loop = relay_loop_new(visits->loop, shared);
    assert_non_null(loop);
    relay_desk_open(&desk, loop, visits->loop, &quiet);
    desk.settings = (struct relay_settings){
        .sources = {"https://127.0.0.1:1", NULL, 1000},
        .origins = "",
        .max_age_s = 3600,
    };
    visits->relay = &desk.relay;
}

/* Asked again, it remembers the failure; so each row has a relay of its own. */
static void
gone(void)
{
    relay_loop_free(loop);
}

static void
gets_head(const struct asked *a, int fd)
{
    put_request(a, fd);
    get_answer(a, fd);
    get_end(fd);
}

static const struct {
    struct row row;
    unsigned status;
    enum relay_how how;
} rows[] = {
    {.row = {.name = "no question",
             .request = "GET /sgx/x HTTP/1.1\r\nHost: x\r\n\r\n",
             .answer = "HTTP/1.1 404 ",
             .code = "not_found",
             .denial = RELAYED},
     .status = 404,
     .how = RELAY_REFUSED},
    {.row = {.name = "preflight",
             .request = "OPTIONS " ROOT_CRL "Origin: https://a.example\r\n"
                        "Access-Control-Request-Method: GET\r\n\r\n",
             .answer = "HTTP/1.1 204 ",
             .denial = RELAYED,
             .client = gets_head},
     .status = 204,
     .how = RELAY_REFUSED},
    {.row = {.name = "a source that is not there",
             .request = "GET " ROOT_CRL "\r\n",
             .answer = "HTTP/1.1 502 ",
             .code = "source_failed",
             .denial = RELAYED},
     .status = 502,
     .how = RELAY_FETCHED},
    {.row = {.name = "HEAD",
             .request = "HEAD " ROOT_CRL "\r\n",
             .answer = "HTTP/1.1 502 ",
             .denial = RELAYED,
             .client = gets_head},
     .status = 502,
     .how = RELAY_FETCHED},
};

static void
answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct row row = rows[i].row;
        struct visit_report report;

        row.come = come;
        row.gone = gone;
        shared = relay_new(RELAY_CACHE_BYTES);
        assert_non_null(shared);
        report = check(&row);
        relay_free(shared);
        CHECK(row.name, report.relayed == rows[i].status);
        CHECK(row.name, strcmp(report.how, relay_how_name(rows[i].how)) == 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answered),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
