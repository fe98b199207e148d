/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint_path.c - what a path of the host, mounted into a container, is.
 */
#include "lint_path.h"

#include <stddef.h>
#include <string.h>

#define PATH_MAX_BYTES 512u

/* Folders that hold a runtime's socket, and names that sockets have. */
static const char *const holders[] = {
    "/",
    "/var",
    "/var/run",
    "/run",
    "/run/containerd",
    "/var/run/containerd",
    "/run/user",
    "/var/run/user",
    "/run/podman",
    "/var/run/podman",
};
static const char *const sockets[] = {
    "docker.sock", "docker.sock.raw", "containerd.sock",
    "podman.sock", "crio.sock",       "buildkitd.sock",
};
static const char *const guest[] = {"dstack.sock", "tappd.sock"};

static bool
is_one_of(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], text) == 0) {
            return true;
        }
    }
    return false;
}
#define IS_ONE_OF(text, list)                                                  \
    is_one_of(text, list, sizeof(list) / sizeof((list)[0]))

/* An absolute path without ".", ".." and empty parts. False: too long. */
static bool
normalize(const char *path, char out[PATH_MAX_BYTES])
{
    size_t n = 0;

    while (*path != '\0') {
        size_t len = strcspn(path, "/");

        if (len == 2 && strncmp(path, "..", 2) == 0) {
            while (n > 0 && out[n - 1] != '/') {
                n--;
            }
            n -= n > 0; /* the slash */
        } else if (len > 0 && !(len == 1 && path[0] == '.')) {
            if (n + 1 + len >= PATH_MAX_BYTES - 1) {
                return false;
            }
            out[n++] = '/';
            memcpy(out + n, path, len);
            n += len;
        }
        path += len;
        path += *path == '/';
    }
    if (n == 0) {
        out[n++] = '/';
    }
    out[n] = '\0';
    return true;
}

enum lint_path
lint_path_of(const char *source)
{
    char path[PATH_MAX_BYTES];
    const char *name;

    if (source[0] != '/' && source[0] != '.' && source[0] != '~') {
        return LINT_PATH_VOLUME;
    }
    if (source[0] != '/' || !normalize(source, path)) {
        name = strrchr(source, '/');
        return name != NULL && IS_ONE_OF(name + 1, sockets) ? LINT_PATH_RUNTIME
                                                            : LINT_PATH_HOST;
    }
    name = strrchr(path, '/') + 1;
    if (IS_ONE_OF(path, holders) || IS_ONE_OF(name, sockets)) {
        return LINT_PATH_RUNTIME;
    }
    return IS_ONE_OF(name, guest) ? LINT_PATH_GUEST_SOCKET : LINT_PATH_HOST;
}
