/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * file.c - whole files in and out, each with a named limit.
 */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "crypto/crypto.h"
#include "io/temp.h"

#define CHUNK_BYTES 16384u

static enum assay_code
fail_errno(struct assay_error *err, const char *name, const char *doing)
{
    int e = errno;
    enum assay_code code = e == ENOMEM ? ASSAY_NO_MEMORY : ASSAY_IO;

    return assay_fail(err, code, ASSAY_NO_OFFSET, "%s: %s: %s", name, doing,
                      strerror(e));
}

static enum assay_code
fail_too_large(struct assay_error *err, const char *name, size_t max)
{
    return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                      "%s: more than the %zu bytes allowed here", name, max);
}

static enum assay_code
fail_no_name(struct assay_error *err)
{
    return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                      "the name of a file is empty");
}

/* read() that is not disturbed by signals. */
static ssize_t
read_some(int fd, void *to, size_t n)
{
    ssize_t got;

    do {
        got = read(fd, to, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

static enum assay_code
read_chunks(int fd, const char *name, size_t max, uint8_t chunk[CHUNK_BYTES],
            struct assay_buf *out, struct assay_error *err)
{
    for (;;) {
        size_t left = max - out->len;
        size_t want = left < CHUNK_BYTES ? left + 1 : CHUNK_BYTES;
        ssize_t got = read_some(fd, chunk, want);
        if (got < 0) {
            return fail_errno(err, name, "cannot read");
        }
        if (got == 0) {
            return ASSAY_OK;
        }
        if ((size_t)got > left) {
            return fail_too_large(err, name, max);
        }
        assay_buf_add(out, (struct assay_slice){chunk, (size_t)got});
        if (out->failed) {
            return assay_buf_check(out, name, err);
        }
    }
}

/* Keys come this way too: nothing of them stays on the stack. */
static enum assay_code
read_to_end(int fd, const char *name, size_t max, struct assay_buf *out,
            struct assay_error *err)
{
    uint8_t chunk[CHUNK_BYTES];

    (void)!read_chunks(fd, name, max, chunk, out, err);
    assay_wipe(chunk, sizeof(chunk));
    return err->code;
}

static enum assay_code
read_fd(int fd, const char *name, size_t max, struct assay_buf *out,
        struct assay_error *err)
{
    struct stat st;
    enum assay_code code;

    assay_buf_init(out, max);
    if (fstat(fd, &st) != 0) {
        return fail_errno(err, name, "cannot read");
    }
    if (S_ISDIR(st.st_mode)) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                          "%s: is a directory, not a file", name);
    }
    if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size > max) {
        return fail_too_large(err, name, max);
    }
    code = read_to_end(fd, name, max, out, err);
    if (code != ASSAY_OK) {
        assay_buf_free(out);
    }
    return code;
}

/* -1 and *err, or a descriptor. */
static int
open_to_read(const char *path, struct assay_error *err)
{
    int fd;

    assay_error_clear(err);
    if (path[0] == '\0') {
        fail_no_name(err);
        return -1;
    }
    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        fail_errno(err, path, "cannot open");
    }
    return fd;
}

enum assay_code
assay_file_read(const char *path, size_t max, struct assay_buf *out,
                struct assay_error *err)
{
    int fd = open_to_read(path, err);
    enum assay_code code;

    assay_buf_init(out, max);
    if (fd < 0) {
        return err->code;
    }
    code = read_fd(fd, path, max, out, err);
    close(fd);
    return code;
}

static enum assay_code
check_private(int fd, const char *name, struct assay_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return fail_errno(err, name, "cannot read");
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "%.200s: belongs to user %lu, who may change it; "
                          "chown it",
                          name, (unsigned long)st.st_uid);
    }
    if (!S_ISDIR(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "%.200s: others than its owner may use it; chmod 600",
                          name);
    }
    return ASSAY_OK;
}

enum assay_code
assay_file_read_secret(const char *path, size_t max, struct assay_buf *out,
                       struct assay_error *err)
{
    int fd = open_to_read(path, err);

    assay_buf_init(out, max);
    if (fd < 0) {
        return err->code;
    }
    if (check_private(fd, path, err) == ASSAY_OK) {
        (void)!read_fd(fd, path, max, out, err);
    }
    close(fd);
    return err->code;
}

enum assay_code
assay_file_read_plain(const char *path, size_t max, struct assay_buf *out,
                      struct assay_error *err)
{
    struct stat st;
    int fd;

    assay_error_clear(err);
    assay_buf_init(out, max);
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno != ELOOP && errno != ENXIO) {
        return fail_errno(err, path, "cannot open");
    }
    if (fd < 0 ||
        (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "%s: is no regular file",
                   path);
    } else {
        (void)!read_fd(fd, path, max, out, err);
    }
    if (fd >= 0) {
        close(fd);
    }
    return err->code;
}

enum assay_code
assay_stdin_read(size_t max, struct assay_buf *out, struct assay_error *err)
{
    assay_error_clear(err);
    return read_fd(STDIN_FILENO, "standard input", max, out, err);
}

static enum assay_code
write_all(int fd, const char *name, struct assay_slice content,
          struct assay_error *err)
{
    size_t done = 0;

    while (done < content.len) {
        ssize_t n = write(fd, content.ptr + done, content.len - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fail_errno(err, name, "cannot write");
        }
        done += (size_t)n;
    }
    return ASSAY_OK;
}

struct timespec
assay_file_changed(const struct stat *st)
{
#ifdef __APPLE__ /* POSIX's name for it is not there */
    return st->st_mtimespec;
#else
    return st->st_mtim;
#endif
}

/* How a file that is whole gets its name. */
typedef bool become_fn(struct assay_temp *t, const char *path);

static enum assay_code
put_whole(const char *path, struct assay_slice content, mode_t mode,
          become_fn *become, struct assay_error *err)
{
    struct assay_temp temp;

    assay_error_clear(err);
    if (!assay_temp_open(&temp, path, mode)) {
        return fail_errno(err, path, "cannot write");
    }
    if (write_all(temp.fd, path, content, err) == ASSAY_OK &&
        fsync(temp.fd) != 0) {
        fail_errno(err, path, "cannot write");
    }
    if (err->code != ASSAY_OK) {
        assay_temp_drop(&temp);
    } else if (!become(&temp, path)) {
        fail_errno(err, path, "cannot write");
    }
    return err->code;
}

enum assay_code
assay_file_replace(const char *path, struct assay_slice content, mode_t mode,
                   struct assay_error *err)
{
    return put_whole(path, content, mode, assay_temp_become, err);
}

static enum assay_code
write_in_place(const char *path, struct assay_slice content,
               struct assay_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0) {
        return fail_errno(err, path, "cannot open");
    }
    write_all(fd, path, content, err);
    if (close(fd) != 0) {
        fail_errno(err, path, "cannot write");
    }
    return err->code;
}

enum assay_code
assay_file_write(const char *path, struct assay_slice content, mode_t mode,
                 struct assay_error *err)
{
    struct stat st;
    char *real;
    enum assay_code code;

    assay_error_clear(err);
    if (path[0] == '\0') {
        return fail_no_name(err);
    }
    if (stat(path, &st) != 0) {
        return assay_file_replace(path, content, mode, err);
    }
    if (S_ISDIR(st.st_mode)) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                          "%s: is a directory, not a file", path);
    }
    if (!S_ISREG(st.st_mode)) {
        return write_in_place(path, content, err);
    }
    /* Through a symbolic link: the file it names is replaced, not the link. */
    real = realpath(path, NULL);
    if (real == NULL) {
        return fail_errno(err, path, "cannot write");
    }
    code = assay_file_replace(real, content, mode, err);
    free(real);
    return code;
}

enum assay_code
assay_file_write_new(const char *path, struct assay_slice content, mode_t mode,
                     struct assay_error *err)
{
    assay_error_clear(err);
    if (path[0] == '\0') {
        return fail_no_name(err);
    }
    return put_whole(path, content, mode, assay_temp_become_new, err);
}

enum assay_code
assay_folder_make(const char *path, struct assay_error *err)
{
    char *copy = strdup(path);
    size_t n = strlen(path);

    assay_error_clear(err);
    if (copy == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s", path);
    }
    for (size_t i = 1; i <= n && err->code == ASSAY_OK; i++) {
        if (path[i] == '/' || path[i] == '\0') {
            copy[i] = '\0';
            if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
                fail_errno(err, copy, "cannot make");
            }
            copy[i] = path[i];
        }
    }
    free(copy);
    return err->code;
}
