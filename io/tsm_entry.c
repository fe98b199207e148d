/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tsm_entry.c - one report entry of configfs-tsm, file by file.
 *
 * Folders are opened with O_PATH, which holds nothing that rmdir would mind.
 */
#define _GNU_SOURCE /* O_PATH */

#include "io/tsm_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"

#define NAMES_TRIED 100u
#define CHUNK_BYTES 8192u

static const char hint_access[] =
    "run as root, or give this user access to the folder";
static const char hint_kernel[] =
    "needs Linux 6.7 or newer with CONFIG_TSM_REPORTS; try \"modprobe "
    "tdx_guest\" and \"mount -t configfs none /sys/kernel/config\"";
static const char hint_provider[] =
    "no provider: is this a TD? try \"modprobe tdx_guest\"";
static const char hint_busy[] = "another request is under way: try again";
static const char hint_host[] =
    "check the quote generation service (QGS) of the host";

static const struct {
    int number;
    enum assay_code code;
    const char *hint;
} failures[] = {
    {EACCES, ASSAY_IO, hint_access},
    {EPERM, ASSAY_IO, hint_access},
    {ENOENT, ASSAY_NOT_FOUND, hint_kernel},
    {ENOTDIR, ASSAY_NOT_FOUND, hint_kernel},
    {ENXIO, ASSAY_NOT_FOUND, hint_provider},
    {ENOTTY, ASSAY_NOT_FOUND, hint_provider},
    {EBUSY, ASSAY_IO, hint_busy},
    {EAGAIN, ASSAY_IO, hint_busy},
    {ETIMEDOUT, ASSAY_TIMEOUT, hint_host},
    {EIO, ASSAY_IO, hint_host},
    {ENOMEM, ASSAY_NO_MEMORY, "free memory"},
};

/* Records errno; file is below the entry, or NULL for the entry, or for the
 * folder if the entry has no name yet. */
static enum assay_tsm_outcome
fail_errno(const struct assay_tsm_entry *e, const char *file, const char *doing,
           struct assay_error *err)
{
    int number = errno;
    enum assay_code code = ASSAY_IO;
    const char *hint = "see the kernel's log (dmesg)";

    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].number == number) {
            code = failures[i].code;
            hint = failures[i].hint;
        }
    }
    assay_fail(err, code, ASSAY_NO_OFFSET, "%.*s%s%s%s%s: cannot %s: %s; %s",
               ASSAY_TSM_FOLDER_SHOWN, e->folder, e->name[0] != '\0' ? "/" : "",
               e->name, file != NULL ? "/" : "", file != NULL ? file : "",
               doing, strerror(number), hint);
    return number == EBUSY || number == EAGAIN ? ASSAY_TSM_AGAIN
                                               : ASSAY_TSM_FAILED;
}

static void
prefix_path(const struct assay_tsm_entry *e, const char *file,
            struct assay_error *err)
{
    assay_error_prefix(err, "%.*s/%s/%s", ASSAY_TSM_FOLDER_SHOWN, e->folder,
                       e->name, file);
}

static int
open_file(const struct assay_tsm_entry *e, const char *file, int flags)
{
    int fd;

    do {
        fd = openat(e->fd, file, flags | O_CLOEXEC | O_NOFOLLOW);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

/* close() that leaves errno alone. */
static void
close_quietly(int fd)
{
    int number = errno;

    close(fd);
    errno = number;
}

enum assay_tsm_outcome
assay_tsm_read(const struct assay_tsm_entry *e, const char *file,
               struct assay_buf *out, struct assay_error *err)
{
    uint8_t chunk[CHUNK_BYTES];
    int fd = open_file(e, file, O_RDONLY);
    ssize_t got = -1;

    if (fd < 0) {
        return fail_errno(e, file, "open", err);
    }
    do {
        got = read(fd, chunk, sizeof(chunk));
        if (got > 0) {
            assay_buf_add(out, (struct assay_slice){chunk, (size_t)got});
        }
    } while ((got > 0 && !out->failed) || (got < 0 && errno == EINTR));
    close_quietly(fd);
    if (got < 0) {
        return fail_errno(e, file, "read", err);
    }
    if (assay_buf_check(out, "content", err) != ASSAY_OK) {
        prefix_path(e, file, err);
        return ASSAY_TSM_FAILED;
    }
    return ASSAY_TSM_GOT;
}

enum assay_tsm_outcome
assay_tsm_read_text(const struct assay_tsm_entry *e, const char *file,
                    char to[ASSAY_TSM_TEXT_BYTES + 1], struct assay_error *err)
{
    struct assay_buf text;
    enum assay_tsm_outcome outcome;

    assay_buf_init(&text, ASSAY_TSM_TEXT_BYTES);
    outcome = assay_tsm_read(e, file, &text, err);
    if (outcome == ASSAY_TSM_GOT) {
        assay_copy(to, assay_buf_slice(&text));
        to[text.len] = '\0';
        to[strcspn(to, "\n")] = '\0';
    }
    assay_buf_free(&text);
    return outcome;
}

/* All of it by one write(); it takes effect by close(). */
enum assay_tsm_outcome
assay_tsm_write(const struct assay_tsm_entry *e,
                const uint8_t report_data[ASSAY_TSM_DATA_BYTES],
                struct assay_error *err)
{
    int fd = open_file(e, "inblob", O_WRONLY);
    ssize_t put;

    if (fd < 0) {
        return fail_errno(e, "inblob", "open", err);
    }
    do {
        put = write(fd, report_data, ASSAY_TSM_DATA_BYTES);
    } while (put < 0 && errno == EINTR);
    if (put < 0) {
        close_quietly(fd);
        return fail_errno(e, "inblob", "write", err);
    }
    if (close(fd) != 0) {
        return fail_errno(e, "inblob", "write", err);
    }
    if ((size_t)put != ASSAY_TSM_DATA_BYTES) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%.*s/%s/inblob: took %zd of %u bytes",
                   ASSAY_TSM_FOLDER_SHOWN, e->folder, e->name, put,
                   ASSAY_TSM_DATA_BYTES);
        return ASSAY_TSM_FAILED;
    }
    return ASSAY_TSM_GOT;
}

/* A name of our own keeps others from writing to the entry. One that is there
 * already was left by a process of the same number that was killed, or belongs
 * to one in another container: it is passed by. */
static bool
make_entry(struct assay_tsm_entry *e, struct assay_error *err)
{
    static atomic_uint counter;

    for (unsigned i = 0; i < NAMES_TRIED; i++) {
        char name[ASSAY_TSM_NAME_BYTES];

        (void)snprintf(name, sizeof(name), "assay-%ld-%u", (long)getpid(),
                       atomic_fetch_add(&counter, 1));
        if (mkdirat(e->folder_fd, name, 0700) == 0) {
            memcpy(e->name, name, sizeof(name));
            return true;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    fail_errno(e, NULL, "make an entry", err);
    return false;
}

bool
assay_tsm_entry_new(struct assay_tsm_entry *e, const char *folder,
                    struct assay_error *err)
{
    *e = (struct assay_tsm_entry){.folder = folder, .folder_fd = -1, .fd = -1};
    e->folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (e->folder_fd < 0) {
        fail_errno(e, NULL, "open", err);
        return false;
    }
    if (!make_entry(e, err)) {
        close(e->folder_fd);
        return false;
    }
    e->fd = openat(e->folder_fd, e->name,
                   O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (e->fd < 0) {
        fail_errno(e, NULL, "open", err);
        assay_tsm_entry_remove(e);
        return false;
    }
    return true;
}

/* An entry that rmdir does not take away now is not worth a quote. */
void
assay_tsm_entry_remove(struct assay_tsm_entry *e)
{
    if (e->fd >= 0) {
        close(e->fd);
    }
    (void)unlinkat(e->folder_fd, e->name, AT_REMOVEDIR);
    close(e->folder_fd);
}
