/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_json.c - the strict JSON reader.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "harness/unit.h"

static const struct assay_json_limits limits = {
    .max_bytes = 1 << 20, .max_depth = 8, .max_nodes = 100000};

static enum assay_code
parse(const char *text, struct assay_json **j, struct assay_error *err)
{
    assay_error_clear(err);
    return assay_json_parse(assay_slice_of(text), &limits, "doc", j, err);
}

/* For documents that must be good. */
static struct assay_json *
parsed(const char *text)
{
    struct assay_json *j = NULL;
    struct assay_error err;

    if (parse(text, &j, &err) != ASSAY_OK) {
        fail_msg("%s: %s", text, err.msg);
    }
    return j;
}

static const struct {
    const char *text;
    enum assay_json_type type;
    const char *span;
    const char *string;
    uint32_t count;
} good[] = {
    {"null", ASSAY_JSON_NULL, "null", "", 0},
    {" true\n", ASSAY_JSON_TRUE, "true", "", 0},
    {"\tfalse\r", ASSAY_JSON_FALSE, "false", "", 0},
    {"0", ASSAY_JSON_NUMBER, "0", "", 0},
    {"-0", ASSAY_JSON_NUMBER, "-0", "", 0},
    {"-0.0e-00", ASSAY_JSON_NUMBER, "-0.0e-00", "", 0},
    {"10", ASSAY_JSON_NUMBER, "10", "", 0},
    {"1.5E+3", ASSAY_JSON_NUMBER, "1.5E+3", "", 0},
    {"1e999999", ASSAY_JSON_NUMBER, "1e999999", "", 0},
    {"123456789012345678901234567890", ASSAY_JSON_NUMBER,
     "123456789012345678901234567890", "", 0},
    {"\"\"", ASSAY_JSON_STRING, "\"\"", "", 0},
    {"\"abc\"", ASSAY_JSON_STRING, "\"abc\"", "abc", 0},
    {"\"a longer one, of many characters\"", ASSAY_JSON_STRING,
     "\"a longer one, of many characters\"", "a longer one, of many characters",
     0},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", ASSAY_JSON_STRING,
     "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 0},
    {"\"\\u0041\\u00e4\\u20AC\\uD834\\udd1e\"", ASSAY_JSON_STRING,
     "\"\\u0041\\u00e4\\u20AC\\uD834\\udd1e\"",
     "A\xc3\xa4\xe2\x82\xac\xf0\x9d\x84\x9e", 0},
    {"\"\\u0001\\u007f\\u0080\\u07ff\\u0800\\ud7ff\\ue000\\uffff\"",
     ASSAY_JSON_STRING,
     "\"\\u0001\\u007f\\u0080\\u07ff\\u0800\\ud7ff\\ue000\\uffff\"",
     "\x01\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
     0},
    {"\"\\ud800\\udc00\\udbff\\udfff\"", ASSAY_JSON_STRING,
     "\"\\ud800\\udc00\\udbff\\udfff\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 0},
    {"\"\\u005cu0041\"", ASSAY_JSON_STRING, "\"\\u005cu0041\"", "\\u0041", 0},
    {"\"\x7f "
     "\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"",
     ASSAY_JSON_STRING,
     "\"\x7f "
     "\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\"",
     "\x7f \xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
     0},
    {"\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", ASSAY_JSON_STRING,
     "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
     0},
    {" [ ] ", ASSAY_JSON_ARRAY, "[ ]", "", 0},
    {"[1,[2,3],{}]", ASSAY_JSON_ARRAY, "[1,[2,3],{}]", "", 3},
    {"{ }", ASSAY_JSON_OBJECT, "{ }", "", 0},
    {"{\"a\":1,\"b\":{\"a\":2},\"\":3}", ASSAY_JSON_OBJECT,
     "{\"a\":1,\"b\":{\"a\":2},\"\":3}", "", 3},
    {"[[[[[[[[1]]]]]]]]", ASSAY_JSON_ARRAY, "[[[[[[[[1]]]]]]]]", "", 1},
};

static void
good_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        const char *row = good[i].text;
        struct assay_slice in = exact_copy(assay_slice_of(row));
        struct assay_json *j = NULL;
        struct assay_error err;

        assay_error_clear(&err);
        CHECK(row, assay_json_parse(in, &limits, "doc", &j, &err) == ASSAY_OK);
        CHECK(row, assay_json_type(j, ASSAY_JSON_ROOT) == good[i].type);
        CHECK(row, assay_slice_is(assay_json_span(j, 0), good[i].span));
        CHECK(row, assay_slice_is(assay_json_string(j, 0), good[i].string));
        CHECK(row, assay_json_count(j, 0) == good[i].count);
        CHECK(row, assay_json_offset(j, 0) ==
                       (size_t)(strstr(row, good[i].span) - row));
        assay_json_free(j);
        free((void *)(uintptr_t)in.ptr);
    }
}

static const struct {
    const char *text;
    enum assay_code code;
    size_t offset;
    const char *msg;
} bad[] = {
    {"", ASSAY_TRUNCATED, 0, "doc: JSON ends where a value should stand"},
    {"  ", ASSAY_TRUNCATED, 2, "doc: JSON ends where a value"},
    {"\xef\xbb\xbf{}", ASSAY_MALFORMED, 0, "doc: JSON starts with a byte ord"},
    {"\xef\xbb", ASSAY_MALFORMED, 0, "doc: JSON has '?' where a value"},
    {"x", ASSAY_MALFORMED, 0, "doc: JSON has 'x' where a value should stand"},
    {"// c\n1", ASSAY_MALFORMED, 0, "doc: JSON has '/'"},
    {"\f1", ASSAY_MALFORMED, 0, "doc: JSON has '?'"},
    {"\xc2\xa0"
     "1",
     ASSAY_MALFORMED, 0, "doc: JSON has '?'"},
    {"1 2", ASSAY_MALFORMED, 2, "doc: JSON has '2' where the end"},
    {"{} ,", ASSAY_MALFORMED, 3, "doc: JSON has ',' where the end"},
    {"1\v", ASSAY_MALFORMED, 1, "doc: JSON has '?' where the end"},
    {"]", ASSAY_MALFORMED, 0, "doc: JSON has ']' where a value"},
    /* literals */
    {"nul", ASSAY_TRUNCATED, 3, "doc: JSON ends where null"},
    {"nulL", ASSAY_MALFORMED, 3, "doc: JSON has 'L' where null"},
    {"nulll", ASSAY_MALFORMED, 4, "doc: JSON has 'l' where the end"},
    {"True", ASSAY_MALFORMED, 0, "doc: JSON has 'T'"},
    {"[tru]", ASSAY_MALFORMED, 4, "doc: JSON has ']' where true"},
    {"NaN", ASSAY_MALFORMED, 0, "doc: JSON has 'N'"},
    {"Infinity", ASSAY_MALFORMED, 0, "doc: JSON has 'I'"},
    {"-Infinity", ASSAY_MALFORMED, 1, "doc: JSON has 'I' where a digit"},
    /* numbers */
    {"+1", ASSAY_MALFORMED, 0, "doc: JSON has '+'"},
    {"-", ASSAY_TRUNCATED, 1, "doc: JSON ends where a digit"},
    {"--1", ASSAY_MALFORMED, 1, "doc: JSON has '-' where a digit"},
    {"01", ASSAY_MALFORMED, 1, "doc: JSON number has a leading zero"},
    {"-00", ASSAY_MALFORMED, 2, "doc: JSON number has a leading zero"},
    {".5", ASSAY_MALFORMED, 0, "doc: JSON has '.'"},
    {"1.", ASSAY_TRUNCATED, 2, "doc: JSON ends where a digit"},
    {"1.e1", ASSAY_MALFORMED, 2, "doc: JSON has 'e' where a digit"},
    {"1e", ASSAY_TRUNCATED, 2, "doc: JSON ends where a digit"},
    {"1e+", ASSAY_TRUNCATED, 3, "doc: JSON ends where a digit"},
    {"[1e+]", ASSAY_MALFORMED, 4, "doc: JSON has ']' where a digit"},
    {"1e5.0", ASSAY_MALFORMED, 3, "doc: JSON has '.' where the end"},
    {"0x10", ASSAY_MALFORMED, 1, "doc: JSON has 'x' where the end"},
    {"1_0", ASSAY_MALFORMED, 1, "doc: JSON has '_' where the end"},
    {"1n", ASSAY_MALFORMED, 1, "doc: JSON has 'n' where the end"},
    /* strings */
    {"\"", ASSAY_TRUNCATED, 1, "doc: JSON ends where the rest of a string"},
    {"\"abc", ASSAY_TRUNCATED, 4, "doc: JSON ends where the rest of a str"},
    {"'a'", ASSAY_MALFORMED, 0, "doc: JSON has '''"},
    {"\"a\nb\"", ASSAY_MALFORMED, 2, "doc: JSON string holds a control char"},
    {"\"12345678\t\"", ASSAY_MALFORMED, 9, "doc: JSON string holds a control"},
    {"\"\x1f\"", ASSAY_MALFORMED, 1, "doc: JSON string holds a control"},
    {"\"\\", ASSAY_TRUNCATED, 2, "doc: JSON ends where an escape"},
    {"\"a\\x41\"", ASSAY_MALFORMED, 2, "doc: JSON string has an unknown esc"},
    {"\"\\'\"", ASSAY_MALFORMED, 1, "doc: JSON string has an unknown esc"},
    {"\"\\U0041\"", ASSAY_MALFORMED, 1, "doc: JSON string has an unknown"},
    {"\"\\u", ASSAY_TRUNCATED, 3, "doc: JSON ends where a hex digit"},
    {"\"\\u004", ASSAY_TRUNCATED, 6, "doc: JSON ends where a hex digit"},
    {"\"\\u004\"", ASSAY_MALFORMED, 6, "doc: JSON has '\"' where a hex digit"},
    {"\"\\u00g0\"", ASSAY_MALFORMED, 5, "doc: JSON has 'g' where a hex digit"},
    {"\"\\u+041\"", ASSAY_MALFORMED, 3, "doc: JSON has '+' where a hex digit"},
    {"\"a\\u0000\"", ASSAY_MALFORMED, 2, "doc: JSON string holds U+0000"},
    {"\"\\ud800\"", ASSAY_MALFORMED, 1, "doc: JSON string holds a lone surr"},
    {"\"\\udfff\"", ASSAY_MALFORMED, 1, "doc: JSON string holds a lone surr"},
    {"\"\\ud800x\"", ASSAY_MALFORMED, 1, "doc: JSON string holds a lone surr"},
    {"\"\\ud800\\n\"", ASSAY_MALFORMED, 1, "doc: JSON string holds a lone"},
    {"\"\\ud800\\u0041\"", ASSAY_MALFORMED, 1, "doc: JSON string holds a lone"},
    {"\"\\ud800\\ud800\"", ASSAY_MALFORMED, 1, "doc: JSON string holds a lone"},
    {"\"\\ud800\\u0000\"", ASSAY_MALFORMED, 1, "doc: JSON string holds a lone"},
    {"\"\\ud800", ASSAY_TRUNCATED, 7, "doc: JSON ends where a low surrogate"},
    {"\"\\ud800\\", ASSAY_TRUNCATED, 8, "doc: JSON ends where a low surrog"},
    {"\"\\ud800\\udc0", ASSAY_TRUNCATED, 12, "doc: JSON ends where a hex"},
    {"\"\\udc00\\ud800\"", ASSAY_MALFORMED, 1, "doc: JSON string holds a lone"},
    /* UTF-8 */
    {"\"\x80\"", ASSAY_MALFORMED, 1, "doc: JSON string is not UTF-8"},
    {"\"a\xbf\"", ASSAY_MALFORMED, 2, "doc: JSON string is not UTF-8"},
    {"\"\xc0\x80\"", ASSAY_MALFORMED, 1, "doc: JSON string is not UTF-8"},
    {"\"\xc1\xbf\"", ASSAY_MALFORMED, 1, "doc: JSON string is not UTF-8"},
    {"\"\xc2\"", ASSAY_MALFORMED, 1, "doc: JSON string is not UTF-8"},
    {"\"\xe0\x9f\xbf\"", ASSAY_MALFORMED, 1, "doc: JSON string is not UTF-8"},
    {"\"\xed\xa0\x80\"", ASSAY_MALFORMED, 1, "doc: JSON string is not UTF-8"},
    {"\"\xed\xbf\xbf\"", ASSAY_MALFORMED, 1, "doc: JSON string is not UTF-8"},
    {"\"\xe2\x82\"", ASSAY_MALFORMED, 1, "doc: JSON string is not UTF-8"},
    {"\"\xf0\x8f\xbf\xbf\"", ASSAY_MALFORMED, 1, "doc: JSON string is not"},
    {"\"\xf4\x90\x80\x80\"", ASSAY_MALFORMED, 1, "doc: JSON string is not"},
    {"\"\xf5\x80\x80\x80\"", ASSAY_MALFORMED, 1, "doc: JSON string is not"},
    {"\"\xff\"", ASSAY_MALFORMED, 1, "doc: JSON string is not UTF-8"},
    {"\"\xf0\x90\x80", ASSAY_TRUNCATED, 4, "doc: JSON ends where the rest"},
    {"\"1234567\xc3\x28\"", ASSAY_MALFORMED, 8, "doc: JSON string is not"},
    /* structure */
    {"[", ASSAY_TRUNCATED, 1, "doc: JSON ends where a value"},
    {"[1", ASSAY_TRUNCATED, 2, "doc: JSON ends where ',' or ']'"},
    {"[1,", ASSAY_TRUNCATED, 3, "doc: JSON ends where a value"},
    {"[1,]", ASSAY_MALFORMED, 3, "doc: JSON has ']' where a value"},
    {"[,1]", ASSAY_MALFORMED, 1, "doc: JSON has ',' where a value"},
    {"[1 2]", ASSAY_MALFORMED, 3, "doc: JSON has '2' where ',' or ']'"},
    {"[1}", ASSAY_MALFORMED, 2, "doc: JSON has '}' where ',' or ']'"},
    {"[}", ASSAY_MALFORMED, 1, "doc: JSON has '}' where a value"},
    {"[\"a\":1]", ASSAY_MALFORMED, 4, "doc: JSON has ':' where ',' or ']'"},
    {"{", ASSAY_TRUNCATED, 1, "doc: JSON ends where a member name"},
    {"{]", ASSAY_MALFORMED, 1, "doc: JSON has ']' where a member name"},
    {"{a:1}", ASSAY_MALFORMED, 1, "doc: JSON has 'a' where a member name"},
    {"{1:1}", ASSAY_MALFORMED, 1, "doc: JSON has '1' where a member name"},
    {"{\"a\"", ASSAY_TRUNCATED, 4, "doc: JSON ends where ':'"},
    {"{\"a\" 1}", ASSAY_MALFORMED, 5, "doc: JSON has '1' where ':'"},
    {"{\"a\":", ASSAY_TRUNCATED, 5, "doc: JSON ends where a value"},
    {"{\"a\":}", ASSAY_MALFORMED, 5, "doc: JSON has '}' where a value"},
    {"{\"a\":1", ASSAY_TRUNCATED, 6, "doc: JSON ends where ',' or '}'"},
    {"{\"a\":1,", ASSAY_TRUNCATED, 7, "doc: JSON ends where a member name"},
    {"{\"a\":1,}", ASSAY_MALFORMED, 7, "doc: JSON has '}' where a member"},
    {"{\"a\":1]", ASSAY_MALFORMED, 6, "doc: JSON has ']' where ',' or '}'"},
    {"{\"a\":1 \"b\":2}", ASSAY_MALFORMED, 7, "doc: JSON has '\"' where ','"},
    {"{,}", ASSAY_MALFORMED, 1, "doc: JSON has ',' where a member name"},
    {"{}}", ASSAY_MALFORMED, 2, "doc: JSON has '}' where the end"},
    /* members that occur twice */
    {"{\"a\":1,\"a\":1}", ASSAY_MALFORMED, 7,
     "doc: JSON has the member \"a\" twice"},
    {"{\"a\":1,\"\\u0061\":1}", ASSAY_MALFORMED, 7,
     "doc: JSON has the member \"a\" twice"},
    {"{\"\\u0061\":1,\"b\":2,\"a\":1}", ASSAY_MALFORMED, 18,
     "doc: JSON has the member \"a\" twice"},
    {"{\"\\ud834\\udd1e\":1,\"\xf0\x9d\x84\x9e\":1}", ASSAY_MALFORMED, 18,
     "doc: JSON has the member \"????\" twice"},
    {"{\"\":1,\"\":1}", ASSAY_MALFORMED, 6, "doc: JSON has the member \"\" tw"},
    {"[{\"x\":{\"a\":1,\"b\":[],\"a\":1}}]", ASSAY_MALFORMED, 20,
     "doc: JSON has the member \"a\" twice"},
    {"{\"a\":1,\"b\":1,\"b\":1,\"a\":1}", ASSAY_MALFORMED, 13,
     "doc: JSON has the member \"b\" twice"},
    /* depth 8 */
    {"[[[[[[[[[1]]]]]]]]]", ASSAY_TOO_LARGE, 8,
     "doc: JSON has more than 8 levels"},
    {"[[[[[[[[{}]]]]]]]]", ASSAY_TOO_LARGE, 8,
     "doc: JSON has more than 8 levels"},
};

static void
bad_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct assay_slice in = exact_copy(assay_slice_of(bad[i].text));
        struct assay_json *j = (struct assay_json *)&in;
        struct assay_error err;

        assay_error_clear(&err);
        CHECK(bad[i].text,
              assay_json_parse(in, &limits, "doc", &j, &err) == bad[i].code);
        check_error(bad[i].text, &err, bad[i].code, bad[i].msg, bad[i].offset);
        CHECK(bad[i].text, j == NULL);
        free((void *)(uintptr_t)in.ptr);
    }
}

static void
refuses_nul_bytes(void **state)
{
    static const char *const texts[] = {"@",      "1@",  "@1",   "[@]",
                                        "\"a@\"", "{@}", "[1@]", "{\"a\"@:1}"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct assay_slice in = exact_copy(assay_slice_of(texts[i]));
        char *at = memchr(in.ptr, '@', in.len);
        struct assay_json *j;
        struct assay_error err;

        *at = '\0';
        assay_error_clear(&err);
        CHECK(texts[i], assay_json_parse(in, &limits, "doc", &j, &err) ==
                            ASSAY_MALFORMED);
        CHECK(texts[i], err.offset == (size_t)(at - (const char *)in.ptr));
        free((void *)(uintptr_t)in.ptr);
    }
}

/* Text that a person or a tool wrote may hold it; its octet is a character like
 * others. */
static void
nul_where_it_is_allowed(void **state)
{
    static const struct assay_json_limits lax = {
        .max_bytes = 100, .max_depth = 1, .max_nodes = 3};
    struct assay_json *j = NULL;
    struct assay_error err;
    struct assay_slice s;

    (void)state;
    assay_error_clear(&err);
    assert_int_equal(
        assay_json_parse_nul(assay_slice_of("{\"a\\u0000\":\"x\\u0000y\"}"),
                             &lax, "doc", &j, &err),
        ASSAY_OK);
    s = assay_json_string(j, assay_json_first(j, ASSAY_JSON_ROOT));
    assert_true(
        assay_slice_equal(s, (struct assay_slice){(const uint8_t *)"a\0", 2}));
    assert_int_equal(assay_json_member(j, ASSAY_JSON_ROOT, "a"),
                     ASSAY_JSON_NONE);
    s = assay_json_string(
        j, assay_json_value(j, assay_json_first(j, ASSAY_JSON_ROOT)));
    assert_true(
        assay_slice_equal(s, (struct assay_slice){(const uint8_t *)"x\0y", 3}));
    assay_json_free(j);
}

static void
every_truncation(void **state)
{
    static const char text[] =
        "{\"tcb\": [ {\"svn\":12, \"x\":-1.5e+10 }, null,true, false],"
        "\"text\":\"a\\n\\u00e4\\ud834\\udd1e\xf0\x9d\x84\x9e and so on\","
        "\"e\":{},\"n\":[[[]]], \"z\":0}";

    (void)state;
    assay_json_free(parsed(text));
    for (size_t n = 0; n < sizeof(text) - 1; n++) {
        struct assay_slice in =
            exact_copy((struct assay_slice){(const uint8_t *)text, n});
        struct assay_json *j;
        struct assay_error err;

        assay_error_clear(&err);
        assert_int_equal(assay_json_parse(in, &limits, "doc", &j, &err),
                         ASSAY_TRUNCATED);
        assert_int_equal(err.offset, n);
        assert_null(j);
        free((void *)(uintptr_t)in.ptr);
    }
}

static void
limits_at_and_past(void **state)
{
    static const struct {
        const char *text;
        struct assay_json_limits limits;
        enum assay_code code;
        size_t offset;
    } rows[] = {
        {"1234", {4, 0, 1}, ASSAY_OK, 0},
        {"1234", {3, 0, 1}, ASSAY_TOO_LARGE, 3},
        {"", {0, 0, 1}, ASSAY_TRUNCATED, 0},
        {"1", {1, 0, 0}, ASSAY_TOO_LARGE, 0},
        {"\"\"", {9, 0, 1}, ASSAY_OK, 0},
        {"[]", {9, 0, 1}, ASSAY_TOO_LARGE, 0},
        {"[]", {9, 1, 1}, ASSAY_OK, 0},
        {" {}", {9, 0, 1}, ASSAY_TOO_LARGE, 1},
        {"[[],[]]", {9, 2, 3}, ASSAY_OK, 0},
        {"[[],[]]", {9, 1, 3}, ASSAY_TOO_LARGE, 1},
        {"[[],[]]", {9, 2, 2}, ASSAY_TOO_LARGE, 4},
        {"{\"a\":1}", {9, 1, 3}, ASSAY_OK, 0},
        {"{\"a\":1}", {9, 1, 2}, ASSAY_TOO_LARGE, 5},
        {"{\"a\":1}", {9, 1, 1}, ASSAY_TOO_LARGE, 1},
        {"1", {SIZE_MAX, UINT32_MAX, UINT32_MAX}, ASSAY_OK, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_json *j;
        struct assay_error err;

        assay_error_clear(&err);
        CHECK(rows[i].text,
              assay_json_parse(assay_slice_of(rows[i].text), &rows[i].limits,
                               "doc", &j, &err) == rows[i].code);
        CHECK(rows[i].text,
              rows[i].code == ASSAY_OK || err.offset == rows[i].offset);
        assay_json_free(j);
    }
}

/* More than memory would be worth: refused by its length alone. */
static void
largest_text(void **state)
{
    static const uint8_t byte[1] = {'['};
    const struct assay_json_limits all = {SIZE_MAX, 1, 1};
    struct assay_json *j;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    assert_int_equal(
        assay_json_parse((struct assay_slice){byte, (256u << 20) + 1}, &all,
                         "doc", &j, &err),
        ASSAY_TOO_LARGE);
}

static void
earlier_failure_is_kept(void **state)
{
    struct assay_json *j = (struct assay_json *)&j;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    assay_fail(&err, ASSAY_IO, 1, "before");
    assert_int_equal(
        assay_json_parse(assay_slice_of("1"), &limits, "doc", &j, &err),
        ASSAY_IO);
    assert_null(j);
    check_error("kept", &err, ASSAY_IO, "before", 1);
}

static void
walks_a_tree(void **state)
{
    struct assay_json *j = parsed(" {\"a\" : [ 10,\"x\", {} ],\"b\\n\":{\"c\":"
                                  "null},\"d\":true}");
    uint32_t a = assay_json_member(j, ASSAY_JSON_ROOT, "a");
    uint32_t b = assay_json_member(j, ASSAY_JSON_ROOT, "b\n");
    uint32_t name = assay_json_first(j, ASSAY_JSON_ROOT);
    uint32_t item = assay_json_first(j, a);

    (void)state;
    assert_int_equal(assay_json_offset(j, ASSAY_JSON_ROOT), 1);
    assert_int_equal(assay_json_type(j, a), ASSAY_JSON_ARRAY);
    assert_true(assay_slice_is(assay_json_span(j, a), "[ 10,\"x\", {} ]"));
    assert_int_equal(assay_json_offset(j, a), 8);
    assert_int_equal(assay_json_count(j, a), 3);
    assert_true(assay_slice_is(assay_json_span(j, b), "{\"c\":null}"));
    assert_true(assay_slice_is(assay_json_string(j, name), "a"));
    assert_int_equal(assay_json_value(j, name), a);
    assert_int_equal(assay_json_next(j, a), ASSAY_JSON_NONE);
    name = assay_json_next(j, name);
    assert_true(assay_slice_is(assay_json_string(j, name), "b\n"));
    assert_true(assay_slice_is(assay_json_span(j, name), "\"b\\n\""));
    assert_int_equal(assay_json_value(j, name), b);
    name = assay_json_next(j, name);
    assert_int_equal(assay_json_type(j, assay_json_value(j, name)),
                     ASSAY_JSON_TRUE);
    assert_int_equal(assay_json_next(j, name), ASSAY_JSON_NONE);

    assert_true(assay_slice_is(assay_json_span(j, item), "10"));
    item = assay_json_next(j, item);
    assert_true(assay_slice_is(assay_json_string(j, item), "x"));
    assert_int_equal(assay_json_value(j, item), ASSAY_JSON_NONE);
    item = assay_json_next(j, item);
    assert_int_equal(assay_json_type(j, item), ASSAY_JSON_OBJECT);
    assert_int_equal(assay_json_first(j, item), ASSAY_JSON_NONE);
    assert_int_equal(assay_json_next(j, item), ASSAY_JSON_NONE);

    assert_int_equal(assay_json_member(j, a, "a"), ASSAY_JSON_NONE);
    assert_int_equal(assay_json_member(j, 0, "A"), ASSAY_JSON_NONE);
    assert_int_equal(assay_json_member(j, 0, "c"), ASSAY_JSON_NONE);
    assay_json_free(j);
}

static void
absent_nodes_are_empty(void **state)
{
    static const uint32_t absent[] = {1, 2, UINT32_MAX - 1, ASSAY_JSON_NONE};
    struct assay_json *j = parsed("{}");
    uint64_t u = 7;
    int64_t s = 7;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(absent); i++) {
        uint32_t n = absent[i];

        assert_int_equal(assay_json_type(j, n), ASSAY_JSON_NULL);
        assert_int_equal(assay_json_span(j, n).len, 0);
        assert_int_equal(assay_json_string(j, n).len, 0);
        assert_true(assay_json_offset(j, n) == ASSAY_NO_OFFSET);
        assert_int_equal(assay_json_count(j, n), 0);
        assert_int_equal(assay_json_first(j, n), ASSAY_JSON_NONE);
        assert_int_equal(assay_json_next(j, n), ASSAY_JSON_NONE);
        assert_int_equal(assay_json_value(j, n), ASSAY_JSON_NONE);
        assert_int_equal(assay_json_member(j, n, ""), ASSAY_JSON_NONE);
        assert_false(assay_json_u64(j, n, &u));
        assert_false(assay_json_i64(j, n, &s));
    }
    assert_true(u == 7 && s == 7);
    assay_json_free(j);
    assay_json_free(NULL);
}

static void
types_have_names(void **state)
{
    static const char *const names[] = {
        [ASSAY_JSON_NULL] = "null",     [ASSAY_JSON_FALSE] = "false",
        [ASSAY_JSON_TRUE] = "true",     [ASSAY_JSON_NUMBER] = "number",
        [ASSAY_JSON_STRING] = "string", [ASSAY_JSON_ARRAY] = "array",
        [ASSAY_JSON_OBJECT] = "object",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_string_equal(assay_json_type_name((enum assay_json_type)i),
                            names[i]);
    }
}

static void
integers(void **state)
{
    static const struct {
        const char *text;
        bool is_u64, is_i64;
        uint64_t u;
        int64_t i;
    } rows[] = {
        {"0", true, true, 0, 0},
        {"42", true, true, 42, 42},
        {"-1", false, true, 0, -1},
        {"-0", false, false, 0, 0},
        {"1.0", false, false, 0, 0},
        {"1e0", false, false, 0, 0},
        {"\"1\"", false, false, 0, 0},
        {"true", false, false, 0, 0},
        {"[1]", false, false, 0, 0},
        {"9223372036854775807", true, true, INT64_MAX, INT64_MAX},
        {"9223372036854775808", true, false, UINT64_C(1) << 63, 0},
        {"-9223372036854775808", false, true, 0, INT64_MIN},
        {"-9223372036854775809", false, false, 0, 0},
        {"18446744073709551615", true, false, UINT64_MAX, 0},
        {"18446744073709551616", false, false, 0, 0},
        {"18446744073709551620", false, false, 0, 0},
        {"99999999999999999999", false, false, 0, 0},
        {"100000000000000000000000000000000000000000", false, false, 0, 0},
    };

    (void)state;
    for (size_t k = 0; k < COUNT_OF(rows); k++) {
        struct assay_json *j = parsed(rows[k].text);
        uint64_t u = 7;
        int64_t i = 7;

        CHECK(rows[k].text, assay_json_u64(j, 0, &u) == rows[k].is_u64);
        CHECK(rows[k].text, assay_json_i64(j, 0, &i) == rows[k].is_i64);
        CHECK(rows[k].text, u == (rows[k].is_u64 ? rows[k].u : 7));
        CHECK(rows[k].text, i == (rows[k].is_i64 ? rows[k].i : 7));
        assay_json_free(j);
    }
}

/* An object of n members "k0".. of which member `second` has the name of
 * `first`, the second time with an escape. */
static void
print_object(struct assay_buf *b, unsigned n, unsigned first, unsigned second)
{
    assay_buf_add_u8(b, '{');
    for (unsigned i = 0; i < n; i++) {
        assay_buf_printf(b, "%s\"%s%u\":%u", i > 0 ? "," : "",
                         i % 3 == 0 ? "\\u006b" : "k", i == second ? first : i,
                         i);
    }
    assay_buf_add_u8(b, '}');
}

/* Below and above the size at which the search for twins changes its way. */
static void
twins_in_objects_of_any_size(void **state)
{
    (void)state;
    for (unsigned n = 2; n < 70; n++) {
        for (unsigned k = 0; k < n; k++) {
            struct assay_buf b;
            struct assay_json *j;
            struct assay_error err;
            unsigned second = n - 1 - k / 3;
            unsigned first = (k * 7) % n;
            bool twins = first < second;

            assay_buf_init(&b, 10000);
            print_object(&b, n, twins ? first : second, second);
            assay_error_clear(&err);
            assert_int_equal(
                assay_json_parse(assay_buf_slice(&b), &limits, "doc", &j, &err),
                twins ? ASSAY_MALFORMED : ASSAY_OK);
            if (twins) {
                char want[64];
                size_t at = 1;

                for (unsigned i = 0; i < second; i++) {
                    const uint8_t *comma = memchr(b.ptr + at, ',', b.len - at);

                    at = (size_t)(comma - b.ptr) + 1;
                }
                (void)snprintf(want, sizeof(want),
                               "doc: JSON has the member \"k%u\" twice", first);
                check_error("twins", &err, ASSAY_MALFORMED, want, at);
            } else {
                assert_int_equal(assay_json_count(j, 0), n);
            }
            assay_json_free(j);
            assay_buf_free(&b);
        }
    }
}

/* 40,000 members: a search in quadratic time would take minutes under a
 * sanitizer. Of two pairs of twins, the first to be complete is reported. */
static void
twins_in_a_large_object(void **state)
{
    struct assay_buf b;
    struct assay_json *j;
    struct assay_error err;

    (void)state;
    assay_buf_init(&b, 1 << 20);
    print_object(&b, 40000, 40000, 40000);
    assay_error_clear(&err);
    assert_int_equal(
        assay_json_parse(assay_buf_slice(&b), &limits, "doc", &j, &err),
        ASSAY_OK);
    assert_int_equal(assay_json_count(j, 0), 40000);
    assay_json_free(j);

    b.len--;
    assay_buf_add_text(&b, ",\"k39999\":1,\"k0\":1}");
    assert_int_equal(
        assay_json_parse(assay_buf_slice(&b), &limits, "doc", &j, &err),
        ASSAY_MALFORMED);
    check_error("first", &err, ASSAY_MALFORMED,
                "doc: JSON has the member \"k39999\" twice", b.len - 18);
    assay_buf_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rows),
        cmocka_unit_test(bad_rows),
        cmocka_unit_test(refuses_nul_bytes),
        cmocka_unit_test(nul_where_it_is_allowed),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(limits_at_and_past),
        cmocka_unit_test(largest_text),
        cmocka_unit_test(earlier_failure_is_kept),
        cmocka_unit_test(walks_a_tree),
        cmocka_unit_test(absent_nodes_are_empty),
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(integers),
        cmocka_unit_test(twins_in_objects_of_any_size),
        cmocka_unit_test(twins_in_a_large_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
