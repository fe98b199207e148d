/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_file.c - whole files in and out.
 */
#include <errno.h>
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
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
