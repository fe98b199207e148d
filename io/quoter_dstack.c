/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quoter_dstack.c - quotes from dstack's guest agent, by HTTP over its socket.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "io/dstack_reply.h"
#include "io/http_call.h"
#include "io/quoter_source.h"

/* Info is a help for those who look at the evidence; a quote that is there
 * does not wait for it longer than this. */
#define INFO_TIMEOUT_MS 5000u
#define INFO_REST_MS    60000u /* behind one that hung */
#define ASK_MAX_BYTES   512u

#define GET_QUOTE  "/GetQuote"
#define INFO       "/Info"
#define EMIT_EVENT "/EmitEvent"

struct dstack {
    struct assay_address to;
    struct assay_buf tcb_info; /* empty until Info has answered */
    uint64_t info_from_ms;     /* of the loop: not asked before */
};

/* What a call is at. */
struct job {
    struct assay_quoter_call *call;
    struct assay_http_call *http; /* NULL: none under way */
    const char *target;
    bool has_quote;                   /* and waits for Info */
    struct assay_dstack_quote answer; /* if has_quote */
    struct assay_buf tcb_info;        /* a copy: the quoter may go earlier */
};

static void
job_free(struct job *j)
{
    if (j->has_quote) {
        assay_dstack_quote_free(&j->answer);
    }
    assay_buf_free(&j->tcb_info);
    free(j);
}

static void
fail(struct job *j, const struct assay_error *err)
{
    assay_quoter_finish(j->call, NULL, err);
    job_free(j);
}

/* No answer, in the words of http_call.h, and what to do where the reason is
 * the socket. */
static void
fail_call(struct job *j, const struct assay_error *failed)
{
    const struct dstack *d = j->call->q->state;
    struct assay_error err;
    const char *hint = "";

    if (failed->code == ASSAY_NETWORK && access(d->to.path, R_OK | W_OK) != 0) {
        hint = errno == EACCES
                   ? "; run as root, or give this user access to the socket"
                   : "; run this in a dstack VM, or mount the guest agent's "
                     "socket";
    }
    assay_error_clear(&err);
    assay_fail(&err, failed->code, failed->offset, "%s%s", failed->msg, hint);
    fail(j, &err);
}

/* The peer did answer; named as http_call.h names what it fails at. */
static void
fail_answer(struct job *j, struct assay_error *err)
{
    const struct dstack *d = j->call->q->state;

    assay_error_prefix(err, "unix:%s: POST %s", d->to.path, j->target);
    fail(j, err);
}

static void
succeed(struct job *j)
{
    const struct dstack *d = j->call->q->state;
    struct assay_quoted quoted = {0};
    struct assay_error err;

    assay_error_clear(&err);
    assay_buf_add(&j->tcb_info, assay_buf_slice(&d->tcb_info));
    if (j->has_quote && !j->tcb_info.failed) {
        quoted.tcb_info = assay_buf_slice(&j->tcb_info);
    }
    if (j->has_quote) {
        quoted.quote = assay_buf_slice(&j->answer.quote);
        quoted.event_log = assay_buf_slice(&j->answer.event_log);
        quoted.vm_config = assay_buf_slice(&j->answer.vm_config);
    }
    assay_quoter_finish(j->call, j->has_quote ? &quoted : NULL, &err);
    job_free(j);
}

/* False: no memory. */
static bool
ask(struct job *j, const char *target, const struct assay_buf *body,
    uint32_t timeout_ms, assay_http_called *done)
{
    const struct dstack *d = j->call->q->state;
    struct assay_http_call_options options = {
        .to = d->to,
        .method = "POST",
        .target = target,
        .host = "localhost",
        .body = assay_buf_slice(body),
        .answer_max = ASSAY_DSTACK_REPLY_MAX_BYTES,
        .connect_ms = timeout_ms,
        .timeout_ms = timeout_ms,
    };

    if (body->failed) {
        return false;
    }
    j->target = target;
    j->http = assay_http_call_start(j->call->q->loop, &options, done, j);
    return j->http != NULL;
}

/* Each quote would wait for it, and keep others waiting. */
static void
let_info_rest(const struct job *j)
{
    struct dstack *d = j->call->q->state;

    d->info_from_ms = uv_now(j->call->q->loop) + INFO_REST_MS;
}

/* Whatever Info says: there is a quote. */
static void
on_info(void *user, const struct assay_http1_head *head,
        struct assay_slice body, const struct assay_error *failed)
{
    struct job *j = user;
    struct dstack *d = j->call->q->state;
    struct assay_buf tcb_info;
    struct assay_error ignored;

    j->http = NULL;
    if (failed->code == ASSAY_OK &&
        assay_dstack_check_status(head->status, body, &ignored) == ASSAY_OK &&
        assay_dstack_read_tcb_info(body, &tcb_info, &ignored) == ASSAY_OK) {
        assay_buf_free(&d->tcb_info);
        d->tcb_info = tcb_info; /* handed over */
    } else if (failed->code == ASSAY_TIMEOUT) {
        let_info_rest(j);
    }
    succeed(j);
}

static void
ask_info(struct job *j)
{
    const struct dstack *d = j->call->q->state;
    struct assay_buf body;
    uint32_t limit_ms = j->call->q->timeout_ms;
    bool asked = false;

    assay_buf_init(&body, ASK_MAX_BYTES);
    assay_buf_add_text(&body, "{}");
    if (limit_ms > INFO_TIMEOUT_MS) {
        limit_ms = INFO_TIMEOUT_MS;
    }
    if (d->tcb_info.len == 0 && uv_now(j->call->q->loop) >= d->info_from_ms) {
        asked = ask(j, INFO, &body, limit_ms, on_info);
    }
    assay_buf_free(&body);
    if (!asked) {
        succeed(j);
    }
}

/* True if there is a success to be read; else the call is over. */
static bool
check_answer(struct job *j, const struct assay_http1_head *head,
             struct assay_slice body, const struct assay_error *failed)
{
    struct assay_error err;

    j->http = NULL;
    if (failed->code != ASSAY_OK) {
        fail_call(j, failed);
        return false;
    }
    if (assay_dstack_check_status(head->status, body, &err) != ASSAY_OK) {
        fail_answer(j, &err);
        return false;
    }
    return true;
}

static void
on_quote(void *user, const struct assay_http1_head *head,
         struct assay_slice body, const struct assay_error *failed)
{
    struct job *j = user;
    struct assay_error err;

    if (!check_answer(j, head, body, failed)) {
        return;
    }
    if (assay_dstack_read_quote(body, &j->answer, &err) != ASSAY_OK) {
        fail_answer(j, &err);
        return;
    }
    j->has_quote = true;
    if (assay_quoter_check(assay_buf_slice(&j->answer.quote), j->call->input,
                           &err) != ASSAY_OK) {
        fail_answer(j, &err);
        return;
    }
    ask_info(j);
}

static void
on_announced(void *user, const struct assay_http1_head *head,
             struct assay_slice body, const struct assay_error *failed)
{
    struct job *j = user;

    if (check_answer(j, head, body, failed)) {
        succeed(j);
    }
}

static bool
start(struct assay_quoter_call *call)
{
    struct job *j = calloc(1, sizeof(*j));
    struct assay_buf body;
    bool asked;

    if (j == NULL) {
        return false;
    }
    j->call = call;
    assay_buf_init(&j->tcb_info, ASSAY_DSTACK_REPLY_MAX_BYTES);
    assay_buf_init(&body, ASK_MAX_BYTES);
    if (call->announce) {
        assay_dstack_ask_announce(&body, call->input);
        asked = ask(j, EMIT_EVENT, &body, call->q->timeout_ms, on_announced);
    } else {
        assay_dstack_ask_quote(&body, call->input);
        asked = ask(j, GET_QUOTE, &body, call->q->timeout_ms, on_quote);
    }
    assay_buf_free(&body);
    if (!asked) {
        job_free(j);
        return false;
    }
    call->state = j;
    return true;
}

static void
drop(struct assay_quoter_call *call)
{
    struct job *j = call->state;

    assay_http_call_cancel(j->http);
    job_free(j);
}

/* A quote that waits for Info only is an answer. */
static bool
finish_late(struct assay_quoter_call *call)
{
    struct job *j = call->state;

    if (!j->has_quote) {
        return false;
    }
    assay_http_call_cancel(j->http);
    let_info_rest(j);
    succeed(j);
    return true;
}

static void
close_dstack(struct assay_quoter *q)
{
    struct dstack *d = q->state;

    assay_buf_free(&d->tcb_info);
    free(d);
}

static const struct assay_quoter_source source = {
    .can_announce = true,
    .start = start,
    .finish_late = finish_late,
    .drop = drop,
    .close = close_dstack,
};

enum assay_code
assay_quoter_open_dstack(struct assay_quoter *q, const char *socket,
                         struct assay_error *err)
{
    size_t len = strlen(socket);
    struct dstack *d;

    if (len > ASSAY_PATH_MAX_BYTES) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "%.60s...: longer than the %u bytes that the path of "
                          "a socket may have",
                          socket, ASSAY_PATH_MAX_BYTES);
    }
    d = calloc(1, sizeof(*d));
    if (d == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "quoter");
    }
    if (assay_quoter_set_name(q, "dstack", socket, err) != ASSAY_OK) {
        free(d);
        return err->code;
    }
    d->to.is_unix = true;
    memcpy(d->to.path, socket, len + 1);
    assay_buf_init(&d->tcb_info, ASSAY_DSTACK_REPLY_MAX_BYTES);
    q->source = &source;
    q->state = d;
    return ASSAY_OK;
}
