/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lint_path.c - what a path of the host, mounted into a container, is.
 */
#include "lint_path.h"

#include <string.h>

#define PATH_MAX_BYTES 4096u /* as of Linux */

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
#define COUNT_OF(list)        (sizeof(list) / sizeof((list)[0]))
#define IS_ONE_OF(text, list) is_one_of(text, list, COUNT_OF(list))

/* As from the top, without ".", ".." and empty parts. False: too long. */
static bool
normalize(struct assay_slice path, char out[PATH_MAX_BYTES])
{
    size_t n = 0;
    size_t at = 0;

    while (at < path.len) {
        const char *part = (const char *)path.ptr + at;
        const uint8_t *slash = memchr(part, '/', path.len - at);
        size_t len =
            slash != NULL ? (size_t)(slash - path.ptr) - at : path.len - at;

        if (len == 2 && strncmp(part, "..", 2) == 0) {
            while (n > 0 && out[n - 1] != '/') {
                n--;
            }
            n -= n > 0; /* the slash */
        } else if (len > 0 && !(len == 1 && part[0] == '.')) {
            if (n + 1 + len >= PATH_MAX_BYTES - 1) {
                return false;
            }
            out[n++] = '/';
            memcpy(out + n, part, len);
            n += len;
        }
        at += len + (slash != NULL);
    }
    if (n == 0) {
        out[n++] = '/';
    }
    out[n] = '\0';
    return true;
}

/* ".." is one of its parts. */
static bool
climbs(struct assay_slice path)
{
    for (size_t i = 0; i + 1 < path.len; i++) {
        if (path.ptr[i] == '.' && path.ptr[i + 1] == '.' &&
            (i == 0 || path.ptr[i - 1] == '/') &&
            (i + 2 == path.len || path.ptr[i + 2] == '/')) {
            return true;
        }
    }
    return false;
}

/* Of a path that begins somewhere else: what its last part is called. */
static enum lint_path
by_name(struct assay_slice source)
{
    for (size_t i = 0; i < COUNT_OF(sockets); i++) {
        size_t n = strlen(sockets[i]);

        if (source.len > n && source.ptr[source.len - n - 1] == '/' &&
            memcmp(source.ptr + source.len - n, sockets[i], n) == 0) {
            return LINT_PATH_RUNTIME;
        }
    }
    return LINT_PATH_HOST;
}

enum lint_path
lint_path_of(struct assay_slice source)
{
    char path[PATH_MAX_BYTES];
    const char *name;
    char first = source.len > 0 ? (char)source.ptr[0] : '\0';

    if (first != '/' && first != '.' && first != '~') {
        return LINT_PATH_VOLUME;
    }
    if (first != '/' && !climbs(source)) {
        return by_name(source);
    }
    if (!normalize(source, path)) {
        return LINT_PATH_RUNTIME;
    }
    name = strrchr(path, '/') + 1;
    if (IS_ONE_OF(path, holders) || IS_ONE_OF(name, sockets)) {
        return LINT_PATH_RUNTIME;
    }
    return IS_ONE_OF(name, guest) ? LINT_PATH_GUEST_SOCKET : LINT_PATH_HOST;
}
