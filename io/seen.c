/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * seen.c - the highest tcbEvaluationDataNumbers that were ever verified.
 *
 * A name is ROOT_DOCUMENT_NUMBER_SECONDS: "intel" or the SHA-256 of another
 * root's certificate; "tdx-<FMSPC>" or "tdx-qe" (likewise "sgx"); the number;
 * and when the document that taught it was issued.
 */
#include "io/seen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "collateral/collateral.h"
#include "dcap/root.h"
#include "io/file.h"
#include "io/home.h"

#define ROOT_CHARS     64u
#define DOCUMENT_CHARS 16u /* tdx-<12 digits> */
#define KEY_MAX        (ROOT_CHARS + DOCUMENT_CHARS + 2u)
#define NAME_MAX_CHARS (KEY_MAX + 40u)
#define SINCE_MAX_S    INT64_C(253402300799) /* the last second of 9999 */

struct mark {
    char key[KEY_MAX]; /* ROOT_DOCUMENT */
    uint32_t number;
    int64_t since_s;
    bool stored;    /* in the folder */
    uint64_t taken; /* counts up */
};

struct assay_seen {
    uv_mutex_t lock;
    char *folder;   /* NULL: none */
    int fault;      /* errno of reading it; 0 */
    size_t strange; /* names that are not ours */
    size_t count;
    size_t others; /* of them, of another root than Intel's */
    uint64_t taken;
    struct mark mark[ASSAY_SEEN_MAX]; /* one a key */
};

/* --- names -------------------------------------------------------------- */

static void
make_key(char key[KEY_MAX], const struct assay_root *root, bool tdx,
         const char *fmspc)
{
    char hex[ROOT_CHARS + 1];

    assay_hex_to(hex, ASSAY_SLICE(root->der_sha256));
    (void)snprintf(key, KEY_MAX, "%s_%s-%s", root->intel ? "intel" : hex,
                   tdx ? "tdx" : "sgx", fmspc);
}

static void
name_of(const struct mark *m, char name[NAME_MAX_CHARS])
{
    (void)snprintf(name, NAME_MAX_CHARS, "%s_%" PRIu32 "_%" PRId64, m->key,
                   m->number, m->since_s);
}

static bool
are_hex(const char *s, size_t n)
{
    return strlen(s) == n && strspn(s, "0123456789abcdef") == n;
}

static bool
is_key(const char *key)
{
    char root[KEY_MAX];
    const char *document = strchr(key, '_');
    const char *what;

    if (document == NULL) {
        return false;
    }
    (void)snprintf(root, sizeof(root), "%.*s", (int)(document - key), key);
    document++;
    what = document + 4;
    return (strcmp(root, "intel") == 0 || are_hex(root, ROOT_CHARS)) &&
           (strncmp(document, "tdx-", 4) == 0 ||
            strncmp(document, "sgx-", 4) == 0) &&
           (strcmp(what, "qe") == 0 || are_hex(what, 12));
}

/* Exactly what name_of() writes. */
static bool
read_name(const char *name, struct mark *m)
{
    char copy[NAME_MAX_CHARS];
    char *since;
    char *number;

    memset(m, 0, sizeof(*m));
    if (strlen(name) >= sizeof(copy)) {
        return false;
    }
    (void)snprintf(copy, sizeof(copy), "%s", name);
    since = strrchr(copy, '_');
    if (since == NULL) {
        return false;
    }
    *since++ = '\0';
    number = strrchr(copy, '_');
    if (number == NULL) {
        return false;
    }
    *number++ = '\0';
    if (strlen(copy) >= sizeof(m->key) || !is_key(copy)) {
        return false;
    }
    (void)snprintf(m->key, sizeof(m->key), "%s", copy);
    m->number = (uint32_t)strtoul(number, NULL, 10);
    m->since_s = strtoll(since, NULL, 10);
    name_of(m, copy); /* what strtoul() forgives is not forgiven here */
    return m->number != 0 && m->since_s >= 0 && m->since_s <= SINCE_MAX_S &&
           strcmp(copy, name) == 0;
}

/* --- the memory --------------------------------------------------------- */

static struct mark *
find(struct assay_seen *s, const char *key)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->mark[i].key, key) == 0) {
            return &s->mark[i];
        }
    }
    return NULL;
}

static bool
is_intels(const struct mark *m)
{
    return strncmp(m->key, "intel_", strlen("intel_")) == 0;
}

/* The other root's that was taken first. */
static struct mark *
oldest_other(struct assay_seen *s)
{
    struct mark *oldest = NULL;

    for (size_t i = 0; i < s->count; i++) {
        struct mark *m = &s->mark[i];

        if (!is_intels(m) && (oldest == NULL || m->taken < oldest->taken)) {
            oldest = m;
        }
    }
    return oldest;
}

/* Room for a new key. A memory that is full of Intel's learns no new ones:
 * forgetting one would let it be rolled back. */
static struct mark *
room_for(struct assay_seen *s, const struct mark *m)
{
    if (!is_intels(m) && s->others == ASSAY_SEEN_OTHERS_MAX) {
        return oldest_other(s);
    }
    if (s->count == ASSAY_SEEN_MAX) {
        return NULL;
    }
    s->others += !is_intels(m);
    return &s->mark[s->count++];
}

/* The highest of its key, which is this one if it is news; NULL: no room. */
static struct mark *
take(struct assay_seen *s, const struct mark *m)
{
    struct mark *known = find(s, m->key);

    if (known == NULL) {
        known = room_for(s, m);
        if (known != NULL) {
            *known = *m;
            known->taken = s->taken++;
        }
    } else if (m->number > known->number) {
        known->number = m->number;
        known->since_s = m->since_s;
        known->stored = m->stored;
    }
    return known;
}

static uint32_t
recall(struct assay_seen *s, const char *key, int64_t now_s)
{
    const struct mark *m = find(s, key);

    return m != NULL && m->since_s <= now_s ? m->number : 0;
}

/* --- the folder --------------------------------------------------------- */

char *
assay_seen_folder(void)
{
    struct assay_buf path;
    char *result = NULL;

    assay_buf_init(&path, PATH_MAX);
    if (assay_home_add(&path, "XDG_STATE_HOME", ".local/state")) {
        assay_buf_add_text(&path, "/assay/evaluations");
        assay_buf_add_u8(&path, 0);
        result = path.failed ? NULL : strdup((const char *)path.ptr);
    }
    assay_buf_free(&path);
    return result;
}

static bool
is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void
load(struct assay_seen *s)
{
    DIR *folder = s->folder != NULL ? opendir(s->folder) : NULL;
    const struct dirent *entry;
    struct mark m;

    s->strange = 0;
    s->fault =
        folder == NULL && s->folder != NULL && errno != ENOENT ? errno : 0;
    if (folder == NULL) {
        return;
    }
    for (size_t n = 0; n < 4 * ASSAY_SEEN_MAX; n++) {
        entry = readdir(folder); /* one stream, one thread */
        if (entry == NULL) {
            break;
        }
        if (read_name(entry->d_name, &m)) {
            m.stored = true;
            (void)take(s, &m);
        } else {
            s->strange += !is_dots(entry->d_name);
        }
    }
    closedir(folder);
}

/* Names that `kept`, which is in the folder by now, has overtaken. */
static void
remove_overtaken(const char *path, int fd, const struct mark *kept)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    struct mark m;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (read_name(entry->d_name, &m) && strcmp(m.key, kept->key) == 0 &&
            m.number < kept->number) {
            (void)unlinkat(fd, entry->d_name, 0);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

/* One more name of another root was made: the oldest goes if there are too
 * many. */
static void
forget_an_other(const char *path, int fd)
{
    DIR *folder = opendir(path);
    char oldest[NAME_MAX_CHARS] = "";
    struct timespec at = {0, 0};
    const struct dirent *entry;
    size_t others = 0;
    struct stat st;
    struct mark m;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (!read_name(entry->d_name, &m) || is_intels(&m) ||
            fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        if (others++ == 0 || st.st_mtim.tv_sec < at.tv_sec ||
            (st.st_mtim.tv_sec == at.tv_sec &&
             st.st_mtim.tv_nsec < at.tv_nsec)) {
            at = st.st_mtim;
            name_of(&m, oldest);
        }
    }
    if (others > ASSAY_SEEN_OTHERS_MAX) {
        (void)unlinkat(fd, oldest, 0);
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

static enum assay_code
fail_store(const char *path, struct assay_error *err)
{
    return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                      "%s: cannot remember the TCB evaluation: %s", path,
                      strerror(errno));
}

static enum assay_code
store(const char *path, const struct mark *m, struct assay_error *err)
{
    char name[NAME_MAX_CHARS];
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd;

    if (folder < 0) {
        return fail_store(path, err);
    }
    name_of(m, name);
    fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST) {
        (void)fail_store(path, err);
    } else {
        (void)fsync(folder); /* or the higher one might be lost alone */
        remove_overtaken(path, folder, m);
        if (!is_intels(m)) {
            forget_an_other(path, folder);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    close(folder);
    return err->code;
}

/* --- the interface ------------------------------------------------------ */

struct assay_seen *
assay_seen_new(const char *folder)
{
    struct assay_seen *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    s->folder = folder != NULL ? strdup(folder) : NULL;
    if ((folder != NULL && s->folder == NULL) || uv_mutex_init(&s->lock) != 0) {
        free(s->folder);
        free(s);
        return NULL;
    }
    load(s);
    return s;
}

void
assay_seen_free(struct assay_seen *s)
{
    if (s != NULL) {
        uv_mutex_destroy(&s->lock);
        free(s->folder);
        free(s);
    }
}

void
assay_seen_reload(struct assay_seen *s)
{
    if (s != NULL) {
        uv_mutex_lock(&s->lock);
        load(s);
        uv_mutex_unlock(&s->lock);
    }
}

void
assay_seen_note(struct assay_seen *s, char note[ASSAY_SEEN_NOTE_BYTES])
{
    uv_mutex_lock(&s->lock);
    note[0] = '\0';
    if (s->fault != 0) {
        (void)snprintf(note, ASSAY_SEEN_NOTE_BYTES,
                       "%.400s: cannot read: %s; no earlier TCB evaluation is "
                       "known",
                       s->folder, strerror(s->fault));
    } else if (s->strange > 0) {
        (void)snprintf(note, ASSAY_SEEN_NOTE_BYTES,
                       "%.400s: %zu names are not assay's; they are ignored",
                       s->folder, s->strange);
    }
    uv_mutex_unlock(&s->lock);
}

struct assay_evaluations
assay_seen_recall(struct assay_seen *s, const struct assay_root *root,
                  const struct assay_collateral_need *need, int64_t now_s)
{
    struct assay_evaluations known = {0, 0};
    char info[KEY_MAX];
    char qe[KEY_MAX];

    if (s == NULL) {
        return known;
    }
    make_key(info, root, need->tdx, need->fmspc);
    make_key(qe, root, need->tdx, "qe");
    uv_mutex_lock(&s->lock);
    known.tcb_info = recall(s, info, now_s);
    known.qe_identity = recall(s, qe, now_s);
    uv_mutex_unlock(&s->lock);
    return known;
}

struct assay_evaluations
assay_seen_recall_for(struct assay_seen *s, const struct assay_root *root,
                      const struct assay_collateral *c, int64_t now_s)
{
    struct assay_collateral_need need = {.tdx = c->tcb_info.tdx};

    assay_hex_to(need.fmspc, ASSAY_SLICE(c->tcb_info.fmspc));
    return assay_seen_recall(s, root, &need, now_s);
}

enum assay_code
assay_seen_learn(struct assay_seen *s, const struct assay_root *root,
                 const struct assay_collateral *c, struct assay_error *err)
{
    char fmspc[13];
    struct mark m[2] = {
        {.number = c->tcb_info.evaluation, .since_s = c->tcb_info.issue_s},
        {.number = c->qe_identity.evaluation,
         .since_s = c->qe_identity.issue_s},
    };

    assay_error_clear(err);
    if (s == NULL) {
        return ASSAY_OK;
    }
    assay_hex_to(fmspc, ASSAY_SLICE(c->tcb_info.fmspc));
    make_key(m[0].key, root, c->tcb_info.tdx, fmspc);
    make_key(m[1].key, root, c->qe_identity.tdx, "qe");
    uv_mutex_lock(&s->lock);
    for (size_t i = 0; i < 2; i++) {
        struct mark *known = take(s, &m[i]);

        if (known != NULL && !known->stored && s->folder != NULL &&
            err->code == ASSAY_OK &&
            assay_folder_make(s->folder, err) == ASSAY_OK) {
            known->stored = store(s->folder, known, err) == ASSAY_OK;
        }
    }
    uv_mutex_unlock(&s->lock);
    return err->code;
}

bool
assay_seen_reached(const struct assay_collateral *c,
                   struct assay_evaluations seen)
{
    struct assay_evaluations have = assay_collateral_evaluations(c);

    return have.tcb_info >= seen.tcb_info &&
           have.qe_identity >= seen.qe_identity;
}
