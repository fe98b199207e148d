/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit_request.c - the requests of one client, one after the other.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "own.h"
#include "visit_state.h"

/* A head, and as much behind it as may come with it. */
#define TEXT_MAX_BYTES                                                         \
    (ASSAY_HTTP1_HEAD_MAX_BYTES + 2u * ASSAY_STREAM_READ_BYTES)

/* --- the end -------------------------------------------------------------- */

static void
report(const struct visit *v, enum visit_end how)
{
    const struct visit_request *q = v->request;
    const struct provider *p = q->admission.route.provider;
    struct visit_report r = {
        .peer = assay_stream_peer(v->stream),
        .provider = p != NULL ? p->name : "",
        .method = q->head.method,
        .path = q->admission.route.shown,
        .ended = how,
        .code = "",
        .evidence = "",
        .tcb = "",
        .page = q->admission.refusal == REFUSAL_NONE &&
                q->admission.route.kind == ROUTE_OWN,
    };

    if (q->forward != NULL) {
        forward_report(q->forward, &r);
    }
    v->all->ended(v->all->user, &r);
}

void
visit_end_request(struct visit *v, enum visit_end how)
{
    struct visit_request *q = v->request;

    if (q == NULL) {
        return;
    }
    if (q->read) {
        report(v, how);
        forward_free(q->forward);
        visit_body_free(&q->body);
        v->all->drop(v->all->user, q->held);
    }
    v->request = NULL;
    v->wait = WAIT_FOREVER; /* what comes now gets all of its time */
    assay_buf_free(&q->text);
    free(q);
}

/* --- a head --------------------------------------------------------------- */

static bool
make(struct visit *v)
{
    struct visit_request *q = malloc(sizeof(*q));

    if (q == NULL) {
        return false;
    }
    memset(q, 0, offsetof(struct visit_request, head.field));
    assay_buf_init(&q->text, TEXT_MAX_BYTES);
    v->request = q;
    return true;
}

/* What cannot be read is answered without knowing whose it is, and nothing
 * behind it is looked at. */
static void
refuse_head(struct visit *v, enum refusal r, unsigned status, const char *why)
{
    struct visits *all = v->all;
    const struct own_to to = {.request = &v->request->head};
    struct assay_buf answer;

    v->request->head.minor = 1;
    v->request->head.method = ASSAY_EMPTY;
    assay_buf_init(&answer, OWN_ANSWER_MAX_BYTES);
    own_put_refusal(&answer, &to, r, status, why, NULL);
    assay_stream_write(v->stream, assay_buf_slice(&answer));
    v->written += answer.len;
    assay_buf_free(&answer);
    all->ended(all->user, &(struct visit_report){
                              .peer = assay_stream_peer(v->stream),
                              .provider = "",
                              .status = status,
                              .ended = VISIT_WHOLE,
                              .code = refusal_row(r)->code,
                              .evidence = "",
                              .tcb = "",
                          });
    v->over = true;
    visit_end_request(v, VISIT_WHOLE);
}

void
visit_refuse_slow(struct visit *v)
{
    refuse_head(v, REFUSED_SLOW, refusal_row(REFUSED_SLOW)->status, NULL);
}

static void
on_changed(void *user)
{
    visit_turn(user);
}

/* The head is there: what is behind it goes back to where it came from. */
static void
begin(struct visit *v, size_t used)
{
    struct visit_request *q = v->request;
    struct visits *all = v->all;
    struct assay_slice rest = {q->text.ptr + used, q->text.len - used};

    assay_buf_add(assay_queue_writer(&v->in), rest);
    q->text.len = used;
    q->read = true;
    q->held = all->hold(all->user);
    visit_body_init(&q->body, &q->head, &v->in, all->limits.max_body);
    q->body.eof = v->eof;
    admission_judge(all->rules, &q->head, &q->admission);
    q->forward =
        forward_new(&(struct forward_client){.all = all,
                                             .stream = v->stream,
                                             .written = &v->written,
                                             .held = &v->held,
                                             .head = &q->head,
                                             .admission = &q->admission,
                                             .body = &q->body},
                    on_changed, v);
    if (q->forward == NULL || v->in.buf.failed) {
        v->over = true;
        visit_end_request(v, VISIT_CUT);
    }
}

static bool
read_head(struct visit *v)
{
    struct visit_request *q;
    struct assay_slice in = assay_queue_slice(&v->in);
    struct assay_error err;
    size_t used = 0;

    if (in.len == 0 || (v->request == NULL && !make(v))) {
        v->over = v->over || in.len > 0; /* no memory */
        return false;
    }
    q = v->request;
    assay_error_clear(&err);
    assay_buf_add(&q->text, in);
    assay_queue_take(&v->in, in.len);
    if (assay_buf_check(&q->text, "request", &err) == ASSAY_OK) {
        (void)!assay_http1_request(assay_buf_slice(&q->text), &q->scanned,
                                   &q->head, &used, &err);
    }
    if (err.code != ASSAY_OK) {
        refuse_head(v, REFUSED_HEAD,
                    assay_http1_refusal(assay_buf_slice(&q->text), &err),
                    err.msg);
    } else if (used > 0) {
        begin(v, used);
    }
    return true;
}

/* --- its answer ----------------------------------------------------------- */

static void
end(struct visit *v, enum forward_state state)
{
    struct forward *f = v->request->forward;
    enum visit_end how = VISIT_WHOLE;

    if (state == FORWARD_CUT || forward_was_cut(f)) {
        how = VISIT_CUT;
    } else if (forward_is_raw(f)) {
        how = VISIT_SWITCHED;
    }
    v->over = state == FORWARD_CUT || !forward_keep(f);
    visit_end_request(v, how);
}

bool
visit_move_request(struct visit *v)
{
    struct visit_request *q = v->request;
    enum forward_state state;
    uint64_t progress;
    uint64_t before;

    if (v->over) {
        return false;
    }
    if (q == NULL || !q->read) {
        return read_head(v);
    }
    q->body.eof = v->eof;
    before = q->body.len;
    progress = forward_progress(q->forward);
    state = forward_move(q->forward);
    if (state != FORWARD_GOING) {
        end(v, state);
        return true;
    }
    return q->body.len != before || forward_progress(q->forward) != progress;
}
