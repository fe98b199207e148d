/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_json_canon.c - values in canonical form: white space, order, strings
 * and numbers.
 */
#include "base/json_canon.h"

#include <locale.h>
#include <stdio.h>

#include "harness/unit.h"

static const struct assay_json_limits limits = {1 << 20, 100, 100000};

static enum assay_code
canon(const char *row, struct assay_slice text, enum assay_json_order order,
      struct assay_buf *out, struct assay_error *err)
{
    struct assay_slice in = exact_copy(text);
    struct assay_json *j = NULL;
    enum assay_code code;

    assay_error_clear(err);
    if (assay_json_parse(in, &limits, "doc", &j, err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err->msg);
    }
    code = assay_json_canon(j, ASSAY_JSON_ROOT, order, "doc", out, err);
    assert_int_equal(code, err->code);
    assay_json_free(j);
    free((void *)in.ptr);
    return code;
}

static void
check(const char *text, enum assay_json_order order, const char *want)
{
    struct assay_buf out;
    struct assay_error err;

    assay_buf_init(&out, 1 << 20);
    assay_buf_add_text(&out, "before ");
    if (canon(text, assay_slice_of(text), order, &out, &err) != ASSAY_OK) {
        fail_msg("%s: %s", text, err.msg);
    }
    if (out.len != 7 + strlen(want) ||
        memcmp(out.ptr + 7, want, strlen(want)) != 0) {
        fail_msg("%s: %.*s, want %s", text, (int)out.len, (const char *)out.ptr,
                 want);
    }
    assay_buf_free(&out);
}

static void
shapes(void **state)
{
    static const struct {
        const char *text;
        const char *as_it_stands;
        const char *sorted;
    } rows[] = {
        {" null ", "null", "null"},
        {"true", "true", "true"},
        {"false", "false", "false"},
        {"[ ]", "[]", "[]"},
        {"{ }", "{}", "{}"},
        {"[ [ ] , { } , [ [ ] ] ]", "[[],{},[[]]]", "[[],{},[[]]]"},
        {"{ \"b\" : 1 ,\n\t\"a\" : 2 }", "{\"b\":1,\"a\":2}",
         "{\"a\":2,\"b\":1}"},
        {"[3, 1, 2]", "[3,1,2]", "[3,1,2]"},
        {"{\"b\":{\"d\":[{\"f\":1,\"e\":2}],\"c\":3},\"a\":[]}",
         "{\"b\":{\"d\":[{\"f\":1,\"e\":2}],\"c\":3},\"a\":[]}",
         "{\"a\":[],\"b\":{\"c\":3,\"d\":[{\"e\":2,\"f\":1}]}}"},
        {"{\"aa\":1,\"a\":2,\"\":3,\"B\":4,\"b\":5}",
         "{\"aa\":1,\"a\":2,\"\":3,\"B\":4,\"b\":5}",
         "{\"\":3,\"B\":4,\"a\":2,\"aa\":1,\"b\":5}"},
        /* by bytes of UTF-8, where UTF-16 would have it the other way round */
        {"{\"\\ud83d\\ude00\":1,\"\\uff5e\":2}",
         "{\"\xf0\x9f\x98\x80\":1,\"\xef\xbd\x9e\":2}",
         "{\"\xef\xbd\x9e\":2,\"\xf0\x9f\x98\x80\":1}"},
        {"{\"q\":1,\"p\":1,\"o\":1,\"n\":1,\"m\":1,\"l\":1,\"k\":1,\"j\":1,"
         "\"i\":1,\"h\":1,\"g\":1,\"f\":1,\"e\":1,\"d\":1,\"c\":1,\"b\":1,"
         "\"a\":1,\"qq\":1,\"pp\":1}",
         "{\"q\":1,\"p\":1,\"o\":1,\"n\":1,\"m\":1,\"l\":1,\"k\":1,\"j\":1,"
         "\"i\":1,\"h\":1,\"g\":1,\"f\":1,\"e\":1,\"d\":1,\"c\":1,\"b\":1,"
         "\"a\":1,\"qq\":1,\"pp\":1}",
         "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,"
         "\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,"
         "\"pp\":1,\"q\":1,\"qq\":1}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(rows[i].text, ASSAY_JSON_AS_IT_STANDS, rows[i].as_it_stands);
        check(rows[i].text, ASSAY_JSON_SORTED, rows[i].sorted);
    }
}

static void
strings(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"\"\"", "\"\""},
        {"\"a/b\"", "\"a/b\""},
        {"\"a\\/b\"", "\"a/b\""},
        {"\"\\\"\\\\\"", "\"\\\"\\\\\""},
        {"\"\\u0022\\u005C\"", "\"\\\"\\\\\""},
        {"\"\\u0008\\u000C\\u000A\\u000D\\u0009\"", "\"\\b\\f\\n\\r\\t\""},
        {"\"\\u0001\\u000B\\u001F\"", "\"\\u0001\\u000b\\u001f\""},
        {"\"\\u007f\\u00e9\\u2028\"", "\"\x7f\xc3\xa9\xe2\x80\xa8\""},
        {"\"\xc3\xa9\"", "\"\xc3\xa9\""},
        {"\"<>&'\"", "\"<>&'\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(rows[i].text, ASSAY_JSON_AS_IT_STANDS, rows[i].want);
    }
}

/* Text, and what serde_json's layout makes of the double. */
static const struct {
    const char *text;
    const char *want;
} numbers[] = {
    {"0", "0"},
    {"-1", "-1"},
    {"18446744073709551615", "18446744073709551615"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"18446744073709551616", "1.8446744073709552e19"},
    {"-9223372036854775809", "-9.223372036854776e18"},
    {"-0", "-0.0"},
    {"0.0", "0.0"},
    {"-0.0", "-0.0"},
    {"0e999999999", "0.0"},
    {"1.0", "1.0"},
    {"1e0", "1.0"},
    {"10.00", "10.0"},
    {"1E2", "100.0"},
    {"1e+2", "100.0"},
    {"0.1", "0.1"},
    {"-12.5e0", "-12.5"},
    {"0.30000000000000004", "0.30000000000000004"},
    {"0.1000000000000000055511151231257827", "0.1"},
    {"1e15", "1000000000000000.0"},
    {"1e16", "1e16"},
    {"1234567890123456.7", "1234567890123456.8"},
    {"12345678901234567.0", "1.2345678901234568e16"},
    {"1e21", "1e21"},
    {"1e-5", "0.00001"},
    {"1.25e-5", "0.0000125"},
    {"1e-6", "1e-6"},
    {"-2.5e-7", "-2.5e-7"},
    {"0.000000000000000000001e21", "1.0"},
    {"1000000000000000000000e-21", "1.0"},
    {"5e-324", "5e-324"},
    {"2.2250738585072014e-308", "2.2250738585072014e-308"},
    {"1.7976931348623157e308", "1.7976931348623157e308"},
    {"1e-400", "0.0"},
    {"1e-99999999999999999999", "0.0"},
    {"9007199254740993.0", "9007199254740992.0"},
    {"9.5367431640625e-7", "9.5367431640625e-7"},
    /* powers of two that the nearest decimal of this length misses */
    {"7.1202363472230444e-307", "7.120236347223045e-307"},
    {"5.6412324245775924e-278", "5.641232424577593e-278"},

};

static void
number_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        check(numbers[i].text, ASSAY_JSON_AS_IT_STANDS, numbers[i].want);
    }
}

/* A program may run under any locale. */
static void
numbers_under_another_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
    size_t i = 0;

    while (i < COUNT_OF(names) && setlocale(LC_ALL, names[i]) == NULL) {
        i++;
    }
    if (i == COUNT_OF(names)) {
        print_message("SKIPPED another locale: none with a decimal comma is "
                      "installed\n");
        return;
    }
    number_rows(state);
    (void)setlocale(LC_ALL, "C");
}

static void
refused(void **state)
{
    struct assay_buf text;
    struct assay_buf out;
    struct assay_error err;

    (void)state;
    assay_buf_init(&out, 1 << 20);
    (void)canon("inf", assay_slice_of("[1,1e309]"), ASSAY_JSON_AS_IT_STANDS,
                &out, &err);
    check_error("inf", &err, ASSAY_TOO_LARGE,
                "doc: JSON has a number that is too large or too long", 3);

    for (unsigned more = 0; more < 2; more++) {
        assay_buf_init(&text, 4096);
        assay_buf_add_text(&text, "0.");
        for (unsigned i = 0; i < 1022 + more; i++) {
            assay_buf_add_u8(&text, '1');
        }
        assert_int_equal(canon("long", assay_buf_slice(&text),
                               ASSAY_JSON_AS_IT_STANDS, &out, &err),
                         more == 0 ? ASSAY_OK : ASSAY_TOO_LARGE);
        assay_buf_free(&text);
    }
    for (unsigned more = 0; more < 2; more++) {
        assay_buf_init(&text, 4096);
        for (unsigned i = 0; i < ASSAY_JSON_CANON_DEPTH + more; i++) {
            assay_buf_add_u8(&text, '[');
        }
        for (unsigned i = 0; i < ASSAY_JSON_CANON_DEPTH + more; i++) {
            assay_buf_add_u8(&text, ']');
        }
        assert_int_equal(canon("deep", assay_buf_slice(&text),
                               ASSAY_JSON_AS_IT_STANDS, &out, &err),
                         more == 0 ? ASSAY_OK : ASSAY_TOO_LARGE);
        assay_buf_free(&text);
    }
    check_error("deep", &err, ASSAY_TOO_LARGE, "doc: JSON has too many levels",
                ASSAY_JSON_CANON_DEPTH);
    assay_buf_free(&out);

    assay_buf_init(&out, 5);
    (void)canon("full", assay_slice_of("[1,2,3]"), ASSAY_JSON_AS_IT_STANDS,
                &out, &err);
    check_error("full", &err, ASSAY_TOO_LARGE, "doc: more than 5 bytes",
                ASSAY_NO_OFFSET);
    assay_buf_free(&out);
}

/* A value of a document, and a failure of before. */
static void
parts(void **state)
{
    static const char text[] = "{\"a\":[ {\"c\":1, \"b\":[2]} ],\"d\":3}";
    struct assay_json *j = NULL;
    struct assay_buf out;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    assay_buf_init(&out, 100);
    assert_int_equal(
        assay_json_parse(assay_slice_of(text), &limits, "doc", &j, &err),
        ASSAY_OK);
    assert_int_equal(assay_json_canon(j, assay_json_member(j, 0, "a"),
                                      ASSAY_JSON_SORTED, "doc", &out, &err),
                     ASSAY_OK);
    assert_true(assay_slice_is(assay_buf_slice(&out), "[{\"b\":[2],\"c\":1}]"));
    (void)assay_fail(&err, ASSAY_IO, 1, "before");
    assert_int_equal(
        assay_json_canon(j, 0, ASSAY_JSON_SORTED, "doc", &out, &err), ASSAY_IO);
    assert_int_equal(out.len, 17);
    assay_buf_free(&out);
    assay_json_free(j);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(strings),
        cmocka_unit_test(number_rows),
        cmocka_unit_test(numbers_under_another_locale),
        cmocka_unit_test(refused),
        cmocka_unit_test(parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
