/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tsmfs.c - configfs-tsm as a TDX guest sees it (/sys/kernel/config/tsm/report
 * of Linux 6.7 and newer), in user space, with quotes of a minted world.
 * usage: tsmfs FOLDER
 *
 * "ready" on standard output says that it is mounted; 77 is returned where that
 * cannot be done. Then each line of standard input is a command, answered by
 * "ok" or a number. The end of standard input unmounts and ends the program,
 * so that it never outlives the test that started it. Commands:
 *   reset            as at the start; entries stay
 *   entries          how many there are
 *   provider NAME    "none": there is no provider
 *   deny 1           no entry can be made
 *   busy N           the next N reads of outblob fail with EBUSY
 *   fail ERRNO       reads of outblob fail with this
 *   lost N           the next N writes of inblob do not take effect
 *   interfere N      during the next N reads of outblob, somebody else writes
 *   hang 1           reads of outblob do not return until "hang 0"
 *   cut N            quotes end after N bytes
 *   strange 1        quotes report other data than was written
 *
 * As in the kernel: bytes written to inblob take effect when it is closed, and
 * a failure of that is not told; more than 64 are EFBIG; less than 64 are
 * noticed by the provider, so reading outblob is EINVAL. A binary attribute is
 * made by the first read of an open file, and stays as it is for that file.
 */
#define FUSE_USE_VERSION 32

#include <errno.h>
#include <fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "mint/world.h"

#define INBLOB_BYTES  64u
#define NAME_BYTES    64u
#define ENTRIES       32u
#define LINE_BYTES    128u
#define TEXT_BYTES    4096
#define CANNOT_MOUNT  77
#define LEAVE_SECONDS 2u

struct entry {
    bool used;
    unsigned serial; /* another one for each mkdir */
    char name[NAME_BYTES];
    unsigned long write_generation;
    unsigned long read_generation;
    uint8_t inblob[INBLOB_BYTES];
    size_t inblob_len;
    struct assay_buf outblob; /* of read_generation */
};

struct file {
    struct entry *entry;
    unsigned serial;
    const struct attribute *attribute;
    struct assay_buf content;
    bool filled;
    bool written;
};

struct attribute {
    const char *name;
    mode_t mode;
    off_t size;
    int (*fill)(struct file *f); /* 0 or -errno */
};

/* What the test has asked for. */
static struct wishes {
    char provider[NAME_BYTES];
    long deny, busy, fail, lost, interfere, hang, cut, strange;
} wishes;

static const struct wishes no_wishes = {.provider = "tdx_guest", .cut = -1};

static const struct {
    const char *name;
    long *value;
} numbers[] = {
    {"deny", &wishes.deny}, {"busy", &wishes.busy},
    {"fail", &wishes.fail}, {"lost", &wishes.lost},
    {"hang", &wishes.hang}, {"interfere", &wishes.interfere},
    {"cut", &wishes.cut},   {"strange", &wishes.strange},
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct entry entries[ENTRIES];
static unsigned serials;
static bool leaving;
static struct mint_world *world;
static const char *mountpoint;

/* --- attributes --------------------------------------------------------- */

static bool
take_one(long *left)
{
    if (*left <= 0) {
        return false;
    }
    *left -= 1;
    return true;
}

static int
fill_generation(struct file *f)
{
    assay_buf_printf(&f->content, "%lu\n", f->entry->write_generation);
    return 0;
}

static int
fill_provider(struct file *f)
{
    assay_buf_printf(&f->content, "%s\n", wishes.provider);
    return 0;
}

/* What the provider does: it asks the host. */
static int
make_quote(struct entry *e)
{
    struct mint_options *o = mint_world_options(world);
    char hex[2 * INBLOB_BYTES + 1];
    struct assay_error err;
    enum assay_code code;

    if (e->inblob_len != INBLOB_BYTES) {
        return -EINVAL;
    }
    assay_hex_to(hex, ASSAY_SLICE(e->inblob));
    if (wishes.strange != 0) {
        hex[0] = hex[0] == '0' ? '1' : '0';
    }
    o->quote.td.report_data = hex;
    assay_buf_free(&e->outblob);
    code = mint_world_quote(world, &e->outblob, &err);
    o->quote.td.report_data = NULL;
    if (code != ASSAY_OK) {
        (void)fprintf(stderr, "tsmfs: %s\n", err.msg);
        return -EIO;
    }
    if (wishes.cut >= 0 && (size_t)wishes.cut < e->outblob.len) {
        e->outblob.len = (size_t)wishes.cut;
    }
    e->read_generation = e->write_generation;
    return 0;
}

static int
fill_outblob(struct file *f)
{
    struct entry *e = f->entry;
    int rc = 0;

    while (wishes.hang != 0 && !leaving) {
        pthread_cond_wait(&changed, &lock);
    }
    if (f->serial != e->serial || !e->used) {
        return -ENOENT;
    }
    if (e->inblob_len == 0) {
        return -EINVAL;
    }
    if (take_one(&wishes.busy)) {
        return -EBUSY;
    }
    if (wishes.fail != 0) {
        return -(int)wishes.fail;
    }
    if (take_one(&wishes.interfere)) {
        memset(e->inblob, 0xee, sizeof(e->inblob));
        e->write_generation++;
    }
    if (e->outblob.ptr == NULL || e->read_generation != e->write_generation) {
        rc = make_quote(e);
    }
    assay_buf_add(&f->content, assay_buf_slice(&e->outblob));
    return rc;
}

static const struct attribute attributes[] = {
    {"generation", 0444, TEXT_BYTES, fill_generation},
    {"provider", 0444, TEXT_BYTES, fill_provider},
    {"inblob", 0200, 0, NULL},
    {"outblob", 0400, 0, fill_outblob},
};
#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

/* --- files -------------------------------------------------------------- */

/* A path is "/", "/ENTRY" or "/ENTRY/ATTRIBUTE". What is not there is NULL;
 * false if something that is named is not. */
static bool
find(const char *path, struct entry **entry, const struct attribute **attribute)
{
    size_t len = strcspn(path + 1, "/");

    *entry = NULL;
    *attribute = NULL;
    if (len == 0) {
        return true;
    }
    for (size_t i = 0; i < ENTRIES && *entry == NULL; i++) {
        if (entries[i].used && strlen(entries[i].name) == len &&
            memcmp(entries[i].name, path + 1, len) == 0) {
            *entry = &entries[i];
        }
    }
    if (*entry == NULL || path[1 + len] == '\0') {
        return *entry != NULL;
    }
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        if (strcmp(attributes[i].name, path + 1 + len + 1) == 0) {
            *attribute = &attributes[i];
        }
    }
    return *attribute != NULL;
}

static int
on_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
    struct entry *e;
    const struct attribute *a;
    bool there;

    (void)info;
    pthread_mutex_lock(&lock);
    there = find(path, &e, &a);
    pthread_mutex_unlock(&lock);
    if (!there) {
        return -ENOENT;
    }
    memset(st, 0, sizeof(*st));
    st->st_uid = getuid();
    st->st_gid = getgid();
    st->st_nlink = a == NULL ? 2 : 1;
    st->st_mode = a == NULL ? S_IFDIR | 0755 : S_IFREG | a->mode;
    st->st_size = a == NULL ? 0 : a->size;
    return 0;
}

static const enum fuse_fill_dir_flags no_flags; /* has no name there */

static int
on_readdir(const char *path, void *to, fuse_fill_dir_t add, off_t offset,
           struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
    struct entry *e;
    const struct attribute *a;

    (void)offset;
    (void)info;
    (void)flags;
    pthread_mutex_lock(&lock);
    (void)find(path, &e, &a);
    add(to, ".", NULL, 0, no_flags);
    add(to, "..", NULL, 0, no_flags);
    for (size_t i = 0; e == NULL && i < ENTRIES; i++) {
        if (entries[i].used) {
            add(to, entries[i].name, NULL, 0, no_flags);
        }
    }
    for (size_t i = 0; e != NULL && i < ATTRIBUTES; i++) {
        add(to, attributes[i].name, NULL, 0, no_flags);
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

static int
make_entry(const char *name)
{
    if (wishes.deny != 0) {
        return -EACCES;
    }
    if (strcmp(wishes.provider, "none") == 0) {
        return -ENXIO;
    }
    if (strchr(name, '/') != NULL) {
        return -EPERM;
    }
    for (size_t i = 0; i < ENTRIES; i++) {
        if (!entries[i].used && strlen(name) < NAME_BYTES) {
            entries[i] = (struct entry){.used = true, .serial = ++serials};
            assay_buf_init(&entries[i].outblob, MINT_QUOTE_MAX);
            memcpy(entries[i].name, name, strlen(name) + 1);
            return 0;
        }
    }
    return -ENOMEM;
}

static int
on_mkdir(const char *path, mode_t mode)
{
    int rc;

    (void)mode;
    pthread_mutex_lock(&lock);
    rc = make_entry(path + 1);
    pthread_mutex_unlock(&lock);
    return rc;
}

static int
on_rmdir(const char *path)
{
    struct entry *e;
    const struct attribute *a;
    int rc = -ENOENT;

    pthread_mutex_lock(&lock);
    if (find(path, &e, &a) && e != NULL) {
        e->used = false;
        assay_buf_free(&e->outblob);
        rc = 0;
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

static int
on_open(const char *path, struct fuse_file_info *info)
{
    bool writes = (info->flags & O_ACCMODE) != O_RDONLY;
    bool reads = (info->flags & O_ACCMODE) != O_WRONLY;
    struct file *f = calloc(1, sizeof(*f));
    bool there;

    if (f == NULL) {
        return -ENOMEM;
    }
    pthread_mutex_lock(&lock);
    there = find(path, &f->entry, &f->attribute) && f->attribute != NULL;
    f->serial = there ? f->entry->serial : 0;
    pthread_mutex_unlock(&lock);
    if (!there || (writes && (f->attribute->mode & 0200) == 0) ||
        (reads && (f->attribute->mode & 0400) == 0)) {
        free(f);
        return there ? -EACCES : -ENOENT;
    }
    assay_buf_init(&f->content, writes ? INBLOB_BYTES : MINT_QUOTE_MAX);
    info->fh = (uint64_t)(uintptr_t)f;
    info->direct_io = 1;
    return 0;
}

static struct file *
file_of(const struct fuse_file_info *info)
{
    return (struct file *)(uintptr_t)info->fh;
}

static int
on_read(const char *path, char *to, size_t size, off_t offset,
        struct fuse_file_info *info)
{
    struct file *f = file_of(info);
    int rc = 0;

    (void)path;
    pthread_mutex_lock(&lock);
    if (!f->filled) {
        rc = f->serial == f->entry->serial && f->entry->used
                 ? f->attribute->fill(f)
                 : -ENOENT;
        f->filled = rc == 0;
    }
    if (rc == 0 && (size_t)offset < f->content.len) {
        size_t left = f->content.len - (size_t)offset;

        rc = (int)(size < left ? size : left);
        memcpy(to, f->content.ptr + offset, (size_t)rc);
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

static int
on_write(const char *path, const char *from, size_t size, off_t offset,
         struct fuse_file_info *info)
{
    struct file *f = file_of(info);

    (void)path;
    f->written = true;
    if ((size_t)offset != f->content.len) {
        return -EINVAL; /* bytes of a binary attribute come in order */
    }
    assay_buf_add(&f->content,
                  (struct assay_slice){(const uint8_t *)from, size});
    return f->content.failed ? -EFBIG : (int)size;
}

/* At close(). The kernel does it when the last user is gone, which libfuse
 * tells too late for the one who waits. */
static int
on_flush(const char *path, struct fuse_file_info *info)
{
    struct file *f = file_of(info);

    (void)path;
    pthread_mutex_lock(&lock);
    if (f->written && f->serial == f->entry->serial && f->entry->used &&
        !take_one(&wishes.lost)) {
        assay_copy(f->entry->inblob, assay_buf_slice(&f->content));
        f->entry->inblob_len = f->content.len;
        f->entry->write_generation++;
    }
    f->written = false;
    pthread_mutex_unlock(&lock);
    return 0;
}

static int
on_release(const char *path, struct fuse_file_info *info)
{
    struct file *f = file_of(info);

    (void)path;
    assay_buf_free(&f->content);
    free(f);
    return 0;
}

static void *
on_init(struct fuse_conn_info *connection, struct fuse_config *config)
{
    (void)connection;
    config->entry_timeout = 0;
    config->attr_timeout = 0;
    config->negative_timeout = 0;
    config->direct_io = 1;
    (void)puts("ready");
    (void)fflush(stdout);
    return NULL;
}

static const struct fuse_operations operations = {
    .init = on_init,
    .getattr = on_getattr,
    .readdir = on_readdir,
    .mkdir = on_mkdir,
    .rmdir = on_rmdir,
    .open = on_open,
    .read = on_read,
    .write = on_write,
    .flush = on_flush,
    .release = on_release,
};

/* --- commands ----------------------------------------------------------- */

static void
count_entries(void)
{
    unsigned n = 0;

    for (size_t i = 0; i < ENTRIES; i++) {
        n += entries[i].used;
    }
    (void)printf("%u\n", n);
}

static bool
set_number(const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            *numbers[i].value = strtol(value, NULL, 10);
            return true;
        }
    }
    return false;
}

static void
obey(char *line)
{
    char *value = line + strcspn(line, " \n");
    bool known = true;

    if (*value != '\0') {
        *value++ = '\0';
        value[strcspn(value, "\n")] = '\0';
    }
    pthread_mutex_lock(&lock);
    if (strcmp(line, "entries") == 0) {
        count_entries();
    } else {
        if (strcmp(line, "reset") == 0) {
            wishes = no_wishes;
        } else if (strcmp(line, "provider") == 0) {
            (void)snprintf(wishes.provider, sizeof(wishes.provider), "%s",
                           value);
        } else {
            known = set_number(line, value);
        }
        (void)puts(known ? "ok" : "unknown command");
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    (void)fflush(stdout);
}

/* Root may do it; others have a helper that may. */
static void
unmount(void)
{
    char *const argv[] = {"fusermount3",      "-u", "-z", "--",
                          (char *)mountpoint, NULL};
    pid_t child;

    if (umount2(mountpoint, MNT_DETACH) == 0) {
        return;
    }
    child = fork();
    if (child == 0) {
        execvp(argv[0], argv);
        _exit(127);
    }
    if (child > 0) {
        (void)waitpid(child, NULL, 0);
    }
}

/* Unmounted, the loop of main() ends. Where somebody still holds a file open,
 * it does not, and the end of the process is what ends that. */
static void *
read_commands(void *unused)
{
    char line[LINE_BYTES];

    (void)unused;
    while (fgets(line, sizeof(line), stdin) != NULL) {
        obey(line);
    }
    pthread_mutex_lock(&lock);
    leaving = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    unmount();
    (void)sleep(LEAVE_SECONDS);
    _exit(0);
}

static int
serve(struct fuse *fuse)
{
    struct fuse_loop_config config = {.max_idle_threads = 4};
    pthread_t reader;

    if (pthread_create(&reader, NULL, read_commands, NULL) != 0) {
        return 1;
    }
    (void)pthread_detach(reader);
    return fuse_loop_mt(fuse, &config) < 0 ? 1 : 0;
}

int
main(int argc, char **argv)
{
    struct mint_options options = {.seed = MINT_TEST_SEED};
    struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
    struct fuse *fuse = NULL;
    struct assay_error err;
    int rc = CANNOT_MOUNT;

    if (argc != 2) {
        (void)fputs("usage: tsmfs FOLDER\n", stderr);
        return 64;
    }
    mountpoint = argv[1];
    wishes = no_wishes;
    /* The end of standard input is what ends it: then it can clean up. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    if (mint_world_new(&options, &world, &err) != ASSAY_OK) {
        (void)fprintf(stderr, "tsmfs: %s\n", err.msg);
        return 1;
    }
    if (fuse_opt_add_arg(&args, "tsmfs") == 0) {
        fuse = fuse_new(&args, &operations, sizeof(operations), NULL);
    }
    if (fuse != NULL && fuse_mount(fuse, mountpoint) == 0) {
        rc = serve(fuse);
        fuse_unmount(fuse);
    }
    if (fuse != NULL) {
        fuse_destroy(fuse);
    }
    fuse_opt_free_args(&args);
    mint_world_free(world);
    return rc;
}
