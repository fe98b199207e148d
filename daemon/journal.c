/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * journal.c - where the lines of the access log go.
 */
#define _GNU_SOURCE /* dup3 */
#include "daemon/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "daemon/lines.h"
#include "io/socket_name.h"

#define FILE_MODE 0640

struct journal {
    struct lines own;    /* its descriptor has the same number for good */
    struct lines *lines; /* NULL: off */
    char *path;          /* NULL: no file of its own */
};

static bool
is_pipe(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* A pipe is opened for reading too, where that may be: then it is there before
 * somebody reads it, and stays when its reader goes and another one comes. */
static int
open_file(const char *path, struct assay_error *err)
{
    int flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = is_pipe(path) ? open(path, O_RDWR | flags, FILE_MODE) : -1;

    if (fd < 0) {
        fd = open(path, O_WRONLY | flags, FILE_MODE);
    }
    if (fd < 0) {
        assay_fail_uv(err, ASSAY_IO, -errno, "%s", path);
    }
    return fd;
}

enum assay_code
journal_open(const char *where, struct journal **out, struct assay_error *err)
{
    struct journal *j = calloc(1, sizeof(*j));

    *out = NULL;
    assay_error_clear(err);
    if (j == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "access log");
    }
    pthread_mutex_init(&j->own.turn, NULL);
    j->own.fd = -1;
    if (strcmp(where, "stderr") == 0) {
        j->lines = &lines_stderr;
    } else if (strcmp(where, "off") != 0) {
        j->lines = &j->own;
        /* A copy, for a reload frees the settings. */
        j->path = strdup(where);
        if (j->path == NULL) {
            assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "access log");
        } else {
            j->own.fd = open_file(where, err);
        }
    }
    if (err->code != ASSAY_OK) {
        journal_close(j);
        return err->code;
    }
    *out = j;
    return ASSAY_OK;
}

/* The number stays, so that threads need not be told. */
enum assay_code
journal_reopen(struct journal *j, struct assay_error *err)
{
    int fd;

    assay_error_clear(err);
    if (j->path == NULL) {
        return ASSAY_OK;
    }
    fd = open_file(j->path, err);
    if (fd >= 0) {
        if (dup3(fd, j->own.fd, O_CLOEXEC) < 0) {
            assay_fail_uv(err, ASSAY_IO, -errno, "%s", j->path);
        }
        close(fd);
    }
    return err->code;
}

void
journal_rotate(struct journal *j, const struct log *log)
{
    struct assay_error err;

    if (journal_reopen(j, &err) != ASSAY_OK) {
        log_failure(log, LOG_ERROR, "the access log stays where it was", &err);
    } else {
        log_event(log, LOG_INFO, "access log reopened", NULL, 0);
    }
}

void
journal_close(struct journal *j)
{
    if (j == NULL) {
        return;
    }
    if (j->own.fd >= 0) {
        close(j->own.fd);
    }
    pthread_mutex_destroy(&j->own.turn);
    free(j->path);
    free(j);
}

/* --- lines -------------------------------------------------------------- */

bool
journal_wants(const struct journal *j)
{
    return j->lines != NULL;
}

bool
journal_write(struct journal *j, struct assay_slice line)
{
    return lines_write(j->lines, line);
}

void
journal_put_escaped(struct assay_buf *to, struct assay_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];

        if (c > 0x20 && c < 0x7f && c != '"' && c != '\\') {
            assay_buf_add_u8(to, c);
        } else {
            assay_buf_printf(to, "\\x%02x", c);
        }
    }
}

void
journal_put_date(struct assay_buf *to, int64_t now_s)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr",
                                       "May", "Jun", "Jul", "Aug",
                                       "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)now_s;
    struct tm t = {.tm_mday = 1};

    (void)gmtime_r(&now, &t);
    assay_buf_printf(to, "%02d/%s/%04d:%02d:%02d:%02d +0000", t.tm_mday,
                     months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min,
                     t.tm_sec);
}

void
losses_note(struct losses *l, bool lost, uint64_t now_ms, const struct log *log)
{
    if (lost && !l->losing && seldom_due(&l->seldom, now_ms) > 0) {
        log_event(log, LOG_ERROR, "the access log cannot be written", NULL, 0);
    }
    l->losing = lost;
}
