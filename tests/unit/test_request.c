/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_request.c - which requests are for evidence, in every spelling that a
 * lenient backend could take for one.
 */
#include <stdio.h>

#include "harness/unit.h"

#include "atls/request.h"
#include "atls/wire.h"

#define POST_80 "Content-Length: 80\r\n"

/* There is a pipe behind the server. */
static bool with_pipe;

static struct assay_request_class
classify(const char *row, const char *method, const char *target,
         const char *fields)
{
    static char text[2 * ASSAY_HTTP1_TARGET_MAX_BYTES];
    struct assay_http1_head head;
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;
    const char *authority = strstr(target, "://");
    int host = 1;
    const char *name = "h";

    if (target[0] != '/' && authority != NULL) {
        name = authority + 3;
        host = (int)strcspn(name, "/?");
    } else if (strcmp(method, "CONNECT") == 0) {
        name = target;
        host = (int)strlen(name);
    }
    (void)snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: %.*s\r\n%s\r\n",
                   method, target, host, name, fields);
    assay_error_clear(&err);
    if (assay_http1_request(assay_slice_of(text), &scanned, &head, &used,
                            &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
    CHECK(row, used == strlen(text));
    return assay_request_classify(&head, with_pipe);
}

static void
check(const char *row, struct assay_request_class c, bool ours, unsigned refuse,
      const char *code)
{
    if (c.ours != ours || c.refuse != refuse || strcmp(c.code, code) != 0) {
        fail_msg("row \"%s\": %s, %u \"%s\"", row, c.ours ? "ours" : "not ours",
                 c.refuse, c.code);
    }
    CHECK(row, (c.refuse == 0) == (c.message[0] == '\0'));
}

/* Each would be the endpoint to somebody, and is refused. */
static const char *const lookalikes[] = {
    "/tdx_quote?",
    "/tdx_quote?a=b",
    "/tdx_quote?/x",
    "//tdx_quote",
    "///tdx_quote",
    "/tdx_quote/",
    "/tdx_quote//",
    "/TDX_QUOTE",
    "/Tdx_Quote",
    "/tdx_quotE/",
    "/%74dx_quote",
    "/tdx%5fquote",
    "/tdx%5Fquote",
    "/tdx_quote%2f",
    "/tdx_quote%2F%2f",
    "/%2ftdx_quote",
    "/%54%44%58%5f%51%55%4f%54%45",
    "/tdx%255fquote",
    "/tdx%25255fquote",
    "/tdx%%35fquote",
    "/tdx%%35%66quote",
    "/./tdx_quote",
    "/././tdx_quote",
    "/tdx_quote/.",
    "/tdx_quote/./",
    "/%2e/tdx_quote",
    "/%2E%2ftdx_quote",
    "/%252e/tdx_quote",
    "/tdx_quote/%2e",
    "/x/../tdx_quote",
    "/../tdx_quote",
    "/../../tdx_quote",
    "/a/b/../../tdx_quote",
    "/x/%2e%2e/tdx_quote",
    "/x/.%2E/tdx_quote",
    "/x%2f..%2ftdx_quote",
    "/x%2f%2e%2e%2ftdx_quote",
    "/x/..%2ftdx_quote",
    "/x/%252e%252e/tdx_quote",
    "/tdx_quote/x/..",
    "/tdx_quote/x/../",
    "/tdx_quote/x/%2e%2e",
    "/x/..;/tdx_quote",
    "/x/..;a=b/tdx_quote",
    "/x%2fy/../tdx_quote",
    "/x//../tdx_quote",
    "/\\tdx_quote",
    "/\\\\tdx_quote",
    "/tdx_quote\\",
    "/x\\..\\tdx_quote",
    "/%5ctdx_quote",
    "/x/..%5ctdx_quote",
    "/tdx_quote;",
    "/tdx_quote;jsessionid=1",
    "/tdx_quote;a/",
    "/;/tdx_quote",
    "/;a=b/tdx_quote",
    "/tdx_quote%3bx",
    "/tdx_quote%00",
    "/tdx_quote%00.png",
    "/tdx_quote%00/x",
    "/tdx_quote%3f",
    "/tdx_quote%3fa=b",
    "/tdx_quote%3Fa/b",
    "/tdx_quote;%3fa/b",
    "/tdx_quote%23",
    "/tdx_quote%23a",
    "/tdx_quote%20",
    "/tdx_quote%0a",
    "/tdx_quote%0d%0a",
    "/tdx_quote%09",
    "/%20tdx_quote",
    "/tdx_quote.",
    "/tdx_quote..",
    "/tdx_quote%20.",
    "//host/tdx_quote",
    "//host:80/tdx_quote",
    "//user@host/tdx_quote?x",
    "/\\host/tdx_quote",
    "/%2fhost/tdx_quote",
    "http://h/tdx_quote",
    "https://h/tdx_quote",
    "HTTPS://h:443/tdx_quote",
    "http://h//tdx_quote",
    "http://h/x/../tdx_quote",
    "http://h/tdx_quote?x",
    "http://h/TDX%5fquote",
    "http://h//x/tdx_quote",
    "foo://h/tdx_quote",
};

/* Nobody takes these for the endpoint. */
static const char *const others[] = {
    "/",
    "//",
    "/.",
    "/..",
    "/?tdx_quote",
    "/?/tdx_quote",
    "/?/../tdx_quote",
    "/x?a=/tdx_quote",
    "/tdx",
    "/tdx_",
    "/tdx_quot",
    "/tdx_quotes",
    "/tdx_quote_",
    "/tdx_quote2",
    "/atdx_quote",
    "/_tdx_quote",
    "/tdx-quote",
    "/tdx.quote",
    "/tdxquote",
    "/tdx/quote",
    "/tdx/_quote",
    "/tdx%2f_quote",
    "/tdx_/quote",
    "/tdx%00_quote",
    "/tdx_quote/x",
    "/tdx_quote/x/",
    "/tdx_quote/tdx_quote",
    "/a/tdx_quote",
    "/a/b/c/tdx_quote",
    "/a%2ftdx_quote",
    "/tdx_quote%2fx",
    "/tdx_quote;a/x",
    "/tdx_quote.json",
    "/.tdx_quote",
    "/..tdx_quote",
    "/%tdx_quote",
    "/tdx_quote%",
    "/tdx_quote%5",
    "/tdx_quote%zz",
    "/tdx%5_quote",
    "/tdx%255f_quote",
    "/v1/chat/completions",
    "/a/../b",
    "//host/x",
    "http://h",
    "http://h/",
    "http://h?/tdx_quote",
    "http://h/a/tdx_quote",
    "http://tdx_quote/",
    "http://tdx_quote",
    "http://tdx_quote/x",
};

static void
test_spellings(void **state)
{
    static const char *const methods[] = {"POST", "GET", "PUT", "OPTIONS",
                                          "post"};

    (void)state;
    for (size_t m = 0; m < COUNT_OF(methods); m++) {
        for (size_t i = 0; i < COUNT_OF(lookalikes); i++) {
            check(lookalikes[i],
                  classify(lookalikes[i], methods[m], lookalikes[i], POST_80),
                  true, 400, "bad_request");
        }
        for (size_t i = 0; i < COUNT_OF(others); i++) {
            check(others[i],
                  classify(others[i], methods[m], others[i], POST_80), false, 0,
                  "");
        }
    }
}

/* Every letter case, and every character escaped or not. */
static void
test_all_cases(void **state)
{
    const char *want = ASSAY_WIRE_PATH;

    (void)state;
    for (unsigned bits = 1; bits < 1u << 9; bits++) {
        char upper[16];
        char escaped[40] = "/";
        char *to = escaped + 1;

        (void)snprintf(upper, sizeof(upper), "%s", want);
        for (unsigned i = 0; i < 9; i++) {
            bool set = (bits >> i & 1) != 0;
            char c = want[i + 1];

            upper[i + 1] = (char)(set && c != '_' ? c & ~0x20 : c);
            to += snprintf(to, 4, set ? "%%%02x" : "%c", c);
        }
        if (strcmp(upper, want) != 0) {
            check(upper, classify(upper, "POST", upper, POST_80), true, 400,
                  "bad_request");
        }
        check(escaped, classify(escaped, "POST", escaped, POST_80), true, 400,
              "bad_request");
    }
}

/* As long as targets get, and cheap to read. */
static void
test_long(void **state)
{
    static char target[ASSAY_HTTP1_TARGET_MAX_BYTES + 1];
    const size_t max = ASSAY_HTTP1_TARGET_MAX_BYTES;

    (void)state;
    memset(target, '/', max);
    assay_copy(target + max - 9, assay_slice_of("tdx_quote"));
    check("slashes", classify("slashes", "POST", target, POST_80), true, 400,
          "bad_request");
    for (size_t i = 0; i + 10 < max; i++) {
        target[i] = "/."[i % 2];
    }
    target[max - 10] = '/';
    check("dots", classify("dots", "POST", target, POST_80), true, 400,
          "bad_request");
    memset(target, 'a', max);
    target[0] = '/';
    check("a name", classify("a name", "POST", target, POST_80), false, 0, "");
    for (size_t i = 1; i + 3 <= max; i++) {
        target[i] = i % 2 == 1 ? '2' : '5';
    }
    assay_copy(target, assay_slice_of("/tdx_quote%"));
    memcpy(target + max - 3, "2f", 3); /* "/tdx_quote%252525...2f" */
    check("escaped escapes",
          classify("escaped escapes", "POST", target, POST_80), true, 400,
          "bad_request");
}

static const struct {
    const char *name;
    const char *method;
    const char *target;
    const char *fields;
    bool ours;
    unsigned refuse;
    const char *code;
} requests[] = {
    {"as it should be", "POST", "/tdx_quote", POST_80, true, 0, ""},
    {"chunks", "POST", "/tdx_quote", "Transfer-Encoding: chunked\r\n", true, 0,
     ""},
    {"the longest body", "POST", "/tdx_quote", "Content-Length: 1024\r\n", true,
     0, ""},
    {"a longer one", "POST", "/tdx_quote", "Content-Length: 1025\r\n", true,
     400, "bad_request"},
    {"the longest length", "POST", "/tdx_quote",
     "Content-Length: 9223372036854775807\r\n", true, 400, "bad_request"},
    {"an empty body", "POST", "/tdx_quote", "Content-Length: 0\r\n", true, 400,
     "bad_request"},
    {"no body", "POST", "/tdx_quote", "", true, 400, "bad_request"},
    {"GET", "GET", "/tdx_quote", "", true, 405, "method_not_allowed"},
    {"GET with a body", "GET", "/tdx_quote", POST_80, true, 405,
     "method_not_allowed"},
    {"HEAD", "HEAD", "/tdx_quote", "", true, 405, "method_not_allowed"},
    {"PUT", "PUT", "/tdx_quote", POST_80, true, 405, "method_not_allowed"},
    {"OPTIONS", "OPTIONS", "/tdx_quote", "", true, 405, "method_not_allowed"},
    {"small letters", "post", "/tdx_quote", POST_80, true, 405,
     "method_not_allowed"},
    {"a client's evidence", "POST", "/tdx_client_quote",
     "Content-Length: 1048576\r\n", true, 0, ""},
    {"in chunks", "POST", "/tdx_client_quote", "Transfer-Encoding: chunked\r\n",
     true, 0, ""},
    {"larger", "POST", "/tdx_client_quote", "Content-Length: 1048577\r\n", true,
     400, "bad_request"},
    {"without a body", "POST", "/tdx_client_quote", "", true, 400,
     "bad_request"},
    {"got", "GET", "/tdx_client_quote", "", true, 405, "method_not_allowed"},
    {"escaped", "POST", "/tdx%5fclient_quote", POST_80, true, 400,
     "bad_request"},
    {"other case", "POST", "/TDX_CLIENT_QUOTE", POST_80, true, 400,
     "bad_request"},
    {"behind dots", "POST", "/a/../tdx_client_quote", POST_80, true, 400,
     "bad_request"},
    {"below another", "POST", "/a/tdx_client_quote", POST_80, false, 0, ""},
    {"longer", "POST", "/tdx_client_quotes", POST_80, false, 0, ""},
    {"CONNECT", "CONNECT", "h:443", "", false, 501, "unsupported"},
    {"CONNECT to a name", "CONNECT", "tdx_quote:443", "", false, 501,
     "unsupported"},
    {"the server itself", "OPTIONS", "*", "", false, 0, ""},
    {"another path", "GET", "/", "", false, 0, ""},
    {"another path, posted", "POST", "/v1/x", "Content-Length: 99999999\r\n",
     false, 0, ""},
};

static void
test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        check(requests[i].name,
              classify(requests[i].name, requests[i].method, requests[i].target,
                       requests[i].fields),
              requests[i].ours, requests[i].refuse, requests[i].code);
    }
}

#define UPGRADE "Connection: Upgrade\r\nUpgrade: assay-pipe/1\r\n"

/* With a pipe behind the server. */
static const struct {
    const char *name;
    const char *method;
    const char *target;
    const char *fields;
    bool ours;
    unsigned refuse;
    const char *code;
} pipes[] = {
    {"as it should be", "POST", "/assay-pipe", UPGRADE "Content-Length: 0\r\n",
     true, 0, ""},
    {"no length", "POST", "/assay-pipe", UPGRADE, true, 0, ""},
    {"other case", "POST", "/assay-pipe",
     "connection: keep-alive, upgrade\r\nupgrade: Assay-Pipe/1\r\n", true, 0,
     ""},
    {"a body", "POST", "/assay-pipe", UPGRADE "Content-Length: 1\r\n", true,
     400, "bad_request"},
    {"chunks", "POST", "/assay-pipe", UPGRADE "Transfer-Encoding: chunked\r\n",
     true, 400, "bad_request"},
    {"GET", "GET", "/assay-pipe", UPGRADE, true, 405, "method_not_allowed"},
    {"small letters", "post", "/assay-pipe", UPGRADE, true, 405,
     "method_not_allowed"},
    {"no upgrade", "POST", "/assay-pipe", "Content-Length: 0\r\n", true, 400,
     "bad_request"},
    {"not named", "POST", "/assay-pipe", "Upgrade: assay-pipe/1\r\n", true, 400,
     "bad_request"},
    {"another version", "POST", "/assay-pipe",
     "Connection: Upgrade\r\nUpgrade: assay-pipe/2\r\n", true, 400,
     "bad_request"},
    {"one of several", "POST", "/assay-pipe",
     "Connection: Upgrade\r\nUpgrade: assay-pipe/1, websocket\r\n", true, 400,
     "bad_request"},
    {"twice", "POST", "/assay-pipe", UPGRADE "Upgrade: assay-pipe/1\r\n", true,
     400, "bad_request"},
    {"a query", "POST", "/assay-pipe?x", UPGRADE, true, 400, "bad_request"},
    {"escaped", "POST", "/assay%2dpipe", UPGRADE, true, 400, "bad_request"},
    {"spelt otherwise", "GET", "//x/../Assay-Pipe/", "", true, 400,
     "bad_request"},
    {"another path", "POST", "/assay-pipes", UPGRADE, false, 0, ""},
    {"below", "POST", "/a/assay-pipe", UPGRADE, false, 0, ""},
    {"evidence", "POST", "/tdx_quote", POST_80, true, 0, ""},
};

static void
test_pipes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pipes); i++) {
        const char *name = pipes[i].name;
        struct assay_request_class c;

        with_pipe = true;
        c = classify(name, pipes[i].method, pipes[i].target, pipes[i].fields);
        with_pipe = false;
        check(name, c, pipes[i].ours, pipes[i].refuse, pipes[i].code);
        CHECK(name, c.pipe == (pipes[i].ours &&
                               strcmp(pipes[i].target, "/tdx_quote") != 0));
        if (c.pipe) { /* where there is none, it is anybody's */
            check(name,
                  classify(name, pipes[i].method, pipes[i].target,
                           pipes[i].fields),
                  false, 0, "");
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pipes),     cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_all_cases), cmocka_unit_test(test_long),
        cmocka_unit_test(test_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
