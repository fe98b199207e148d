/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_cache_prune.c - the oldest bundles go, and nothing that is not ours.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/unit.h"
#include "io/cache_prune.h"

#define NOW 1790000000

static char folder[64];

static const char *
path_of(const char *name)
{
    static char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void
put(const char *name, int64_t size, int64_t at_s)
{
    const struct timespec times[2] = {{.tv_sec = at_s}, {.tv_sec = at_s}};
    int fd = open(path_of(name), O_WRONLY | O_CREAT, 0600);

    if (fd < 0) {
        fail_msg("%s", name);
        return;
    }
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static bool
there(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

static void
clear(void)
{
    folder_clear(folder);
}

static void
too_many(void **state)
{
    char name[64];

    (void)state;
    for (int i = 0; i < (int)ASSAY_CACHE_FILES_MAX + 3; i++) {
        (void)snprintf(name, sizeof(name), "tdx-%012d-platform-0.json", i);
        put(name, 10, NOW + (i * 7) % 67); /* in no order of names */
    }
    put("notes.json", 10, 1);
    put("tdx-readme", 10, 1);
    assay_cache_prune(folder);
    for (int i = 0; i < (int)ASSAY_CACHE_FILES_MAX + 3; i++) {
        (void)snprintf(name, sizeof(name), "tdx-%012d-platform-0.json", i);
        assert_int_equal(there(name), (i * 7) % 67 >= 3);
    }
    assert_true(there("notes.json") && there("tdx-readme"));
    clear();
}

static void
too_large(void **state)
{
    const int64_t half = ASSAY_CACHE_BYTES_MAX / 2;

    (void)state;
    put("tdx-0.json", half, NOW);
    put("sgx-1.json", half, NOW - 1);
    assay_cache_prune(folder);
    assert_true(there("tdx-0.json") && there("sgx-1.json"));
    put("sgx-2.json", 1, NOW - 2);
    put("sgx-3.json", 0, NOW - 3);
    assay_cache_prune(folder);
    assert_true(there("sgx-1.json") && !there("sgx-2.json"));
    assert_true(there("sgx-3.json"));
    put("tdx-4.json", 3 * half, NOW + 1); /* the newest stays */
    assay_cache_prune(folder);
    assert_true(there("tdx-4.json"));
    assert_false(there("tdx-0.json") || there("sgx-1.json"));
    clear();
}

static void
nothing_there(void **state)
{
    (void)state;
    assay_cache_prune(folder);
    assay_cache_prune("/proc/none");
}

/* A link is not followed, and not taken for a bundle. */
static void
links(void **state)
{
    (void)state;
    put("target", 3 * (int64_t)ASSAY_CACHE_BYTES_MAX, 1);
    put("tdx-0.json", 1, NOW);
    assert_int_equal(symlink("target", path_of("tdx-1.json")), 0);
    assay_cache_prune(folder);
    assert_true(there("tdx-1.json") && there("target"));
    clear();
}

static int
setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/assay-cache-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_many),
        cmocka_unit_test(too_large),
        cmocka_unit_test(nothing_there),
        cmocka_unit_test(links),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
