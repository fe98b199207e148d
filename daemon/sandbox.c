/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sandbox.c - what the process can do no more once it is set up.
 */
#include "daemon/sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/error.h"
#include "io/socket_name.h"
#include "io/system_roots.h"

/* Sanitizers make calls of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* --- paths -------------------------------------------------------------- */

static bool
is_allowed(const struct sandbox_paths *p, const char *path, bool write)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->list[i].write == write && strcmp(p->list[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

void
sandbox_allow(struct sandbox_paths *p, const char *path, bool write)
{
    char *copy;

    if (is_allowed(p, path, write)) {
        return;
    }
    copy = p->count < SANDBOX_PATHS_MAX ? strdup(path) : NULL;
    if (copy == NULL) {
        p->failed = true;
    } else {
        p->list[p->count++] = (struct sandbox_path){copy, write};
    }
}

static void
allow_folder(struct sandbox_paths *p, const char *file, bool write)
{
    char *folder = strdup(file);
    char *slash = folder != NULL ? strrchr(folder, '/') : NULL;

    if (folder == NULL) {
        p->failed = true;
    } else if (slash == NULL) {
        sandbox_allow(p, ".", write);
    } else {
        slash[slash == folder ? 1 : 0] = '\0';
        sandbox_allow(p, folder, write);
    }
    free(folder);
}

void
sandbox_allow_folder_of(struct sandbox_paths *p, const char *file, bool write)
{
    char *real = realpath(file, NULL);

    allow_folder(p, file, write);
    if (real != NULL) {
        allow_folder(p, real, write);
    }
    free(real);
}

void
sandbox_allow_system(struct sandbox_paths *p)
{
    static const char *const system_paths[] = {
        "/etc",
        "/lib",
        "/lib64",
        "/usr/lib",
        "/usr/share",
        "/run/systemd/resolve",
        "/usr/lib64",
        "/run/resolvconf",
        "/sys/devices/system/cpu",
        "/dev/null",
        "/dev/urandom",
        "/dev/random",
    };
    bool named;
    const char *roots;

    for (size_t i = 0; i < sizeof(system_paths) / sizeof(system_paths[0]);
         i++) {
        sandbox_allow(p, system_paths[i], false);
    }
    roots = assay_system_roots(&named);
    if (named) {
        sandbox_allow_folder_of(p, roots, false);
    }
}

void
sandbox_allow_address(struct sandbox_paths *p, const struct assay_address *a)
{
    if (a->is_unix) {
        sandbox_allow_folder_of(p, a->path, true);
    }
}

void
sandbox_paths_free(struct sandbox_paths *p)
{
    while (p->count > 0) {
        free(p->list[--p->count].path);
    }
}

/* --- entering ----------------------------------------------------------- */

/* Needed for the rest, and no harm anywhere. The limit of core files is not
 * one where the system pipes them to a program: what is not dumpable has none,
 * and its memory is not other processes' of this user to read either. (Leak
 * checkers read it.) */
static void
drop_powers(struct assay_error *err)
{
    struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        (!SANITIZED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) ||
        setrlimit(RLIMIT_CORE, &none) != 0) {
        assay_fail_uv(err, ASSAY_UNSUPPORTED, -errno, "sandbox");
    }
}

static void
want_all(const struct sandbox_state *state, struct assay_error *err)
{
    if (state->landlock <= 0 || !state->seccomp) {
        assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                   "sandbox: this %s has no %s", SANITIZED ? "build" : "kernel",
                   state->landlock <= 0 ? "Landlock" : "seccomp");
    }
}

enum assay_code
sandbox_check(struct assay_error *err)
{
    const struct sandbox_state state = {
        .landlock = SANITIZED ? 0 : sandbox_files_version(),
        .seccomp = !SANITIZED && sandbox_calls_are_there(),
    };

    assay_error_clear(err);
    want_all(&state, err);
    return err->code;
}

void
sandbox_hide_rings(void)
{
    if (!SANITIZED) {
        sandbox_calls_hide_rings();
    }
}

enum assay_code
sandbox_enter(const struct sandbox_paths *paths, bool strict,
              struct sandbox_state *state, struct assay_error *err)
{
    *state = (struct sandbox_state){.landlock = 0};
    assay_error_clear(err);
    if (paths->failed) {
        return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                          "sandbox: more than %u folders", SANDBOX_PATHS_MAX);
    }
    drop_powers(err);
    if (!SANITIZED && err->code == ASSAY_OK) {
        state->landlock = sandbox_files(paths, err);
    }
    if (!SANITIZED && err->code == ASSAY_OK) {
        state->seccomp = sandbox_calls(err);
    }
    if (strict) {
        want_all(state, err);
    }
    return err->code;
}
