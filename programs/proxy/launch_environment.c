/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_environment.c - see launch_environment.h.
 */
#include "launch_environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "io/address.h"
#include "io/file.h"
#include "launch_codex.h"

#define PATH_MAX_BYTES 4096u

/* --- what it sets itself -------------------------------------------------- */

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

/* The syntax of such files has quotes, escapes and references to variables;
 * nothing of that is read here, so a line that may set NO_PROXY has to show the
 * host as it stands. */
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
launch_check_dotenv(const char *folder, const struct running *proxy,
                    struct assay_error *err)
{
    struct assay_address at;
    char path[PATH_MAX_BYTES];
    struct assay_buf text = {.ptr = NULL};

    if (assay_address_parse(proxy->address, NULL, &at, err) != ASSAY_OK) {
        return err->code;
    }
    if (snprintf(path, sizeof(path), "%s/.env", folder) >= (int)sizeof(path)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "the path of Codex's folder is too long");
    }
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        return ASSAY_OK;
    }
    if (assay_file_read(path, LAUNCH_DOTENV_MAX_BYTES, &text, err) ==
            ASSAY_OK &&
        !launch_dotenv_spares(assay_buf_slice(&text),
                              assay_slice_of(at.host))) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "%.150s: its NO_PROXY lacks %.60s, so prompts for the proxy "
                   "there could go to another one, in plain: add it",
                   path, at.host);
    }
    assay_buf_free(&text);
    return err->code;
}

/* --- what it is given ------------------------------------------------------
 */

/* Its HTTP client would send what is for this machine through a proxy of the
 * environment, which is where prompts must not be. */
static bool
bypass_proxies(const char *variable, const char *host)
{
    static const char usual[] = "127.0.0.1,::1,localhost";
    const char *was = getenv(variable);
    struct assay_buf now;
    bool done;

    assay_buf_init(&now, RUNNING_MAX_BYTES);
    if (was != NULL && was[0] != '\0') {
        assay_buf_printf(&now, "%s,", was);
    }
    assay_buf_add_text(&now, usual);
    if (strcmp(host, "127.0.0.1") != 0 && strcmp(host, "::1") != 0) {
        assay_buf_printf(&now, ",%s", host);
    }
    assay_buf_add_u8(&now, '\0');
    done = !now.failed && setenv(variable, (const char *)now.ptr, 1) == 0;
    assay_buf_free(&now);
    return done;
}

static bool
pass_secret(const struct running *proxy)
{
    const char *secret = running_secret(proxy);

    return secret != NULL ? setenv(CODEX_SECRET_VARIABLE, secret + 1, 1) == 0
                          : unsetenv(CODEX_SECRET_VARIABLE) == 0;
}

enum assay_code
launch_set_environment(const struct running *proxy, struct assay_error *err)
{
    struct assay_address at;

    if (assay_address_parse(proxy->address, NULL, &at, err) != ASSAY_OK) {
        return err->code;
    }
    return bypass_proxies("NO_PROXY", at.host) &&
                   bypass_proxies("no_proxy", at.host) && pass_secret(proxy)
               ? ASSAY_OK
               : assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                            "environment of Codex");
}
