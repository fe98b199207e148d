/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_dotenv.c - see launch_dotenv.h. The syntax of such files has quotes,
 * escapes and references to variables; nothing of that is read here, so a line
 * that may set NO_PROXY has to show the host as it stands.
 */
#include "launch_dotenv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "io/file.h"

#define PATH_MAX_BYTES 4096u

static bool
has_nocase(struct assay_slice line, const char *word)
{
    size_t n = strlen(word);

    for (; line.len >= n; line.ptr++, line.len--) {
        if (assay_slice_is_nocase((struct assay_slice){line.ptr, n}, word)) {
            return true;
        }
    }
    return false;
}

/* What may stand between the elements of a list, or around it. */
static bool
separates(uint8_t c)
{
    return strchr(",= \t\r\"'", c) != NULL; /* and NUL */
}

static bool
lists(struct assay_slice line, struct assay_slice host)
{
    for (size_t i = 1; i + host.len <= line.len; i++) {
        struct assay_slice at = {line.ptr + i, host.len};
        bool ends =
            i + host.len == line.len || separates(line.ptr[i + host.len]);

        if (ends && separates(line.ptr[i - 1]) && assay_slice_equal(at, host)) {
            return true;
        }
    }
    return false;
}

/* The next line, up to a comment. */
static struct assay_slice
next_line(struct assay_slice *text)
{
    const uint8_t *lf = memchr(text->ptr, '\n', text->len);
    size_t n = lf != NULL ? (size_t)(lf - text->ptr) : text->len;
    struct assay_slice line = {text->ptr, n};
    const uint8_t *mark = n > 0 ? memchr(line.ptr, '#', n) : NULL;

    text->ptr += n + (lf != NULL);
    text->len -= n + (lf != NULL);
    line.len = mark != NULL ? (size_t)(mark - line.ptr) : n;
    return line;
}

bool
launch_dotenv_spares(struct assay_slice text, struct assay_slice host)
{
    while (text.len > 0) {
        struct assay_slice line = next_line(&text);

        if (has_nocase(line, "no_proxy") && !lists(line, host)) {
            return false;
        }
    }
    return true;
}

enum assay_code
launch_check_dotenv(const char *folder, struct assay_slice host,
                    struct assay_error *err)
{
    char path[PATH_MAX_BYTES];
    struct assay_buf text = {.ptr = NULL};

    assay_error_clear(err);
    if (snprintf(path, sizeof(path), "%s/.env", folder) >= (int)sizeof(path)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "the path of Codex's folder is too long");
    }
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        return ASSAY_OK;
    }
    if (assay_file_read(path, LAUNCH_DOTENV_MAX_BYTES, &text, err) ==
            ASSAY_OK &&
        !launch_dotenv_spares(assay_buf_slice(&text), host)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%.150s: its NO_PROXY lacks %.*s, so prompts for the proxy "
                   "there could go to another one, in plain: add it",
                   path, (int)host.len, (const char *)host.ptr);
    }
    assay_buf_free(&text);
    return err->code;
}
