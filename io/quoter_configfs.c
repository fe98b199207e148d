/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quoter_configfs.c - quotes from the kernel, whose calls block.
 *
 * They run on libuv's pool, which has few threads and resolves names as well;
 * so a quoter occupies one of them at most, and further calls wait. The kernel
 * makes one quote at a time anyway. A call that is over before the kernel
 * answers leaves its work behind: that ends by itself, removes its entry and
 * is freed then, whether the quoter is still there or not. (libuv waits for it
 * also when the process exits.)
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "io/quoter_source.h"
#include "io/tsm.h"

struct work;

struct configfs {
    char *folder;
    struct work *first, *last; /* in order; the first one runs */
};

struct work {
    uv_work_t request;
    struct assay_quoter *q;         /* NULL: the quoter was freed */
    struct assay_quoter_call *call; /* NULL: nobody waits any more */
    struct work *next;
    atomic_bool stop;
    /* the worker's */
    char *folder;
    uint8_t report_data[ASSAY_QUOTER_DATA_BYTES];
    struct assay_buf quote;
    struct assay_error err;
};

static void
work_free(struct work *w)
{
    assay_buf_free(&w->quote);
    free(w->folder);
    free(w);
}

/* On a thread of the pool. Signals belong to the thread of the loop: one that
 * came here would break off the request, and leave the device busy with it. */
static void
do_work(uv_work_t *request)
{
    struct work *w = request->data;
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (assay_tsm_quote(w->folder, w->report_data, &w->stop, &w->quote,
                        &w->err) == ASSAY_OK &&
        assay_quoter_check(assay_buf_slice(&w->quote), w->report_data,
                           &w->err) != ASSAY_OK) {
        assay_error_prefix(&w->err, "%.100s", w->folder);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void work_over(uv_work_t *request, int status);

/* Calls that nobody waits for any more have left the queue before. */
static void
run_first(struct assay_quoter *q)
{
    const struct configfs *c = q->state;

    if (c->first != NULL) {
        /* The only failure is a missing function. */
        (void)uv_queue_work(q->loop, &c->first->request, do_work, work_over);
    }
}

static void
pop_first(struct configfs *c)
{
    c->first = c->first->next;
    if (c->first == NULL) {
        c->last = NULL;
    }
}

static void
work_over(uv_work_t *request, int status)
{
    struct work *w = request->data;
    struct assay_quoted quoted = {.quote = assay_buf_slice(&w->quote)};

    (void)status; /* UV_ECANCELED: then nobody waits */
    if (w->q != NULL) {
        pop_first(w->q->state);
        run_first(w->q);
    }
    if (w->call != NULL) {
        assay_quoter_finish(w->call, &quoted, &w->err);
    }
    work_free(w);
}

static bool
start(struct assay_quoter_call *call)
{
    struct configfs *c = call->q->state;
    struct work *w = calloc(1, sizeof(*w));

    if (w == NULL) {
        return false;
    }
    w->folder = strdup(c->folder);
    if (w->folder == NULL) {
        free(w);
        return false;
    }
    w->request.data = w;
    w->q = call->q;
    w->call = call;
    call->state = w;
    memcpy(w->report_data, call->input, sizeof(w->report_data));
    if (c->last != NULL) {
        c->last->next = w;
        c->last = w;
        return true;
    }
    c->first = w;
    c->last = w;
    run_first(call->q);
    return true;
}

static bool
finish_late(struct assay_quoter_call *call)
{
    (void)call;
    return false;
}

static void
leave_queue(struct configfs *c, struct work *w)
{
    struct work *before = c->first;

    while (before->next != w) {
        before = before->next;
    }
    before->next = w->next;
    if (c->last == w) {
        c->last = before;
    }
}

static void
drop(struct assay_quoter_call *call)
{
    struct configfs *c = call->q->state;
    struct work *w = call->state;

    call->state = NULL;
    w->call = NULL;
    if (w != c->first) {
        leave_queue(c, w);
        work_free(w);
        return;
    }
    atomic_store(&w->stop, true);
    (void)uv_cancel((uv_req_t *)&w->request); /* if it has not begun */
}

static void
close_configfs(struct assay_quoter *q)
{
    struct configfs *c = q->state;

    if (c->first != NULL) {
        c->first->q = NULL; /* the only one left: no call is under way */
    }
    free(c->folder);
    free(c);
}

static const struct assay_quoter_source source = {
    .can_announce = false,
    .start = start,
    .finish_late = finish_late,
    .drop = drop,
    .close = close_configfs,
};

enum assay_code
assay_quoter_open_configfs(struct assay_quoter *q, const char *folder,
                           struct assay_error *err)
{
    struct configfs *c = calloc(1, sizeof(*c));

    if (c != NULL) {
        c->folder = strdup(folder);
    }
    if (c == NULL || c->folder == NULL) {
        free(c);
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "quoter");
    }
    if (assay_quoter_set_name(q, "configfs-tsm", folder, err) != ASSAY_OK) {
        free(c->folder);
        free(c);
        return err->code;
    }
    q->source = &source;
    q->state = c;
    return ASSAY_OK;
}
