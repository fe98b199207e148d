/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_settings.c - a daemon's table of settings: file, environment and command
 * line, which of them counts, and what each refuses.
 */
#include "harness/settings.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/sandbox.h"
#include "harness/unit.h"
#include "io/file.h"

#define FILE_NAME "test_settings.toml"
#define WITH      "-c " FILE_NAME " "

enum { NAME_ROW = 1, CERT_ROW = 3 }; /* of the table */

/* What is read: "" where there is nothing of it. */
struct told {
    const char *file; /* read if the line names it */
    const char *name; /* variables */
    const char *list;
    const char *cert;
    const char *line; /* words, separated by spaces */
};

static void
write_file(const char *text)
{
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(
        assay_file_write(FILE_NAME, assay_slice_of(text), 0600, &err),
        ASSAY_OK);
}

static void
set_variable(const char *name, const char *value)
{
    if (value != NULL) {
        assert_int_equal(setenv(name, value, 1), 0);
    } else {
        assert_int_equal(unsetenv(name), 0);
    }
}

static enum daemon_exit
tell(const struct told *t, struct options *o, struct assay_error *err)
{
    static char copy[512];
    char *argv[32] = {"daemon"};
    int argc = 1;

    write_file(t->file != NULL ? t->file : "");
    set_variable(TEST_ENV_NAME, t->name);
    set_variable(TEST_ENV_LIST, t->list);
    set_variable(TEST_ENV_CERT, t->cert);
    snprintf(copy, sizeof(copy), "%s", t->line != NULL ? t->line : "");
    for (char *w = copy + strspn(copy, " "); *w != '\0';) {
        char *end = w + strcspn(w, " ");

        argv[argc++] = w;
        w = end + strspn(end, " ");
        *end = '\0';
    }
    return settings_read(&test_settings, &o->given, argc, argv, err);
}

static int
clean(void **state)
{
    (void)state;
    remove(FILE_NAME);
    set_variable(TEST_ENV_NAME, NULL);
    set_variable(TEST_ENV_LIST, NULL);
    set_variable(TEST_ENV_CERT, NULL);
    return 0;
}

/* What was told, and the file that says the same. */
static void
test_told(void **state)
{
    static const struct {
        struct told told;
        const char *want;
    } rows[] = {
        {{NULL, NULL, NULL, NULL, NULL}, ""},
        {{.line = "--name a"}, "name = \"a\"\n"},
        {{.line = "-na -l"}, "name = \"a\"\nloud = true\n"},
        {{.line = "-ln a"}, "name = \"a\"\nloud = true\n"},
        {{.line = "--name=a --name b"}, "name = \"b\"\n"},
        {{.line = "--cou 3"}, "count = 3\n"},
        {{.line = "--name 007"}, "name = \"007\"\n"},
        {{.line = "--name a\"\\\x01"}, "name = \"a\\\"\\\\\\u0001\"\n"},
        /* the file alone */
        {{.file = "name = 'f'"}, ""},
        {{.file = "name = 'f'\nwait = 1.5\nloud = true", .line = WITH},
         "name = \"f\"\nwait = \"1.5\"\nloud = true\n"},
        {{.file = "loud = false\nlist = ['x', 'y']", .line = WITH},
         "list = \"x,y\"\n"},
        /* the environment alone */
        {{.name = "e"}, "name = \"e\"\n"},
        {{.list = "x,y"}, "list = \"x,y\"\n"},
        {{.name = "", .list = ""}, ""},
        /* each over those below it */
        {{.file = "name = 'f'", .name = "e", .line = WITH}, "name = \"e\"\n"},
        {{.file = "name = 'f'", .name = "", .line = WITH}, "name = \"f\"\n"},
        {{.name = "e", .line = "--name l"}, "name = \"l\"\n"},
        {{.file = "name = 'f'", .name = "e", .line = WITH "--name l"},
         "name = \"l\"\n"},
        {{.file = "name = 'f'\nlist = 'f'", .name = "e", .line = WITH "-l"},
         "name = \"e\"\nlist = \"f\"\nloud = true\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct told again = {.file = NULL, .line = WITH};
        struct assay_buf text;
        struct assay_error err;
        struct options o;

        assert_int_equal(tell(&rows[i].told, &o, &err), DAEMON_DONE);
        assay_buf_init(&text, SETTINGS_FILE_MAX_BYTES);
        settings_dump(&test_settings, &o.given, &text);
        assay_buf_add_u8(&text, '\0');
        assert_string_equal((const char *)text.ptr, rows[i].want);
        given_free(&o.given);
        again.file = (const char *)text.ptr;
        assert_int_equal(tell(&again, &o, &err), DAEMON_DONE);
        given_free(&o.given);
        assay_buf_free(&text);
    }
}

/* The members that setters write to, whoever said it last. */
static void
test_set(void **state)
{
    struct assay_error err;
    struct options o;

    (void)state;
    assert_int_equal(
        tell(&(struct told){.file = "name = 'f'\nextra = 7\ncount = 2\n"
                                    "list = 'a,b,c'",
                            .name = "e",
                            .list = "x,y",
                            .line = WITH "--count 9 --wait 0.25 --at [::1]:5 "
                                         "--color blue --staple on"},
             &o, &err),
        DAEMON_DONE);
    assert_string_equal(o.name, "e");
    assert_true(o.name != getenv(TEST_ENV_NAME)); /* a copy */
    assert_string_equal(o.extra, "7");
    assert_int_equal(o.list_count, 2);
    assert_string_equal(o.list[1], "y");
    assert_int_equal(o.count, 9);
    assert_int_equal(o.wait_ms, 250);
    assert_int_equal(o.color, 2);
    assert_true(o.staple);
    assert_string_equal(o.at.host, "::1");
    assert_string_equal(o.config, FILE_NAME);
    given_free(&o.given);
    assert_int_equal(tell(&(struct told){.line = "--staple off"}, &o, &err),
                     DAEMON_DONE);
    assert_false(o.staple);
    assert_string_equal(o.name, "nobody");
    given_free(&o.given);
}

/* An identity from outside of the file is in place of the file's. */
static void
test_identity(void **state)
{
    static const struct {
        struct told told;
        const char *cert;
    } rows[] = {
        {{.file = "cert = 'f'", .line = WITH}, "f"},
        {{.file = "cert = 'f'", .cert = "e", .line = WITH}, "e"},
        {{.file = "cert = 'f'", .line = WITH "--cert l"}, "l"},
        {{.file = "cert = 'f'", .cert = "e", .line = WITH "--cert l"}, "l"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_error err;
        struct options o;

        assert_int_equal(tell(&rows[i].told, &o, &err), DAEMON_DONE);
        assert_string_equal(o.cert, rows[i].cert);
        assert_string_equal(o.given.texts[CERT_ROW], rows[i].cert);
        given_free(&o.given);
    }
}

/* Of several identities none of the file is left; a program whose file has
 * settings only. */
static void
test_identities(void **state)
{
    static const struct setting rows[] = {
        {"config", 0, VALUE, set_config, NULL},
        {"name", 0, VALUE | IDENTITY, set_name, TEST_ENV_NAME},
        {"cert", 0, VALUE | IDENTITY, set_cert, NULL},
    };
    static const struct settings all = {
        .rows = rows,
        .count = COUNT_OF(rows),
        .defaults = default_options,
        .forget = forget_cert,
    };
    char *argv[] = {"daemon", "--config", FILE_NAME, "--name", "n", NULL};
    struct assay_error err;
    struct options o;

    (void)state;
    for (int argc = 5; argc >= 3; argc -= 2) {
        write_file("cert = 'f'\n");
        assert_int_equal(settings_read(&all, &o.given, argc, argv, &err),
                         DAEMON_DONE);
        assert_null(o.cert);
        assert_null(o.given.texts[2]);
        assert_string_equal(o.name, "n");
        given_free(&o.given);
        set_variable(TEST_ENV_NAME, "n"); /* the second time */
    }
    write_file("extra = 1\n");
    assert_int_equal(settings_read(&all, &o.given, 3, argv, &err),
                     DAEMON_FAILED);
    assert_string_equal(err.msg, FILE_NAME ": line 1: unknown setting 'extra'");
}

/* --help wins over all that is wrong behind it, and elsewhere. */
static void
test_ends(void **state)
{
    static const struct told rows[] = {
        {.line = "--help --nonsense"},
        {.line = "-h operand"},
        {.file = "nonsense", .line = WITH "-h"},
        {.list = ",", .line = "-h"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_error err;
        struct options o;

        CHECK(rows[i].line, tell(&rows[i], &o, &err) == DAEMON_DONE);
        CHECK(rows[i].line, o.help);
        given_free(&o.given);
    }
}

static void
test_refused(void **state)
{
    static const struct {
        struct told told;
        enum daemon_exit exit;
        const char *message;
    } rows[] = {
        {{.line = "--nane x"},
         DAEMON_USAGE,
         "unknown option '--nane', did you mean '--name'?"},
        {{.line = "--nane=x"},
         DAEMON_USAGE,
         "unknown option '--nane=x', did you mean '--name'?"},
        {{.line = "--zzzzzz"}, DAEMON_USAGE, "unknown option '--zzzzzz'"},
        {{.line = "-z"}, DAEMON_USAGE, "unknown option '-z'"},
        {{.line = "--name"}, DAEMON_USAGE, "option '--name' needs a value"},
        {{.line = "-n"}, DAEMON_USAGE, "option '--name' needs a value"},
        {{.line = "--loud=1"}, DAEMON_USAGE, "option '--loud' takes no value"},
        {{.line = "word"}, DAEMON_USAGE, "unexpected argument 'word'"},
        {{.line = "--nonsense --help"},
         DAEMON_USAGE,
         "unknown option '--nonsense'"},
        {{.line = "--count 0"}, DAEMON_USAGE, "--count: "},
        {{.line = "--count 10"}, DAEMON_USAGE, "--count: "},
        {{.line = "--wait 86401"}, DAEMON_USAGE, "--wait: "},
        {{.line = "--color pink"},
         DAEMON_USAGE,
         "--color: 'pink' is none of red, green, blue"},
        {{.line = "--staple maybe"},
         DAEMON_USAGE,
         "--staple: 'maybe' is neither on nor off"},
        {{.line = "--at nowhere"}, DAEMON_USAGE, "--at: "},
        {{.line = "--list a,"},
         DAEMON_USAGE,
         "--list: 1 to 64 names with commas between them"},
        {{.list = "a,,b"},
         DAEMON_USAGE,
         TEST_ENV_LIST ": --list: 1 to 64 names"},
        {{.list = "a,,b", .line = "--list a"},
         DAEMON_USAGE,
         TEST_ENV_LIST ": "},
        {{.line = "-c none.toml"}, DAEMON_FAILED, "none.toml: "},
        {{.file = "\n\nnane = 'x'", .line = WITH},
         DAEMON_FAILED,
         FILE_NAME ": line 3: unknown setting 'nane', did you mean 'name'?"},
        {{.file = "zzzzzz = 1", .line = WITH},
         DAEMON_FAILED,
         FILE_NAME ": line 1: unknown setting 'zzzzzz'"},
        {{.file = "help = true", .line = WITH},
         DAEMON_FAILED,
         FILE_NAME ": line 1: 'help' can only be said on the command line"},
        {{.file = "loud = 1", .line = WITH},
         DAEMON_FAILED,
         FILE_NAME ": line 1: 'loud' takes true or false"},
        {{.file = "name = ['x']", .line = WITH},
         DAEMON_FAILED,
         FILE_NAME ": line 1: 'name' takes a text or a number"},
        {{.file = "list = ['x', 1]", .line = WITH},
         DAEMON_FAILED,
         FILE_NAME ": line 1: 'list' takes names"},
        {{.file = "name = 'a'\ncount = 10", .line = WITH},
         DAEMON_FAILED,
         FILE_NAME ": line 2: --count: "},
        {{.file = "name = 'a'\n\nextra = ''", .line = WITH},
         DAEMON_FAILED,
         FILE_NAME ": line 3: no extra"},
        {{.file = "extra = true", .line = WITH},
         DAEMON_FAILED,
         FILE_NAME ": line 1: 'extra' takes a text or a number"},
        {{.file = "name =", .line = WITH},
         DAEMON_FAILED,
         FILE_NAME ": line 1: "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_error err;
        struct options o;

        CHECK(rows[i].message, tell(&rows[i].told, &o, &err) == rows[i].exit);
        CHECK(err.msg,
              strncmp(err.msg, rows[i].message, strlen(rows[i].message)) == 0);
        CHECK(rows[i].message, o.given.kept == NULL);
    }
}

/* --- what was given ------------------------------------------------------ */

static void
test_copy(void **state)
{
    struct assay_error err;
    struct given copy;
    struct options o;

    (void)state;
    assert_int_equal(tell(&(struct told){.name = "e"}, &o, &err), DAEMON_DONE);
    assert_int_equal(given_copy(&o.given, &copy, &err), ASSAY_OK);
    given_free(&o.given);
    assert_string_equal(copy.texts[NAME_ROW], "e");
    assert_int_equal(tell(&(struct told){.line = "-n e"}, &o, &err),
                     DAEMON_DONE);
    for (size_t i = 0; i < test_settings.count; i++) {
        assert_true(given_same(&copy, &o.given, i));
    }
    given_free(&o.given);
    assert_int_equal(tell(&(struct told){.line = "-n l"}, &o, &err),
                     DAEMON_DONE);
    assert_false(given_same(&copy, &o.given, NAME_ROW));
    given_free(&o.given);
    assert_int_equal(tell(&(struct told){.line = "-l"}, &o, &err), DAEMON_DONE);
    assert_false(given_same(&copy, &o.given, NAME_ROW));
    assert_false(given_same(&o.given, &copy, NAME_ROW));
    given_free(&o.given);
    given_free(&copy);
}

static void
test_files(void **state)
{
    const struct setting *out = settings_find(&test_settings, "out");
    const struct setting *cert = settings_find(&test_settings, "cert");
    struct sandbox_paths paths = {.count = 0};
    struct assay_error err;
    struct options o;

    (void)state;
    assert_true(setting_is_file(out, "f", WRITES));
    assert_false(setting_is_file(out, "f", READS));
    assert_true(setting_is_file(cert, "f", READS | WRITES));
    assert_false(setting_is_file(out, "off", WRITES));
    assert_false(setting_is_file(out, "stderr", WRITES));
    assert_false(setting_is_file(out, NULL, WRITES));
    assert_int_equal(
        tell(&(struct told){.line = "--cert /x/c --name /y/n --out off"}, &o,
             &err),
        DAEMON_DONE);
    settings_allow_files(&test_settings, &o.given, &paths);
    given_free(&o.given);
    assert_int_equal(tell(&(struct told){.line = "--out /z/o"}, &o, &err),
                     DAEMON_DONE);
    settings_allow_files(&test_settings, &o.given, &paths);
    given_free(&o.given);
    assert_int_equal(paths.count, 2);
    assert_string_equal(paths.list[0].path, "/x");
    assert_false(paths.list[0].write);
    assert_string_equal(paths.list[1].path, "/z");
    assert_true(paths.list[1].write);
    sandbox_paths_free(&paths);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_told, clean),
        cmocka_unit_test_teardown(test_set, clean),
        cmocka_unit_test_teardown(test_identity, clean),
        cmocka_unit_test_teardown(test_identities, clean),
        cmocka_unit_test_teardown(test_ends, clean),
        cmocka_unit_test_teardown(test_refused, clean),
        cmocka_unit_test_teardown(test_copy, clean),
        cmocka_unit_test_teardown(test_files, clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
