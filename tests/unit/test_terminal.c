/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_terminal.c - what of strangers' text reaches a terminal.
 */
#include "base/bytes.h"
#include "harness/unit.h"
#include "programs/assay/terminal.h"

static const struct {
    const char *name;
    const char *in;
    const char *out;
} rows[] = {
    {"plain", "a ~ b", "a ~ b"},
    {"nothing", "", ""},
    {"letters", "na\xc3\xafve \xe6\xb8\xac \xf0\x9f\x94\x92",
     "na\xc3\xafve \xe6\xb8\xac \xf0\x9f\x94\x92"},
    {"escape", "\033[31mred\033]0;t\007", "?[31mred?]0;t?"},
    {"carriage return", "good\revil", "good?evil"},
    {"line feed and tab", "a\nb\tc", "a?b?c"},
    {"DEL", "a\177b", "a?b"},
    {"first and last of C1", "\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "???\xc2\xa0"},
    {"C1 as one octet",
     "\x9b"
     "31m",
     "?31m"},
    {"right to left",
     "a\xe2\x80\xae"
     "b\xe2\x80\xac",
     "a?b?"},
    {"isolates",
     "\xe2\x81\xa6"
     "b\xe2\x81\xa9",
     "?b?"},
    {"Arabic letter mark", "\xd8\x9c", "?"},
    {"line separator",
     "a\xe2\x80\xa8"
     "b",
     "a?b"},
    {"no width",
     "a\xe2\x80\x8b"
     "b\xef\xbb\xbf",
     "a?b?"},
    {"a dash is shown",
     "a\xe2\x80\x93"
     "b",
     "a\xe2\x80\x93"
     "b"},
    {"tags", "\xf3\xa0\x81\x81", "?"},
    {"overlong", "\xc0\x9b", "??"},
    {"cut within a character", "a\xe2\x80", "a??"},
};

/* What a function writes, as a string. */
static char written[256];

static FILE *
open_file(void)
{
    FILE *to;

    memset(written, 0, sizeof(written));
    to = fmemopen(written, sizeof(written), "w");
    assert_non_null(to);
    return to;
}

static void
characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        FILE *to = open_file();

        terminal_put_text(to, rows[i].in);
        assert_int_equal(fclose(to), 0);
        if (strcmp(written, rows[i].out) != 0) {
            fail_msg("%s: '%s'", rows[i].name, written);
        }
    }
}

static void
nul_is_hidden(void **state)
{
    static const uint8_t text[] = {'a', 0, 'b'};
    FILE *to = open_file();

    (void)state;
    terminal_put(to, ASSAY_SLICE(text));
    assert_int_equal(fclose(to), 0);
    assert_string_equal(written, "a?b");
}

static void
lines(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } texts[] = {
        {"", ""},
        {"a\n", "  a\n"},
        {"a\n\nb\tc\r\n", "  a\n  \n  b\tc?\n"},
        {"\033a", "  ?a"},
        {"\tb", "  \tb"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        FILE *to = open_file();

        terminal_put_lines(to, assay_slice_of(texts[i].in), "  ");
        assert_int_equal(fclose(to), 0);
        assert_string_equal(written, texts[i].out);
    }
}

static void
documents(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } texts[] = {
        {"", ""},
        {"{\"a\": \"\\u001b\"}\n", "{\"a\": \"\\u001b\"}\n"},
        {"\"\x7f\xc2\x80\xc2\x9f\xc2\xa0\"",
         "\"\\u007f\\u0080\\u009f\xc2\xa0\""},
        {"\"\\\\\x7f\"", "\"\\\\\\u007f\""},
        {"\"\xe2\x80\xae\xc2", "\"\xe2\x80\xae\xc2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        FILE *to = open_file();

        terminal_put_document(to, assay_slice_of(texts[i].in));
        assert_int_equal(fclose(to), 0);
        assert_string_equal(written, texts[i].out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters),
        cmocka_unit_test(nul_is_hidden),
        cmocka_unit_test(lines),
        cmocka_unit_test(documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
