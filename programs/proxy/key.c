/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * key.c - an upstream's API key.
 */
#include "key.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "io/file.h"

static const char bearer[] = "Bearer ";

/* Its line break is not of it; what could end a header's line is refused. */
static enum assay_code
put_key(struct assay_slice text, const char *what, struct assay_buf *out,
        struct assay_error *err)
{
    size_t len = text.len;

    while (len > 0 &&
           (text.ptr[len - 1] == '\n' || text.ptr[len - 1] == '\r')) {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f) {
            return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                              "%.200s: a key is one line of visible ASCII "
                              "characters, without spaces",
                              what);
        }
    }
    if (len == 0 || len > KEY_MAX_BYTES) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "%.200s: a key has 1 to %u characters", what,
                          KEY_MAX_BYTES);
    }
    assay_buf_reserve(out, sizeof(bearer) + len);
    assay_buf_add_text(out, bearer);
    assay_buf_add(out, (struct assay_slice){text.ptr, len});
    return assay_buf_check(out, what, err);
}

static void
empty_unless_ok(struct assay_buf *out, const struct assay_error *err)
{
    if (err->code != ASSAY_OK) {
        assay_buf_free(out);
    }
}

enum assay_code
key_read_file(const char *path, struct assay_buf *out, struct assay_error *err)
{
    struct assay_buf text;

    assay_buf_init(out, sizeof(bearer) + KEY_MAX_BYTES);
    if (assay_file_read_secret(path, KEY_MAX_BYTES + 2, &text, err) ==
        ASSAY_OK) {
        (void)!put_key(assay_buf_slice(&text), path, out, err);
    }
    assay_buf_free(&text); /* wiped */
    empty_unless_ok(out, err);
    return err->code;
}

enum assay_code
key_read_env(const char *variable, struct assay_buf *out,
             struct assay_error *err)
{
    const char *value = getenv(variable);

    assay_error_clear(err);
    assay_buf_init(out, sizeof(bearer) + KEY_MAX_BYTES);
    if (value == NULL || value[0] == '\0') {
        return assay_fail(err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                          "the environment has no %.100s", variable);
    }
    (void)!put_key(assay_slice_of(value), variable, out, err);
    empty_unless_ok(out, err);
    return err->code;
}
