/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * launch_codex.c - see launch_codex.h.
 */
#define _GNU_SOURCE /* pipe2 */
#include "launch_codex.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/bytes.h"
#include "base/error.h"
#include "launch_process.h"

#define ANSWER_MAX_BYTES (256u * 1024u)
#define ANSWER_LIMIT_MS  20000
#define PATH_BYTES       4096u

/* --- where it is --------------------------------------------------------- */

static bool
is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           access(path, X_OK) == 0;
}

/* As execvp() would find it; an empty part of PATH is not looked at. */
static bool
find_in_path(const char *name, struct assay_buf *out)
{
    const char *at = getenv("PATH");
    char path[PATH_BYTES];

    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, ":");
        int len = snprintf(path, sizeof(path), "%.*s/%s", (int)n, at, name);

        if (n > 0 && len > 0 && (size_t)len < sizeof(path) &&
            is_program(path)) {
            assay_buf_add_text(out, path);
            return true;
        }
        at += n + (at[n] == ':');
    }
    return false;
}

enum assay_code
codex_find(struct assay_buf *path, struct assay_error *err)
{
    const char *own = getenv("ASSAY_CODEX");

    assay_error_clear(err);
    if (own == NULL || own[0] == '\0') {
        if (!find_in_path("codex", path)) {
            assay_fail(err, ASSAY_NOT_FOUND, ASSAY_NO_OFFSET,
                       "there is no codex in PATH: install it, or set "
                       "ASSAY_CODEX to its path");
        }
    } else if (!is_program(own)) {
        assay_fail(err, ASSAY_NOT_FOUND, ASSAY_NO_OFFSET,
                   "ASSAY_CODEX: %.150s is no program", own);
    } else {
        assay_buf_add_text(path, own);
    }
    assay_buf_add_u8(path, '\0');
    return err->code == ASSAY_OK ? assay_buf_check(path, "codex", err)
                                 : err->code;
}

/* --- what it is ---------------------------------------------------------- */

/* A whole number; *s moves behind it. False: none is there. */
static bool
take_number(struct assay_slice *s, unsigned *out)
{
    bool any = false;

    *out = 0;
    while (s->len > 0 && assay_is_digit(s->ptr[0]) && *out < 100000) {
        *out = *out * 10 + (unsigned)(s->ptr[0] - '0');
        s->ptr++;
        s->len--;
        any = true;
    }
    return any;
}

/* The second number of "codex-cli 0.94.0"; -1 where the first is none or not 0.
 * What cannot be read is taken for a new one. */
static int
minor_of(struct assay_slice version)
{
    size_t at = assay_slice_find(version, " ");
    unsigned major;
    unsigned minor;

    if (at == ASSAY_NO_OFFSET) {
        return -1;
    }
    version.ptr += at + 1;
    version.len -= at + 1;
    if (!take_number(&version, &major) || version.len == 0 ||
        version.ptr[0] != '.') {
        return -1;
    }
    version.ptr++;
    version.len--;
    return take_number(&version, &minor) && major == 0 ? (int)minor : -1;
}

bool
codex_version_speaks_chat(struct assay_slice version)
{
    int minor = minor_of(version);

    return minor > 0 && minor <= 94; /* 0.0.0: built from source, of today */
}

bool
codex_version_can_stray(struct assay_slice version)
{
    int minor = minor_of(version);

    return minor >= 102 && minor <= 148;
}

void
codex_read_help(struct assay_slice help, struct codex_facts *out)
{
    out->has_daemon = assay_slice_find(help, "--no-daemon") != ASSAY_NO_OFFSET;
    out->old_profiles =
        assay_slice_find(help, "--profile <CONFIG_PROFILE>") != ASSAY_NO_OFFSET;
}

/* What it writes to standard output when it is asked with one option. */
static enum assay_code
ask(const char *path, const char *option, struct assay_buf *answer,
    struct assay_error *err)
{
    char *const argv[] = {(char *)(uintptr_t)path, (char *)(uintptr_t)option,
                          NULL};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int ends[2] = {-1, -1};
    pid_t pid = 0;
    bool whole = false;
    int code = 0;

    if (null < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, "no pipe");
    } else {
        const struct launch_start how = {path, argv, null, ends[1],
                                         null, -1,   true, SIGKILL};

        (void)!launch_start(&how, &pid, err);
        (void)close(ends[1]);
        whole = err->code == ASSAY_OK &&
                launch_read(ends[0], answer, ANSWER_LIMIT_MS, NULL, NULL);
        (void)close(ends[0]);
    }
    if (null >= 0) {
        (void)close(null);
    }
    if (pid != 0) {
        code = launch_end(&pid, 0, whole ? ANSWER_LIMIT_MS : 0);
    }
    if (err->code == ASSAY_OK && !whole) {
        assay_fail(err, ASSAY_TIMEOUT, ASSAY_NO_OFFSET,
                   "%.150s %s: no whole answer", path, option);
    } else if (err->code == ASSAY_OK && code != 0) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "%.150s %s: exit %d; is that Codex? (ASSAY_CODEX says which "
                   "program is)",
                   path, option, code);
    }
    return err->code;
}

static void
check_release(struct assay_slice version, struct assay_error *err)
{
    if (codex_version_can_stray(version)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "Codex 0.102 to 0.148 lets files of agents and projects "
                   "send prompts elsewhere: install a later one");
    }
}

enum assay_code
codex_ask(const char *path, struct codex_facts *out, struct assay_error *err)
{
    struct assay_buf version;
    struct assay_buf help;

    *out = (struct codex_facts){.speaks_chat = false};
    assay_error_clear(err);
    assay_buf_init(&version, ANSWER_MAX_BYTES);
    assay_buf_init(&help, ANSWER_MAX_BYTES);
    if (setenv(CODEX_ASKED_VARIABLE, "1", 1) != 0) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "environment");
    } else if (ask(path, "--version", &version, err) == ASSAY_OK &&
               ask(path, "--help", &help, err) == ASSAY_OK) {
        check_release(assay_buf_slice(&version), err);
        out->speaks_chat = codex_version_speaks_chat(assay_buf_slice(&version));
        codex_read_help(assay_buf_slice(&help), out);
    }
    (void)unsetenv(CODEX_ASKED_VARIABLE);
    assay_buf_free(&version);
    assay_buf_free(&help);
    return err->code;
}
