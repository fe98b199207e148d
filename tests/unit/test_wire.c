/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_wire.c - requests for evidence octet by octet, what the quote must then
 * report, and the server's reading of a request.
 */
#include "harness/ctx.h"
#include "harness/vectors.h"

#include "atls/wire.h"

#define NONCE_32                                                               \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define NONCE_REST                                                             \
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

/* 00 01 02 ... 3f: the nonce of all wires; the last half is also the exporter
 * value. */
static uint8_t counting[64];

static const struct {
    const char *name;
    enum assay_wire wire;
    const char *server;
    const char *request;
    bool want_collateral;
} requests[] = {
    {"v2", ASSAY_WIRE_V2, "tee.example.com",
     "POST /tdx_quote HTTP/1.1\r\n"
     "Host: tee.example.com\r\n"
     "Content-Type: application/json\r\n"
     "Content-Length: 80\r\n"
     "Connection: keep-alive\r\n"
     "\r\n"
     "{\"nonce_hex\":\"" NONCE_32 "\"}",
     false},
    {"v1", ASSAY_WIRE_V1, "tee.example.com",
     "POST /tdx_quote HTTP/1.1\r\n"
     "Host: tee.example.com\r\n"
     "Content-Type: application/json\r\n"
     "Content-Length: 150\r\n"
     "Connection: keep-alive\r\n"
     "\r\n"
     "{\"report_data_hex\":\"" NONCE_32 NONCE_REST "\"}",
     false},
    {"v0", ASSAY_WIRE_V0, "tee.example.com",
     "POST /tdx_quote HTTP/1.1\r\n"
     "Host: localhost\r\n"
     "Content-Type: application/json\r\n"
     "Content-Length: 82\r\n"
     "Connection: keep-alive\r\n"
     "\r\n"
     "{\"report_data\":\"" NONCE_32 "\"}",
     false},
    {"IPv6", ASSAY_WIRE_V2, "2001:db8::1",
     "POST /tdx_quote HTTP/1.1\r\n"
     "Host: [2001:db8::1]\r\n"
     "Content-Type: application/json\r\n"
     "Content-Length: 80\r\n"
     "Connection: keep-alive\r\n"
     "\r\n"
     "{\"nonce_hex\":\"" NONCE_32 "\"}",
     false},
    {"IPv4", ASSAY_WIRE_V2, "192.0.2.1",
     "POST /tdx_quote HTTP/1.1\r\n"
     "Host: 192.0.2.1\r\n"
     "Content-Type: application/json\r\n"
     "Content-Length: 80\r\n"
     "Connection: keep-alive\r\n"
     "\r\n"
     "{\"nonce_hex\":\"" NONCE_32 "\"}",
     false},
    {"v2 with collateral", ASSAY_WIRE_V2, "tee.example.com",
     "POST /tdx_quote HTTP/1.1\r\n"
     "Host: tee.example.com\r\n"
     "Content-Type: application/json\r\n"
     "Content-Length: 103\r\n"
     "Connection: keep-alive\r\n"
     "\r\n"
     "{\"nonce_hex\":\"" NONCE_32 "\",\"want_collateral\":true}",
     true},
    {"older wires cannot ask", ASSAY_WIRE_V0, "tee.example.com",
     "POST /tdx_quote HTTP/1.1\r\n"
     "Host: localhost\r\n"
     "Content-Type: application/json\r\n"
     "Content-Length: 82\r\n"
     "Connection: keep-alive\r\n"
     "\r\n"
     "{\"report_data\":\"" NONCE_32 "\"}",
     true},
};

static void
test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct assay_buf b;

        assay_buf_init(&b, 1024);
        assay_wire_request(assay_wire_rule(requests[i].wire),
                           requests[i].server, counting,
                           requests[i].want_collateral, &b);
        CHECK(requests[i].name, !b.failed);
        CHECK(requests[i].name,
              assay_slice_is(assay_buf_slice(&b), requests[i].request));
        assay_buf_free(&b);
    }
}

/* The longest name and the longest nonce fit in what the session gives them;
 * in less, the buffer says so. */
static void
test_room(void **state)
{
    char name[ASSAY_SERVER_NAME_MAX_BYTES + 1];
    struct assay_buf b;

    (void)state;
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assay_buf_init(&b, 1024);
    assay_wire_request(assay_wire_rule(ASSAY_WIRE_V1), name, counting, false,
                       &b);
    assert_false(b.failed);
    assay_buf_free(&b);
    assay_buf_init(&b, 100);
    assay_wire_request(assay_wire_rule(ASSAY_WIRE_V1), name, counting, false,
                       &b);
    assert_true(b.failed);
    assay_buf_free(&b);
}

static const struct {
    const char *name;
    enum assay_wire wire;
    size_t nonce_len;
    const char *report_data;
} reports[] = {
    /* SHA-512 of nonce and exporter value, by another implementation */
    {"v2", ASSAY_WIRE_V2, 32,
     "ee4320ebaf3fdb4f2c832b137200c08e235e0fa7bbd0eb1740c7063ba8a0d151"
     "da77e003398e1714a955d475b05e3e950b639503b452ec185de4229bc4873949"},
    {"v1", ASSAY_WIRE_V1, 64, NONCE_32 NONCE_REST},
    /* the text of the nonce */
    {"v0", ASSAY_WIRE_V0, 32,
     "303030313032303330343035303630373038303930613062306330643065306631303131"
     "31323133313431353136313731383139316131623163316431653166"},
};

static void
test_reports(void **state)
{
    (void)state;
    assert_int_equal(COUNT_OF(reports), ASSAY_WIRE_COUNT);
    for (size_t i = 0; i < COUNT_OF(reports); i++) {
        const struct assay_wire_rule *rule = assay_wire_rule(reports[i].wire);
        const char *row = reports[i].name;
        uint8_t got[64];
        char hex[129];
        struct assay_error err;

        assay_error_clear(&err);
        CHECK(row, rule->wire == reports[i].wire);
        CHECK(row, rule->nonce_len == reports[i].nonce_len);
        CHECK(row, rule->report_data(ctx, counting, counting + 32, got, &err) ==
                       ASSAY_OK);
        assay_hex_to(hex, ASSAY_SLICE(got));
        CHECK(row, strcmp(hex, reports[i].report_data) == 0);
    }
}

/* Nonce and exporter value each count, to the last octet. */
static void
test_bind(void **state)
{
    uint8_t input[64];
    uint8_t want[64];
    uint8_t got[64];
    char hex[129];
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    for (size_t i = 0; i < 32; i++) {
        input[i] = (uint8_t)i;
        input[32 + i] = (uint8_t)(0x80 + i);
    }
    assert_int_equal(assay_wire_bind(ctx, input, input + 32, want, &err),
                     ASSAY_OK);
    assay_hex_to(hex, ASSAY_SLICE(want));
    assert_string_equal(
        hex,
        "bd36f541127cc41a9f608978a6fc835e9a84171339e0cb2b71ccf501ccd22032"
        "c1b9591c78e7a3abd905aeddff0d6393c44555882fe8fdb153f083c0c87e62db");
    for (size_t i = 0; i < sizeof(input); i++) {
        input[i] ^= 1;
        assert_int_equal(assay_wire_bind(ctx, input, input + 32, got, &err),
                         ASSAY_OK);
        assert_memory_not_equal(got, want, sizeof(want));
        input[i] ^= 1;
    }
}

/* SHA-512 of the words, a NUL, nonce and exporter value, by another
 * implementation; each octet counts. */
static void
test_bind_client(void **state)
{
    uint8_t input[64];
    uint8_t want[64];
    uint8_t got[64];
    char hex[129];
    struct assay_error err;

    (void)state;
    memcpy(input, counting, sizeof(input));
    assay_error_clear(&err);
    assert_int_equal(assay_wire_bind_client(ctx, input, input + 32, want, &err),
                     ASSAY_OK);
    assay_hex_to(hex, ASSAY_SLICE(want));
    assert_string_equal(
        hex,
        "9ddaa37a93d154af6cd1555eaf4c7143f8d7878231156f691b70117aa2067a20"
        "2aeaecd836ec4712c2f0eed04b181f71f9ac6b62053701f9a39a80a336cf3f7f");
    for (size_t i = 0; i < sizeof(input); i++) {
        input[i] ^= 1;
        assert_int_equal(
            assay_wire_bind_client(ctx, input, input + 32, got, &err),
            ASSAY_OK);
        assert_memory_not_equal(got, want, sizeof(want));
        input[i] ^= 1;
    }
}

/* --- known answers of others -------------------------------------------- */

static void
hex_member(const struct assay_json *j, uint32_t node, const char *name,
           uint8_t *out, size_t n)
{
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(
        assay_hex_decode(assay_json_string(j, assay_json_member(j, node, name)),
                         out, n, name, &err),
        ASSAY_OK);
}

static void
test_known_answers(void **state)
{
    struct assay_buf text;
    struct assay_buf request;
    struct assay_json *j;
    uint32_t node;
    uint8_t nonce[32];
    uint8_t exporter[32];
    uint8_t want[64];
    uint8_t got[64];
    struct assay_error err;

    (void)state;
    if (!vector_load("../samples", "kat.json", &text)) {
        print_message("SKIPPED shared vectors: no ../samples in %s\n",
                      vectors_folder());
        return;
    }
    j = vector_parse(&text, "kat.json");
    node = assay_json_member(j, ASSAY_JSON_ROOT, "report_data");
    hex_member(j, node, "nonce_hex", nonce, sizeof(nonce));
    hex_member(j, node, "ekm_hex", exporter, sizeof(exporter));
    hex_member(j, node, "report_data_hex", want, sizeof(want));
    assay_error_clear(&err);
    assert_int_equal(assay_wire_bind(ctx, nonce, exporter, got, &err),
                     ASSAY_OK);
    assert_memory_equal(got, want, sizeof(want));
    assay_buf_init(&request, 1024);
    assay_wire_request(assay_wire_rule(ASSAY_WIRE_V2), "tee.example.com", nonce,
                       false, &request);
    assert_true(assay_slice_equal(
        assay_buf_slice(&request),
        assay_json_string(
            j, assay_json_member(j, ASSAY_JSON_ROOT, "quote_request"))));
    assay_buf_free(&request);
    assay_json_free(j);
    assay_buf_free(&text);
}

/* --- the server's side -------------------------------------------------- */

#define A64 "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789aBcDeF"
#define ONLY                                                                   \
    "quote request: must be an object with nonce_hex, perhaps "                \
    "want_collateral, and nothing else"

static const struct {
    const char *name;
    const char *body;
    enum assay_code code;
    const char *msg;
} nonces[] = {
    {"as it should be", "{\"nonce_hex\":\"" A64 "\"}", ASSAY_OK, ""},
    {"white space", " {\n\t\"nonce_hex\" :\r\n \"" A64 "\" } ", ASSAY_OK, ""},
    {"escapes",
     "{\"nonce\\u005fhex\":\"\\u0030"
     "123456789abcdef0123456789ABCDEF"
     "0123456789abcdef0123456789aBcDeF\"}",
     ASSAY_OK, ""},
    {"with collateral", "{\"nonce_hex\":\"" A64 "\",\"want_collateral\":true}",
     ASSAY_OK, ""},
    {"without collateral",
     "{\"want_collateral\":false,\"nonce_hex\":\"" A64 "\"}", ASSAY_OK, ""},
    {"collateral only", "{\"want_collateral\":true}", ASSAY_MALFORMED, ONLY},
    {"collateral is null",
     "{\"nonce_hex\":\"" A64 "\",\"want_collateral\":null}", ASSAY_MALFORMED,
     ONLY},
    {"collateral is text",
     "{\"nonce_hex\":\"" A64 "\",\"want_collateral\":\"true\"}",
     ASSAY_MALFORMED, ONLY},
    {"collateral is a number",
     "{\"nonce_hex\":\"" A64 "\",\"want_collateral\":1}", ASSAY_MALFORMED,
     ONLY},
    {"collateral and more",
     "{\"nonce_hex\":\"" A64 "\",\"want_collateral\":true,\"x\":1}",
     ASSAY_MALFORMED, ONLY},
    {"collateral twice",
     "{\"nonce_hex\":\"" A64 "\",\"want_collateral\":true,"
     "\"want_collateral\":true}",
     ASSAY_MALFORMED, "quote request: "},
    {"nothing", "", ASSAY_TRUNCATED, "quote request: "},
    {"white space only", " \n", ASSAY_TRUNCATED, "quote request: "},
    {"no JSON", "nonce_hex=" A64, ASSAY_MALFORMED, "quote request: "},
    {"something behind it", "{\"nonce_hex\":\"" A64 "\"}x", ASSAY_MALFORMED,
     "quote request: "},
    {"two of them", "{\"nonce_hex\":\"" A64 "\"}{}", ASSAY_MALFORMED,
     "quote request: "},
    {"a control character behind it", "{\"nonce_hex\":\"" A64 "\"}\x01",
     ASSAY_MALFORMED, "quote request: "},
    {"an empty object", "{}", ASSAY_MALFORMED, ONLY},
    {"null", "null", ASSAY_MALFORMED, ONLY},
    {"a string", "\"" A64 "\"", ASSAY_MALFORMED, ONLY},
    {"an empty array", "[]", ASSAY_MALFORMED, ONLY},
    {"an array", "[\"" A64 "\"]", ASSAY_MALFORMED, ONLY},
    {"an array of it", "[{\"nonce_hex\":\"" A64 "\"}]", ASSAY_TOO_LARGE,
     "quote request: "},
    {"another member", "{\"nonce\":\"" A64 "\"}", ASSAY_MALFORMED, ONLY},
    {"other case", "{\"NONCE_HEX\":\"" A64 "\"}", ASSAY_MALFORMED, ONLY},
    {"wire v1", "{\"report_data_hex\":\"" A64 A64 "\"}", ASSAY_MALFORMED, ONLY},
    {"wire v0", "{\"report_data\":\"" A64 "\"}", ASSAY_MALFORMED, ONLY},
    {"one too many", "{\"nonce_hex\":\"" A64 "\",\"x\":1}", ASSAY_MALFORMED,
     ONLY},
    {"report data beside it",
     "{\"report_data\":\"" A64 "\",\"nonce_hex\":\"" A64 "\"}", ASSAY_MALFORMED,
     ONLY},
    {"twice", "{\"nonce_hex\":\"" A64 "\",\"nonce_hex\":\"" A64 "\"}",
     ASSAY_MALFORMED, "quote request: "},
    {"twice, one escaped",
     "{\"nonce_hex\":\"" A64 "\",\"nonce\\u005fhex\":\"" A64 "\"}",
     ASSAY_MALFORMED, "quote request: "},
    {"a number", "{\"nonce_hex\":1}", ASSAY_MALFORMED, ONLY},
    {"null inside", "{\"nonce_hex\":null}", ASSAY_MALFORMED, ONLY},
    {"an array inside", "{\"nonce_hex\":[]}", ASSAY_TOO_LARGE,
     "quote request: "},
    {"deep", "[[[[[[[[[[]]]]]]]]]]", ASSAY_TOO_LARGE, "quote request: "},
    {"empty", "{\"nonce_hex\":\"\"}", ASSAY_MALFORMED,
     "quote request: nonce_hex: need 32 bytes in hex"},
    {"62 digits",
     "{\"nonce_hex\":\"0123456789abcdef0123456789abcdef0123456789abcdef01234567"
     "89abcd\"}",
     ASSAY_MALFORMED, "quote request: nonce_hex: need 32 bytes in hex"},
    {"63 digits",
     "{\"nonce_hex\":\"0123456789abcdef0123456789abcdef0123456789abcdef01234567"
     "89abcde\"}",
     ASSAY_MALFORMED, "quote request: nonce_hex: need 32 bytes in hex"},
    {"65 digits", "{\"nonce_hex\":\"" A64 "0\"}", ASSAY_MALFORMED,
     "quote request: nonce_hex: need 32 bytes in hex"},
    {"128 digits", "{\"nonce_hex\":\"" A64 A64 "\"}", ASSAY_MALFORMED,
     "quote request: nonce_hex: need 32 bytes in hex"},
    {"0x",
     "{\"nonce_hex\":\"0x23456789abcdef0123456789abcdef0123456789abcdef01234567"
     "89abcdef\"}",
     ASSAY_MALFORMED, "quote request: nonce_hex: 'x' is no hex digit"},
    {"a space",
     "{\"nonce_hex\":\" 123456789abcdef0123456789abcdef0123456789abcdef01234567"
     "89abcdef\"}",
     ASSAY_MALFORMED, "quote request: nonce_hex: ' ' is no hex digit"},
    {"no UTF-8", "{\"nonce_hex\":\"\xff\"}", ASSAY_MALFORMED,
     "quote request: "},
};

static void
test_nonces(void **state)
{
    static const uint8_t untouched[32] = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(nonces); i++) {
        struct assay_slice body = exact_copy(assay_slice_of(nonces[i].body));
        struct assay_wire_ask ask;
        struct assay_error err;
        enum assay_code code;

        assay_error_clear(&err);
        code = assay_wire_ask_parse(body, &ask, &err);
        free((void *)body.ptr);
        check_error(nonces[i].name, &err, nonces[i].code, nonces[i].msg,
                    err.offset);
        CHECK(nonces[i].name, code == err.code);
        CHECK(nonces[i].name, (memcmp(ask.nonce, untouched, 32) == 0) ==
                                  (nonces[i].code != ASSAY_OK));
        CHECK(nonces[i].name,
              ask.want_collateral ==
                  (strcmp(nonces[i].name, "with collateral") == 0));
    }
}

static void
test_nonce_truncated(void **state)
{
    static const char body[] = "{\"nonce_hex\":\"" A64 "\"}";
    static const char long_body[] = "{\"nonce_hex\":\"" A64 "\"";
    struct assay_wire_ask ask;
    char text[ASSAY_WIRE_REQUEST_MAX_BYTES + 2];
    struct assay_error err;

    (void)state;
    for (size_t n = 0; n < sizeof(body) - 1; n++) {
        struct assay_slice s =
            exact_copy((struct assay_slice){(const uint8_t *)body, n});

        assay_error_clear(&err);
        assert_int_equal(assay_wire_ask_parse(s, &ask, &err), ASSAY_TRUNCATED);
        free((void *)s.ptr);
    }
    memset(text, ' ', sizeof(text));
    memcpy(text, long_body, sizeof(long_body) - 1);
    text[ASSAY_WIRE_REQUEST_MAX_BYTES - 1] = '}';
    assay_error_clear(&err);
    assert_int_equal(
        assay_wire_ask_parse((struct assay_slice){(const uint8_t *)text,
                                                  ASSAY_WIRE_REQUEST_MAX_BYTES},
                             &ask, &err),
        ASSAY_OK);
    assert_int_equal(assay_wire_ask_parse(
                         (struct assay_slice){(const uint8_t *)text,
                                              ASSAY_WIRE_REQUEST_MAX_BYTES + 1},
                         &ask, &err),
                     ASSAY_TOO_LARGE);
}

/* What the client asks is what the server reads. */
static void
test_round_trip(void **state)
{
    struct assay_buf b;
    struct assay_slice s;
    struct assay_wire_ask ask;
    struct assay_error err;
    size_t at;

    (void)state;
    assay_buf_init(&b, 1024);
    assay_wire_request(assay_wire_rule(ASSAY_WIRE_V2), "a", counting, false,
                       &b);
    s = assay_buf_slice(&b);
    at = assay_slice_find(s, "\r\n\r\n") + 4;
    assay_error_clear(&err);
    assert_int_equal(
        assay_wire_ask_parse((struct assay_slice){s.ptr + at, s.len - at}, &ask,
                             &err),
        ASSAY_OK);
    assert_memory_equal(ask.nonce, counting, sizeof(ask.nonce));
    assay_buf_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_bind),
        cmocka_unit_test(test_bind_client),
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_nonces),
        cmocka_unit_test(test_nonce_truncated),
        cmocka_unit_test(test_round_trip),
    };

    for (size_t i = 0; i < sizeof(counting); i++) {
        counting[i] = (uint8_t)i;
    }
    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
