/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_serve_settings.c - assay-serve's table of settings: command line and
 * file are one, and every row is documented.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "harness/documents.h"
#include "io/file.h"
#include "programs/serve/help.h"
#include "programs/serve/settings.h"

#define CONFIG "test_serve_settings.toml"
#define GOOD   "backend = 'a:1'\nself-signed = 'n'\n"

static void
write_config(const char *text)
{
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(assay_file_write(CONFIG, assay_slice_of(text), 0600, &err),
                     ASSAY_OK);
}

/* The words of a line, separated by spaces. */
static enum daemon_exit
parse(struct options *o, const char *line, struct assay_error *err)
{
    static char copy[512];
    char *argv[32] = {"assay-serve"};
    int argc = 1;

    snprintf(copy, sizeof(copy), "%s", line);
    for (char *w = copy + strspn(copy, " "); *w != '\0';) {
        char *end = w + strcspn(w, " ");

        argv[argc++] = w;
        w = end + strspn(end, " ");
        *end = '\0';
    }
    return options_parse(o, argc, argv, err);
}

/* The file, then the line, and what both come to. */
static void
test_file_and_line(void **state)
{
    static const struct {
        const char *file;
        const char *line;
        const char *want; /* options_dump() */
    } rows[] = {
        {GOOD, "", "backend = \"a:1\"\nself-signed = \"n\"\n"},
        {GOOD, "--backend b:2", "backend = \"b:2\"\nself-signed = \"n\"\n"},
        {GOOD "verbose = true\nmax-quotes = 3\nidle-timeout = 1.5\n", "",
         "backend = \"a:1\"\nself-signed = \"n\"\nmax-quotes = 3\n"
         "idle-timeout = \"1.5\"\nverbose = true\n"},
        {GOOD "verbose = false\n", "",
         "backend = \"a:1\"\nself-signed = \"n\"\n"},
        {"backend = 'a:1'\nself-signed = ['n', 'm']\n", "",
         "backend = \"a:1\"\nself-signed = \"n,m\"\n"},
        {"backend = 'a:1'\ncert = 'c'\nkey = 'k'\n"
         "[[certificate]]\ncert = 'd'\nkey = \"l\\\"\"\nnames = ['x', 'y']\n",
         "",
         "backend = \"a:1\"\ncert = \"c\"\nkey = \"k\"\n\n[[certificate]]\n"
         "cert = \"d\"\nkey = \"l\\\"\"\nnames = \"x,y\"\n"},
        {GOOD, "--cert c --key k",
         "backend = \"a:1\"\ncert = \"c\"\nkey = \"k\"\n"},
        {"backend = 'a:1'\n[[certificate]]\ncert = 'd'\nkey = 'k'\n",
         "--self-signed n", "backend = \"a:1\"\nself-signed = \"n\"\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_error err;
        struct options o;
        char line[200];

        snprintf(line, sizeof(line), "--config " CONFIG " %s", rows[i].line);
        write_config(rows[i].file);
        /* Again with its own output: it says the same. */
        for (int again = 0; again < 2; again++) {
            struct assay_buf text;

            assert_int_equal(parse(&o, line, &err), DAEMON_DONE);
            assay_buf_init(&text, SETTINGS_FILE_MAX_BYTES);
            options_dump(&o, &text);
            assay_buf_add_u8(&text, '\0');
            assert_string_equal((const char *)text.ptr, rows[i].want);
            write_config((const char *)text.ptr);
            snprintf(line, sizeof(line), "--config " CONFIG);
            assay_buf_free(&text);
            options_free(&o);
        }
    }
    remove(CONFIG);
}

static void
test_certificates(void **state)
{
    struct assay_error err;
    struct options o;

    (void)state;
    write_config("backend = 'a:1'\ncert = 'c'\nkey = 'k'\n"
                 "[[certificate]]\ncert = 'd'\nkey = 'l'\nnames = ['x']\n");
    assert_int_equal(parse(&o, "--config " CONFIG, &err), DAEMON_DONE);
    assert_int_equal(o.certificate_count, 2);
    assert_string_equal(o.certificates[0].cert, "c");
    assert_null(o.certificates[0].names);
    assert_string_equal(o.certificates[1].key, "l");
    assert_string_equal(o.certificates[1].names, "x");
    options_free(&o);
    remove(CONFIG);
}

static void
test_refused(void **state)
{
    static const struct {
        const char *file;
        const char *line;
        enum daemon_exit exit;
        const char *message;
    } rows[] = {
        {"\n\nbakend = 'a:1'\n", "", DAEMON_FAILED,
         "test_serve_settings.toml: line 3: unknown setting 'bakend', did you "
         "mean 'backend'?"},
        {"zzz = 1\n", "", DAEMON_FAILED,
         CONFIG ": line 1: unknown setting 'zzz'"},
        {"check = true\n", "", DAEMON_FAILED,
         CONFIG ": line 1: 'check' can only be said on the command line"},
        {"config = 'x'\n", "", DAEMON_FAILED,
         CONFIG ": line 1: 'config' can only be said on the command line"},
        {"verbose = 1\n", "", DAEMON_FAILED,
         CONFIG ": line 1: 'verbose' takes true or false"},
        {"backend = true\n", "", DAEMON_FAILED,
         CONFIG ": line 1: 'backend' takes a text or a number"},
        {"backend = ['a:1']\n", "", DAEMON_FAILED,
         CONFIG ": line 1: 'backend' takes a text or a number"},
        {"backend = \"a:1\\u0000\"\n", "", DAEMON_FAILED,
         CONFIG ": line 1: longer than"},
        {"self-signed = ['a', 1]\n", "", DAEMON_FAILED,
         CONFIG ": line 1: 'self-signed' takes names"},
        {"self-signed = ['a', 'b,c']\n", "", DAEMON_FAILED,
         CONFIG ": line 1: 'self-signed' takes names"},
        {"\nmax-quotes = -1\n", "", DAEMON_FAILED,
         CONFIG ": line 2: --max-quotes: '-1' is not a number"},
        {"backend = 'a:1'\nbackend = 'b:1'\n", "", DAEMON_FAILED,
         CONFIG ": line 2: "},
        {"[certificate]\ncert = 'c'\n", "", DAEMON_FAILED,
         CONFIG ": line 1: certificates are tables"},
        {"certificate = []\n", "", DAEMON_FAILED,
         CONFIG ": line 1: certificates are tables"},
        {"[[certificate]]\ncert = 'c'\n", "", DAEMON_FAILED,
         CONFIG ": line 1: this certificate lacks"},
        {"[[certificate]]\ncert = 'c'\nkey = 'k'\nkeys = 'k'\n", "",
         DAEMON_FAILED,
         CONFIG ": line 4: a certificate has cert, key and names, not 'keys'"},
        {"[more]\nx = 1\n", "", DAEMON_FAILED,
         CONFIG ": line 1: unknown setting 'more'"},
        {GOOD, "--bakend b:1", DAEMON_USAGE,
         "unknown option '--bakend', did you mean '--backend'?"},
        {"self-signed = 'n'\n", "", DAEMON_USAGE, "--backend is missing"},
        {GOOD "cert = 'c'\nkey = 'k'\n", "", DAEMON_USAGE,
         "--cert with --key and --self-signed exclude each other"},
        {GOOD, "--cert c", DAEMON_USAGE, "--cert and --key go together"},
        {GOOD, "--config none.toml", DAEMON_FAILED, "none.toml: "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_error err;
        struct options o;
        char line[200];

        snprintf(line, sizeof(line), "--config " CONFIG " %s", rows[i].line);
        write_config(rows[i].file);
        CHECK(rows[i].message, parse(&o, line, &err) == rows[i].exit);
        CHECK(err.msg,
              strncmp(err.msg, rows[i].message, strlen(rows[i].message)) == 0);
    }
    remove(CONFIG);
}

static void
test_too_many_certificates(void **state)
{
    struct assay_error err;
    struct options o;
    struct assay_buf text;

    (void)state;
    assay_buf_init(&text, SETTINGS_FILE_MAX_BYTES);
    for (unsigned i = 0; i <= SERVE_CERTIFICATES_MAX; i++) {
        assay_buf_add_text(&text, "[[certificate]]\ncert='c'\nkey='k'\n");
    }
    options_default(&o);
    assert_int_equal(settings_take_text(&serve_settings, &o.given,
                                        assay_buf_slice(&text), "x", &err),
                     ASSAY_TOO_LARGE);
    options_free(&o);
    assay_buf_free(&text);
}

/* --- documents ---------------------------------------------------------- */

static void
test_documented(void **state)
{
    static const char page_path[] = "docs/serve.md";
    char *man = document_read("docs/man/assay-serve.1.scd");
    char *page = document_read(page_path);
    char *completion = document_part("programs/assay/cmd_completion.c",
                                     "serve_options[] = {", "};");
    char *fixed = document_part(page_path, "What only a restart changes",
                                "A self-signed certificate stays");

    (void)state;
    for (size_t i = 0; i < serve_settings.count; i++) {
        const char *name = serve_settings.rows[i].name;

        CHECK(name, strlen(name) <= 32);
        CHECK(name, helps(serve_help, name));
        CHECK(name, mentions(man, "*--", name));
        CHECK(name, mentions(completion, "\"", name));
        CHECK(name, (serve_settings.rows[i].kind & LINE_ONLY) != 0 ||
                        mentions(page, "`", name));
        CHECK(name, ((serve_settings.rows[i].kind & AT_START) != 0) ==
                        mentions(fixed, "`", name));
    }
    free(fixed);
    free(man);
    free(page);
    free(completion);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_and_line),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_too_many_certificates),
        cmocka_unit_test(test_documented),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
