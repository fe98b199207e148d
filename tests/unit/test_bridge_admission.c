/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_admission.c - requests, and what the bridge says to them.
 */
#include "programs/bridge/admission.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "harness/unit.h"

#define GOOD                                                                   \
    "Host: bridge.example\r\n"                                                 \
    "Upgrade: websocket\r\n"                                                   \
    "Connection: Upgrade\r\n"                                                  \
    "Sec-WebSocket-Version: 13\r\n"                                            \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define TO      "GET /?target=tee.example:443 HTTP/1.1\r\n" GOOD
#define TOKEN   "s3cret-t0ken"
#define ALLOWED "tee.example:443, *.wild.example:8443"

static const struct {
    const char *name;
    const char *request; /* without the empty line */
    enum denial denial;
    const char *target;   /* NULL: not looked at */
    const char *protocol; /* NULL: none */
    /* rules */
    const char *token;
    const char *origins;
    const char *fallback;
    const char *path;
} rows[] = {
    {.name = "admitted", .request = TO, .target = "tee.example:443"},
    {.name = "other spelling",
     .request = "GET /?target=TEE.example. HTTP/1.1\r\n" GOOD,
     .target = "tee.example:443"},
    {.name = "wildcard",
     .request = "GET /?target=a.wild.example:8443 HTTP/1.1\r\n" GOOD,
     .target = "a.wild.example:8443"},
    {.name = "fallback",
     .request = "GET / HTTP/1.1\r\n" GOOD,
     .fallback = "tee.example:443",
     .target = "tee.example:443"},
    {.name = "fallback that is not allowed",
     .request = "GET / HTTP/1.1\r\n" GOOD,
     .fallback = "127.0.0.1:8443",
     .denial = DENIED_TARGET,
     .target = "127.0.0.1:8443"},
    {.name = "asked for, though there is a fallback",
     .request = "GET /?target=other.example HTTP/1.1\r\n" GOOD,
     .fallback = "tee.example:443",
     .denial = DENIED_TARGET,
     .target = "other.example:443"},
    {.name = "empty, though there is a fallback",
     .request = "GET /?target= HTTP/1.1\r\n" GOOD,
     .fallback = "tee.example:443",
     .denial = DENIED_TARGET_FORM},
    {.name = "no target",
     .request = "GET / HTTP/1.1\r\n" GOOD,
     .denial = DENIED_TARGET_FORM},
    {.name = "two targets",
     .request = "GET /?target=tee.example&target=x HTTP/1.1\r\n" GOOD,
     .denial = DENIED_TARGET_FORM},
    {.name = "not allowed",
     .request = "GET /?target=tee.example:444 HTTP/1.1\r\n" GOOD,
     .denial = DENIED_TARGET,
     .target = "tee.example:444"},
    {.name = "path",
     .request = "GET /x?target=tee.example HTTP/1.1\r\n" GOOD,
     .denial = DENIED_PATH},
    {.name = "path of the operator",
     .request = "GET /ws?target=tee.example HTTP/1.1\r\n" GOOD,
     .path = "/ws",
     .target = "tee.example:443"},
    {.name = "path below it",
     .request = "GET /ws/?target=tee.example HTTP/1.1\r\n" GOOD,
     .path = "/ws",
     .denial = DENIED_PATH},
    {.name = "whole URI",
     .request = "GET http://bridge.example/?target=tee.example "
                "HTTP/1.1\r\n" GOOD,
     .target = "tee.example:443"},
    {.name = "whole URI of ws, without a path",
     .request = "GET WS://bridge.example?target=tee.example "
                "HTTP/1.1\r\n" GOOD,
     .target = "tee.example:443"},
    {.name = "whole URI, path of the operator",
     .request = "GET wss://bridge.example/ws?target=tee.example "
                "HTTP/1.1\r\n" GOOD,
     .path = "/ws",
     .target = "tee.example:443"},
    {.name = "whole URI, no path where there is one",
     .request = "GET https://bridge.example?target=tee.example "
                "HTTP/1.1\r\n" GOOD,
     .path = "/ws",
     .denial = DENIED_PATH},
    {.name = "whole URI, other path",
     .request = "GET http://bridge.example/x?target=tee.example "
                "HTTP/1.1\r\n" GOOD,
     .denial = DENIED_PATH},
    {.name = "whole URI, other scheme",
     .request = "GET ftp://bridge.example/?target=tee.example "
                "HTTP/1.1\r\n" GOOD,
     .denial = DENIED_PATH},
    {.name = "plain GET",
     .request = "GET / HTTP/1.1\r\nHost: x\r\n",
     .denial = DENIED_NO_UPGRADE},
    {.name = "version 8",
     .request = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
     .denial = DENIED_NO_UPGRADE},
    {.name = "no key",
     .request = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
     .denial = DENIED_REQUEST},
    {.name = "POST",
     .request = "POST / HTTP/1.1\r\n" GOOD,
     .denial = DENIED_METHOD},
    /* subprotocols */
    {.name = "binary",
     .request = TO "Sec-WebSocket-Protocol: chat, binary\r\n",
     .target = "tee.example:443",
     .protocol = "binary"},
    {.name = "others alone",
     .request = TO "Sec-WebSocket-Protocol: chat\r\n",
     .target = "tee.example:443"},
    /* tokens */
    {.name = "no token", .request = TO, .token = TOKEN, .denial = DENIED_TOKEN},
    {.name = "bearer",
     .request = TO "Authorization: Bearer " TOKEN "\r\n",
     .token = TOKEN,
     .target = "tee.example:443"},
    {.name = "bearer, capitals",
     .request = TO "authorization: BEARER " TOKEN "\r\n",
     .token = TOKEN,
     .target = "tee.example:443"},
    {.name = "wrong token",
     .request = TO "Authorization: Bearer s3cret-t0keN\r\n",
     .token = TOKEN,
     .denial = DENIED_TOKEN},
    {.name = "half of it",
     .request = TO "Authorization: Bearer s3cret\r\n",
     .token = TOKEN,
     .denial = DENIED_TOKEN},
    {.name = "more than it",
     .request = TO "Authorization: Bearer " TOKEN "x\r\n",
     .token = TOKEN,
     .denial = DENIED_TOKEN},
    {.name = "empty token",
     .request = TO "Authorization: Bearer\r\n",
     .token = TOKEN,
     .denial = DENIED_TOKEN},
    {.name = "another scheme",
     .request = TO "Authorization: Basic " TOKEN "\r\n",
     .token = TOKEN,
     .denial = DENIED_TOKEN},
    {.name = "two of them",
     .request = TO "Authorization: Bearer " TOKEN "\r\n"
                   "Authorization: Bearer x\r\n",
     .token = TOKEN,
     .denial = DENIED_TOKEN},
    {.name = "subprotocol",
     .request = TO "Sec-WebSocket-Protocol: " TOKEN ", binary\r\n",
     .token = TOKEN,
     .target = "tee.example:443",
     .protocol = "binary"},
    {.name = "subprotocol alone",
     .request = TO "Sec-WebSocket-Protocol: " TOKEN "\r\n",
     .token = TOKEN,
     .target = "tee.example:443",
     .protocol = TOKEN},
    {.name = "subprotocol, but not the first",
     .request = TO "Sec-WebSocket-Protocol: binary, " TOKEN "\r\n",
     .token = TOKEN,
     .denial = DENIED_TOKEN},
    {.name = "token before target",
     .request = "GET /?target=other.example HTTP/1.1\r\n" GOOD,
     .token = TOKEN,
     .denial = DENIED_TOKEN},
    /* origins */
    {.name = "origin",
     .request = TO "Origin: https://app.example\r\n",
     .origins = "https://x.example, https://app.example",
     .target = "tee.example:443"},
    {.name = "another origin",
     .request = TO "Origin: https://evil.example\r\n",
     .origins = "https://app.example",
     .denial = DENIED_ORIGIN},
    {.name = "prefix of an origin",
     .request = TO "Origin: https://app.example.evil\r\n",
     .origins = "https://app.example",
     .denial = DENIED_ORIGIN},
    {.name = "null",
     .request = TO "Origin: null\r\n",
     .origins = "https://app.example",
     .denial = DENIED_ORIGIN},
    {.name = "two origins",
     .request = TO "Origin: https://app.example\r\n"
                   "Origin: https://evil.example\r\n",
     .origins = "https://app.example",
     .denial = DENIED_ORIGIN},
    {.name = "no browser",
     .request = TO,
     .origins = "https://app.example",
     .target = "tee.example:443"},
};

static void
check(size_t i, const struct allow *allow)
{
    struct assay_http1_head head;
    struct admission_rules rules = {
        .path = rows[i].path != NULL ? rows[i].path : "/",
        .allow = allow,
        .has_fallback = rows[i].fallback != NULL,
        .token = rows[i].token,
        .origins = rows[i].origins != NULL ? rows[i].origins : "",
    };
    char text[TARGET_TEXT_BYTES];
    char request[2048];
    struct assay_error err;
    struct admission a;
    size_t scanned = 0;
    size_t used;

    assay_error_clear(&err);
    snprintf(request, sizeof(request), "%s\r\n", rows[i].request);
    assert_int_equal(assay_http1_request(assay_slice_of(request), &scanned,
                                         &head, &used, &err),
                     ASSAY_OK);
    assert_true(used > 0);
    if (rows[i].fallback != NULL) {
        assert_int_equal(target_parse(assay_slice_of(rows[i].fallback),
                                      &rules.fallback, &err),
                         ASSAY_OK);
    }
    admission_judge(&rules, &head, &a);
    CHECK(rows[i].name, a.denial == rows[i].denial);
    CHECK(rows[i].name, a.has_target == (rows[i].target != NULL));
    if (a.has_target && rows[i].target != NULL) {
        target_text(&a.target, text);
        CHECK(rows[i].name, strcmp(text, rows[i].target) == 0);
    }
    if (a.denial == ADMITTED) {
        CHECK(rows[i].name, a.by != NULL);
        CHECK(rows[i].name,
              assay_slice_is(a.protocol,
                             rows[i].protocol != NULL ? rows[i].protocol : ""));
    }
}

static void
admissions(void **state)
{
    struct assay_error err;
    struct allow *allow;

    (void)state;
    assert_int_equal(allow_new(ALLOWED, &allow, &err), ASSAY_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(i, allow);
    }
    allow_free(allow);
}

/* Each is one whole answer of HTTP with an error that can be read. */
static void
denials(void **state)
{
    static const struct assay_json_limits limits = {
        .max_bytes = 4096, .max_depth = 4, .max_nodes = 16};

    (void)state;
    for (unsigned d = ADMITTED + 1; d < DENIALS; d++) {
        struct assay_http1_head head;
        struct assay_json *doc;
        struct assay_error err;
        struct assay_buf out;
        struct assay_slice body;
        size_t scanned = 0;
        size_t used;

        if (d == DENIED_GONE || d == RELAYED) {
            continue; /* those are no answers of its own */
        }
        assay_error_clear(&err);
        assay_buf_init(&out, 4096);
        denial_put((enum denial)d, d % 2 == 0 ? "a \"why\"" : NULL, &out);
        CHECK(denial_code(d),
              assay_http1_response(assay_buf_slice(&out), "GET", &scanned,
                                   &head, &used, &err) == ASSAY_OK);
        CHECK(denial_code(d), head.status == denial_status(d));
        CHECK(denial_code(d), head.status >= 400 && !head.keep_alive);
        CHECK(denial_code(d),
              head.reason.len > 0 && !assay_slice_is(head.reason, "Status"));
        body = (struct assay_slice){out.ptr + used, out.len - used};
        CHECK(denial_code(d), head.content_length == body.len);
        CHECK(denial_code(d),
              assay_json_parse(body, &limits, "body", &doc, &err) == ASSAY_OK);
        CHECK(denial_code(d),
              assay_slice_find(body, denial_code(d)) != ASSAY_NO_OFFSET);
        CHECK(
            denial_code(d),
            (head.status == 426) ==
                assay_slice_is(assay_http1_get(&head, "Upgrade"), "websocket"));
        assay_json_free(doc);
        assay_buf_free(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admissions),
        cmocka_unit_test(denials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
