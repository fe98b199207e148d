/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_cache.c - where bundles are kept on disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/cache.h"

static const struct assay_collateral_need need = {true, "00806f050000",
                                                  "platform"};
static const char *const intel[] = {""};

static char *
path_with(const char *xdg, const char *home,
          const struct assay_pcs_request *request)
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
    struct assay_pcs_request request = {
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
    static const struct assay_pcs_request requests[] = {
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
    assert_int_equal(assay_cache_needs(out, 4), 0); /* no folder */
    (void)snprintf(path, sizeof(path), "%s/assay", base);
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/assay/%s", base, names[i]);
        close(open(path, O_WRONLY | O_CREAT, 0600));
    }
    assert_int_equal(assay_cache_needs(out, 1), 1);
    assert_int_equal(assay_cache_needs(out, 4), 2);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders),
        cmocka_unit_test(one_file_per_question),
        cmocka_unit_test(needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
