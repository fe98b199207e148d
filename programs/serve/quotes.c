/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quotes.c - quotes for sessions that asked.
 *
 * What is signed is the session's own report data: no byte of it is a
 * caller's to choose.
 */
#include "quotes.h"

#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"

struct quote_call {
    struct quotes *quotes;
    struct assay_server *session;
    struct assay_quoter_call *call;
    void (*answered)(void *user);
    void *user;
    uint64_t started_ms;
};

static void
end_call(struct quote_call *c)
{
    atomic_fetch_sub(c->quotes->active, 1);
    free(c);
}

/* The reason stays here; strangers learn no more than that there is none. */
static void
refuse(struct quote_call *c, const struct assay_error *why)
{
    static const struct assay_refusal late = {
        .status = 504,
        .code = "timeout",
        .message = "the platform did not give a quote in time"};
    static const struct assay_refusal none = {.status = 502,
                                              .code = "quote_unavailable",
                                              .message =
                                                  "the platform gave no quote"};

    metrics_add(c->quotes->metrics, METRIC_QUOTES_FAILED, 1);
    log_failure(c->quotes->log, LOG_WARNING, "quote failed", why);
    assay_server_refuse_quote(c->session,
                              why->code == ASSAY_TIMEOUT ? &late : &none);
}

static void
on_quoted(void *user, const struct assay_quoted *quoted,
          const struct assay_error *err)
{
    struct quote_call *c = user;
    void (*answered)(void *) = c->answered;
    void *whom = c->user;
    struct assay_quote_reply reply;
    struct assay_error failure;

    assay_error_clear(&failure);
    if (quoted == NULL) {
        refuse(c, err);
    } else {
        metrics_quote(c->quotes->metrics,
                      uv_now(c->quotes->loop) - c->started_ms);
        reply = (struct assay_quote_reply){
            .quote = quoted->quote,
            .event_log = quoted->event_log,
            .vm_config = quoted->vm_config,
            .tcb_info = quoted->tcb_info,
            .now_s = (int64_t)time(NULL),
        };
        if (assay_server_give_quote(c->session, &reply, &failure) != ASSAY_OK) {
            refuse(c, &failure); /* nothing to refuse if the session is over */
        }
    }
    end_call(c);
    answered(whom);
}

struct quote_call *
quotes_ask(struct quotes *q, struct assay_server *session,
           void (*answered)(void *user), void *user)
{
    static const struct assay_refusal busy = {
        .status = 503,
        .code = "busy",
        .message = "too many quotes are being made",
        .retry_after_s = 1};
    struct quote_call *c = NULL;
    uint8_t report_data[64];

    if (atomic_fetch_add(q->active, 1) < q->max) {
        c = calloc(1, sizeof(*c));
    }
    if (c == NULL) {
        atomic_fetch_sub(q->active, 1);
    } else {
        *c = (struct quote_call){q,        session, NULL,
                                 answered, user,    uv_now(q->loop)};
        assay_server_report_data(session, report_data);
        c->call = assay_quoter_get(q->quoter, report_data, on_quoted, c);
        if (c->call == NULL) {
            end_call(c);
            c = NULL;
        }
    }
    if (c == NULL) {
        metrics_add(q->metrics, METRIC_QUOTES_REFUSED, 1);
        assay_server_refuse_quote(session, &busy);
    }
    return c;
}

void
quotes_cancel(struct quote_call *c)
{
    if (c != NULL) {
        assay_quoter_cancel(c->call);
        end_call(c);
    }
}
