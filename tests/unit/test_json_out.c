/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_json_out.c - the JSON writer: exact text, and what the reader says.
 */
#include "base/json.h"
#include "base/json_out.h"
#include "harness/unit.h"

static const struct assay_json_limits limits = {
    .max_bytes = 1 << 20, .max_depth = 100, .max_nodes = 100000};

static struct assay_json *
read_back(const struct assay_buf *b)
{
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(assay_buf_check(b, "out", &err), ASSAY_OK);
    if (assay_json_parse(assay_buf_slice(b), &limits, "out", &j, &err) !=
        ASSAY_OK) {
        fail_msg("%.*s: %s", (int)b->len, (const char *)b->ptr, err.msg);
    }
    return j;
}

/* One value of every kind, nested. */
static void
write_all(struct assay_json_out *o)
{
    static const uint8_t bytes[] = {0x00, 0xab, 0xff};
    struct assay_error err;

    assay_json_out_open(o, NULL, '{');
    assay_json_out_string(o, "string", assay_slice_of("a\"b"));
    assay_json_out_text(o, "text", "t");
    assay_json_out_text(o, "no text", NULL);
    assay_json_out_hex(o, "hex", ASSAY_SLICE(bytes));
    assay_json_out_hex(o, "no hex", ASSAY_EMPTY);
    assay_json_out_u64(o, "u64", UINT64_MAX);
    assay_json_out_i64(o, "i64", INT64_MIN);
    assay_json_out_bool(o, "yes", true);
    assay_json_out_bool(o, "no", false);
    assay_json_out_null(o, "null");
    assay_json_out_time(o, "time", 1795173133);
    assay_json_out_open(o, "empty array", '[');
    assay_json_out_close(o, ']');
    assay_json_out_open(o, "empty object", '{');
    assay_json_out_close(o, '}');
    assay_json_out_open(o, "array", '[');
    assay_json_out_u64(o, NULL, 1);
    assay_json_out_open(o, NULL, '[');
    assay_json_out_text(o, NULL, "x");
    assay_json_out_close(o, ']');
    assay_json_out_open(o, NULL, '{');
    assay_json_out_null(o, "a\nb");
    assay_json_out_close(o, '}');
    assay_json_out_close(o, ']');
    assay_error_clear(&err);
    assay_fail(&err, ASSAY_MALFORMED, 3, "x: \"y\"");
    assay_json_out_error(o, "error", &err, NULL);
    assay_json_out_error(o, "error with hint", &err, "do that");
    assay_json_out_close(o, '}');
}

#define HINT                                                                   \
    "check that this is the right kind of file and that it is undamaged"

static void
writes_exact_text(void **state)
{
    static const char indented[] = "{\n"
                                   "  \"string\": \"a\\\"b\",\n"
                                   "  \"text\": \"t\",\n"
                                   "  \"no text\": null,\n"
                                   "  \"hex\": \"00abff\",\n"
                                   "  \"no hex\": \"\",\n"
                                   "  \"u64\": 18446744073709551615,\n"
                                   "  \"i64\": -9223372036854775808,\n"
                                   "  \"yes\": true,\n"
                                   "  \"no\": false,\n"
                                   "  \"null\": null,\n"
                                   "  \"time\": \"2026-11-20T11:12:13Z\",\n"
                                   "  \"empty array\": [],\n"
                                   "  \"empty object\": {},\n"
                                   "  \"array\": [\n"
                                   "    1,\n"
                                   "    [\n"
                                   "      \"x\"\n"
                                   "    ],\n"
                                   "    {\n"
                                   "      \"a\\nb\": null\n"
                                   "    }\n"
                                   "  ],\n"
                                   "  \"error\": {\n"
                                   "    \"code\": \"malformed\",\n"
                                   "    \"message\": \"x: \\\"y\\\"\",\n"
                                   "    \"hint\": \"" HINT "\"\n"
                                   "  },\n"
                                   "  \"error with hint\": {\n"
                                   "    \"code\": \"malformed\",\n"
                                   "    \"message\": \"x: \\\"y\\\"\",\n"
                                   "    \"hint\": \"do that\"\n"
                                   "  }\n"
                                   "}";
    static const char compact[] =
        "{\"string\":\"a\\\"b\",\"text\":\"t\",\"no text\":null,"
        "\"hex\":\"00abff\",\"no hex\":\"\",\"u64\":18446744073709551615,"
        "\"i64\":-9223372036854775808,\"yes\":true,\"no\":false,"
        "\"null\":null,\"time\":\"2026-11-20T11:12:13Z\","
        "\"empty array\":[],\"empty object\":{},"
        "\"array\":[1,[\"x\"],{\"a\\nb\":null}],"
        "\"error\":{\"code\":\"malformed\",\"message\":\"x: \\\"y\\\"\","
        "\"hint\":\"" HINT "\"},"
        "\"error with hint\":{\"code\":\"malformed\","
        "\"message\":\"x: \\\"y\\\"\",\"hint\":\"do that\"}}";

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct assay_buf b;
        struct assay_json_out o;

        assay_buf_init(&b, 4096);
        assay_json_out_init(&o, &b, i == 1);
        write_all(&o);
        assay_json_free(read_back(&b));
        assay_buf_add_u8(&b, '\0');
        assert_string_equal((const char *)b.ptr, i == 1 ? compact : indented);
        assay_buf_free(&b);
    }
}

static void
writes_scalars_at_the_top(void **state)
{
    struct assay_buf b;
    struct assay_json_out o;

    (void)state;
    assay_buf_init(&b, 100);
    assay_json_out_init(&o, &b, false);
    assay_json_out_u64(&o, NULL, 7);
    assert_true(assay_slice_is(assay_buf_slice(&b), "7"));
    assay_buf_free(&b);
}

/* Indented anew; white space within strings is theirs. */
static void
nests_documents(void **state)
{
    static const char inner[] = "{\n  \"a\": [\n    \" x\\n\"\n  ]\n}";
    struct assay_buf b;
    struct assay_json_out o;

    (void)state;
    assay_buf_init(&b, 200);
    assay_json_out_init(&o, &b, false);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_document(&o, "one", assay_slice_of(inner));
    assay_json_out_document(&o, "two", assay_slice_of("null"));
    assay_json_out_close(&o, '}');
    assert_true(assay_slice_is(assay_buf_slice(&b),
                               "{\n  \"one\": {\n    \"a\": [\n      "
                               "\" x\\n\"\n    ]\n  },\n  "
                               "\"two\": null\n}"));
    b.len = 0;
    assay_json_out_init(&o, &b, true);
    assay_json_out_document(&o, NULL, assay_slice_of(inner));
    assert_true(
        assay_slice_is(assay_buf_slice(&b), "{  \"a\": [    \" x\\n\"  ]}"));
    assay_buf_free(&b);
}

static const struct {
    const char *name, *in, *escaped, *read;
} strings[] = {
    {"plain", "abc/'<>\x7f", "\"abc/'<>\x7f\"", "abc/'<>\x7f"},
    {"escapes", "\"\\\b\t\n\v\f\r\x1f\x01",
     "\"\\\"\\\\\\b\\t\\n\\u000b\\f\\r\\u001f\\u0001\"",
     "\"\\\b\t\n\v\f\r\x1f\x01"},
    {"UTF-8", "\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e",
     "\"\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e\"",
     "\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e"},
    {"stray byte", "a\x80z", "\"a\xef\xbf\xbdz\"", "a\xef\xbf\xbdz"},
    {"overlong", "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"",
     "\xef\xbf\xbd\xef\xbf\xbd"},
    {"surrogate", "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"cut character", "x\xf0\x9d\x84",
     "\"x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
     "x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
};

static void
writes_any_string(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(strings); i++) {
        struct assay_slice in = exact_copy(assay_slice_of(strings[i].in));
        struct assay_buf b;
        struct assay_json_out o;
        struct assay_json *j;

        assay_buf_init(&b, 100);
        assay_json_out_init(&o, &b, true);
        assay_json_out_string(&o, NULL, in);
        CHECK(strings[i].name,
              assay_slice_is(assay_buf_slice(&b), strings[i].escaped));
        j = read_back(&b);
        CHECK(strings[i].name,
              assay_slice_is(assay_json_string(j, 0), strings[i].read));
        assay_json_free(j);
        assay_buf_free(&b);
        free((void *)(uintptr_t)in.ptr);
    }
}

/* Every string of two bytes reads back as itself if it is UTF-8 without NUL,
 * and as valid JSON in any case but NUL, which the reader refuses. */
static void
every_pair_of_bytes(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 65536; v++) {
        uint8_t in[2] = {(uint8_t)(v >> 8), (uint8_t)v};
        bool ascii = in[0] < 0x80 && in[1] < 0x80;
        bool two =
            in[0] >= 0xc2 && in[0] <= 0xdf && in[1] >= 0x80 && in[1] <= 0xbf;
        struct assay_buf b;
        struct assay_json_out o;
        struct assay_json *j;

        assay_buf_init(&b, 100);
        assay_json_out_init(&o, &b, true);
        assay_json_out_string(&o, NULL, ASSAY_SLICE(in));
        if (in[0] == 0 || in[1] == 0) {
            assert_true(assay_slice_find(assay_buf_slice(&b), "\\u0000") !=
                        ASSAY_NO_OFFSET);
        } else {
            j = read_back(&b);
            assert_true(assay_slice_equal(assay_json_string(j, 0),
                                          ASSAY_SLICE(in)) == (ascii || two));
            assay_json_free(j);
        }
        assay_buf_free(&b);
    }
}

/* Whatever the maximum, it fails cleanly or writes everything. */
static void
stops_at_the_maximum(void **state)
{
    size_t max = 0;
    bool failed = true;

    (void)state;
    while (failed) {
        struct assay_buf b;
        struct assay_json_out o;

        assay_buf_init(&b, max++);
        assay_json_out_init(&o, &b, true);
        write_all(&o);
        failed = b.failed;
        assert_true(failed || b.len == b.max);
        assay_buf_free(&b);
    }
    assert_in_range(max, 300, 2000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_exact_text),
        cmocka_unit_test(writes_scalars_at_the_top),
        cmocka_unit_test(nests_documents),
        cmocka_unit_test(writes_any_string),
        cmocka_unit_test(every_pair_of_bytes),
        cmocka_unit_test(stops_at_the_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
