/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * listen_socket.c - a socket that listens, by the system's own calls: libuv
 * would hide why a Unix socket cannot be bound.
 */
#include "io/listen_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/host.h"
#include "io/socket_name.h"

#define BACKLOG 1024 /* connections that wait; the system may allow fewer */

static int
open_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static void
fill_unix(struct sockaddr_un *to, const char *path)
{
    *to = (struct sockaddr_un){.sun_family = AF_UNIX};
    /* An address holds no longer path than fits here. */
    assay_copy(to->sun_path, assay_slice_of(path));
}

/* --- Unix --------------------------------------------------------------- */

/* Does nobody accept at this socket? Fails if it is none, or is alive. */
static bool
is_stale(const char *path, struct assay_error *err)
{
    struct sockaddr_un address;
    struct stat st;
    int fd;
    int rc;

    if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode)) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "listen on unix:%s: something else is at this path", path);
        return false;
    }
    fd = open_socket(AF_UNIX);
    if (fd < 0) {
        assay_fail_uv(err, ASSAY_IO, -errno, "listen on unix:%s", path);
        return false;
    }
    fill_unix(&address, path);
    /* Does not block: a full queue of a live server is EAGAIN. */
    rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
    rc = rc == 0 ? 0 : errno;
    close(fd);
    if (rc != ECONNREFUSED) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "listen on unix:%s: another process listens there", path);
    }
    return rc == ECONNREFUSED;
}

static void
bind_unix(int fd, const char *path, struct assay_error *err)
{
    struct sockaddr_un address;
    int rc;

    fill_unix(&address, path);
    rc = bind(fd, (struct sockaddr *)&address, sizeof(address));
    if (rc != 0 && errno == EADDRINUSE) {
        if (!is_stale(path, err)) {
            return;
        }
        (void)unlink(path); /* if it stays, bind says so */
        rc = bind(fd, (struct sockaddr *)&address, sizeof(address));
    }
    if (rc != 0) {
        assay_fail_uv(err, ASSAY_IO, -errno, "listen on unix:%s", path);
    }
}

static void
listen_unix(int fd, const char *path, unsigned mode, struct assay_error *err)
{
    bind_unix(fd, path, err);
    /* Nobody can connect before listen(), so nobody uses a wider mode. */
    if (err->code == ASSAY_OK &&
        (chmod(path, (mode_t)mode) != 0 || listen(fd, BACKLOG) != 0)) {
        assay_fail_uv(err, ASSAY_IO, -errno, "listen on unix:%s", path);
        (void)unlink(path);
    }
}

/* --- TCP ---------------------------------------------------------------- */

static void
fail_to_listen(const char *name, int why, struct assay_error *err)
{
    if (why == EADDRINUSE) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "listen on %s: address already in use: end what listens "
                   "there, or choose another port (0 is any free one)",
                   name);
    } else {
        assay_fail_uv(err, ASSAY_IO, -why, "listen on %s", name);
    }
}

static void
listen_tcp(int fd, const struct addrinfo *info, struct assay_error *err)
{
    char name[ASSAY_SOCKET_NAME_BYTES];
    int on = 1;

    assay_socket_name(info->ai_addr, name, sizeof(name));
    /* A restart does not wait for connections of before. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, info->ai_addr, info->ai_addrlen) != 0 ||
        listen(fd, BACKLOG) != 0) {
        fail_to_listen(name, errno, err);
    }
}

/* The first address; freed with uv_freeaddrinfo(). */
static struct addrinfo *
look_up(uv_loop_t *loop, const struct assay_address *at,
        struct assay_error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    bool local = assay_host_is_localhost(assay_slice_of(at->host));
    uv_getaddrinfo_t req;
    /* Without a callback it answers at once. */
    int rc = uv_getaddrinfo(loop, &req, NULL, local ? "127.0.0.1" : at->host,
                            at->port, &hints);

    if (rc != 0) {
        assay_fail_uv(err, ASSAY_IO, rc, "listen on %s:%s", at->host, at->port);
        return NULL;
    }
    return req.addrinfo;
}

enum assay_code
assay_listen_socket(uv_loop_t *loop, const struct assay_address *at,
                    unsigned mode, int *out, struct assay_error *err)
{
    struct addrinfo *info = NULL;
    int fd = -1;

    *out = -1;
    assay_error_clear(err);
    if (!at->is_unix) {
        info = look_up(loop, at, err);
    }
    if (err->code != ASSAY_OK) {
        goto out;
    }
    fd = open_socket(at->is_unix ? AF_UNIX : info->ai_family);
    if (fd < 0) {
        assay_fail_uv(err, ASSAY_IO, -errno, "listen");
    } else if (at->is_unix) {
        listen_unix(fd, at->path, mode, err);
    } else {
        listen_tcp(fd, info, err);
    }
    if (err->code == ASSAY_OK) {
        *out = fd;
        fd = -1; /* handed to the caller */
    }
out:
    if (info != NULL) {
        uv_freeaddrinfo(info);
    }
    if (fd >= 0) {
        close(fd);
    }
    return err->code;
}

/* --- several ------------------------------------------------------------ */

enum assay_code
assay_listen_share(int fd, int *out, struct assay_error *err)
{
    assay_error_clear(err);
    *out = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (*out < 0) {
        assay_fail_uv(err, ASSAY_IO, -errno, "listen");
    }
    return err->code;
}

/* The first one gets SO_REUSEPORT only now, behind its bind(): so the port was
 * nobody else's. */
enum assay_code
assay_listen_again(int fd, int *out, struct assay_error *err)
{
    struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(at);
    int on = 1;
    int again;

    (void)getsockname(fd, (struct sockaddr *)&at, &len);
    if (at.ss_family != AF_INET && at.ss_family != AF_INET6) {
        return assay_listen_share(fd, out, err);
    }
    *out = -1;
    assay_error_clear(err);
    again = open_socket(at.ss_family);
    if (again < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
        setsockopt(again, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(again, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
        bind(again, (struct sockaddr *)&at, len) != 0 ||
        listen(again, BACKLOG) != 0) {
        assay_fail_uv(err, ASSAY_IO, -errno, "listen once more");
        if (again >= 0) {
            close(again);
        }
        return err->code;
    }
    *out = again;
    return ASSAY_OK;
}

/* --- files -------------------------------------------------------------- */

void
assay_socket_file_note(struct assay_socket_file *f, const char *path)
{
    struct stat st;

    f->path[0] = '\0';
    if (lstat(path, &st) == 0) {
        snprintf(f->path, sizeof(f->path), "%s", path);
        f->device = st.st_dev;
        f->inode = st.st_ino;
    }
}

void
assay_socket_file_remove(const struct assay_socket_file *f)
{
    struct stat st;

    if (f->path[0] != '\0' && lstat(f->path, &st) == 0 &&
        st.st_dev == f->device && st.st_ino == f->inode) {
        (void)unlink(f->path);
    }
}
