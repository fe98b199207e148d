/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_site.c - what visits use: files of tokens, where the bridge
 * itself listens, and who holds a site.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "daemon/token.h"
#include "harness/folder.h"
#include "harness/unit.h"
#include "io/file.h"
#include "programs/bridge/site.h"

#define ALLOW "a.example, localhost:9000, 127.0.0.2:9000"

static char folder[] = "/tmp/assay-site.XXXXXX";

static int
setup(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    folder_clear(folder);
    return rmdir(folder);
}

static enum assay_code
make(const char *token_file, struct site **out, struct assay_error *err)
{
    struct options o = {
        .allow = ALLOW,
        .allow_private = "",
        .path = "/",
        .origins = "",
        .token_file = token_file,
    };

    return site_new(&o, out, err);
}

/* --- tokens -------------------------------------------------------------- */

/* A token of so many octets, and what is behind it. */
static const struct {
    const char *name;
    size_t len;
    const char *behind;
    size_t behind_len;
    mode_t mode;
    bool good;
} tokens[] = {
    {"one line", 10, "\n", 1, 0600, true},
    {"no end of line", 10, "", 0, 0400, true},
    {"CR and LF", 10, "\r\n", 2, 0600, true},
    {"the shortest", 1, "\n", 1, 0600, true},
    {"the longest", TOKEN_MAX_BYTES, "\r\n", 2, 0600, true},
    {"too long", TOKEN_MAX_BYTES + 1, "\n", 1, 0600, false},
    {"too long without a line", TOKEN_MAX_BYTES + 2, "", 0, 0600, false},
    {"far too long", 100000, "\n", 1, 0600, false},
    {"empty", 0, "", 0, 0600, false},
    {"an empty line", 0, "\n", 1, 0600, false},
    {"two words", 10, " a", 2, 0600, false},
    {"two lines", 10, "\na", 2, 0600, false},
    {"a comma", 10, ",", 1, 0600, false},
    {"a NUL", 10, "\0", 1, 0600, false},
    {"no ASCII", 10, "\xc3\xa9", 2, 0600, false},
    {"for a group", 10, "\n", 1, 0640, false},
    {"for everybody", 10, "\n", 1, 0604, false},
};

static void
write_token(const char *path, size_t i)
{
    struct assay_error err;
    struct assay_buf text;

    assay_error_clear(&err);
    assay_buf_init(&text, 1u << 17);
    for (size_t n = 0; n < tokens[i].len; n++) {
        assay_buf_add_u8(&text, 't');
    }
    assay_buf_add(&text, (struct assay_slice){(const uint8_t *)tokens[i].behind,
                                              tokens[i].behind_len});
    assert_int_equal(
        assay_file_write(path, assay_buf_slice(&text), tokens[i].mode, &err),
        ASSAY_OK);
    assert_int_equal(chmod(path, tokens[i].mode), 0);
    assay_buf_free(&text);
}

static void
token_files(void **state)
{
    char path[128];

    (void)state;
    snprintf(path, sizeof(path), "%s/token", folder);
    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        struct assay_error err;
        struct site *s;

        write_token(path, i);
        CHECK(tokens[i].name,
              (make(path, &s, &err) == ASSAY_OK) == tokens[i].good);
        if (s != NULL) {
            assert_int_equal(strlen(s->rules.token), tokens[i].len);
            assert_int_equal(strspn(s->rules.token, "t"), tokens[i].len);
        } else {
            assert_non_null(strstr(err.msg, path));
            assert_null(strstr(err.msg, "ttt"));
        }
        site_drop(s);
        assert_int_equal(remove(path), 0);
    }
}

/* Without a file there is none to be asked for; and one that is missing is no
 * reason to ask for none. */
static void
no_token(void **state)
{
    struct assay_error err;
    struct site *s;

    (void)state;
    assert_int_equal(make(NULL, &s, &err), ASSAY_OK);
    assert_null(s->rules.token);
    site_drop(s);
    assert_int_not_equal(make("/nonexistent/token", &s, &err), ASSAY_OK);
    assert_null(s);
}

/* --- where it listens ---------------------------------------------------- */

static bool
is_kept_out(const struct site *s, const char *address)
{
    const char *port = strrchr(address, ':') + 1;
    struct allow_entry by = {.below = false};
    struct cidr_ip ip;
    const char *what;

    assert_true(cidr_ip_of(address, &ip));
    what =
        guard_refuses(&s->guard, &by, &ip, (uint16_t)strtoul(port, NULL, 10));
    return what != NULL && strcmp(what, "the bridge itself") == 0;
}

static const struct {
    const char *listens;
    const char *address;
    bool kept_out;
} own[] = {
    {"127.0.0.1:9000", "127.0.0.1:9000", true},
    {"127.0.0.1:9000", "[::ffff:127.0.0.1]:9000", true},
    {"127.0.0.1:9000", "0.0.0.0:9000", true},
    {"127.0.0.1:9000", "127.0.0.1:9001", false},
    {"127.0.0.1:9000", "127.0.0.2:9000", false},
    {"127.0.0.1:9000", "[::1]:9000", false},
    {"[::1]:9000", "[::1]:9000", true},
    {"[::1]:9000", "127.0.0.1:9000", false},
    {"192.0.2.1:65535", "192.0.2.1:65535", true},
    /* by the addresses of interfaces, of which loopback has one */
    {"0.0.0.0:9000", "127.0.0.1:9000", true},
    {"0.0.0.0:9000", "127.0.0.2:9000", true},
    {"0.0.0.0:9000", "127.0.0.1:9001", false},
    {"[::]:9000", "127.0.0.1:9000", true},
    {"[::]:9000", "127.9.9.9:9000", true},
    {"[::]:9000", "[::]:9000", true},
    {"[::]:9000", "192.0.2.1:9000", false},
    {"unix:/run/bridge", "127.0.0.1:9000", false},
};

static void
own_doors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(own); i++) {
        struct assay_error err;
        struct site *s;

        assert_int_equal(make(NULL, &s, &err), ASSAY_OK);
        assert_int_equal(site_guard_own(s, own[i].listens, &err), ASSAY_OK);
        CHECK(own[i].address,
              is_kept_out(s, own[i].address) == own[i].kept_out);
        site_drop(s);
    }
}

/* Better no start than a door that is not kept out. */
static void
too_many_doors(void **state)
{
    struct assay_error err;
    struct site *s;

    (void)state;
    assert_int_equal(make(NULL, &s, &err), ASSAY_OK);
    for (size_t i = 0; i < GUARD_OWN_MAX; i++) {
        assert_int_equal(site_guard_own(s, "192.0.2.1:1", &err), ASSAY_OK);
    }
    assert_int_equal(site_guard_own(s, "192.0.2.2:1", &err), ASSAY_TOO_LARGE);
    assert_int_equal(site_guard_own(s, "0.0.0.0:1", &err), ASSAY_TOO_LARGE);
    site_drop(s);
}

/* --- who holds it -------------------------------------------------------- */

static void
holders(void **state)
{
    struct assay_error err;
    struct site *s;

    (void)state;
    assert_int_equal(make(NULL, &s, &err), ASSAY_OK);
    assert_ptr_equal(site_hold(s), s);
    site_drop(s);
    assert_int_equal(allow_count(s->rules.allow), 3); /* it is still there */
    site_drop(s);
    site_drop(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_files), cmocka_unit_test(no_token),
        cmocka_unit_test(own_doors),   cmocka_unit_test(too_many_doors),
        cmocka_unit_test(holders),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
