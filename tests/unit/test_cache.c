/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_cache.c - where bundles are kept on disk.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "harness/unit.h"
#include "io/cache.h"
#include "io/file.h"

static const struct assay_collateral_need need = {true, "00806f050000",
                                                  "platform"};
static const char *const intel[] = {""};

static void
put_file(const char *path, const char *text, off_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

static char *
path_with(const char *xdg, const char *home,
          const struct assay_gather_request *request)
{
    if (xdg != NULL) {
        setenv("XDG_CACHE_HOME", xdg, 1);
    } else {
        unsetenv("XDG_CACHE_HOME");
    }
    if (home != NULL) {
        setenv("HOME", home, 1);
    } else {
        unsetenv("HOME");
    }
    return assay_cache_path(request);
}

static void
folders(void **state)
{
    static const struct {
        const char *xdg;
        const char *home;
        const char *start; /* NULL: there is no place */
    } rows[] = {
        {"/x", "/h", "/x/assay/tdx-00806f050000-platform-"},
        {"relative", "/h", "/h/.cache/assay/tdx-"},
        {"", "/h", "/h/.cache/assay/tdx-"},
        {NULL, "/h", "/h/.cache/assay/tdx-"},
        {NULL, "relative", NULL},
        {NULL, NULL, NULL},
    };
    struct assay_gather_request request = {
        .need = &need, .sources = intel, .source_count = 1};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *path = path_with(rows[i].xdg, rows[i].home, &request);
        if (rows[i].start == NULL) {
            assert_null(path);
        } else {
            assert_non_null(path);
            assert_memory_equal(path, rows[i].start, strlen(rows[i].start));
        }
        free(path);
    }
}

/* Whatever changes the answer changes the file. */
static void
one_file_per_question(void **state)
{
    static const struct assay_collateral_need sgx = {false, "00806f050000",
                                                     "platform"};
    static const struct assay_collateral_need other = {true, "00806f050001",
                                                       "platform"};
    static const struct assay_collateral_need ca = {true, "00806f050000",
                                                    "processor"};
    static const char *const ab[] = {"https://a", "https://b"};
    static const char *const ba[] = {"https://b", "https://a"};
    static const struct assay_gather_request requests[] = {
        {.need = &need, .sources = intel, .source_count = 1},
        {.need = &sgx, .sources = intel, .source_count = 1},
        {.need = &other, .sources = intel, .source_count = 1},
        {.need = &ca, .sources = intel, .source_count = 1},
        {.need = &need, .sources = ab, .source_count = 1},
        {.need = &need, .sources = ab, .source_count = 2},
        {.need = &need, .sources = ba, .source_count = 2},
        {.need = &need, .sources = intel, .source_count = 1, .early = true},
        {.need = &need, .sources = intel, .source_count = 1, .evaluation = 7},
        {.need = &need, .sources = intel, .source_count = 1, .evaluation = 8},
    };
    enum { COUNT = sizeof(requests) / sizeof(requests[0]) };
    char *paths[COUNT];

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        paths[i] = path_with("/x", NULL, &requests[i]);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(paths[k], paths[i]);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        free(paths[i]);
    }
}

static size_t
needs_of(struct assay_collateral_need *out, size_t max)
{
    struct assay_error err;
    size_t count = 99;

    assert_int_equal(assay_cache_needs(out, max, &count, &err), ASSAY_OK);
    return count;
}

/* What the names of bundles say, each kind once. */
static void
needs(void **state)
{
    static const char *const names[] = {
        "tdx-00806f050000-platform-0123456789abcdef.json",
        "tdx-00806f050000-platform-1123456789abcdef.json",
        "sgx-00806f050000-processor-0123456789abcdef.json",
        "tdx-00806f050001-platform-early-0123456789abcdef.json",
        "tdx-00806f050001-platform-0123456789abcdef.json.tmp-1-0",
        ".assay-tmp-0",
        "tdx-00806f050001-platform-0123456789abcde.json",
        "tdx-00806f05000-platform-0123456789abcdef.json",
        "tdx-00806F050001-platform-0123456789abcdef.json",
        "tdx-00806f050001-other-0123456789abcdef.json",
        "txx-00806f050001-platform-0123456789abcdef.json",
        "tdx-",
        "t",
    };
    char base[] = "/tmp/assay-needs-XXXXXX";
    char path[256];
    struct assay_collateral_need out[4];
    bool tdx = false;
    bool sgx = false;

    (void)state;
    assert_non_null(mkdtemp(base));
    setenv("XDG_CACHE_HOME", base, 1);
    assert_int_equal(needs_of(out, 4), 0); /* no folder */
    (void)snprintf(path, sizeof(path), "%s/assay", base);
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/assay/%s", base, names[i]);
        close(open(path, O_WRONLY | O_CREAT, 0600));
    }
    assert_int_equal(needs_of(out, 1), 1);
    assert_int_equal(needs_of(out, 4), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(out[i].fmspc, "00806f050000");
        assert_string_equal(out[i].ca, out[i].tdx ? "platform" : "processor");
        tdx = tdx || out[i].tdx;
        sgx = sgx || !out[i].tdx;
    }
    assert_true(tdx && sgx);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/assay/%s", base, names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof(path), "%s/assay", base);
    (void)rmdir(path);
    (void)rmdir(base);
}

/* Nothing to be had is not the same as nothing there. */
static void
needs_without_a_folder(void **state)
{
    struct assay_collateral_need out[1];
    struct assay_error err;
    size_t count = 99;

    (void)state;
    setenv("XDG_CACHE_HOME", "/dev/null", 1);
    assert_int_equal(assay_cache_needs(out, 1, &count, &err), ASSAY_IO);
    assert_non_null(strstr(err.msg, "/dev/null/assay: cannot read"));
    assert_int_equal(count, 0);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    assert_int_equal(assay_cache_needs(out, 1, &count, &err), ASSAY_IO);
    assert_non_null(strstr(err.msg, "no place for a cache"));
}

/* A cache that others write to: what stands in the place of a bundle is not
 * followed and not waited for, and what is stored takes its place. */
static void
hostile(void **state)
{
    static const char *const kinds[] = {
        "link", "dangling link", "pipe", "device", "huge file", "empty file"};
    char base[] = "/tmp/assay-hostile-XXXXXX";
    char path[256];
    char target[256];
    struct assay_buf bundle;
    struct assay_error err;

    (void)state;
    assert_non_null(mkdtemp(base));
    (void)snprintf(path, sizeof(path), "%s/tdx-0.json", base);
    (void)snprintf(target, sizeof(target), "%s/target", base);
    for (unsigned i = 0; i < COUNT_OF(kinds); i++) {
        struct stat st;

        put_file(target, "mine", 4);
        assert_int_equal(i == 0   ? symlink("target", path)
                         : i == 1 ? symlink("none", path)
                         : i == 2 ? mkfifo(path, 0600)
                         : i == 3 ? symlink("/dev/zero", path)
                                  : 0,
                         0);
        if (i == 4) {
            put_file(path, "{", ASSAY_BUNDLE_MAX_BYTES + 1);
        } else if (i == 5) {
            put_file(path, "", 0);
        }
        CHECK(kinds[i], assay_cache_load(path, &bundle, &err) != ASSAY_OK);
        CHECK(kinds[i], bundle.len == 0);
        CHECK(kinds[i], strstr(err.msg, "tdx-0.json") != NULL);
        CHECK(kinds[i], i > 3 || strstr(err.msg, "no regular file") != NULL);
        CHECK(kinds[i], assay_cache_store(path, assay_slice_of("text"), &err) ==
                            ASSAY_OK);
        CHECK(kinds[i],
              lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 4);
        CHECK(kinds[i], stat(target, &st) == 0 && st.st_size == 4);
        CHECK(kinds[i], assay_cache_load(path, &bundle, &err) == ASSAY_OK &&
                            assay_slice_is(assay_buf_slice(&bundle), "text"));
        assay_buf_free(&bundle);
        CHECK(kinds[i], assay_file_read(target, 10, &bundle, &err) == ASSAY_OK);
        CHECK(kinds[i], assay_slice_is(assay_buf_slice(&bundle), "mine"));
        assay_buf_free(&bundle);
        (void)unlink(path);
    }
    assert_int_equal(mkdir(path, 0700), 0); /* cannot be replaced */
    assert_int_equal(assay_cache_store(path, assay_slice_of("text"), &err),
                     ASSAY_IO);
    assert_int_equal(assay_cache_load(path, &bundle, &err), ASSAY_IO);
    (void)rmdir(path);
    assert_int_equal(assay_cache_load(path, &bundle, &err), ASSAY_OK);
    assert_int_equal(bundle.len, 0); /* there is none, which is no fault */
    assay_buf_free(&bundle);
    (void)unlink(target);
    assert_int_equal(rmdir(base), 0); /* nothing else is left */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders), cmocka_unit_test(one_file_per_question),
        cmocka_unit_test(needs),   cmocka_unit_test(needs_without_a_folder),
        cmocka_unit_test(hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
