/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * get_sink.c - where a response goes.
 */
#include "get_sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_out.h"
#include "base/text.h"
#include "base/utf8.h"
#include "programs/assay/cli.h"

void
sink_init(struct sink *s, const char *path, bool memory, bool include)
{
    *s = (struct sink){.path = path, .memory = memory, .include = include};
    assay_buf_init(&s->fields, ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_init(&s->body, SINK_MEMORY_MAX_BYTES);
}

static enum assay_code
fail_io(const struct sink *s, struct assay_error *err)
{
    if (s->path == NULL) {
        cli_output_failed();
    }
    return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "%s: cannot write: %s",
                      s->path != NULL ? s->path : "standard output",
                      strerror(errno));
}

/* What people expect of a new file. */
static unsigned
mode_of_umask(void)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    return 0666 & ~mask;
}

static FILE *
open_temporary(struct sink *s)
{
    size_t len = strlen(s->target);
    FILE *out = NULL;
    int fd;

    s->temporary = malloc(len + sizeof(".XXXXXX"));
    if (s->temporary == NULL) {
        return NULL;
    }
    memcpy(s->temporary, s->target, len);
    memcpy(s->temporary + len, ".XXXXXX", sizeof(".XXXXXX"));
    fd = mkstemp(s->temporary);
    if (fd >= 0) {
        out = fdopen(fd, "wb");
    } else {
        free(s->temporary);
        s->temporary = NULL;
    }
    if (fd >= 0 && out == NULL) {
        (void)close(fd);
    }
    return out;
}

/* A regular file, or none yet, is written beside its place first, and keeps its
 * mode and the links to it; a device or a pipe is written to as it is. */
static FILE *
open_path(struct sink *s)
{
    struct stat there;
    bool old = stat(s->path, &there) == 0;

    if (old && !S_ISREG(there.st_mode)) {
        return fopen(s->path, "wb");
    }
    s->target = old ? realpath(s->path, NULL) : strdup(s->path);
    s->mode = old ? there.st_mode & 0777 : mode_of_umask();
    return s->target != NULL ? open_temporary(s) : NULL;
}

enum assay_code
sink_open(struct sink *s, struct assay_error *err)
{
    if (s->memory) {
        return ASSAY_OK;
    }
    s->to = s->path != NULL ? open_path(s) : stdout;
    return s->to == NULL ? fail_io(s, err) : ASSAY_OK;
}

static void
keep_head(struct sink *s, const struct assay_http1_head *h)
{
    s->status = h->status;
    s->fields.len = 0;
    s->body.len = 0;
    for (size_t i = 0; i < h->field_count; i++) {
        size_t name = s->fields.len;

        assay_buf_add(&s->fields, h->field[i].name);
        for (; name < s->fields.len; name++) {
            uint8_t c = s->fields.ptr[name];

            s->fields.ptr[name] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
        }
        assay_buf_add_u8(&s->fields, 0);
        assay_buf_add(&s->fields, h->field[i].value);
        assay_buf_add_u8(&s->fields, 0);
    }
}

enum assay_code
sink_head(struct sink *s, const struct assay_http1_head *h,
          struct assay_error *err)
{
    if (s->memory) {
        keep_head(s, h);
        return assay_buf_check(&s->fields, "response", err);
    }
    if (s->include) {
        fprintf(s->to, "HTTP/1.%u %u %.*s\r\n", h->minor, h->status,
                (int)h->reason.len, (const char *)h->reason.ptr);
        for (size_t i = 0; i < h->field_count; i++) {
            fprintf(s->to, "%.*s: %.*s\r\n", (int)h->field[i].name.len,
                    (const char *)h->field[i].name.ptr,
                    (int)h->field[i].value.len,
                    (const char *)h->field[i].value.ptr);
        }
        fputs("\r\n", s->to);
    }
    return ferror(s->to) ? fail_io(s, err) : ASSAY_OK;
}

enum assay_code
sink_data(struct sink *s, struct assay_slice data, struct assay_error *err)
{
    if (s->memory) {
        assay_buf_add(&s->body, data);
        return assay_buf_check(&s->body, "response", err);
    }
    if (fwrite(data.ptr, 1, data.len, s->to) != data.len) {
        return fail_io(s, err);
    }
    /* Somebody may be watching a stream of events. */
    return s->path == NULL && fflush(s->to) != 0 ? fail_io(s, err) : ASSAY_OK;
}

enum assay_code
sink_commit(struct sink *s, struct assay_error *err)
{
    FILE *to = s->to;

    if (to == NULL) {
        return ASSAY_OK;
    }
    s->to = NULL;
    if (to == stdout) {
        return fflush(to) != 0 ? fail_io(s, err) : ASSAY_OK;
    }
    if (fclose(to) != 0) {
        return fail_io(s, err);
    }
    if (s->temporary != NULL) {
        (void)chmod(s->temporary, (mode_t)s->mode); /* until now private */
        if (rename(s->temporary, s->target) != 0) {
            return fail_io(s, err);
        }
        free(s->temporary);
        s->temporary = NULL;
    }
    return ASSAY_OK;
}

void
sink_free(struct sink *s)
{
    if (s->to != NULL && s->to != stdout) {
        (void)fclose(s->to);
    }
    s->to = NULL;
    if (s->temporary != NULL) {
        (void)unlink(s->temporary);
        free(s->temporary);
        s->temporary = NULL;
    }
    free(s->target);
    s->target = NULL;
    assay_buf_free(&s->fields);
    assay_buf_free(&s->body);
}

/* The next field of the list; false at its end. */
static bool
next_field(const struct sink *s, size_t *at, const char **name,
           const char **value)
{
    if (*at >= s->fields.len) {
        return false;
    }
    *name = (const char *)s->fields.ptr + *at;
    *value = *name + strlen(*name) + 1;
    *at += strlen(*name) + strlen(*value) + 2;
    return true;
}

static size_t
count_fields(const struct sink *s, size_t upto, const char *wanted)
{
    const char *name;
    const char *value;
    size_t at = 0;
    size_t n = 0;

    while (at < upto && next_field(s, &at, &name, &value)) {
        n += strcmp(name, wanted) == 0;
    }
    return n;
}

/* A string, or the list of values where a name occurs more than once. */
static void
put_field(const struct sink *s, struct assay_json_out *o, const char *wanted)
{
    const char *name;
    const char *value;
    size_t at = 0;
    bool list = count_fields(s, s->fields.len, wanted) > 1;

    if (list) {
        assay_json_out_open(o, wanted, '[');
    }
    while (next_field(s, &at, &name, &value)) {
        if (strcmp(name, wanted) == 0) {
            assay_json_out_text(o, list ? NULL : name, value);
        }
    }
    if (list) {
        assay_json_out_close(o, ']');
    }
}

static void
put_fields(const struct sink *s, struct assay_json_out *o)
{
    const char *name;
    const char *value;
    size_t at = 0;

    assay_json_out_open(o, "headers", '{');
    for (size_t from = 0; next_field(s, &at, &name, &value); from = at) {
        if (count_fields(s, from, name) == 0) {
            put_field(s, o, name);
        }
    }
    assay_json_out_close(o, '}');
}

void
sink_json(const struct sink *s, struct assay_json_out *o)
{
    struct assay_slice body = assay_buf_slice(&s->body);
    struct assay_buf text;

    assay_json_out_open(o, "response", '{');
    assay_json_out_u64(o, "status", s->status);
    put_fields(s, o);
    if (assay_utf8_is_valid(body)) {
        assay_json_out_string(o, "body", body);
    } else {
        assay_buf_init(&text, 2 * (size_t)SINK_MEMORY_MAX_BYTES);
        assay_base64_encode(&text, body);
        o->buf->failed = o->buf->failed || text.failed;
        assay_json_out_string(o, "body_base64", assay_buf_slice(&text));
        assay_buf_free(&text);
    }
    assay_json_out_close(o, '}');
}
