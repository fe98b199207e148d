/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * board.c - what was last found out about each provider. A verdict is put into
 * words before the lock is taken.
 */
#include "board.h"

#include <stdlib.h>

#include "assay/version.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "board_entry.h"
#include "io/moment.h"
#include "page.h"

/* Behind a reload there are those of before, too, until they are drained. */
#define ENTRIES_MAX (2u * PROVIDERS_MAX)

struct board {
    uv_mutex_t lock;
    uint64_t turn;
    struct board_entry entry[ENTRIES_MAX];
};

enum assay_code
board_new(struct board **out, struct assay_error *err)
{
    struct board *b = calloc(1, sizeof(*b));

    assay_error_clear(err);
    *out = NULL;
    if (b == NULL || uv_mutex_init(&b->lock) != 0) {
        free(b);
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "board");
    }
    *out = b;
    return ASSAY_OK;
}

void
board_free(struct board *b)
{
    if (b == NULL) {
        return;
    }
    for (size_t i = 0; i < ENTRIES_MAX; i++) {
        board_entry_free(&b->entry[i]);
    }
    uv_mutex_destroy(&b->lock);
    free(b);
}

/* --- news --------------------------------------------------------------- */

/* What is told of a provider, whole before anybody sees it. */
struct news {
    enum board_state state;
    struct board_verdict verdict; /* at_s is 0: it came to none */
    struct board_fault fault;
};

static struct board_entry *
find(struct board *b, const struct provider *p)
{
    for (size_t i = 0; i < ENTRIES_MAX; i++) {
        if (board_is_of(&b->entry[i].identity, p)) {
            return &b->entry[i];
        }
    }
    return NULL;
}

/* An empty one, or that of which nothing was heard for longest. NULL: no
 * memory. */
static struct board_entry *
add(struct board *b, const struct provider *p)
{
    struct board_entry *e = &b->entry[0];
    struct assay_buf identity;

    if (!board_identity(p, &identity)) {
        assay_buf_free(&identity);
        return NULL;
    }
    for (size_t i = 1; i < ENTRIES_MAX; i++) {
        e = b->entry[i].turn < e->turn ? &b->entry[i] : e;
    }
    board_entry_free(e);
    *e = (struct board_entry){.identity = identity};
    return e;
}

/* A refusal that came to no verdict leaves none to be shown: that of before
 * says nothing about the server that is there now. An outage does. */
static void
post(struct board_entry *e, struct news *n, int64_t now_s)
{
    if (n->verdict.at_s != 0 || n->state == BOARD_REFUSED) {
        struct board_verdict old = e->last;

        e->last = n->verdict;
        n->verdict = old; /* freed behind the lock */
    }
    e->state = n->state;
    if (n->state == BOARD_VERIFIED) {
        e->since_s = e->since_s != 0 ? e->since_s : now_s;
    } else if (n->state == BOARD_REFUSED) {
        e->since_s = 0;
        e->refusal = n->fault;
    } else {
        e->outage = n->fault;
    }
}

/* The verdict that this is about, if it is about one. */
static const struct assay_verdict *
verdict_of(struct assay_attested *a, const struct assay_error *why)
{
    const struct assay_client *c = a != NULL ? assay_attested_session(a) : NULL;

    return c != NULL &&
                   (why->code == ASSAY_OK || why->code == ASSAY_NOT_TRUSTED)
               ? assay_client_verdict(c)
               : NULL;
}

static void
gather(struct news *n, const struct provider *p, struct assay_attested *a,
       const struct assay_error *why, bool peer)
{
    const struct assay_verdict *v = verdict_of(a, why);

    *n = (struct news){.state = BOARD_VERIFIED};
    if (v != NULL) {
        board_verdict_take(&n->verdict, p, a);
    }
    if (why->code != ASSAY_OK) {
        n->fault.at_s = assay_now().wall_s;
        failure_of_session(
            &n->fault.failure, why, peer,
            a != NULL ? assay_attested_phase(a) : ASSAY_PHASE_CONNECT, v, 0);
        n->state = n->fault.failure.kind == FAILURE_REFUSED ? BOARD_REFUSED
                                                            : BOARD_OUTAGE;
    }
}

void
board_judge(struct board *b, const struct provider *provider,
            struct assay_attested *a, const struct proof *proof,
            const struct assay_error *why, bool peer)
{
    struct board_entry *e;
    struct news n;

    (void)proof; /* the verdict says more */
    gather(&n, provider, a, why, peer);
    uv_mutex_lock(&b->lock);
    e = find(b, provider);
    e = e != NULL ? e : add(b, provider);
    if (e != NULL) {
        e->turn = ++b->turn;
        post(e, &n, assay_now().wall_s);
    }
    uv_mutex_unlock(&b->lock);
    board_verdict_free(&n.verdict);
}

/* --- showing ------------------------------------------------------------ */

static void
put_provider(struct board *b, const struct board_view *view,
             const struct provider *p, struct assay_json_out *o)
{
    struct board_numbers numbers = {.idle = 0};

    if (view->numbers != NULL) {
        view->numbers(view->user, p, &numbers);
    }
    uv_mutex_lock(&b->lock);
    board_entry_put(find(b, p), p, &numbers, o);
    uv_mutex_unlock(&b->lock);
}

void
board_put_json(struct board *b, const struct board_view *view,
               struct assay_buf *to)
{
    struct assay_json_out o;

    assay_json_out_init(&o, to, true);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_text(&o, "version", ASSAY_VERSION);
    assay_json_out_time(&o, "started", view->started_s);
    assay_json_out_time(&o, "now", assay_now().wall_s);
    assay_json_out_text(&o, "evidence_folder", view->evidence);
    assay_json_out_open(&o, "providers", '[');
    for (size_t i = 0; i < view->providers->count; i++) {
        put_provider(b, view, view->providers->all[i], &o);
    }
    assay_json_out_close(&o, ']');
    assay_json_out_close(&o, '}');
}

void
board_put_page(struct board *b, const struct board_view *view,
               struct assay_buf *to)
{
    struct assay_buf json;

    assay_buf_init(&json, PAGE_DOCUMENT_MAX_BYTES);
    board_put_json(b, view, &json);
    page_put(assay_buf_slice(&json), to);
    assay_buf_free(&json);
}
