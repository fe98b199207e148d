/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_heads.c - heads as they are passed on: what a client or a server
 * writes neither adds to what only we say, nor reaches what it must not.
 */
#include <stdio.h>

#include "harness/unit.h"
#include "programs/proxy/forward_heads.h"
#include "programs/proxy/own.h"

#define HERE  "Host: localhost:8989\r\n"
#define THERE "Host: tee.example\r\n"
#define PAGE  "https://page.example"

static struct provider provider = {.name = "tee",
                                   .base = {.https = true,
                                            .host = "tee.example",
                                            .port = 443,
                                            .target = "/api/v1"},
                                   .authority = "tee.example"};
static const struct providers providers = {{&provider}, 1};
static const struct proof proof = {
    .tcb = "UpToDate", .evidence = "0123456789abcdef", .attested_ms = 1000};

static void
read_head(const char *row, bool response, const char *text,
          struct assay_http1_head *h, struct assay_buf *octets)
{
    struct assay_error err;
    struct assay_slice in;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    assay_buf_init(octets, 1u << 16);
    assay_buf_add_text(octets, text);
    assay_buf_add_text(octets, "\r\n");
    in = assay_buf_slice(octets);
    if ((response
             ? assay_http1_response(in, "GET", &scanned, h, &used, &err)
             : assay_http1_request(in, &scanned, h, &used, &err)) != ASSAY_OK ||
        used != octets->len) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
}

static void
check_text(const char *row, const struct assay_buf *got, const char *want)
{
    char text[2048];

    snprintf(text, sizeof(text), "%s\r\n", want);
    if (got->failed || !assay_slice_is(assay_buf_slice(got), text)) {
        fail_msg("row \"%s\": \"%.*s\", want \"%s\"", row, (int)got->len,
                 (const char *)got->ptr, text);
    }
}

/* --- requests ------------------------------------------------------------- */

#define GET     "GET /tee/x HTTP/1.1\r\n" HERE
#define GOES    "GET /api/v1/x HTTP/1.1\r\n" THERE
#define POST    "POST /tee/responses HTTP/1.1\r\n" HERE
#define ASKS    "POST /api/v1/responses HTTP/1.1\r\n" THERE
#define CHAT    "POST /api/v1/chat/completions HTTP/1.1\r\n" THERE
#define OUR_KEY "Bearer sk-ours"

static const struct {
    const char *row;
    const char *in; /* without the empty line */
    const char *want;
    const char *key;   /* that is put in; NULL: none */
    const char *token; /* that is asked for; likewise */
    bool chat;
} requests[] = {
    {.row = "nothing to do",
     .in = GET "X: y\r\nUser-Agent: z\r\n",
     .want = GOES "X: y\r\nUser-Agent: z\r\n"},
    {.row = "a key passes",
     .in = GET "Authorization: Bearer sk-theirs\r\n",
     .want = GOES "Authorization: Bearer sk-theirs\r\n"},
    {.row = "a key is put in",
     .in = GET,
     .want = GOES "Authorization: " OUR_KEY "\r\n",
     .key = OUR_KEY},
    {.row = "and takes the place of theirs",
     .in = GET "authorization: Bearer x\r\nA: b\r\nAuthorization: y\r\n",
     .want = GOES "A: b\r\nAuthorization: " OUR_KEY "\r\n",
     .key = OUR_KEY},
    {.row = "Connection does not take it away",
     .in = GET "Connection: Authorization\r\n",
     .want = GOES "Authorization: " OUR_KEY "\r\n",
     .key = OUR_KEY},
    {.row = "our token is not the server's",
     .in = GET "Authorization: Bearer t0ken\r\n",
     .want = GOES,
     .token = "t0ken"},
    {.row = "nor is it in its own field",
     .in = GET "x-assay-token: t0ken\r\nAuthorization: Bearer sk-theirs\r\n",
     .want = GOES "Authorization: Bearer sk-theirs\r\n",
     .token = "t0ken"},
    {.row = "what is between us",
     .in = GET
     "X-Assay-Token: a\r\nx_assay_peer: b\r\nX-Assay_Y: c\r\nX-Assay: d\r\n",
     .want = GOES "X-Assay: d\r\n"},
    {.row = "of one connection",
     .in = GET
     "Keep-Alive: 5\r\nProxy-Connection: close\r\nConnection: close, X\r\n"
     "X: y\r\nProxy-Authorization: Basic a\r\nUpgrade: h2c\r\nZ: z\r\n",
     .want = GOES "Z: z\r\n"},
    {.row = "nobody is told who asks", .in = GET, .want = GOES},
    {.row = "what is asked of bodies",
     .in = GET "Accept-Encoding: br\r\n",
     .want = GOES "Accept-Encoding: br\r\n"},
    {.row = "trailers are wanted",
     .in = GET "TE: trailers\r\nConnection: TE\r\n",
     .want = GOES "TE: trailers\r\nConnection: TE\r\n"},
    {.row = "a page",
     .in = GET "Origin: " PAGE "\r\nAccess-Control-Request-Method: A\r\n",
     .want = GOES},
    {.row = "a length",
     .in = POST "Content-Length: 7\r\nExpect: 100-continue\r\n",
     .want = ASKS "Expect: 100-continue\r\nContent-Length: 7\r\n"},
    {.row = "chunks",
     .in = POST "Transfer-Encoding: chunked\r\nTrailer: X\r\n",
     .want = ASKS "Trailer: X\r\nTransfer-Encoding: chunked\r\n"},
    {.row = "HTTP/1.0",
     .in = "GET /tee/x HTTP/1.0\r\n" HERE "Connection: keep-alive\r\n",
     .want = GOES},
    {.row = "a translated one",
     .in = POST "Content-Type: application/json\r\nContent-Length: 7\r\n"
                "Accept-Encoding: gzip\r\nExpect: 100-continue\r\n"
                "Content-Encoding: identity\r\nContent-MD5: x\r\n",
     .want = CHAT "Content-Type: application/json\r\nContent-Length: 1234\r\n",
     .chat = true},
    {.row = "a translated one in chunks",
     .in = POST "Transfer-Encoding: chunked\r\nTrailer: X\r\n",
     .want = CHAT "Content-Length: 1234\r\n",
     .chat = true},
};

static void
test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        const struct admission_rules rules = {.providers = &providers,
                                              .hosts = "localhost:8989",
                                              .origins = PAGE,
                                              .token = requests[i].token};
        struct assay_http1_head head;
        struct assay_error err;
        struct assay_buf octets;
        struct assay_buf out;
        struct admission a;

        provider.wire_api = requests[i].chat ? WIRE_API_CHAT : WIRE_API_ANY;
        assay_buf_init(&provider.authorization, 256);
        if (requests[i].key != NULL) {
            assay_buf_add_text(&provider.authorization, requests[i].key);
        }
        read_head(requests[i].row, false, requests[i].in, &head, &octets);
        admission_judge(&rules, &head, &a);
        CHECK(requests[i].row, a.refusal == REFUSAL_NONE);
        assay_error_clear(&err);
        assay_buf_init(&out, 4096);
        CHECK(requests[i].row,
              forward_put_request(
                  &out,
                  &(struct forward_request_head){.head = &head,
                                                 .admission = &a,
                                                 .translated = a.route.kind ==
                                                               ROUTE_TRANSLATED,
                                                 .length = 1234},
                  &err) == ASSAY_OK);
        check_text(requests[i].row, &out, requests[i].want);
        assay_buf_free(&out);
        assay_buf_free(&octets);
        assay_buf_free(&provider.authorization);
    }
    provider.wire_api = WIRE_API_ANY;
}

static void
test_upgrade(void **state)
{
    const struct admission_rules rules = {
        .providers = &providers, .hosts = "localhost:8989", .origins = ""};
    struct assay_http1_head head;
    struct assay_error err;
    struct assay_buf octets;
    struct assay_buf out;
    struct admission a;

    (void)state;
    read_head("upgrade", false,
              GET "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Key: k\r\n",
              &head, &octets);
    admission_judge(&rules, &head, &a);
    assay_error_clear(&err);
    assay_buf_init(&out, 4096);
    assert_int_equal(
        forward_put_request(&out,
                            &(struct forward_request_head){
                                .head = &head,
                                .admission = &a,
                                .upgrade = assay_slice_of("websocket")},
                            &err),
        ASSAY_OK);
    check_text("upgrade", &out,
               GOES "Sec-WebSocket-Key: k\r\n"
                    "Upgrade: websocket\r\nConnection: upgrade\r\n");
    assay_buf_free(&out);
    assay_buf_free(&octets);
}

/* A path that does not fit behind the base path is refused, not cut. */
static void
test_long_path(void **state)
{
    static char line[ASSAY_HTTP1_TARGET_MAX_BYTES + 64];
    const struct admission_rules rules = {
        .providers = &providers, .hosts = "localhost:8989", .origins = ""};
    struct assay_http1_head head;
    struct assay_error err;
    struct assay_buf octets;
    struct assay_buf out;
    struct admission a;
    size_t start = (size_t)snprintf(line, sizeof(line), "GET /tee/");
    size_t end = start + ASSAY_HTTP1_TARGET_MAX_BYTES - 5;

    (void)state;
    memset(line + start, 'a', end - start);
    snprintf(line + end, sizeof(line) - end, " HTTP/1.1\r\n" HERE);
    read_head("long", false, line, &head, &octets);
    admission_judge(&rules, &head, &a);
    assert_int_equal(a.refusal, REFUSAL_NONE);
    assay_error_clear(&err);
    assay_buf_init(&out, 1u << 16);
    assert_int_equal(forward_put_request(&out,
                                         &(struct forward_request_head){
                                             .head = &head, .admission = &a},
                                         &err),
                     ASSAY_TOO_LARGE);
    assay_buf_free(&out);
    assay_buf_free(&octets);
}

/* --- responses ------------------------------------------------------------ */

#define OK "HTTP/1.1 200 OK\r\n"
#define PROVEN                                                                 \
    "x-assay-attestation: verified; tcb=UpToDate; age=12; "                    \
    "evidence=0123456789abcdef\r\n"
#define LENGTH "Content-Length: 2\r\n"
#define CORS                                                                   \
    "Access-Control-Allow-Origin: " PAGE "\r\n"                                \
    "Access-Control-Expose-Headers: *\r\nVary: Origin\r\n"

static const struct {
    const char *row;
    const char *in; /* without the empty line */
    const char *want;
    const char *origin;   /* NULL: none */
    const char *location; /* likewise */
    const char *type;     /* that it was translated to */
} responses[] = {
    {.row = "nothing to do",
     .in = OK "X: y\r\n" LENGTH,
     .want = OK "X: y\r\n" PROVEN LENGTH},
    {.row = "of an error",
     .in = "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\n" LENGTH,
     .want = "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\n" PROVEN LENGTH},
    {.row = "what only we say",
     .in = OK "X-Assay-Attestation: verified; tcb=Forged\r\n"
              "x_assay_translated: responses\r\nX-Assay-: y\r\n" LENGTH,
     .want = OK PROVEN LENGTH},
    {.row = "other places for it",
     .in =
         OK "Alt-Svc: h3=\"evil.example:443\"\r\nRefresh: 0; url=x\r\n" LENGTH,
     .want = OK PROVEN LENGTH},
    {.row = "chunks",
     .in = OK "Transfer-Encoding: chunked\r\n",
     .want = OK PROVEN "Transfer-Encoding: chunked\r\n"},
    {.row = "no length at all",
     .in = OK,
     .want = OK PROVEN "Transfer-Encoding: chunked\r\n"},
    {.row = "nothing",
     .in = "HTTP/1.1 304 No\r\nETag: \"a\"\r\nContent-Length: 9\r\n",
     .want = "HTTP/1.1 304 No\r\nETag: \"a\"\r\nContent-Length: 9\r\n" PROVEN},
    {.row = "an interim one",
     .in = "HTTP/1.1 103 Early\r\nLink: </a>\r\nX-Assay-A: b\r\n",
     .want = "HTTP/1.1 103 Early\r\nLink: </a>\r\n"},
    {.row = "a switch",
     .in = "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
           "Sec-WebSocket-Accept: a\r\n",
     .want = "HTTP/1.1 101 Go\r\nSec-WebSocket-Accept: a\r\n" PROVEN
             "Upgrade: websocket\r\nConnection: upgrade\r\n"},
    {.row = "for a page",
     .in = OK "Access-Control-Allow-Origin: *\r\nX: y\r\n"
              "access-control-allow-credentials: true\r\n" LENGTH,
     .want = OK "X: y\r\n" PROVEN CORS LENGTH,
     .origin = PAGE},
    {.row = "for nobody's page",
     .in = OK "Access-Control-Allow-Origin: *\r\n" LENGTH,
     .want = OK "Access-Control-Allow-Origin: *\r\n" PROVEN LENGTH},
    {.row = "somewhere else",
     .in =
         "HTTP/1.1 307 Go\r\nLocation: https://tee.example/api/v1/y\r\n" LENGTH,
     .want = "HTTP/1.1 307 Go\r\nLocation: /tee/y\r\n" PROVEN LENGTH,
     .location = "/tee/y"},
    {.row = "a translated one",
     .in =
         OK "Content-Type: application/json\r\nContent-Encoding: identity\r\n"
            "ETag: \"a\"\r\nX-Request-Id: r\r\nTransfer-Encoding: chunked\r\n",
     .want = OK "X-Request-Id: r\r\nContent-Type: text/event-stream\r\n"
                "x-assay-translated: responses\r\n" PROVEN
                "Transfer-Encoding: chunked\r\n",
     .type = "text/event-stream"},
};

static void
test_responses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(responses); i++) {
        struct assay_http1_head request;
        struct assay_http1_head head;
        struct response_plan plan;
        struct assay_error err;
        struct assay_buf asked;
        struct assay_buf octets;
        struct assay_buf out;
        const char *origin = responses[i].origin;
        const char *location = responses[i].location;

        read_head(responses[i].row, false, GET, &request, &asked);
        read_head(responses[i].row, true, responses[i].in, &head, &octets);
        plan = heads_plan(&head, &request, true);
        assay_error_clear(&err);
        assay_buf_init(&out, 4096);
        CHECK(responses[i].row,
              forward_put_response(
                  &out,
                  &(struct forward_response_head){
                      .head = &head,
                      .request = &request,
                      .plan = &plan,
                      .origin = assay_slice_of(origin != NULL ? origin : ""),
                      .location =
                          assay_slice_of(location != NULL ? location : ""),
                      .proof = &proof,
                      .now_ms = 13999,
                      .content_type = responses[i].type},
                  &err) == ASSAY_OK);
        check_text(responses[i].row, &out, responses[i].want);
        assay_buf_free(&out);
        assay_buf_free(&octets);
        assay_buf_free(&asked);
    }
}

static void
test_partial(void **state)
{
    struct proof half = proof;
    struct assay_http1_head request;
    struct assay_http1_head head;
    struct response_plan plan;
    struct assay_error err;
    struct assay_buf asked;
    struct assay_buf octets;
    struct assay_buf out;

    (void)state;
    half.partial = true;
    read_head("partial", false, GET, &request, &asked);
    read_head("partial", true, OK LENGTH, &head, &octets);
    plan = heads_plan(&head, &request, false);
    assay_error_clear(&err);
    assay_buf_init(&out, 4096);
    assert_int_equal(
        forward_put_response(&out,
                             &(struct forward_response_head){
                                 .head = &head,
                                 .request = &request,
                                 .plan = &plan,
                                 .origin = ASSAY_EMPTY,
                                 .location = ASSAY_EMPTY,
                                 .proof = &half,
                                 .now_ms = 0, /* no age below none */
                             },
                             &err),
        ASSAY_OK);
    check_text("partial", &out,
               OK "x-assay-attestation: verified; tcb=UpToDate; age=0; "
                  "evidence=0123456789abcdef; partial\r\n" LENGTH
                  "Connection: close\r\n");
    assay_buf_free(&out);
    assay_buf_free(&octets);
    assay_buf_free(&asked);
}

/* --- redirects ------------------------------------------------------------ */

static const struct {
    const char *location;
    const char *want; /* NULL: it is not passed on */
} redirects[] = {
    {"https://tee.example/api/v1/other", "/tee/other"},
    {"https://TEE.example:443/api/v1/other?a=b", "/tee/other?a=b"},
    {"https://tee.example/api/v1", "/tee"},
    {"https://tee.example/api/v1?a", "/tee?a"},
    {"/api/v1/other/", "/tee/other/"},
    {"other", "/tee/other"},
    {"?a", "/tee/x?a"},
    {"https://evil.example/api/v1/other", NULL},
    {"//evil.example/api/v1/other", NULL},
    {"http://tee.example/api/v1/other", NULL},
    {"https://tee.example:8443/api/v1/other", NULL},
    {"https://tee.example.evil.example/api/v1/other", NULL},
    {"https://tee.example@evil.example/api/v1/other", NULL},
    {"/other", NULL},
    {"/api/v1x", NULL},
    {"/api/v1/../other", NULL},
    {"/api/v1/%2e%2e/other", NULL},
    {"/api/v1/a%2f..%2f..%2f..%2fother", NULL},
    {"../../other", NULL},
    {"javascript:alert(1)", NULL},
    {"", "/tee/x"},
};

static void
test_redirects(void **state)
{
    const struct assay_http1_head head = {.method = assay_slice_of("GET"),
                                          .target = assay_slice_of("/tee/x")};
    struct route route;

    (void)state;
    route_find(&providers, NULL, &head, &route);
    for (size_t i = 0; i < COUNT_OF(redirects); i++) {
        struct assay_buf out;
        bool good;

        assay_buf_init(&out, 1024);
        good = forward_relocate(&route, assay_slice_of(redirects[i].location),
                                &out);
        CHECK(redirects[i].location, good == (redirects[i].want != NULL));
        CHECK(redirects[i].location,
              !good ||
                  assay_slice_is(assay_buf_slice(&out), redirects[i].want));
        assay_buf_free(&out);
    }
}

/* --- our own answers ------------------------------------------------------ */

static bool
has(const struct assay_buf *b, const char *text)
{
    return assay_slice_find(assay_buf_slice(b), text) != ASSAY_NO_OFFSET;
}

static void
test_own(void **state)
{
    struct assay_http1_head request;
    struct own_to to = {
        .request = &request, .origin = assay_slice_of(PAGE), .keep = true};
    struct failure f;
    struct assay_buf asked;
    struct assay_buf out;

    (void)state;
    read_head("own", false, GET, &request, &asked);
    assay_buf_init(&out, 4096);
    own_put_refusal(&out, &to, REFUSED_TRANSLATION, 0, "input[3]: \"no\"",
                    "input[3]");
    assert_true(has(&out, "HTTP/1.1 400 Bad Request\r\n"));
    assert_true(has(&out, "x-should-retry: false\r\n"));
    assert_true(has(&out, CORS));
    assert_true(has(&out, "{\"error\":{\"message\":\"input[3]: \\\"no\\\"\","
                          "\"type\":\"invalid_request_error\","
                          "\"param\":\"input[3]\","
                          "\"code\":\"not_translatable\"}}"));
    assert_false(has(&out, "Connection: close"));
    assay_buf_free(&out);

    to.origin = ASSAY_EMPTY;
    to.keep = false;
    own_put_refusal(&out, &to, REFUSED_STOPPING, 0, NULL, NULL);
    assert_true(has(&out, "Retry-After: 1\r\n"));
    assert_true(has(&out, "Connection: close\r\n"));
    assert_true(has(&out, "\"param\":null"));
    assert_false(has(&out, "x-should-retry"));
    assert_false(has(&out, "Access-Control"));
    assay_buf_free(&out);

    failure_set(&f, FAILURE_REFUSED, "tcb_status_not_allowed", "%s", "no");
    own_put_failure(&out, &to, &f);
    assert_true(has(&out, "HTTP/1.1 403 Forbidden\r\n"));
    assert_true(has(&out, "x-should-retry: false\r\n"));
    assert_true(has(&out, "\"type\":\"attestation_error\""));
    assert_true(has(&out, "\"code\":\"tcb_status_not_allowed\""));
    assay_buf_free(&out);

    failure_set(&f, FAILURE_OUTAGE, "upstream_unreachable", "%s", "no");
    f.retry_after_s = 7;
    own_put_failure(&out, &to, &f);
    assert_true(has(&out, "HTTP/1.1 503 Service Unavailable\r\n"));
    assert_true(has(&out, "Retry-After: 7\r\n"));
    assert_false(has(&out, "x-should-retry"));
    assay_buf_free(&out);
    assay_buf_free(&asked);

    read_head("own", false, "HEAD / HTTP/1.1\r\n" HERE, &request, &asked);
    own_put_page(&out, &to, OWN_INDEX, 200, assay_slice_of("<html>"));
    assert_true(has(&out, "Content-Type: text/html; charset=utf-8\r\n"));
    assert_true(has(&out, "Content-Length: 6\r\n"));
    assert_true(has(&out, "default-src 'none'"));
    assert_false(has(&out, "<html>"));
    assay_buf_free(&out);
    assay_buf_free(&asked);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),  cmocka_unit_test(test_upgrade),
        cmocka_unit_test(test_long_path), cmocka_unit_test(test_responses),
        cmocka_unit_test(test_partial),   cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
