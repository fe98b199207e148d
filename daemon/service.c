/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * service.c - the service manager.
 */
#include "daemon/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "io/socket_name.h"

#define FIRST_FD  3  /* SD_LISTEN_FDS_START */
#define DOG_TURNS 3u /* in the time that the service manager waits */

/* A number in the environment; false if there is none. */
static bool
number_of(const char *name, uint64_t *out)
{
    const char *text = getenv(name);
    char *end = NULL;
    unsigned long long n;

    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    n = strtoull(text, &end, 10);
    *out = n;
    return *end == '\0' && errno == 0;
}

/* Meant for this process, and not for one that has started it? */
static bool
is_ours(const char *name)
{
    uint64_t pid;

    return number_of(name, &pid) && pid == (uint64_t)getpid();
}

enum assay_code
service_inherit(int *fd, struct assay_error *err)
{
    uint64_t count = 0;
    bool ours = is_ours("LISTEN_PID") && number_of("LISTEN_FDS", &count);

    *fd = -1;
    assay_error_clear(err);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (!ours || count == 0) {
        return ASSAY_OK;
    }
    if (count > 1) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "the service manager hands over %llu sockets; one "
                          "is served",
                          (unsigned long long)count);
    }
    *fd = FIRST_FD;
    return ASSAY_OK;
}

/* --- telling ------------------------------------------------------------ */

/* "@NAME" is in the abstract namespace. */
static bool
fill_address(struct sockaddr_un *to, socklen_t *len, const char *path)
{
    size_t n = strlen(path);

    if ((path[0] != '/' && path[0] != '@') || n < 2 ||
        n >= sizeof(to->sun_path)) {
        return false;
    }
    *to = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(to->sun_path, path, n);
    *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n +
                       (path[0] == '/' ? 1 : 0));
    if (path[0] == '@') {
        to->sun_path[0] = '\0';
    }
    return true;
}

enum assay_code
service_open(struct service *s, struct assay_error *err)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to;
    socklen_t len;

    assay_error_clear(err);
    *s = (struct service){.fd = -1};
    if (path == NULL || path[0] == '\0') {
        return ASSAY_OK;
    }
    if (!fill_address(&to, &len, path)) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "NOTIFY_SOCKET: '%.80s' is no Unix socket", path);
    }
    /* Connected now, for a sandbox may come between. */
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&to, len) != 0) {
        assay_fail_uv(err, ASSAY_IO, -errno, "NOTIFY_SOCKET %.80s", path);
        service_close(s);
        return err->code;
    }
    if (getenv("WATCHDOG_PID") == NULL || is_ours("WATCHDOG_PID")) {
        (void)number_of("WATCHDOG_USEC", &s->dog_us);
    }
    return ASSAY_OK;
}

uint64_t
service_dog_ms(const struct service *s)
{
    uint64_t turn_ms = s->dog_us / 1000u / DOG_TURNS;

    return s->dog_us > 0 && turn_ms == 0 ? 1 : turn_ms;
}

void
service_tell(const struct service *s, const char *what)
{
    if (s->fd >= 0) {
        (void)!send(s->fd, what, strlen(what), MSG_NOSIGNAL);
    }
}

void
service_tell_reloading(const struct service *s)
{
    struct timespec now = {.tv_sec = 0};
    char text[80];

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
             (unsigned long long)now.tv_sec * 1000000u +
                 (unsigned long long)now.tv_nsec / 1000u);
    service_tell(s, text);
}

void
service_close(struct service *s)
{
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}
