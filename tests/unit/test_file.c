/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_file.c - whole files in and out.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "io/file.h"

static char folder[] = "/tmp/assay-test-file-XXXXXX";
static char path[256];

static const char *
in_folder(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int
make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    unlink(in_folder("file"));
    unlink(in_folder("link"));
    return rmdir(folder);
}

static void
write_and_read(void **state)
{
    struct assay_slice text = assay_slice_of("some\nbytes");
    struct assay_buf got;
    struct assay_error err;
    struct stat st;

    (void)state;
    assert_int_equal(assay_file_write(in_folder("file"), text, 0600, &err),
                     ASSAY_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(assay_file_read(path, text.len, &got, &err), ASSAY_OK);
    assert_true(assay_slice_equal(assay_buf_slice(&got), text));
    assay_buf_free(&got);
    assert_int_equal(assay_file_read(path, text.len - 1, &got, &err),
                     ASSAY_TOO_LARGE);
    assert_int_equal(got.len, 0);
    assert_int_equal(strncmp(err.msg, path, strlen(path)), 0);
}

static void
write_through_link(void **state)
{
    struct assay_buf got;
    struct assay_error err;
    struct stat st;
    char target[256];

    (void)state;
    snprintf(target, sizeof(target), "%s", in_folder("file"));
    assert_int_equal(symlink(target, in_folder("link")), 0);
    assert_int_equal(assay_file_write(path, assay_slice_of("new"), 0600, &err),
                     ASSAY_OK);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(assay_file_read(target, 16, &got, &err), ASSAY_OK);
    assert_true(assay_slice_is(assay_buf_slice(&got), "new"));
    assay_buf_free(&got);
}

/* Names that are taken: by a file, by a link that leads nowhere, by a folder.
 * Nothing else is left beside them: the folder can be removed at the end. */
static void
write_new(void **state)
{
    struct assay_slice text = assay_slice_of("whole");
    struct assay_buf got;
    struct assay_error err;
    struct stat st;

    (void)state;
    unlink(in_folder("link"));
    unlink(in_folder("file"));
    assert_int_equal(assay_file_write_new(path, text, 0640, &err), ASSAY_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777 & ~0640u, 0);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(
        assay_file_write_new(path, assay_slice_of("other"), 0600, &err),
        ASSAY_IO);
    assert_non_null(strstr(err.msg, "exists"));
    assert_int_equal(assay_file_read(path, 16, &got, &err), ASSAY_OK);
    assert_true(assay_slice_equal(assay_buf_slice(&got), text));
    assay_buf_free(&got);
    assert_int_equal(symlink("/nonexistent", in_folder("link")), 0);
    assert_int_equal(assay_file_write_new(path, text, 0600, &err), ASSAY_IO);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(assay_file_write_new(folder, text, 0600, &err), ASSAY_IO);
    assert_int_equal(assay_file_write_new("", text, 0600, &err), ASSAY_IO);
}

static void
endless_device(void **state)
{
    struct assay_buf got;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_file_read("/dev/zero", 100000, &got, &err),
                     ASSAY_TOO_LARGE);
    assert_int_equal(got.cap, 0);
    assert_int_equal(assay_file_read("/dev/null", 0, &got, &err), ASSAY_OK);
    assert_int_equal(got.len, 0);
    assay_buf_free(&got);
}

static void
device_is_written_in_place(void **state)
{
    struct assay_error err;
    struct stat st;

    (void)state;
    assert_int_equal(
        assay_file_write("/dev/null", assay_slice_of("x"), 0644, &err),
        ASSAY_OK);
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void
failures(void **state)
{
    static const struct {
        const char *path;
        const char *message;
    } rows[] = {
        {"/", "/: is a directory, not a file"},
        {"/nonexistent/x", "/nonexistent/x: cannot"},
    };
    struct assay_buf got;
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(assay_file_read(rows[i].path, 10, &got, &err),
                         ASSAY_IO);
        assert_memory_equal(err.msg, rows[i].message, strlen(rows[i].message));
        assert_int_equal(
            assay_file_write(rows[i].path, ASSAY_EMPTY, 0600, &err), ASSAY_IO);
        assert_memory_equal(err.msg, rows[i].message, strlen(rows[i].message));
    }
}

static void
check_secret(const char *row, int (*make)(const char *at), mode_t mode,
             enum assay_code want)
{
    struct assay_buf got;
    struct assay_error err;
    enum assay_code code;

    (void)unlink(in_folder("file"));
    assert_int_equal(make(path), 0);
    assert_int_equal(chmod(path, mode), 0);
    code = assay_file_read_secret(path, 9, &got, &err);
    if (code != want || (code != ASSAY_OK && got.len > 0)) {
        fail_msg("%s, mode %o: %s", row, (unsigned)mode, assay_code_name(code));
    }
    assert_int_equal(err.code, code);
    assay_buf_free(&got);
}

static int
make_file(const char *at)
{
    struct assay_error err;

    return assay_file_write(at, assay_slice_of("secret"), 0600, &err) ==
                   ASSAY_OK
               ? 0
               : -1;
}

static int pipe_fd = -1;

/* One that can be opened at once. */
static int
make_pipe(const char *at)
{
    if (pipe_fd >= 0) {
        (void)close(pipe_fd);
    }
    if (mkfifo(at, 0600) != 0) {
        return -1;
    }
    pipe_fd = open(at, O_RDWR | O_CLOEXEC);
    return pipe_fd >= 0 ? 0 : -1;
}

/* What is of another owner, tests/e2e/test_ekm.py has, where it is root. */
static void
secrets(void **state)
{
    static const mode_t open_modes[] = {0640, 0620, 0610, 0604, 0602, 0601};
    struct assay_buf got;
    struct assay_error err;
    char link[256];

    (void)state;
    check_secret("file", make_file, 0600, ASSAY_OK);
    check_secret("file", make_file, 0400, ASSAY_OK);
    for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
        check_secret("file", make_file, open_modes[i], ASSAY_INVALID);
        check_secret("pipe", make_pipe, open_modes[i], ASSAY_INVALID);
    }
    (void)close(pipe_fd);
    /* The file counts, and not the link to it. */
    check_secret("linked", make_file, 0644, ASSAY_INVALID);
    (void)snprintf(link, sizeof(link), "%s/link", folder);
    (void)unlink(link);
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(assay_file_read_secret(link, 9, &got, &err),
                     ASSAY_INVALID);
    assert_int_equal(assay_file_read_secret(folder, 9, &got, &err), ASSAY_IO);
    assert_int_equal(assay_file_read_secret("", 9, &got, &err), ASSAY_IO);
    (void)unlink(in_folder("file"));
    assert_int_equal(assay_file_read_secret(path, 9, &got, &err), ASSAY_IO);
    make_file(path);
    assert_int_equal(assay_file_read_secret(path, 5, &got, &err),
                     ASSAY_TOO_LARGE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_and_read),
        cmocka_unit_test(write_through_link),
        cmocka_unit_test(write_new),
        cmocka_unit_test(endless_device),
        cmocka_unit_test(device_is_written_in_place),
        cmocka_unit_test(failures),
        cmocka_unit_test(secrets),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
