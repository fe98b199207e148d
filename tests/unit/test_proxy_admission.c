/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_admission.c - requests, and whether they are served: who may ask.
 */
#include "programs/proxy/admission.h"

#include "base/buf.h"
#include "harness/unit.h"

#define HERE  "Host: 127.0.0.1:8989\r\n"
#define ASK   "GET /any/models HTTP/1.1\r\n" HERE
#define PAGE  "https://page.example"
#define TOKEN "s3cret-t0ken"
#define PREFLIGHT                                                              \
    "OPTIONS /any/models HTTP/1.1\r\n" HERE "Origin: " PAGE "\r\n"             \
    "Access-Control-Request-Method: POST\r\n"

static struct provider any = {.name = "any", .base.target = "/v1"};
static struct provider chat = {
    .name = "chat", .base.target = "/v1", .wire_api = WIRE_API_CHAT};
static const struct providers providers = {{&any, &chat}, 2};

static const struct {
    const char *name;
    const char *request; /* without the empty line */
    enum refusal refusal;
    const char *token; /* of the rules; likewise: */
    const char *origins;
    const char *secret;
    const char *origin; /* that may read the answer; NULL: none */
    bool preflight;
    bool spent;
} rows[] = {
    {.name = "served", .request = ASK},
    /* host: a name that a page lets lead here is none of ours */
    {.name = "a name",
     .request = "GET /any/x HTTP/1.1\r\nHost: localhost:8989\r\n"},
    {.name = "in another case",
     .request = "GET /any/x HTTP/1.1\r\nHost: LocalHost:8989\r\n"},
    {.name = "IPv6", .request = "GET /any/x HTTP/1.1\r\nHost: [::1]:8989\r\n"},
    {.name = "a name with any port",
     .request = "GET /any/x HTTP/1.1\r\nHost: proxy.lan:80\r\n"},
    {.name = "a name without a port",
     .request = "GET /any/x HTTP/1.1\r\nHost: proxy.lan\r\n"},
    {.name = "an IPv6 address with any port",
     .request = "GET /any/x HTTP/1.1\r\nHost: [fd00::1]:81\r\n"},
    {.name = "another name",
     .request = "GET /any/x HTTP/1.1\r\nHost: evil.example:8989\r\n",
     .refusal = REFUSED_HOST},
    {.name = "another name, without a port",
     .request = "GET /any/x HTTP/1.1\r\nHost: evil.example\r\n",
     .refusal = REFUSED_HOST},
    {.name = "what ends so",
     .request = "GET /any/x HTTP/1.1\r\nHost: evil-localhost:8989\r\n",
     .refusal = REFUSED_HOST},
    {.name = "what begins so",
     .request = "GET /any/x HTTP/1.1\r\nHost: localhost.evil.example:8989\r\n",
     .refusal = REFUSED_HOST},
    {.name = "with a dot behind it",
     .request = "GET /any/x HTTP/1.1\r\nHost: localhost.:8989\r\n",
     .refusal = REFUSED_HOST},
    {.name = "another port",
     .request = "GET /any/x HTTP/1.1\r\nHost: localhost:8990\r\n",
     .refusal = REFUSED_HOST},
    {.name = "no port",
     .request = "GET /any/x HTTP/1.1\r\nHost: localhost\r\n",
     .refusal = REFUSED_HOST},
    {.name = "an empty host",
     .request = "GET /any/x HTTP/1.1\r\nHost: \r\n",
     .refusal = REFUSED_HOST},
    {.name = "no host",
     .request = "GET /any/x HTTP/1.0\r\n",
     .refusal = REFUSED_HOST},
    {.name = "a whole URI",
     .request = "GET http://localhost:8989/any/x HTTP/1.1\r\n"
                "Host: localhost:8989\r\n"},
    {.name = "a whole URI of another host",
     .request = "GET http://evil.example/any/x HTTP/1.1\r\n"
                "Host: evil.example\r\n",
     .refusal = REFUSED_HOST},
    {.name = "a page of ours has it too",
     .request = "GET / HTTP/1.1\r\nHost: evil.example\r\n",
     .refusal = REFUSED_HOST},
    /* origin */
    {.name = "a page",
     .request = ASK "Origin: " PAGE "\r\n",
     .refusal = REFUSED_ORIGIN},
    {.name = "a page that may",
     .request = ASK "Origin: " PAGE "\r\nSec-Fetch-Site: cross-site\r\n",
     .origins = "https://other.example, " PAGE,
     .origin = PAGE},
    {.name = "another page",
     .request = ASK "Origin: https://evil.example\r\n",
     .origins = PAGE,
     .refusal = REFUSED_ORIGIN},
    {.name = "what begins so",
     .request = ASK "Origin: " PAGE ".evil.example\r\n",
     .origins = PAGE,
     .refusal = REFUSED_ORIGIN},
    {.name = "another scheme",
     .request = ASK "Origin: http://page.example\r\n",
     .origins = PAGE,
     .refusal = REFUSED_ORIGIN},
    {.name = "an origin that is nobody's",
     .request = ASK "Origin: null\r\n",
     .origins = PAGE,
     .refusal = REFUSED_ORIGIN},
    {.name = "an origin of nothing",
     .request = ASK "Origin: \r\n",
     .origins = PAGE,
     .refusal = REFUSED_ORIGIN},
    {.name = "two of them",
     .request = ASK "Origin: " PAGE "\r\nOrigin: " PAGE "\r\n",
     .origins = PAGE,
     .refusal = REFUSED_ORIGIN},
    {.name = "an image in a page",
     .request = ASK "Sec-Fetch-Site: cross-site\r\n",
     .refusal = REFUSED_ORIGIN},
    {.name = "in one of another port",
     .request = ASK "Sec-Fetch-Site: same-site\r\n",
     .refusal = REFUSED_ORIGIN},
    {.name = "an address that somebody typed",
     .request = "GET / HTTP/1.1\r\n" HERE "Sec-Fetch-Site: none\r\n"},
    {.name = "within our own page",
     .request = "GET / HTTP/1.1\r\n" HERE "Sec-Fetch-Site: same-origin\r\n"},
    {.name = "twice said",
     .request = ASK "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n",
     .refusal = REFUSED_ORIGIN},
    {.name = "a page asks before",
     .request = PREFLIGHT,
     .origins = PAGE,
     .origin = PAGE,
     .preflight = true},
    {.name = "one that may not",
     .request = PREFLIGHT,
     .refusal = REFUSED_ORIGIN},
    {.name = "OPTIONS of a page that asks nothing",
     .request = "OPTIONS /any/models HTTP/1.1\r\n" HERE "Origin: " PAGE "\r\n",
     .origins = PAGE,
     .origin = PAGE},
    {.name = "to a provider that has it not",
     .request = "OPTIONS /chat/responses HTTP/1.1\r\n" HERE "Origin: " PAGE
                "\r\nAccess-Control-Request-Method: POST\r\n",
     .origins = PAGE,
     .origin = PAGE,
     .preflight = true},
    /* token */
    {.name = "a token",
     .request = ASK "Authorization: Bearer " TOKEN "\r\n",
     .token = TOKEN,
     .spent = true},
    {.name = "of another case of its scheme",
     .request = ASK "authorization: bEARER " TOKEN "\r\n",
     .token = TOKEN,
     .spent = true},
    {.name = "beside a key",
     .request =
         ASK "Authorization: Bearer sk-key\r\nX-Assay-Token: " TOKEN "\r\n",
     .token = TOKEN},
    {.name = "no token",
     .request = ASK,
     .token = TOKEN,
     .refusal = REFUSED_TOKEN},
    {.name = "a key alone",
     .request = ASK "Authorization: Bearer sk-key\r\n",
     .token = TOKEN,
     .refusal = REFUSED_TOKEN},
    {.name = "the start of it",
     .request = ASK "Authorization: Bearer s3cret-t0ke\r\n",
     .token = TOKEN,
     .refusal = REFUSED_TOKEN},
    {.name = "more than it",
     .request = ASK "x-assay-token: " TOKEN "n\r\n",
     .token = TOKEN,
     .refusal = REFUSED_TOKEN},
    {.name = "of another scheme",
     .request = ASK "Authorization: Basic " TOKEN "\r\n",
     .token = TOKEN,
     .refusal = REFUSED_TOKEN},
    {.name = "twice",
     .request = ASK "x-assay-token: " TOKEN "\r\nx-assay-token: x\r\n",
     .token = TOKEN,
     .refusal = REFUSED_TOKEN},
    {.name = "nothing",
     .request = ASK "x-assay-token: \r\nAuthorization: Bearer \r\n",
     .token = TOKEN,
     .refusal = REFUSED_TOKEN},
    {.name = "pages need it",
     .request = "GET / HTTP/1.1\r\n" HERE,
     .token = TOKEN,
     .refusal = REFUSED_TOKEN},
    {.name = "names need it, of nobody too",
     .request = "GET /nobody HTTP/1.1\r\n" HERE,
     .token = TOKEN,
     .refusal = REFUSED_TOKEN},
    {.name = "health does not",
     .request = "GET /healthz HTTP/1.1\r\n" HERE,
     .token = TOKEN},
    {.name = "a page that asks before has none",
     .request = PREFLIGHT,
     .token = TOKEN,
     .origins = PAGE,
     .origin = PAGE,
     .preflight = true},
    {.name = "a page that asks needs it",
     .request = ASK "Origin: " PAGE "\r\n",
     .token = TOKEN,
     .origins = PAGE,
     .origin = PAGE,
     .refusal = REFUSED_TOKEN},
    /* path and method */
    {.name = "nothing there",
     .request = "GET /nobody/x HTTP/1.1\r\n" HERE,
     .refusal = REFUSED_NOWHERE},
    {.name = "without the secret",
     .request = ASK,
     .secret = "0123",
     .refusal = REFUSED_NOWHERE},
    {.name = "with it",
     .request = "GET /0123/any/models HTTP/1.1\r\n" HERE,
     .secret = "0123"},
    {.name = "dots",
     .request = "GET /any/../x HTTP/1.1\r\n" HERE,
     .refusal = REFUSED_PATH},
    {.name = "what chat does not have",
     .request = "GET /chat/responses/resp_1 HTTP/1.1\r\n" HERE,
     .refusal = REFUSED_NO_RESPONSES},
    {.name = "what it is translated to",
     .request = "POST /chat/responses HTTP/1.1\r\n" HERE},
    {.name = "the head of a page", .request = "HEAD / HTTP/1.1\r\n" HERE},
    {.name = "what nobody does to a page",
     .request = "POST / HTTP/1.1\r\n" HERE,
     .refusal = REFUSED_METHOD},
    {.name = "what would show a key that is put in",
     .request = "TRACE /any/x HTTP/1.1\r\n" HERE,
     .refusal = REFUSED_METHOD},
    {.name = "a tunnel",
     .request = "CONNECT localhost:8989 HTTP/1.1\r\nHost: localhost:8989\r\n",
     .refusal = REFUSED_METHOD},
    {.name = "any other method", .request = "REPORT /any/x HTTP/1.1\r\n" HERE},
};

static void
read_head(const char *row, const char *text, struct assay_http1_head *h,
          struct assay_buf *octets)
{
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    assay_buf_init(octets, 4096);
    assay_buf_add_text(octets, text);
    assay_buf_add_text(octets, "\r\n");
    CHECK(row, assay_http1_request(assay_buf_slice(octets), &scanned, h, &used,
                                   &err) == ASSAY_OK &&
                   used == octets->len);
}

static void
test_admission(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct admission_rules rules = {
            .providers = &providers,
            .hosts = "127.0.0.1:8989, localhost:8989, [::1]:8989, proxy.lan, "
                     "[fd00::1]",
            .origins = rows[i].origins != NULL ? rows[i].origins : "",
            .token = rows[i].token,
            .secret = rows[i].secret,
        };
        struct assay_http1_head head;
        struct assay_buf octets;
        struct admission a;

        read_head(rows[i].name, rows[i].request, &head, &octets);
        admission_judge(&rules, &head, &a);
        if (a.refusal != rows[i].refusal) {
            fail_msg("row \"%s\": %s, want %s", rows[i].name,
                     refusal_row(a.refusal)->code,
                     refusal_row(rows[i].refusal)->code);
        }
        CHECK(rows[i].name,
              assay_slice_is(a.origin,
                             rows[i].origin != NULL ? rows[i].origin : ""));
        CHECK(rows[i].name, a.preflight == rows[i].preflight);
        CHECK(rows[i].name, a.token_spent == rows[i].spent);
        assay_buf_free(&octets);
    }
}

static void
test_any_host(void **state)
{
    const struct admission_rules rules = {.providers = &providers,
                                          .origins = ""};
    struct assay_http1_head head;
    struct assay_buf octets;
    struct admission a;

    (void)state;
    read_head("any", "GET /any/x HTTP/1.1\r\nHost: evil.example\r\n", &head,
              &octets);
    admission_judge(&rules, &head, &a);
    assert_int_equal(a.refusal, REFUSAL_NONE);
    assay_buf_free(&octets);
}

/* Each has a status of an error, and a code that no other has but by intent. */
static void
test_refusals(void **state)
{
    (void)state;
    for (int r = REFUSAL_NONE + 1; r < (int)REFUSALS; r++) {
        const struct refusal_row *row = refusal_row((enum refusal)r);

        assert_true(row->status >= 400 && row->status < 600);
        assert_true(row->code[0] != '\0' && row->message[0] != '\0' &&
                    row->type[0] != '\0');
        /* SDKs retry these, unless they are told not to. */
        assert_true(!row->retry || row->status == 408 || row->status >= 500);
        assert_true((row->status == 503) == (row->retry_after_s > 0));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_admission),
        cmocka_unit_test(test_any_host),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
