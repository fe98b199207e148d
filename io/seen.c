/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * seen.c - the highest tcbEvaluationDataNumbers that were ever verified, for
 * all threads, and in a folder.
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
#include "io/file.h"
#include "io/home.h"
#include "io/mark_folder.h"
#include "search/marks.h"

struct assay_seen {
    pthread_mutex_t lock;
    char *folder; /* NULL: none */
    int fault;    /* errno of reading it; 0 */
    struct assay_marks_found found;
    struct assay_marks *marks;
};

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
add(void *user, const struct assay_mark *m)
{
    assay_marks_add(user, m);
}

static void
load(struct assay_seen *s)
{
    int fault;

    if (s->folder != NULL) {
        fault = assay_marks_load(s->folder, add, s->marks, &s->found);
        s->fault = fault == ENOENT ? 0 : fault;
    }
}

/* --- the interface ------------------------------------------------------ */

struct assay_seen *
assay_seen_new(const char *folder)
{
    struct assay_seen *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    s->marks = assay_marks_new();
    s->folder = folder != NULL ? strdup(folder) : NULL;
    if (s->marks == NULL || (folder != NULL && s->folder == NULL) ||
        pthread_mutex_init(&s->lock, NULL) != 0) {
        assay_marks_free(s->marks);
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
        assay_marks_free(s->marks);
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

    if (s != NULL) {
        pthread_mutex_lock(&s->lock);
        known = assay_marks_recall(s->marks, root, need, now_s);
        pthread_mutex_unlock(&s->lock);
    }
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

/* In the folder, and so of no concern any more. */
static enum assay_code
store(struct assay_seen *s, const struct assay_mark *m, struct assay_error *err)
{
    if (assay_folder_make(s->folder, err) == ASSAY_OK &&
        assay_marks_store(s->folder, m, ASSAY_MARKS_OTHERS_MAX, err) ==
            ASSAY_OK) {
        assay_marks_add(s->marks, m);
    }
    return err->code;
}

enum assay_code
assay_seen_learn(struct assay_seen *s, const struct assay_root *root,
                 const struct assay_collateral *c, struct assay_error *err)
{
    struct assay_mark learnt[ASSAY_MARKS_LEARNT_MAX];
    size_t count;

    assay_error_clear(err);
    if (s == NULL) {
        return ASSAY_OK;
    }
    pthread_mutex_lock(&s->lock);
    count = assay_marks_learn(s->marks, root, c, learnt);
    for (size_t i = 0; i < count && s->folder != NULL && err->code == ASSAY_OK;
         i++) {
        (void)!store(s, &learnt[i], err);
    }
    pthread_mutex_unlock(&s->lock);
    return err->code;
}
