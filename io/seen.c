/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * seen.c - the highest tcbEvaluationDataNumbers that were ever verified.
 */
#include "io/seen.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "collateral/collateral.h"
#include "dcap/root.h"
#include "io/file.h"
#include "io/home.h"
#include "io/mark.h"

/* The highest of its key. */
struct seen {
    struct assay_mark mark;
    bool stored;    /* in the folder */
    uint64_t taken; /* counts up */
};

struct assay_seen {
    pthread_mutex_t lock;
    char *folder; /* NULL: none */
    int fault;    /* errno of reading it; 0 */
    struct assay_marks_found found;
    size_t count;
    size_t others; /* of them, of another root than Intel's */
    uint64_t taken;
    struct seen seen[ASSAY_SEEN_MAX];
};

/* --- the memory --------------------------------------------------------- */

static struct seen *
find(struct assay_seen *s, const char *key)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->seen[i].mark.key, key) == 0) {
            return &s->seen[i];
        }
    }
    return NULL;
}

/* The other root's that was taken first. */
static struct seen *
oldest_other(struct assay_seen *s)
{
    struct seen *oldest = NULL;

    for (size_t i = 0; i < s->count; i++) {
        struct seen *k = &s->seen[i];

        if (!assay_mark_is_intels(&k->mark) &&
            (oldest == NULL || k->taken < oldest->taken)) {
            oldest = k;
        }
    }
    return oldest;
}

/* Room for a new key. A memory that is full of Intel's learns no new ones:
 * forgetting one would let it be rolled back. */
static struct seen *
room_for(struct assay_seen *s, const struct assay_mark *m)
{
    bool other = !assay_mark_is_intels(m);

    if (other && s->others == ASSAY_SEEN_OTHERS_MAX) {
        return oldest_other(s);
    }
    if (s->count == ASSAY_SEEN_MAX) {
        return NULL;
    }
    s->others += other;
    return &s->seen[s->count++];
}

/* The highest of its key, which is this one if it is news; NULL: no room. */
static struct seen *
take(struct assay_seen *s, const struct assay_mark *m, bool stored)
{
    struct seen *known = find(s, m->key);

    if (known == NULL) {
        known = room_for(s, m);
        if (known != NULL) {
            *known = (struct seen){*m, stored, s->taken++};
        }
    } else if (m->number > known->mark.number) {
        known->mark = *m;
        known->stored = stored;
    } else if (m->number == known->mark.number && stored &&
               m->since_s < known->mark.since_s) {
        known->mark = *m; /* two learnt it at once, from two issues */
        known->stored = true;
    }
    return known;
}

static uint32_t
recall(struct assay_seen *s, const char *key, int64_t now_s)
{
    const struct seen *k = find(s, key);

    return k != NULL && k->mark.since_s <= now_s ? k->mark.number : 0;
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

static void
take_stored(void *user, const struct assay_mark *m)
{
    (void)take(user, m, true);
}

static void
load(struct assay_seen *s)
{
    int fault;

    if (s->folder != NULL) {
        fault = assay_marks_load(s->folder, take_stored, s, &s->found);
        s->fault = fault == ENOENT ? 0 : fault;
    }
}

/* --- the interface ------------------------------------------------------ */

static void
make_key(char key[ASSAY_MARK_KEY_MAX], const struct assay_root *root, bool tdx,
         const char *fmspc)
{
    char hex[2 * sizeof(root->der_sha256) + 1];

    assay_hex_to(hex, ASSAY_SLICE(root->der_sha256));
    (void)snprintf(key, ASSAY_MARK_KEY_MAX, "%s_%s-%s",
                   root->intel ? "intel" : hex, tdx ? "tdx" : "sgx", fmspc);
}

struct assay_seen *
assay_seen_new(const char *folder)
{
    struct assay_seen *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    s->folder = folder != NULL ? strdup(folder) : NULL;
    if ((folder != NULL && s->folder == NULL) ||
        pthread_mutex_init(&s->lock, NULL) != 0) {
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
        pthread_mutex_destroy(&s->lock);
        free(s->folder);
        free(s);
    }
}

void
assay_seen_reload(struct assay_seen *s)
{
    if (s != NULL) {
        pthread_mutex_lock(&s->lock);
        load(s);
        pthread_mutex_unlock(&s->lock);
    }
}

bool
assay_seen_note(struct assay_seen *s, char note[ASSAY_SEEN_NOTE_BYTES])
{
    const char *what = NULL;
    bool serious;

    pthread_mutex_lock(&s->lock);
    note[0] = '\0';
    if (s->fault != 0) {
        (void)snprintf(note, ASSAY_SEEN_NOTE_BYTES,
                       "%.300s: cannot read: %s; earlier TCB evaluations are "
                       "not known",
                       s->folder, strerror(s->fault));
    } else if (s->found.more) {
        what = "there are too many names; not all TCB evaluations are known";
    } else if (s->found.others) {
        what = "others may write to it, and make TCB evaluations forgotten";
    }
    serious = s->fault != 0 || what != NULL;
    if (what != NULL) {
        (void)snprintf(note, ASSAY_SEEN_NOTE_BYTES, "%.300s: %s", s->folder,
                       what);
    } else if (!serious && s->found.strange > 0) {
        (void)snprintf(note, ASSAY_SEEN_NOTE_BYTES,
                       "%.400s: %zu names are not assay's; they are ignored",
                       s->folder, s->found.strange);
    }
    pthread_mutex_unlock(&s->lock);
    return serious;
}

struct assay_evaluations
assay_seen_recall(struct assay_seen *s, const struct assay_root *root,
                  const struct assay_collateral_need *need, int64_t now_s)
{
    struct assay_evaluations known = {0, 0};
    char info[ASSAY_MARK_KEY_MAX];
    char qe[ASSAY_MARK_KEY_MAX];

    if (s == NULL) {
        return known;
    }
    make_key(info, root, need->tdx, need->fmspc);
    make_key(qe, root, need->tdx, "qe");
    pthread_mutex_lock(&s->lock);
    known.tcb_info = recall(s, info, now_s);
    known.qe_identity = recall(s, qe, now_s);
    pthread_mutex_unlock(&s->lock);
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
    struct assay_mark m[2] = {
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
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < 2; i++) {
        struct seen *known = take(s, &m[i], false);

        if (known != NULL && !known->stored && s->folder != NULL &&
            err->code == ASSAY_OK &&
            assay_folder_make(s->folder, err) == ASSAY_OK) {
            known->stored =
                assay_marks_store(s->folder, &known->mark,
                                  ASSAY_SEEN_OTHERS_MAX, err) == ASSAY_OK;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return err->code;
}
