/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quotes.c - orders: waiting for a turn, then for the platform.
 */
#include "quotes.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"

struct quote_order {
    struct assay_gate_ticket ticket; /* its user is the order */
    struct quotes *quotes;
    struct quote_order *next;
    struct quote_order *previous;
    struct assay_quoter_call *call; /* NULL: it waits */
    quotes_done *done;              /* NULL: nobody waits for it */
    void *user;
    uint64_t began_ns;
    uv_timer_t timer; /* for the turn */
    uint8_t report_data[64];
};

static const struct assay_refusal no_memory = {
    .status = 503,
    .code = "busy",
    .message = "no memory is left for a quote",
    .retry_after_s = 1,
};

/* --- saying so ---------------------------------------------------------- */

/* One line for many: whoever floods the gate does not flood the log. */
static void
say_refused(struct quotes *q, const char *why, const char *peer)
{
    uint64_t due = seldom_due(&q->refusals, uv_now(q->loop));
    char count[24];

    metrics_add(q->metrics, METRIC_QUOTES_REFUSED, 1);
    if (due == 0) {
        return;
    }
    (void)snprintf(count, sizeof(count), "%llu", (unsigned long long)due);
    log_event(q->log, LOG_WARNING, "quotes refused",
              (struct log_field[]){
                  {"reason", assay_slice_of(why)},
                  {"count", assay_slice_of(count)},
                  {"peer", assay_slice_of(peer != NULL ? peer : "")},
              },
              peer != NULL ? 3 : 2);
}

struct assay_refusal
quotes_unfit(struct quotes *q, const struct assay_error *why)
{
    metrics_add(q->metrics, METRIC_QUOTES_FAILED, 1);
    seldom_failure(&q->failures, uv_now(q->loop), q->log, "quote failed", why);
    if (why->code == ASSAY_TIMEOUT) {
        return (struct assay_refusal){
            .status = 504,
            .code = "timeout",
            .message = "the platform did not give a quote in time"};
    }
    return (struct assay_refusal){.status = 502,
                                  .code = "quote_unavailable",
                                  .message = "the platform gave no quote"};
}

/* --- an order ----------------------------------------------------------- */

static void
on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

static void
end_order(struct quote_order *o)
{
    uint64_t took_us =
        o->began_ns != 0 ? (uv_hrtime() - o->began_ns) / 1000 : 0;

    if (o->previous != NULL) {
        o->previous->next = o->next;
    } else {
        o->quotes->first = o->next;
    }
    if (o->next != NULL) {
        o->next->previous = o->previous;
    }
    assay_gate_leave(&o->ticket, took_us);
    uv_close((uv_handle_t *)&o->timer, on_timer_closed);
}

/* `done` may do anything, so the order is out of the way before. */
static void
finish(struct quote_order *o, const struct assay_quote_reply *reply,
       const struct assay_refusal *why)
{
    quotes_done *done = o->done;
    void *user = o->user;

    end_order(o);
    if (done != NULL) {
        done(user, reply, why);
    }
}

static void
on_quoted(void *user, const struct assay_quoted *quoted,
          const struct assay_error *err)
{
    struct quote_order *o = user;
    struct assay_quote_reply reply;
    struct assay_refusal why;

    if (quoted == NULL) {
        why = quotes_unfit(o->quotes, err);
        finish(o, NULL, &why);
        return;
    }
    metrics_quote(o->quotes->metrics, (uv_hrtime() - o->began_ns) / 1000000);
    reply = (struct assay_quote_reply){
        .quote = quoted->quote,
        .event_log = quoted->event_log,
        .vm_config = quoted->vm_config,
        .tcb_info = quoted->tcb_info,
        .now_s = (int64_t)time(NULL),
    };
    finish(o, &reply, NULL);
}

/* It is its turn. False: no memory. */
static bool
begin(struct quote_order *o)
{
    uv_timer_stop(&o->timer);
    o->call = assay_quoter_get(o->quotes->quoter, o->report_data, on_quoted, o);
    if (o->call != NULL) {
        o->began_ns = uv_hrtime();
    }
    return o->call != NULL;
}

static void
on_called(struct assay_gate_ticket *t)
{
    struct quote_order *o = t->user;

    if (!begin(o)) {
        finish(o, NULL, &no_memory);
    }
}

static void
on_wait_over(uv_timer_t *timer)
{
    struct quote_order *o = timer->data;
    const struct assay_refusal late = {
        .status = 503,
        .code = "busy",
        .message = "many quotes are being made, and none could be begun in "
                   "time",
        .retry_after_s = assay_gate_retry_s(o->quotes->end),
    };

    say_refused(o->quotes, "no turn in time", NULL);
    finish(o, NULL, &late);
}

static struct quote_order *
new_order(struct quotes *q, const uint8_t report_data[64], quotes_done *done,
          void *user)
{
    struct quote_order *o = calloc(1, sizeof(*o));

    if (o == NULL) {
        return NULL;
    }
    o->ticket.user = o;
    o->quotes = q;
    o->done = done;
    o->user = user;
    memcpy(o->report_data, report_data, sizeof(o->report_data));
    uv_timer_init(q->loop, &o->timer); /* never fails */
    o->timer.data = o;
    o->next = q->first;
    if (o->next != NULL) {
        o->next->previous = o;
    }
    q->first = o;
    return o;
}

struct quote_order *
quotes_order(struct quotes *q, const uint8_t report_data[64], const char *peer,
             quotes_done *done, void *user, struct assay_refusal *why)
{
    struct quote_order *o = new_order(q, report_data, done, user);
    enum assay_gate_answer answer;
    uint32_t retry_s;

    *why = no_memory;
    if (o == NULL) {
        return NULL;
    }
    answer = assay_gate_ask(q->end, &o->ticket, peer, &retry_s);
    if (answer == ASSAY_GATE_WAIT) {
        log_event(q->log, LOG_DEBUG, "quote waits",
                  (struct log_field[]){
                      {"peer", assay_slice_of(peer != NULL ? peer : "itself")},
                  },
                  1);
        uv_update_time(q->loop);
        uv_timer_start(&o->timer, on_wait_over, q->wait_ms, 0);
        return o;
    }
    if (answer == ASSAY_GATE_GO && begin(o)) {
        return o;
    }
    if (answer == ASSAY_GATE_BUSY || answer == ASSAY_GATE_RATE) {
        bool rate = answer == ASSAY_GATE_RATE;

        *why = (struct assay_refusal){
            .status = 503,
            .code = rate ? "rate_limited" : "busy",
            .message = rate ? "too many requests for quotes from this address"
                            : "too many requests for quotes are waiting",
            .retry_after_s = retry_s,
        };
        say_refused(q, rate ? "rate" : "no place left", peer);
    }
    end_order(o);
    return NULL;
}

void
quotes_withdraw(struct quote_order *o)
{
    o->done = NULL;
    if (o->call == NULL) {
        end_order(o);
    }
}

/* --- all of them -------------------------------------------------------- */

enum assay_code
quotes_open(struct quotes *q, struct assay_quote_gate *gate,
            struct assay_error *err)
{
    return assay_gate_end_new(gate, q->loop, on_called, &q->end, err);
}

void
quotes_close(struct quotes *q)
{
    while (q->first != NULL) {
        if (q->first->call != NULL) {
            assay_quoter_cancel(q->first->call);
            q->first->began_ns = 0; /* how long it takes is not known */
        }
        end_order(q->first);
    }
    assay_gate_end_close(q->end);
    q->end = NULL;
}
