/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * access_log.c - one line for each request.
 */
#define _GNU_SOURCE /* dup3 */
#include "access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/json_out.h"
#include "daemon/lines.h"
#include "io/socket_name.h"

/* Six for each byte of them and all else are a line that is written in one step
 * (PIPE_BUF), so that no other process's line gets into it. */
#define METHOD_MAX_BYTES 32u
#define PATH_MAX_BYTES   512u
#define LINE_MAX_BYTES   4096u
#define FILE_MODE        0640

struct access_log {
    struct lines own;    /* its descriptor has the same number for good */
    struct lines *lines; /* NULL: off */
    char *path;          /* NULL: no file of its own */
    bool json;
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
access_log_open(const char *where, bool json, struct access_log **out,
                struct assay_error *err)
{
    struct access_log *a = calloc(1, sizeof(*a));

    *out = NULL;
    assay_error_clear(err);
    if (a == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "access log");
    }
    pthread_mutex_init(&a->own.turn, NULL);
    a->own.fd = -1;
    a->json = json;
    if (strcmp(where, "stderr") == 0) {
        a->lines = &lines_stderr;
    } else if (strcmp(where, "off") != 0) {
        a->lines = &a->own;
        /* A copy, for a reload frees the settings. */
        a->path = strdup(where);
        if (a->path == NULL) {
            assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "access log");
        } else {
            a->own.fd = open_file(where, err);
        }
    }
    if (err->code != ASSAY_OK) {
        access_log_close(a);
        return err->code;
    }
    *out = a;
    return ASSAY_OK;
}

/* The number stays, so that threads need not be told. */
enum assay_code
access_log_reopen(struct access_log *a, struct assay_error *err)
{
    int fd;

    assay_error_clear(err);
    if (a->path == NULL) {
        return ASSAY_OK;
    }
    fd = open_file(a->path, err);
    if (fd >= 0) {
        if (dup3(fd, a->own.fd, O_CLOEXEC) < 0) {
            assay_fail_uv(err, ASSAY_IO, -errno, "%s", a->path);
        }
        close(fd);
    }
    return err->code;
}

void
access_log_close(struct access_log *a)
{
    if (a == NULL) {
        return;
    }
    if (a->own.fd >= 0) {
        close(a->own.fd);
    }
    pthread_mutex_destroy(&a->own.turn);
    free(a->path);
    free(a);
}

/* --- lines -------------------------------------------------------------- */

static void
put_json(struct assay_buf *to, const struct request *r, int64_t now_s)
{
    struct assay_json_out o;

    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_time(&o, "time", now_s);
    assay_json_out_text(&o, "peer", r->peer);
    assay_json_out_string(&o, "method", r->method);
    assay_json_out_string(&o, "path", r->path);
    assay_json_out_u64(&o, "status", r->status);
    assay_json_out_u64(&o, "bytes", r->bytes);
    assay_json_out_u64(&o, "ms", r->ms);
    assay_json_out_text(&o, "end", r->end);
    assay_json_out_close(&o, '}');
}

/* What could end the quotes or the line is written as its number. */
static void
put_escaped(struct assay_buf *to, struct assay_slice s)
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

/* The Common Log Format, with the duration and how it ended behind it. */
static void
put_text(struct assay_buf *to, const struct request *r, int64_t now_s)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr",
                                       "May", "Jun", "Jul", "Aug",
                                       "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)now_s;
    struct tm t = {.tm_mday = 1};

    (void)gmtime_r(&now, &t);
    assay_buf_printf(to, "%s - - [%02d/%s/%04d:%02d:%02d:%02d +0000] \"",
                     r->peer, t.tm_mday, months[t.tm_mon], t.tm_year + 1900,
                     t.tm_hour, t.tm_min, t.tm_sec);
    put_escaped(to, r->method);
    assay_buf_add_u8(to, ' ');
    put_escaped(to, r->path);
    assay_buf_printf(to, " HTTP/1.1\" %u %llu %.3f %s", r->status,
                     (unsigned long long)r->bytes, (double)r->ms / 1000.0,
                     r->end);
}

static struct assay_slice
shortened(struct assay_slice s, size_t max)
{
    s.len = s.len < max ? s.len : max;
    return s;
}

bool
access_log_write(struct access_log *a, const struct request *r, int64_t now_s)
{
    struct request shown = *r;
    struct assay_buf line;
    bool good;

    if (a->lines == NULL) {
        return true;
    }
    shown.method = shortened(r->method, METHOD_MAX_BYTES);
    shown.path = shortened(r->path, PATH_MAX_BYTES);
    assay_buf_init(&line, LINE_MAX_BYTES);
    (a->json ? put_json : put_text)(&line, &shown, now_s);
    assay_buf_add_u8(&line, '\n');
    good = !line.failed && lines_write(a->lines, assay_buf_slice(&line));
    assay_buf_free(&line);
    return good;
}
