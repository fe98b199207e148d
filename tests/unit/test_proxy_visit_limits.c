/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_visit_limits.c - clients of the proxy that get no server's answer:
 * those it refuses, those it cannot serve, those that are slow; and its end.
 */
#include "harness/proxy_visits.h"

#define POST "POST /tee/x HTTP/1.1\r\n" HERE

/* --- refusals ------------------------------------------------------------- */

static char long_field[ASSAY_HTTP1_HEAD_MAX_BYTES + 1024];
static char long_line[2 * ASSAY_HTTP1_TARGET_MAX_BYTES];

static const struct {
    const char *name;
    const char *request;
    const char *status;
    const char *code;
    const char *has;
    bool stays;  /* the connection */
    bool unread; /* nobody knows what it was */
} refusals[] = {
    {.name = "another host",
     .request = "GET /tee/x HTTP/1.1\r\nHost: evil.example\r\n\r\n",
     .status = "403 ",
     .code = "host_not_allowed",
     .has = "x-should-retry: false\r\n",
     .stays = true},
    {.name = "a page",
     .request =
         "GET /tee/x HTTP/1.1\r\n" HERE "Origin: https://evil.example\r\n\r\n",
     .status = "403 ",
     .code = "origin_not_allowed",
     .has = "x-should-retry: false\r\n",
     .stays = true},
    {.name = "nothing there",
     .request = "GET /other/x HTTP/1.1\r\n" HERE "\r\n",
     .status = "404 ",
     .code = "not_found",
     .has = "x-should-retry: false\r\n",
     .stays = true},
    {.name = "dots",
     .request = "GET /tee/%2e%2e/x HTTP/1.1\r\n" HERE "\r\n",
     .status = "400 ",
     .code = "path_not_allowed",
     .has = "x-should-retry: false\r\n",
     .stays = true},
    {.name = "with a body that has come",
     .request = "POST / HTTP/1.1\r\n" HERE "Content-Length: 3\r\n\r\nabc",
     .status = "405 ",
     .code = "method_not_allowed",
     .has = "Allow: GET, HEAD\r\n",
     .stays = true},
    {.name = "with a body that has not",
     .request = "POST / HTTP/1.1\r\n" HERE "Content-Length: 3\r\n\r\nab",
     .status = "405 ",
     .code = "method_not_allowed",
     .has = "Connection: close\r\n"},
    {.name = "too much",
     .request = POST "Content-Length: 1001\r\n\r\n",
     .status = "413 ",
     .code = "request_too_large",
     .has = "Connection: close\r\n"},
    {.name = "no line of HTTP",
     .request = "\x16\x03\x01\x02\r\n\r\n",
     .status = "400 ",
     .code = "bad_request",
     .has = "Connection: close\r\n",
     .unread = true},
    {.name = "two lengths",
     .request = POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
     .status = "400 ",
     .code = "bad_request",
     .has = "Connection: close\r\n",
     .unread = true},
    {.name = "a length and chunks",
     .request = POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     .status = "400 ",
     .code = "bad_request",
     .has = "Connection: close\r\n",
     .unread = true},
    {.name = "another version",
     .request = "GET / HTTP/3.0\r\n" HERE "\r\n",
     .status = "505 ",
     .code = "bad_request",
     .has = "Connection: close\r\n",
     .unread = true},
    {.name = "another coding",
     .request = POST "Transfer-Encoding: gzip, chunked\r\n\r\n",
     .status = "501 ",
     .code = "bad_request",
     .has = "Connection: close\r\n",
     .unread = true},
    {.name = "a long head",
     .request = long_field,
     .status = "431 ",
     .code = "bad_request",
     .has = "Connection: close\r\n",
     .unread = true},
    {.name = "a long target",
     .request = long_line,
     .status = "414 ",
     .code = "bad_request",
     .has = "Connection: close\r\n",
     .unread = true},
};

static void
test_refusals(void **state)
{
    (void)state;
    memset(long_field, 'a', sizeof(long_field) - 1);
    memset(long_line, 'a', sizeof(long_line) - 1);
    assay_copy(long_field, assay_slice_of("GET / HTTP/1.1\r\nX: "));
    assay_copy(long_line, assay_slice_of("GET /"));
    assay_copy(long_line + sizeof(long_line) - 14,
               assay_slice_of(" HTTP/1.1\r\n\r\n"));
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        struct house h;
        struct guest g;

        house_open(&h);
        h.visits.limits.max_body = 1000;
        house_start(&h);
        guest_come(&g, &h);
        guest_say(&g, refusals[i].request);
        UNTIL(&h.n, h.told.count == 1);
        UNTIL(&h.n, guest_has(&g, "}}"));
        guest_need(&g, refusals[i].name, refusals[i].status);
        guest_need(&g, refusals[i].name, refusals[i].code);
        guest_need(&g, refusals[i].name, refusals[i].has);
        CHECK(refusals[i].name, strcmp(h.told.code, refusals[i].code) == 0);
        CHECK(refusals[i].name,
              (h.told.method[0] == '\0') == refusals[i].unread);
        CHECK(refusals[i].name, h.n.far.accepted == 0 && !h.told.r.page);
        if (refusals[i].stays) {
            guest_next(&g);
            guest_say(&g, "GET /healthz HTTP/1.1\r\n" HERE "\r\n");
            GUEST_HEARS(&g, "page 2");
        } else {
            UNTIL(&h.n, g.eof);
        }
        guest_leave(&g);
        house_end(&h);
    }
}

/* Chunks tell their sum only at the end. */
static void
test_large_chunks(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.visits.limits.max_body = 5;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    UNTIL(&h.n, h.n.far.requests == 1);
    guest_say(&g, "3\r\nabc\r\n");
    GUEST_HEARS(&g, "request_too_large");
    guest_need(&g, "large", "HTTP/1.1 413 ");
    UNTIL(&h.n, g.eof);
    UNTIL(&h.n, far_open_count(&h.n.far) == 0);
    guest_leave(&g);
    house_end(&h);
}

static void
test_broken_chunks(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, POST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n");
    GUEST_HEARS(&g, "bad_request");
    guest_need(&g, "broken", "HTTP/1.1 400 ");
    UNTIL(&h.n, g.eof);
    guest_leave(&g);
    house_end(&h);
}

/* --- pages that may ------------------------------------------------------- */

#define PAGE "https://page.example"

static void
test_cors(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.rules.origins = PAGE;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, "OPTIONS /tee/chat/completions HTTP/1.1\r\n" HERE
                  "Origin: " PAGE "\r\n"
                  "Access-Control-Request-Method: POST\r\n"
                  "Access-Control-Request-Headers: authorization, x-y\r\n"
                  "Access-Control-Request-Private-Network: true\r\n\r\n");
    GUEST_HEARS(&g, "\r\n\r\n");
    guest_need(&g, "cors", "HTTP/1.1 204 ");
    guest_need(&g, "cors", "Access-Control-Allow-Origin: " PAGE "\r\n");
    guest_need(&g, "cors", "Access-Control-Allow-Methods: POST\r\n");
    guest_need(&g, "cors",
               "Access-Control-Allow-Headers: authorization, x-y\r\n");
    guest_need(&g, "cors", "Access-Control-Allow-Private-Network: true\r\n");
    assert_int_equal(h.n.far.accepted, 0);
    guest_next(&g);
    guest_say(&g, "GET /tee/x HTTP/1.1\r\n" HERE "Origin: " PAGE "\r\n\r\n");
    GUEST_HEARS(&g, "ok");
    guest_need(&g, "cors", "Access-Control-Allow-Origin: " PAGE "\r\n");
    guest_leave(&g);
    house_end(&h);
}

/* --- the server ----------------------------------------------------------- */

/* Its evidence is another session's: nobody asks it anything. */
static void
test_not_trusted(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.n.far.lies = true;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, GET);
    GUEST_HEARS(&g, "}}");
    guest_need(&g, "refused", "HTTP/1.1 403 Forbidden\r\n");
    guest_need(&g, "refused", "x-should-retry: false\r\n");
    guest_need(&g, "refused", "\"type\":\"attestation_error\"");
    guest_need(&g, "refused",
               "\"message\":\"Attestation verification failed: TEE not "
               "trusted");
    assert_false(guest_has(&g, "x-assay-attestation"));
    assert_int_equal(h.n.far.requests, 0);
    assert_int_equal(h.told.r.status, 403);
    assert_string_equal(h.told.evidence, "");
    guest_next(&g); /* the connection of the client stays */
    guest_say(&g, "GET /healthz HTTP/1.1\r\n" HERE "\r\n");
    GUEST_HEARS(&g, "page 2");
    guest_leave(&g);
    house_end(&h);
}

static void
test_nobody(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.n.far.absent = true;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, GET);
    GUEST_HEARS(&g, "}}");
    guest_need(&g, "nobody", "HTTP/1.1 503 Service Unavailable\r\n");
    guest_need(&g, "nobody", "Retry-After: ");
    assert_false(guest_has(&g, "x-should-retry"));
    guest_next(&g);
    h.no_upstream = true;
    guest_say(&g, GET);
    GUEST_HEARS(&g, "out_of_resources");
    guest_leave(&g);
    house_end(&h);
}

static void
test_sick(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.sick = 503;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, "GET /healthz HTTP/1.1\r\n" HERE "\r\n");
    GUEST_HEARS(&g, "page 2");
    guest_need(&g, "sick", "HTTP/1.1 503 ");
    assert_true(h.told.r.page);
    guest_leave(&g);
    house_end(&h);
}

/* --- silence -------------------------------------------------------------- */

static void
test_slow_head(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.visits.limits.head_ms = 1;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, "GET / HTTP/1.1\r\n");
    UNTIL(&h.n, g.eof);
    guest_need(&g, "slow", "HTTP/1.1 408 ");
    assert_string_equal(h.told.code, "request_timeout");
    guest_leave(&g);
    house_end(&h);
}

static void
test_idle(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.visits.limits.idle_ms = 1;
    house_start(&h);
    guest_come(&g, &h);
    UNTIL(&h.n, g.eof);
    assert_int_equal(g.got.len, 0);
    assert_int_equal(h.told.count, 0);
    guest_leave(&g);
    house_end(&h);
}

static void
test_slow_body(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.visits.limits.body_ms = 1;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, POST "Content-Length: 9\r\n\r\nabc");
    UNTIL(&h.n, g.eof);
    guest_need(&g, "slow", "HTTP/1.1 408 ");
    assert_string_equal(h.told.code, "request_timeout");
    guest_leave(&g);
    house_end(&h);
}

/* No answer at all is a status; half of one is cut. */
static void
test_silent(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.n.far.holds = true;
    h.visits.limits.response_ms = 1;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, GET);
    GUEST_HEARS(&g, "}}");
    guest_need(&g, "silent", "HTTP/1.1 504 ");
    assert_string_equal(h.told.code, "upstream_timeout");
    assert_string_equal(h.told.evidence, h.n.proof.evidence);
    UNTIL(&h.n, far_open_count(&h.n.far) == 0);
    guest_leave(&g);
    house_end(&h);

    house_open(&h);
    h.n.far.holds = true;
    h.visits.limits.stream_ms = 1;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, GET);
    UNTIL(&h.n, h.n.far.requests == 1);
    far_say(h.n.far.conns, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    UNTIL(&h.n, g.eof || g.failed);
    guest_need(&g, "silent", "abc");
    assert_int_equal(h.told.r.ended, VISIT_CUT);
    assert_string_equal(h.told.code, "upstream_timeout");
    UNTIL(&h.n, far_open_count(&h.n.far) == 0);
    guest_leave(&g);
    house_end(&h);
}

/* A client that takes nothing of a large answer. */
static void
test_slow_reader(void **state)
{
    static char piece[16 * 1024 + 1];
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.n.far.holds = true;
    h.visits.limits.body_ms = 1;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, GET);
    UNTIL(&h.n, h.n.far.requests == 1);
    assay_stream_read(g.stream, false);
    far_say(h.n.far.conns,
            "HTTP/1.1 200 OK\r\nContent-Length: 16777216\r\n\r\n");
    memset(piece, 'a', sizeof(piece) - 1);
    for (unsigned i = 0; i < 1024; i++) {
        far_say(h.n.far.conns, piece);
    }
    UNTIL(&h.n, h.visits.count == 0);
    assert_int_equal(h.told.r.ended, VISIT_ABORTED);
    guest_leave(&g);
    UNTIL(&h.n, far_open_count(&h.n.far) == 0);
    house_end(&h);
}

/* --- its end -------------------------------------------------------------- */

static void
test_drain(void **state)
{
    struct house h;
    struct guest idle;
    struct guest busy;
    struct guest late;
    struct guest half;

    (void)state;
    house_open(&h);
    h.n.far.holds = true;
    house_start(&h);
    guest_come(&idle, &h);
    guest_come(&busy, &h);
    guest_come(&half, &h);
    guest_say(&busy, GET);
    guest_say(&half, "GET /healthz HTTP/1.1\r\n");
    UNTIL(&h.n, h.n.far.requests == 1);
    visits_drain(&h.visits);
    UNTIL(&h.n, idle.eof);
    guest_come(&late, &h);
    UNTIL(&h.n, late.eof);
    assert_false(busy.eof);
    guest_say(&half, HERE "\r\n");
    UNTIL(&h.n, half.eof);
    guest_need(&half, "half", "HTTP/1.1 503 ");
    guest_need(&half, "half", "Retry-After: 1\r\n");
    far_say(h.n.far.conns, far_ok);
    far_end(h.n.far.conns, true);
    UNTIL(&h.n, busy.eof);
    guest_need(&busy, "busy", "Connection: close\r\n");
    guest_need(&busy, "busy", "\r\n\r\nok");
    guest_leave(&idle);
    guest_leave(&busy);
    guest_leave(&late);
    guest_leave(&half);
    UNTIL(&h.n, h.visits.count == 0);
    house_end(&h);
}

/* Those that are under way are told of as such. */
static void
test_cut(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    house_open(&h);
    h.n.far.holds = true;
    house_start(&h);
    guest_come(&g, &h);
    guest_say(&g, GET);
    UNTIL(&h.n, h.n.far.requests == 1);
    visits_cut(&h.visits);
    assert_int_equal(h.visits.count, 0);
    assert_int_equal(h.told.count, 1);
    UNTIL(&h.n, g.eof || g.failed);
    guest_leave(&g);
    house_end(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_large_chunks),
        cmocka_unit_test(test_broken_chunks),
        cmocka_unit_test(test_cors),
        cmocka_unit_test(test_not_trusted),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_sick),
        cmocka_unit_test(test_slow_head),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_slow_body),
        cmocka_unit_test(test_silent),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
