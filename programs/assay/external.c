/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * external.c - commands that are programs of their own.
 */
#include "external.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES     4096
#define NAME_MAX_BYTES 32u

/* What --help tells of; others run all the same. */
static const struct {
    const char *name;
    const char *summary;
} known[] = {
    {"bridge", "connect WebSocket clients (browsers) to TCP targets"},
    {"demo", "show attested TLS at work, and attacks that are refused"},
    {"proxy", "give clients of AI models providers whose TEE was verified"},
    {"serve", "run inside of a TD: attested TLS before an HTTP backend"},
    {"sim", "run a simulated TDX platform, for tests"},
};

/* No '/' and no '.': a command is no path. */
static bool
is_command(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return n > 0 && n <= NAME_MAX_BYTES && name[n] == '\0' && name[0] != '-';
}

/* The folder of this program, without a slash at its end. */
static bool
own_folder(char out[PATH_BYTES])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_BYTES - 1);
    char *slash;

    if (n <= 0) {
        return false;
    }
    out[n] = '\0';
    slash = strrchr(out, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    return true;
}

static bool
find(const char *name, char path[PATH_BYTES])
{
    static const char *const places[] = {"", "/../libexec/assay"};
    char folder[PATH_BYTES];

    if (!is_command(name) || !own_folder(folder)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int n = snprintf(path, PATH_BYTES, "%s%s/assay-%s", folder, places[i],
                         name);

        if (n < PATH_BYTES && access(path, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

bool
external_run(char **argv)
{
    char path[PATH_BYTES];
    const char *why;

    if (!find(argv[0], path)) {
        return false;
    }
    fflush(stdout);
    argv[0] = path;
    execv(path, argv);
    why = strerror(errno);
    fputs("assay: cannot run ", stderr);
    cli_put_safe(path);
    fprintf(stderr, ": %s\n", why);
    return true;
}

void
external_list(FILE *to)
{
    char path[PATH_BYTES];

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (find(known[i].name, path)) {
            fprintf(to, "  %-19s  %s\n", known[i].name, known[i].summary);
        }
    }
}

const char *
external_name(size_t i)
{
    char path[PATH_BYTES];

    for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
        if (find(known[k].name, path) && i-- == 0) {
            return known[k].name;
        }
    }
    return NULL;
}
