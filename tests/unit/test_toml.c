/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_toml.c - what the TOML reader reads and what it refuses, and where. The
 * public suite (tests/toml/run.py) goes further into the grammar.
 */
#include "base/toml.h"

#include <stdio.h>

#include "base/buf.h"
#include "harness/unit.h"

#define BAD ASSAY_MALFORMED
#define CUT ASSAY_TRUNCATED

static const struct assay_json_limits limits = {4096, 8, 200};

static enum assay_code
parse(struct assay_slice text, struct assay_toml **out, struct assay_error *err)
{
    struct assay_slice copy = exact_copy(text);
    enum assay_code code;

    *out = (struct assay_toml *)(uintptr_t)1;
    assay_error_clear(err);
    code = assay_toml_parse(copy, &limits, "doc", out, err);
    assert_true((*out != NULL) == (code == ASSAY_OK));
    assert_int_equal(code, err->code);
    free((void *)copy.ptr);
    return code;
}

static struct assay_toml *
read_toml(const char *text)
{
    struct assay_toml *t = NULL;
    struct assay_error err;

    if (parse(assay_slice_of(text), &t, &err) != ASSAY_OK) {
        fail_msg("%s: %s", text, err.msg);
    }
    return t;
}

static uint32_t
find(const struct assay_toml *t, uint32_t node, const char *key)
{
    return assay_toml_find(t, node, assay_slice_of(key));
}

/* --- refusals -------------------------------------------------------------
 */

#define VALUE(value, code, msg, offset)                                        \
    {"value " value, "k = " value, code, "doc: TOML " msg, 4 + (offset)}
#define NO_VALUE(value)                                                        \
    VALUE(value, BAD, "has '" value "', which is no value", 0)
#define NO_DATE(value)                                                         \
    VALUE(value, BAD, "has '" value "', which is no date or time", 0)

static const struct {
    const char *name;
    const char *text;
    enum assay_code code;
    const char *msg;
    size_t offset;
} refused[] = {
    /* bytes */
    {"byte order mark", "\xef\xbb\xbfk = 1", BAD,
     "doc: TOML starts with a byte order mark", 0},
    {"byte order mark later", "k = 1\n\xef\xbb\xbf", BAD, "doc: TOML has '", 6},
    {"bare CR", "k = 1\rl = 2", BAD, "doc: TOML has a carriage return", 5},
    {"bare CR at the end", "k = 1\r", BAD, "doc: TOML has a carriage", 5},
    {"bare CR in a comment", "# a\rb\n", BAD, "doc: TOML has a carriage", 3},
    {"control character", "k = \"\x01\"", BAD, "doc: TOML has a control", 5},
    {"control character in a comment", "#\x1f", BAD, "doc: TOML has a con", 1},
    {"delete", "k = '\x7f'", BAD, "doc: TOML has a control character", 5},
    {"form feed", "k = 1\f", BAD, "doc: TOML has a control character", 5},
    {"no UTF-8", "k = '\xff'", BAD, "doc: TOML is not UTF-8", 5},
    {"no UTF-8 in a comment", "# \xc0\xaf", BAD, "doc: TOML is not UTF-8", 2},
    {"surrogate", "k = '\xed\xa0\x80'", BAD, "doc: TOML is not UTF-8", 5},
    {"half a character", "# \xe2\x82", BAD, "doc: TOML is not UTF-8", 2},
    /* lines */
    {"no key", "= 1", BAD, "doc: TOML has '=' where a key should stand", 0},
    {"no equals sign", "k 1", BAD, "doc: TOML has '1' where '=' should", 2},
    {"key alone", "k", CUT, "doc: TOML ends where '=' should stand", 1},
    {"key alone in its line", "k\n", BAD, "doc: TOML line ends where '='", 1},
    {"no value", "k =", CUT, "doc: TOML ends where a value should stand", 3},
    {"no value in the line", "k = \n1", BAD, "doc: TOML line ends where a", 4},
    {"no value, a comment", "k = # 1", BAD, "doc: TOML has '#' where a v", 4},
    {"two values", "k = 1 2", BAD, "doc: TOML has '2' where the end of", 6},
    {"two pairs", "k = 1, l = 2", BAD, "doc: TOML has ',' where the end", 5},
    {"dot first", ".k = 1", BAD, "doc: TOML has '.' where a key should", 0},
    {"dot last", "k. = 1", BAD, "doc: TOML has '=' where a key should", 3},
    {"two dots", "k..l = 1", BAD, "doc: TOML has '.' where a key should", 2},
    {"bare key beyond ASCII", "\xc3\xa4 = 1", BAD, "doc: TOML has '", 0},
    {"key of three quotes", "\"\"\"k\"\"\" = 1", BAD,
     "doc: TOML key has three quotes", 0},
    {"key over two lines", "\"k\n\" = 1", BAD, "doc: TOML line ends", 2},
    /* strings */
    VALUE("\"x", CUT, "ends where the rest of a string should stand", 2),
    VALUE("\"x\n\"", BAD, "line ends where the rest of a string", 2),
    VALUE("'x\r\n'", BAD, "line ends where the rest of a string", 2),
    VALUE("'x", CUT, "ends where the rest of a string should stand", 2),
    VALUE("\"\"\"x\"\"", CUT, "ends where the rest of a string", 6),
    VALUE("'''x''", CUT, "ends where the rest of a string", 6),
    VALUE("\"\"\"x\"\"\"\"\"\"", BAD, "has '\"' where the end", 9),
    VALUE("\"\\", CUT, "ends where an escape should stand", 2),
    VALUE("\"\\x41\"", BAD, "string has an unknown escape", 1),
    VALUE("\"\\e\"", BAD, "string has an unknown escape", 1),
    VALUE("\"\\ \"", BAD, "string has an unknown escape", 1),
    VALUE("\"\"\"\\ x\"\"\"", BAD, "has 'x' where the end of the line", 5),
    VALUE("\"\\u12\"", BAD, "has '\"' where a hex digit should stand", 5),
    VALUE("\"\\u12g4\"", BAD, "has 'g' where a hex digit", 5),
    VALUE("\"\\U0041\"", BAD, "has '\"' where a hex digit", 7),
    VALUE("\"\\ud800\"", BAD, "escape names no character", 1),
    VALUE("\"\\udfff\"", BAD, "escape names no character", 1),
    VALUE("\"\\U00110000\"", BAD, "escape names no character", 1),
    VALUE("\"\\Uffffffff\"", BAD, "escape names no character", 1),
    /* numbers */
    NO_VALUE("01"),
    NO_VALUE("-01"),
    NO_VALUE("1_"),
    NO_VALUE("_1"),
    NO_VALUE("1__0"),
    NO_VALUE("+"),
    NO_VALUE("++1"),
    NO_VALUE("0x"),
    NO_VALUE("0xg"),
    NO_VALUE("0x_1"),
    NO_VALUE("0x1_"),
    NO_VALUE("+0x1"),
    NO_VALUE("0X1"),
    NO_VALUE("0o8"),
    NO_VALUE("0b2"),
    NO_VALUE("1."),
    NO_VALUE(".1"),
    NO_VALUE("1.e1"),
    NO_VALUE("1._1"),
    NO_VALUE("1e"),
    NO_VALUE("1e+"),
    NO_VALUE("1e1.0"),
    NO_VALUE("00.1"),
    NO_VALUE("1.0.0"),
    NO_VALUE("INF"),
    NO_VALUE("infinity"),
    NO_VALUE("True"),
    NO_VALUE("truer"),
    NO_VALUE("null"),
    NO_VALUE("yes"),
    VALUE("9223372036854775808", BAD,
          "has '9223372036854775808', which is no integer of 64 bits", 0),
    VALUE("-9223372036854775809", BAD, "has '-9223372036854775809', which", 0),
    VALUE("0x8000000000000000", BAD, "has '0x8000000000000000', which is", 0),
    /* date-times */
    NO_DATE("2026-02-29"),
    NO_DATE("2100-02-29"),
    NO_DATE("2026-00-01"),
    NO_DATE("2026-13-01"),
    NO_DATE("2026-01-00"),
    NO_DATE("2026-04-31"),
    NO_DATE("2026-12-32"),
    NO_DATE("2026-1-01"),
    NO_DATE("2026-01-01T"),
    NO_DATE("2026-01-01T10"),
    NO_DATE("2026-01-01T10:00"),
    NO_DATE("2026-01-01T10:00Z"),
    NO_DATE("2026-01-01T24:00:00"),
    NO_DATE("2026-01-01T00:60:00"),
    NO_DATE("2026-01-01T00:00:61"),
    NO_DATE("2026-01-01T00:00:00."),
    NO_DATE("2026-01-01T00:00:00.Z"),
    NO_DATE("2026-01-01T00:00:00+1:00"),
    NO_DATE("2026-01-01T00:00:00+24:00"),
    NO_DATE("2026-01-01T00:00:00+01:60"),
    NO_DATE("2026-01-01T00:00:00ZZ"),
    NO_DATE("10:00"),
    NO_DATE("10:00:00Z"),
    VALUE("2026-01-01  10:00:00", BAD, "has '1' where the end of", 12),
    /* arrays and inline tables */
    VALUE("[", CUT, "ends where a value should stand", 1),
    VALUE("[1", CUT, "ends where ',' or ']' should stand", 2),
    VALUE("[1 2]", BAD, "has '2' where ',' or ']' should stand", 3),
    VALUE("[,]", BAD, "has ',' where a value should stand", 1),
    VALUE("[1,,]", BAD, "has ',' where a value should stand", 3),
    VALUE("[1}", BAD, "has '}' where ',' or ']' should stand", 2),
    VALUE("[k = 1]", BAD, "has 'k', which is no value", 1),
    VALUE("{", CUT, "ends where a key should stand", 1),
    VALUE("{a = 1", CUT, "ends where ',' or '}' should stand", 6),
    VALUE("{a = 1,}", BAD, "has '}' where a key should stand", 7),
    VALUE("{,}", BAD, "has ',' where a key should stand", 1),
    VALUE("{a = 1]", BAD, "has ']' where ',' or '}' should stand", 6),
    VALUE("{\na = 1}", BAD, "line ends where a key should stand", 1),
    VALUE("{a = 1\n}", BAD, "line ends where ',' or '}' should stand", 6),
    VALUE("{a = 1, a = 2}", BAD, "key 'a' stands twice", 8),
    VALUE("{a.b = 1, a = 2}", BAD, "key 'a' stands twice", 10),
    VALUE("{a = {}, a.b = 2}", BAD, "key 'a' is a table that is complete", 9),
    /* headers */
    {"open header", "[a", CUT, "doc: TOML ends where ']' should stand", 2},
    {"empty header", "[]", BAD, "doc: TOML has ']' where a key should", 1},
    {"half a double header", "[[a]", CUT, "doc: TOML ends where ']'", 4},
    {"apart", "[[a] ]", BAD, "doc: TOML has ' ' where ']' should stand", 4},
    {"header and pair", "[a] k = 1", BAD, "doc: TOML has 'k' where the e", 4},
    {"header over lines", "[a\n]", BAD, "doc: TOML line ends where ']'", 2},
    /* what is defined twice */
    {"key", "k = 1\nk = 2", BAD, "doc: TOML key 'k' stands twice", 6},
    {"key, once quoted", "k = 1\n\"\\u006b\" = 2", BAD,
     "doc: TOML key 'k' stands twice", 6},
    {"table", "[a]\n[a]", BAD, "doc: TOML key 'a' is defined twice", 5},
    {"table over a value", "a = 1\n[a]", BAD, "doc: TOML key 'a' is def", 7},
    {"table below a value", "a = 1\n[a.b]", BAD, "doc: TOML key 'a' is no", 7},
    {"table over an inline one", "a = {}\n[a]", BAD, "doc: TOML key 'a'", 8},
    {"table below an inline one", "a = {}\n[a.b]", BAD,
     "doc: TOML key 'a' is a table that is complete", 8},
    {"table over tables", "[[a]]\n[a]", BAD, "doc: TOML key 'a' is def", 7},
    {"tables over a table", "[a]\n[[a]]", BAD,
     "doc: TOML key 'a' is no array of tables", 6},
    {"tables over an array", "a = []\n[[a]]", BAD,
     "doc: TOML key 'a' is no array of tables", 9},
    {"tables below an array", "a = [{}]\n[[a.b]]", BAD,
     "doc: TOML key 'a' is no table", 11},
    {"table over a dotted one", "a.b = 1\n[a]", BAD, "doc: TOML key 'a'", 9},
    {"value over a dotted one", "a.b = 1\na = 1", BAD,
     "doc: TOML key 'a' stands twice", 8},
    {"dotted over a value", "a = 1\na.b = 1", BAD,
     "doc: TOML key 'a' is no table", 6},
    {"dotted over an inline one", "a = {}\na.b = 1", BAD,
     "doc: TOML key 'a' is a table that is complete", 7},
    {"dotted over a table", "[a.b]\n[a]\nb.c = 1", BAD,
     "doc: TOML key 'b' is a table that is complete", 10},
    {"dotted over tables", "[[a.b]]\n[a]\nb.c = 1", BAD,
     "doc: TOML key 'b' is no table", 12},
    /* limits */
    {"9 levels", "k = [[[[[[[[]]]]]]]]", ASSAY_TOO_LARGE,
     "doc: TOML has more than 8 levels", 11},
    {"9 levels by dots", "a.b.c.d.e.f.g.h.i = 1", ASSAY_TOO_LARGE,
     "doc: TOML has more than 8 levels", 14},
    {"9 levels by a header", "[a.b.c.d.e.f.g.h]", ASSAY_TOO_LARGE,
     "doc: TOML has more than 8 levels", 0},
    {"9 levels, the header's own parts", "[a.b.c.d.e.f.g.h.i]", ASSAY_TOO_LARGE,
     "doc: TOML has more than 8 levels", 15},
};

static void
test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct assay_toml *t;
        struct assay_error err;

        (void)parse(assay_slice_of(refused[i].text), &t, &err);
        check_error(refused[i].name, &err, refused[i].code, refused[i].msg,
                    refused[i].offset);
    }
}

static void
test_limits(void **state)
{
    struct assay_buf b;
    struct assay_error err;
    struct assay_toml *t;

    (void)state;
    assay_buf_init(&b, 1u << 16);
    assay_buf_add_text(&b, "k = [");
    for (int i = 0; i < 198; i++) { /* and the root, and the array */
        assay_buf_add_text(&b, "1,");
    }
    assay_buf_add_text(&b, "]");
    assert_int_equal(parse(assay_buf_slice(&b), &t, &err), ASSAY_OK);
    assay_toml_free(t);
    b.len--;
    assay_buf_add_text(&b, "1]");
    assert_int_equal(parse(assay_buf_slice(&b), &t, &err), ASSAY_TOO_LARGE);
    check_error("201 values", &err, ASSAY_TOO_LARGE,
                "doc: TOML has more than 200 values", b.len - 2);
    b.len = 0;
    while (b.len < 4096) {
        assay_buf_add_text(&b, "\n");
    }
    assert_int_equal(parse(assay_buf_slice(&b), &t, &err), ASSAY_OK);
    assay_toml_free(t);
    assay_buf_add_text(&b, "\n");
    (void)parse(assay_buf_slice(&b), &t, &err);
    check_error("4097 bytes", &err, ASSAY_TOO_LARGE,
                "doc: TOML of 4097 bytes, at most 4096 are read", 4096);
    assay_buf_free(&b);
    assay_toml_free(NULL);
}

/* --- what is read --------------------------------------------------------- */

static void
test_integers(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {
        {"k=0", 0},
        {"k=+0", 0},
        {"k=-0", 0},
        {"k=+7", 7},
        {"k=-7", -7},
        {"k=1_000", 1000},
        {"k=9223372036854775807", INT64_MAX},
        {"k=-9223372036854775808", INT64_MIN},
        {"k=0xDead_beef", 0xdeadbeef},
        {"k=0x7fffffffffffffff", INT64_MAX},
        {"k=0o755", 0755},
        {"k=0b1010_1010", 0xaa},
        {"k=0x00", 0},
        {"k=0xe1", 0xe1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_toml *t = read_toml(rows[i].text);
        uint32_t k = find(t, ASSAY_TOML_ROOT, "k");

        CHECK(rows[i].text, assay_toml_type(t, k) == ASSAY_TOML_INTEGER);
        CHECK(rows[i].text, assay_toml_integer(t, k) == rows[i].value);
        assay_toml_free(t);
    }
}

static void
test_texts(void **state)
{
    static const struct {
        const char *text;
        enum assay_toml_type type;
        const char *value;
    } rows[] = {
        {"k=1.50", ASSAY_TOML_FLOAT, "1.50"},
        {"k=+1_0.5_0e+1_0", ASSAY_TOML_FLOAT, "10.50e+10"},
        {"k=-0.0", ASSAY_TOML_FLOAT, "-0.0"},
        {"k=1e06", ASSAY_TOML_FLOAT, "1e06"},
        {"k=100e-5", ASSAY_TOML_FLOAT, "100e-5"},
        {"k=+inf", ASSAY_TOML_FLOAT, "inf"},
        {"k=-inf", ASSAY_TOML_FLOAT, "-inf"},
        {"k=-nan", ASSAY_TOML_FLOAT, "nan"},
        {"k=2024-02-29", ASSAY_TOML_LOCAL_DATE, "2024-02-29"},
        {"k=2000-02-29#", ASSAY_TOML_LOCAL_DATE, "2000-02-29"},
        {"k=2026-12-31 ", ASSAY_TOML_LOCAL_DATE, "2026-12-31"},
        {"k=07:32:00", ASSAY_TOML_LOCAL_TIME, "07:32:00"},
        {"k=07:32:00.999999", ASSAY_TOML_LOCAL_TIME, "07:32:00.999999"},
        {"k=1979-05-27T07:32:00", ASSAY_TOML_LOCAL_DATETIME,
         "1979-05-27T07:32:00"},
        {"k=1979-05-27 07:32:60z", ASSAY_TOML_OFFSET_DATETIME,
         "1979-05-27T07:32:60Z"},
        {"k=1979-05-27t00:32:00.5-07:00", ASSAY_TOML_OFFSET_DATETIME,
         "1979-05-27T00:32:00.5-07:00"},
        {"k=\"\"", ASSAY_TOML_STRING, ""},
        {"k=''", ASSAY_TOML_STRING, ""},
        {"k=\"\\b\\t\\n\\f\\r\\\"\\\\\\u00e9\\U0001F600\"", ASSAY_TOML_STRING,
         "\b\t\n\f\r\"\\\xc3\xa9\xf0\x9f\x98\x80"},
        {"k='\\n\"'", ASSAY_TOML_STRING, "\\n\""},
        {"k=\"\"\"\r\na\r\nb\n\"\"\"", ASSAY_TOML_STRING, "a\nb\n"},
        {"k=\"\"\"a \\ \r\n\n \t b\"\"\"", ASSAY_TOML_STRING, "a b"},
        {"k=\"\"\"\"\"a\"\"b\"\"\"\"\"", ASSAY_TOML_STRING, "\"\"a\"\"b\"\""},
        {"k='''\n''a\\'''''", ASSAY_TOML_STRING, "''a\\''"},
        {"k=\"\"\"\"\"\"", ASSAY_TOML_STRING, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_toml *t = read_toml(rows[i].text);
        uint32_t k = find(t, ASSAY_TOML_ROOT, "k");

        CHECK(rows[i].text, assay_toml_type(t, k) == rows[i].type);
        CHECK(rows[i].text,
              assay_slice_is(assay_toml_text(t, k), rows[i].value));
        assay_toml_free(t);
    }
}

static void
test_tree(void **state)
{
    static const char text[] =
        "a.b.c = 1 # dotted\n"
        "'a'.\"b\" . d = true\n"
        "list = [ # comment\n 1, 'x',\n [], {y.z = 2},]\n"
        "[t.u.v]\nw = 3\n"
        "[t]\nu.x = 4\n"
        "[[s.l]]\nn = 1\n[[s.l]]\nn = 2\n"
        "[s.l.sub]\nm = 5\n";
    struct assay_toml *t = read_toml(text);
    uint32_t b = find(t, find(t, ASSAY_TOML_ROOT, "a"), "b");
    uint32_t list = find(t, ASSAY_TOML_ROOT, "list");
    uint32_t u = find(t, find(t, ASSAY_TOML_ROOT, "t"), "u");
    uint32_t l = find(t, find(t, ASSAY_TOML_ROOT, "s"), "l");
    uint32_t second = assay_toml_next(t, assay_toml_first(t, l));
    uint32_t item;

    (void)state;
    assert_int_equal(assay_toml_count(t, ASSAY_TOML_ROOT), 4);
    assert_int_equal(assay_toml_count(t, b), 2);
    assert_int_equal(assay_toml_integer(t, find(t, b, "c")), 1);
    assert_true(assay_toml_boolean(t, find(t, b, "d")));
    assert_int_equal(assay_toml_offset(t, b), 2);
    assert_int_equal(assay_toml_offset(t, find(t, b, "c")), 8);
    assert_int_equal(assay_toml_count(t, list), 4);
    item = assay_toml_next(
        t, assay_toml_next(t, assay_toml_next(t, assay_toml_first(t, list))));
    assert_int_equal(assay_toml_integer(t, find(t, find(t, item, "y"), "z")),
                     2);
    assert_int_equal(assay_toml_next(t, item), ASSAY_TOML_NONE);
    assert_true(assay_slice_is(assay_toml_key(t, list), "list"));
    assert_true(assay_slice_is(assay_toml_key(t, item), ""));
    assert_int_equal(assay_toml_integer(t, find(t, find(t, u, "v"), "w")), 3);
    assert_int_equal(assay_toml_integer(t, find(t, u, "x")), 4);
    assert_int_equal(assay_toml_count(t, l), 2);
    assert_int_equal(assay_toml_integer(t, find(t, second, "n")), 2);
    assert_int_equal(
        assay_toml_integer(t, find(t, find(t, second, "sub"), "m")), 5);
    /* what is not there */
    item = find(t, ASSAY_TOML_ROOT, "lis");
    assert_int_equal(item, ASSAY_TOML_NONE);
    assert_int_equal(find(t, list, "x"), ASSAY_TOML_NONE);
    assert_int_equal(assay_toml_first(t, item), ASSAY_TOML_NONE);
    assert_int_equal(assay_toml_next(t, item), ASSAY_TOML_NONE);
    assert_int_equal(assay_toml_count(t, item), 0);
    assert_int_equal(assay_toml_offset(t, item), ASSAY_NO_OFFSET);
    assert_int_equal(assay_toml_key(t, item).len, 0);
    assert_int_equal(assay_toml_text(t, item).len, 0);
    assert_int_equal(assay_toml_integer(t, list), 0);
    assert_false(assay_toml_boolean(t, list));
    assay_toml_free(t);
}

/* A cut either reads as less or is refused; nothing is read behind it. */
static void
test_truncated(void **state)
{
    static const char text[] =
        "a.'b' = [1, {c = \"\\u00e9\"}, '''\nx'''] # \xc3\xa9\r\n"
        "[t.\"u\"]\nd = 2026-11-20 10:00:00.5+01:00\nf = 1_0.5e-3\n"
        "[[l]]\ns = \"\"\"a\\\n  b\"\"\"\n";

    (void)state;
    for (size_t len = 0; len <= strlen(text); len++) {
        struct assay_toml *t;
        struct assay_error err;

        (void)parse((struct assay_slice){(const uint8_t *)text, len}, &t, &err);
        assert_true(err.code == ASSAY_OK || err.offset <= len);
        assay_toml_free(t);
    }
}

static void
test_place(void **state)
{
    static const struct {
        size_t offset, line, column;
    } rows[] = {{0, 1, 1}, {1, 1, 2},  {3, 1, 3},  {4, 2, 1},
                {6, 3, 1}, {10, 3, 5}, {11, 3, 5}, {ASSAY_NO_OFFSET, 3, 5}};
    struct assay_slice text = assay_slice_of("a\xc3\xa4\n\r\nabcd");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_text_place p = assay_text_place(text, rows[i].offset);

        assert_int_equal(p.line, rows[i].line);
        assert_int_equal(p.column, rows[i].column);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_limits),
        cmocka_unit_test(test_integers), cmocka_unit_test(test_texts),
        cmocka_unit_test(test_tree),     cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
