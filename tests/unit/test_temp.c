/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_temp.c - writers that are killed before their file is whole, and those
 * beside them that are not.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/folder.h"
#include "harness/unit.h"
#include "io/cache.h"
#include "io/file.h"
#include "io/temp.h"

static char folder[64];

/* What happens to this process just before its file gets its name, or while it
 * is being written. */
static int on_rename;
static int on_sync;

int
rename(const char *old, const char *new)
{
    if (on_rename != 0) {
        (void)raise(on_rename);
    }
    return renameat(AT_FDCWD, old, AT_FDCWD, new);
}

int
fsync(int fd)
{
    if (on_sync != 0) {
        (void)raise(on_sync);
    }
    return fdatasync(fd);
}

static const char *
path_of(const char *name)
{
    static char path[2][512];
    static unsigned which;

    which = !which;
    (void)snprintf(path[which], sizeof(path[which]), "%s/%s", folder, name);
    return path[which];
}

static bool
there(const char *name)
{
    struct stat st;

    return lstat(path_of(name), &st) == 0;
}

static void
touch(const char *name)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    close(fd);
}

static bool
holds(const char *name, const char *text)
{
    struct assay_buf got;
    struct assay_error err;
    bool same =
        assay_file_read(path_of(name), 1u << 20, &got, &err) == ASSAY_OK &&
        assay_slice_is(assay_buf_slice(&got), text);

    assay_buf_free(&got);
    return same;
}

typedef enum assay_code write_function(const char *path, const char *text);

static enum assay_code
write_file(const char *path, const char *text)
{
    struct assay_error err;

    return assay_file_write(path, assay_slice_of(text), 0600, &err);
}

static enum assay_code
store(const char *path, const char *text)
{
    struct assay_error err;

    return assay_cache_store(path, assay_slice_of(text), &err);
}

static write_function *const writers[] = {write_file, store};

/* A process that writes, and what comes to it meanwhile. */
static pid_t
start(write_function *writer, const char *name, const char *text, int *what,
      int signal_number)
{
    pid_t child = fork();

    if (child == 0) {
        *what = signal_number;
        _exit(writer(path_of(name), text) != ASSAY_OK);
    }
    return child;
}

static void
killed(void **state)
{
    int *const moments[] = {&on_sync, &on_rename};

    (void)state;
    for (size_t w = 0; w < COUNT_OF(writers); w++) {
        for (size_t m = 0; m < COUNT_OF(moments); m++) {
            int status = 0;

            assert_int_equal(writers[w](path_of("tdx-0.json"), "old"),
                             ASSAY_OK);
            assert_int_equal(waitpid(start(writers[w], "tdx-0.json", "new",
                                           moments[m], SIGKILL),
                                     &status, 0) > 0,
                             1);
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
            assert_true(holds("tdx-0.json", "old"));
            assert_int_equal(folder_count(folder), 2); /* what it has left */
            assert_int_equal(writers[w](path_of("tdx-1.json"), "1"), ASSAY_OK);
            assert_true(holds("tdx-1.json", "1"));
            assert_int_equal(folder_count(folder), 2);
            folder_clear(folder);
        }
    }
}

/* Who is only slow loses nothing to those who clean up. */
static void
stopped(void **state)
{
    (void)state;
    for (size_t w = 0; w < COUNT_OF(writers); w++) {
        int status = 0;
        pid_t slow =
            start(writers[w], "tdx-0.json", "slow", &on_rename, SIGSTOP);

        assert_int_equal(waitpid(slow, &status, WUNTRACED), slow);
        assert_true(WIFSTOPPED(status));
        assert_int_equal(writers[w](path_of("tdx-0.json"), "quick"), ASSAY_OK);
        assert_true(holds("tdx-0.json", "quick"));
        assert_int_equal(folder_count(folder), 2);
        assert_int_equal(kill(slow, SIGCONT), 0);
        assert_int_equal(waitpid(slow, &status, 0), slow);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_true(holds("tdx-0.json", "slow"));
        assert_int_equal(folder_count(folder), 1);
        folder_clear(folder);
    }
}

/* Several write to one folder while others are killed there: each that lives
 * succeeds, and nothing stays. */
static void
crowd(void **state)
{
    enum { LIVING = 3, ROUNDS = 100 };
    pid_t living[LIVING];
    int status = 0;

    (void)state;
    for (int i = 0; i < LIVING; i++) {
        living[i] = fork();
        if (living[i] == 0) {
            char name[32];
            enum assay_code code = ASSAY_OK;

            (void)snprintf(name, sizeof(name), "tdx-%d.json", i);
            for (int k = 0; k < ROUNDS && code == ASSAY_OK; k++) {
                code = write_file(path_of(name), name);
            }
            _exit(code != ASSAY_OK || !holds(name, name));
        }
    }
    for (int i = 0; i < ROUNDS / 4; i++) {
        pid_t child = start(write_file, "tdx-9.json", "x",
                            i % 2 ? &on_sync : &on_rename, SIGKILL);

        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
    }
    for (int i = 0; i < LIVING; i++) {
        assert_int_equal(waitpid(living[i], &status, 0), living[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_int_equal(write_file(path_of("tdx-9.json"), "last"), ASSAY_OK);
    assert_int_equal(folder_count(folder), LIVING + 1);
    folder_clear(folder);
}

/* Only what could be a file of ours is removed, and nothing is waited for. */
static void
not_ours(void **state)
{
    int lock;

    (void)state;
    touch("x.tmp-0");
    touch("target");
    touch(".assay-tmp-3");
    lock = open(path_of(".assay-tmp-3"), O_WRONLY);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    touch(".assay-tmp-4");
    assert_int_equal(symlink("target", path_of(".assay-tmp-0")), 0);
    assert_int_equal(mkfifo(path_of(".assay-tmp-1"), 0600), 0);
    assert_int_equal(mkdir(path_of(".assay-tmp-2"), 0700), 0);
    assert_int_equal(write_file(path_of("file"), "text"), ASSAY_OK);
    assert_true(holds("file", "text"));
    assert_true(there("x.tmp-0") && there("target") && there(".assay-tmp-0") &&
                there(".assay-tmp-1") && there(".assay-tmp-2") &&
                there(".assay-tmp-3"));
    assert_false(there(".assay-tmp-4"));
    close(lock);
    assert_int_equal(write_file(path_of("file"), "text"), ASSAY_OK);
    assert_false(there(".assay-tmp-3"));
    (void)rmdir(path_of(".assay-tmp-2"));
    folder_clear(folder);
}

static void
names(void **state)
{
    struct assay_temp t;

    (void)state;
    assert_true(assay_temp_open(&t, path_of("a"), 0640));
    assert_string_equal(t.name, path_of(".assay-tmp-0"));
    assay_temp_drop(&t);
    assert_int_equal(folder_count(folder), 0);
    assert_int_equal(chdir(folder), 0);
    assert_true(assay_temp_open(&t, "a", 0640));
    assert_string_equal(t.name, ".assay-tmp-0");
    assert_false(assay_temp_become(&t, "none/a"));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(folder_count(folder), 0);
    assert_false(assay_temp_open(&t, "none/a", 0640));
    assert_int_equal(errno, ENOENT);
}

static int
setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/assay-temp-XXXXXX");
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
        cmocka_unit_test(killed), cmocka_unit_test(stopped),
        cmocka_unit_test(crowd),  cmocka_unit_test(not_ours),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
