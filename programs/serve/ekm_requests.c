/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ekm_requests.c - what nginx asks, and what it is answered.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "ekm_state.h"
#include "io/ekm_http.h"

/* Whoever asks is nginx: addresses are known to it alone. */
#define PEER "unix"

struct request {
    struct ekm *ekm;
    struct assay_http_conn *from;
    struct quote_order *order;
    uint8_t report_data[64];
};

static void
on_gone(void *user)
{
    struct request *r = user;

    quotes_withdraw(r->order);
    free(r);
}

static void
on_quoted(void *user, const struct assay_quote_reply *reply,
          const struct assay_refusal *why)
{
    struct request *r = user;
    struct assay_http_answer answer;
    struct assay_refusal unfit;
    struct assay_error err;

    assay_http_answer_init(&answer);
    if (reply != NULL &&
        assay_ekm_give(&answer, reply, r->report_data, &err) != ASSAY_OK) {
        unfit = quotes_unfit(&r->ekm->quotes, &err);
        why = &unfit;
    }
    if (why != NULL) {
        assay_ekm_refuse(&answer, why);
    }
    assay_http_answer_now(r->from, &answer);
    assay_http_answer_free(&answer);
    free(r);
}

static void
answer_health(struct assay_http_answer *answer)
{
    answer->content_type = "application/json";
    assay_buf_add_text(&answer->body, "{\"status\":\"ok\"}");
}

/* A wrong HMAC is nginx's fault, or is somebody's who got around it; who sends
 * many of them does not fill the log. */
static enum log_level
level_of(struct ekm *e, const struct assay_refusal *why)
{
    bool due =
        why->status == 403 && seldom_due(&e->forged, uv_now(&e->loop)) > 0;

    return due ? LOG_WARNING : LOG_DEBUG;
}

static void
refuse(struct ekm *e, struct assay_http_answer *answer,
       const struct assay_refusal *why)
{
    log_event(e->log, level_of(e, why), "request refused",
              (struct log_field[]){
                  {"code", assay_slice_of(why->code)},
                  {"message", assay_slice_of(why->message)},
              },
              2);
    assay_ekm_refuse(answer, why);
}

void
ekm_on_request(void *user, const struct assay_http_request *request,
               struct assay_http_answer *answer)
{
    struct ekm *e = user;
    struct request *r;
    struct assay_refusal why = {.status = 503,
                                .code = "busy",
                                .message = "out of memory",
                                .retry_after_s = 1};
    struct assay_error err;

    if (assay_slice_is(request->head->target, "/health") &&
        assay_slice_is(request->head->method, "GET")) {
        answer_health(answer);
        return;
    }
    r = calloc(1, sizeof(*r));
    if (r != NULL && assay_ekm_asks(e->ctx, assay_buf_slice(&e->secret),
                                    request, r->report_data, &why, &err)) {
        r->order =
            quotes_order(&e->quotes, r->report_data, PEER, on_quoted, r, &why);
    }
    if (r == NULL || r->order == NULL) {
        refuse(e, answer, &why);
        free(r);
        return;
    }
    r->ekm = e;
    r->from = request->from;
    assay_http_answer_later(request->from, on_gone, r);
}
