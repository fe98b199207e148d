/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_store.c - bundles of evidence on disk. Their texts are made while
 * the session can be asked, on its thread; one thread of the store writes them,
 * so that a disk that hangs holds up nothing else.
 */
#include "evidence_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "assay/evidence.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "daemon/seldom.h"
#include "evidence_prune.h"
#include "evidence_queue.h"
#include "io/evidence_file.h"
#include "io/file.h"

#define NS_PER_MS 1000000u

struct evidence_store {
    struct evidence_store_options o;
    char *folder;
    /* the writer's own */
    char refused[EVIDENCE_REFUSED_MAX][EVIDENCE_NAME_MAX_BYTES + 1];
    size_t refused_count; /* ever; the name of the i-th is at i % the limit */
    /* behind the lock */
    uv_mutex_t lock;
    uv_cond_t changed;
    uv_thread_t writer;
    bool running;
    bool ending;
    struct evidence_queue queue;
    struct evidence_counts counts;
    struct seldom failures;
};

enum assay_code
evidence_store_new(const struct evidence_store_options *options,
                   struct evidence_store **out, struct assay_error *err)
{
    struct evidence_store *s;

    *out = NULL;
    if (assay_folder_make(options->folder, err) != ASSAY_OK) {
        return err->code;
    }
    s = calloc(1, sizeof(*s));
    if (s != NULL) {
        s->o = *options;
        s->folder = strdup(options->folder);
        s->queue.max_count = EVIDENCE_PENDING_MAX;
        s->queue.max_bytes = EVIDENCE_PENDING_BYTES;
    }
    if (s == NULL || s->folder == NULL || uv_mutex_init(&s->lock) != 0) {
        goto fail;
    }
    if (uv_cond_init(&s->changed) != 0) {
        uv_mutex_destroy(&s->lock);
        goto fail;
    }
    *out = s;
    return ASSAY_OK;
fail:
    if (s != NULL) {
        free(s->folder);
    }
    free(s);
    return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "evidence");
}

void
evidence_store_free(struct evidence_store *s)
{
    if (s == NULL) {
        return;
    }
    uv_mutex_lock(&s->lock);
    s->ending = true;
    uv_cond_signal(&s->changed);
    uv_mutex_unlock(&s->lock);
    if (s->running) {
        uv_thread_join(&s->writer);
    }
    uv_cond_destroy(&s->changed);
    uv_mutex_destroy(&s->lock);
    free(s->folder);
    free(s);
}

/* Behind the lock. */
static void
tell_failure(struct evidence_store *s, const struct assay_error *why)
{
    seldom_failure(&s->failures, uv_hrtime() / NS_PER_MS, s->o.log,
                   "evidence not kept", why);
}

/* --- the writer --------------------------------------------------------- */

static char *
path_of(const struct evidence_store *s, const char *name, char *room, size_t n)
{
    int len = snprintf(room, n, "%s/%s", s->folder, name);

    return len > 0 && (size_t)len < n ? room : NULL;
}

/* Half of the places are for what was trusted. */
static size_t
refused_max(const struct evidence_store *s)
{
    size_t half = s->o.max_files / 2 > 0 ? s->o.max_files / 2 : 1;

    return half < EVIDENCE_REFUSED_MAX ? half : EVIDENCE_REFUSED_MAX;
}

/* It takes the place of the oldest refused one. */
static void
note_refused(struct evidence_store *s, const char *name)
{
    char path[PATH_MAX];
    char *place = s->refused[s->refused_count++ % refused_max(s)];

    if (place[0] != '\0' && path_of(s, place, path, sizeof(path)) != NULL) {
        (void)remove(path);
    }
    (void)snprintf(place, EVIDENCE_NAME_MAX_BYTES + 1, "%s", name);
}

static enum assay_code
write_bundle(struct evidence_store *s, const struct evidence_bundle *b,
             struct assay_error *err)
{
    char path[PATH_MAX];

    if (assay_folder_make(s->folder, err) != ASSAY_OK) {
        return err->code;
    }
    if (path_of(s, b->name, path, sizeof(path)) == NULL) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                          "the path of the evidence is too long");
    }
    if (assay_file_replace(path, assay_buf_slice(&b->text), 0600, err) ==
        ASSAY_OK) {
        if (!b->trusted) {
            note_refused(s, b->name);
        }
        evidence_prune(s->folder, s->o.max_files, s->o.max_bytes, b->name);
    }
    return err->code;
}

static void
write_on(void *user)
{
    struct evidence_store *s = user;
    struct evidence_bundle *b;
    struct assay_error err;

    uv_mutex_lock(&s->lock);
    for (;;) {
        while (s->queue.count == 0 && !s->ending) {
            uv_cond_wait(&s->changed, &s->lock);
        }
        b = evidence_queue_take(&s->queue);
        if (b == NULL) {
            break;
        }
        uv_mutex_unlock(&s->lock);
        (void)!write_bundle(s, b, &err);
        evidence_bundle_free(b);
        uv_mutex_lock(&s->lock);
        if (err.code == ASSAY_OK) {
            s->counts.saved++;
        } else {
            s->counts.failed++;
            tell_failure(s, &err);
        }
    }
    uv_mutex_unlock(&s->lock);
}

/* --- who saves ---------------------------------------------------------- */

static enum assay_code
make_text(const struct evidence_store *s, const struct provider *p,
          struct assay_attested *a, struct evidence_bundle *b,
          struct assay_error *err)
{
    struct assay_evidence_view v;
    struct assay_buf name;

    if (assay_evidence_of_client(s->o.ctx, assay_attested_session(a), &v,
                                 err) != ASSAY_OK) {
        return err->code;
    }
    v.collateral = assay_attested_collateral(a);
    v.server_name = p->server_name;
    v.policy = assay_buf_slice(&p->policy_text);
    v.compose_file = assay_buf_slice(&p->compose_file);
    assay_root_sha256(p->root, v.root_sha256);
    b->trusted = v.trusted;
    assay_buf_init(&name, EVIDENCE_NAME_MAX_BYTES);
    assay_evidence_name(&v, &name);
    if (assay_buf_check(&name, "name of the evidence", err) == ASSAY_OK) {
        assay_copy(b->name, assay_buf_slice(&name));
        (void)!assay_evidence_write(&v, &b->text, err);
    }
    assay_buf_free(&name);
    return err->code;
}

static struct evidence_bundle *
make_bundle(const struct evidence_store *s, const struct provider *p,
            struct assay_attested *a, struct assay_error *err)
{
    struct evidence_bundle *b = calloc(1, sizeof(*b));

    if (b == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "evidence");
        return NULL;
    }
    assay_buf_init(&b->text, EVIDENCE_BUNDLE_MAX);
    if (make_text(s, p, a, b, err) != ASSAY_OK) {
        evidence_bundle_free(b);
        return NULL;
    }
    return b;
}

/* Behind the lock; takes the bundle over if it is to be written. */
static bool
put(struct evidence_store *s, struct evidence_bundle *b,
    struct assay_error *err)
{
    if (!evidence_queue_has_room(&s->queue, b->text.len)) {
        s->counts.dropped++;
        assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "too many bundles wait for the disk");
        return false;
    }
    if (!s->running) {
        s->running = uv_thread_create(&s->writer, write_on, s) == 0;
    }
    if (!s->running) {
        s->counts.failed++;
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "no thread to write evidence");
        return false;
    }
    evidence_queue_put(&s->queue, b);
    uv_cond_signal(&s->changed);
    return true;
}

static bool
is_appraised(struct assay_attested *a, const struct assay_error *why)
{
    return a != NULL && assay_attested_session(a) != NULL &&
           assay_attested_collateral(a) != NULL &&
           (why->code == ASSAY_OK || why->code == ASSAY_NOT_TRUSTED);
}

void
evidence_store_save(struct evidence_store *s, const struct provider *provider,
                    struct assay_attested *a, const struct assay_error *why)
{
    struct evidence_bundle *b;
    struct assay_error err;

    if (s == NULL || !is_appraised(a, why)) {
        return;
    }
    assay_error_clear(&err);
    b = make_bundle(s, provider, a, &err);
    uv_mutex_lock(&s->lock);
    if (b == NULL) {
        s->counts.failed++;
    } else if (put(s, b, &err)) {
        b = NULL; /* the writer's */
    }
    if (err.code != ASSAY_OK) {
        tell_failure(s, &err);
    }
    uv_mutex_unlock(&s->lock);
    evidence_bundle_free(b);
}

void
evidence_store_counts(struct evidence_store *s, struct evidence_counts *out)
{
    uv_mutex_lock(&s->lock);
    *out = s->counts;
    out->pending = s->queue.count;
    uv_mutex_unlock(&s->lock);
}
