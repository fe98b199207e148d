/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tsm.c - one quote from configfs-tsm.
 *
 * What the kernel does and a reader might not expect: `inblob` takes effect
 * when it is closed, and a failure of that is lost; so the generation is also
 * read after the write. The quote is made by the first read() of `outblob`.
 * Folders are opened with O_PATH, which holds nothing that rmdir would mind.
 */
#define _GNU_SOURCE /* O_PATH */

#include "io/tsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "assay/quote.h"
#include "base/buf.h"
#include "base/bytes.h"

#define NAMES_TRIED        100u
#define NAME_BYTES         48u
#define TEXT_MAX_BYTES     64u /* of an attribute that is text */
#define CHUNK_BYTES        8192u
#define FIRST_PAUSE_NS     10000000L
#define FOLDER_SHOWN_BYTES 100 /* of a path in a message */

struct entry {
    const char *folder;
    int folder_fd;
    int fd;
    char name[NAME_BYTES];
};

/* How an attempt ended; AGAIN and FAILED have their reason in *err. */
enum outcome { GOT, AGAIN, FAILED };

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
static enum outcome
fail_errno(const struct entry *e, const char *file, const char *doing,
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
               FOLDER_SHOWN_BYTES, e->folder, e->name[0] != '\0' ? "/" : "",
               e->name, file != NULL ? "/" : "", file != NULL ? file : "",
               doing, strerror(number), hint);
    return number == EBUSY || number == EAGAIN ? AGAIN : FAILED;
}

static void
prefix_path(const struct entry *e, const char *file, struct assay_error *err)
{
    assay_error_prefix(err, "%.*s/%s/%s", FOLDER_SHOWN_BYTES, e->folder,
                       e->name, file);
}

static int
open_file(const struct entry *e, const char *file, int flags)
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

static enum outcome
read_to_end(const struct entry *e, const char *file, struct assay_buf *out,
            struct assay_error *err)
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
        return FAILED;
    }
    return GOT;
}

/* A text attribute, without its line feed, into room for TEXT_MAX_BYTES + 1. */
static enum outcome
read_text(const struct entry *e, const char *file, char *to,
          struct assay_error *err)
{
    struct assay_buf text;
    enum outcome outcome;

    assay_buf_init(&text, TEXT_MAX_BYTES);
    outcome = read_to_end(e, file, &text, err);
    if (outcome == GOT) {
        assay_copy(to, assay_buf_slice(&text));
        to[text.len] = '\0';
        to[strcspn(to, "\n")] = '\0';
    }
    assay_buf_free(&text);
    return outcome;
}

static enum outcome
check_provider(const struct entry *e, struct assay_error *err)
{
    char name[TEXT_MAX_BYTES + 1];
    enum outcome outcome = read_text(e, "provider", name, err);

    if (outcome == GOT && strcmp(name, ASSAY_TSM_PROVIDER) != 0) {
        assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                   "%.*s/%s/provider: is \"%s\", and only \"%s\" gives TDX "
                   "quotes; run this in an Intel TD",
                   FOLDER_SHOWN_BYTES, e->folder, e->name, name,
                   ASSAY_TSM_PROVIDER);
        return FAILED;
    }
    return outcome;
}

static enum outcome
read_generation(const struct entry *e, uint64_t *out, struct assay_error *err)
{
    char text[TEXT_MAX_BYTES + 1];
    enum outcome outcome = read_text(e, "generation", text, err);
    uint64_t value = 0;

    if (outcome != GOT) {
        return outcome;
    }
    for (size_t i = 0; i == 0 || text[i] != '\0'; i++) {
        unsigned digit = (unsigned)text[i] - '0';

        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                       "%.*s/%s/generation: \"%s\" is no number",
                       FOLDER_SHOWN_BYTES, e->folder, e->name, text);
            return FAILED;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return GOT;
}

/* The generation must be what our own write made of it. */
static enum outcome
check_generation(const struct entry *e, uint64_t want, struct assay_error *err)
{
    uint64_t have = 0;
    enum outcome outcome = read_generation(e, &have, err);

    if (outcome == GOT && have != want) {
        assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                   "%.*s/%s/generation: is %llu and not %llu: another process "
                   "writes to this entry; stop it, and try again",
                   FOLDER_SHOWN_BYTES, e->folder, e->name,
                   (unsigned long long)have, (unsigned long long)want);
        return AGAIN;
    }
    return outcome;
}

/* One write() with all of it; the kernel does not put pieces together. */
static enum outcome
write_inblob(const struct entry *e, const uint8_t *report_data,
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
                   "%.*s/%s/inblob: took %zd of %u bytes", FOLDER_SHOWN_BYTES,
                   e->folder, e->name, put, ASSAY_TSM_DATA_BYTES);
        return FAILED;
    }
    return GOT;
}

static enum outcome
attempt(const struct entry *e, const uint8_t *report_data,
        struct assay_buf *quote, struct assay_error *err)
{
    uint64_t before = 0;
    enum outcome outcome = read_generation(e, &before, err);

    if (outcome == GOT) {
        outcome = write_inblob(e, report_data, err);
    }
    if (outcome == GOT) {
        outcome = check_generation(e, before + 1, err);
    }
    if (outcome == GOT) {
        outcome = read_to_end(e, "outblob", quote, err);
    }
    if (outcome == GOT) {
        outcome = check_generation(e, before + 1, err);
    }
    return outcome;
}

static void
pause_before(unsigned number)
{
    struct timespec t = {0, FIRST_PAUSE_NS << (number - 1)};

    nanosleep(&t, NULL);
}

static void
attempts(const struct entry *e, const uint8_t *report_data,
         const atomic_bool *stop, struct assay_buf *quote,
         struct assay_error *err)
{
    enum outcome outcome = AGAIN;

    for (unsigned i = 0; i < ASSAY_TSM_ATTEMPTS && outcome == AGAIN; i++) {
        if (i > 0) {
            pause_before(i);
        }
        assay_error_clear(err);
        assay_buf_free(quote);
        if (atomic_load(stop)) {
            assay_fail(err, ASSAY_TIMEOUT, ASSAY_NO_OFFSET, "%.*s: given up",
                       FOLDER_SHOWN_BYTES, e->folder);
            return;
        }
        outcome = attempt(e, report_data, quote, err);
    }
    if (outcome == GOT && quote->len == 0) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "%.*s/%s/outblob: is empty: the host gave no quote; %s",
                   FOLDER_SHOWN_BYTES, e->folder, e->name, hint_host);
    }
}

/* A name of our own keeps others from writing to the entry. One that is there
 * already was left by a process of the same number that was killed, or belongs
 * to one in another container: it is passed by. */
static bool
make_entry(struct entry *e, struct assay_error *err)
{
    static atomic_uint counter;

    for (unsigned i = 0; i < NAMES_TRIED; i++) {
        char name[NAME_BYTES];

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

/* A folder that rmdir does not take away now is not worth a quote. */
static void
remove_entry(struct entry *e)
{
    (void)unlinkat(e->folder_fd, e->name, AT_REMOVEDIR);
}

static void
quote_from_entry(struct entry *e, const uint8_t *report_data,
                 const atomic_bool *stop, struct assay_buf *out,
                 struct assay_error *err)
{
    e->fd = openat(e->folder_fd, e->name,
                   O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (e->fd < 0) {
        fail_errno(e, NULL, "open", err);
        return;
    }
    if (check_provider(e, err) == GOT) {
        attempts(e, report_data, stop, out, err);
    }
    close(e->fd);
}

enum assay_code
assay_tsm_quote(const char *folder,
                const uint8_t report_data[ASSAY_TSM_DATA_BYTES],
                const atomic_bool *stop, struct assay_buf *out,
                struct assay_error *err)
{
    struct entry e = {.folder = folder, .folder_fd = -1, .fd = -1};

    assay_error_clear(err);
    assay_buf_init(out, ASSAY_QUOTE_MAX_BYTES);
    e.folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (e.folder_fd < 0) {
        fail_errno(&e, NULL, "open", err);
        return err->code;
    }
    if (make_entry(&e, err)) {
        quote_from_entry(&e, report_data, stop, out, err);
        remove_entry(&e);
    }
    close(e.folder_fd);
    if (err->code != ASSAY_OK) {
        assay_buf_free(out);
    }
    return err->code;
}
