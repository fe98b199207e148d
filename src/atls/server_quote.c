/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * server_quote.c - requests for evidence, and the evidence.
 */
#include "atls/server_state.h"

#define RESPONSE_MAX_BYTES (ASSAY_REPLY_BODY_MAX_BYTES + 4096u)

/* What is asked, once the body is whole. */
static void
read_ask(struct assay_server *s, struct assay_error *sub)
{
    if (sub->code == ASSAY_OK &&
        assay_wire_ask_parse(assay_buf_slice(&s->content), &s->ask, sub) ==
            ASSAY_OK &&
        assay_server_is_reflection(s, s->ask.nonce)) {
        assay_fail(sub, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "quote request: the nonce is this server's own");
    }
}

void
assay_server_take_quote_request(struct assay_server *s, struct assay_error *err)
{
    struct assay_error sub;

    if (!assay_server_collect(s, &sub, err)) {
        return;
    }
    read_ask(s, &sub);
    if (sub.code == ASSAY_NO_MEMORY) {
        *err = sub;
    } else if (sub.code != ASSAY_OK) {
        const struct assay_refusal why = {
            .status = 400, .code = "bad_request", .message = sub.msg};

        assay_server_answer_error(s, &why, s->body.done && s->keep_alive, err);
    } else if (assay_wire_bind(s->ctx, s->ask.nonce, s->exporter,
                               s->report_data, err) == ASSAY_OK) {
        s->state = ASSAY_SERVER_QUOTE;
    }
}

void
assay_server_report_data(const struct assay_server *s, uint8_t out[64])
{
    memset(out, 0, 64);
    if (s->state == ASSAY_SERVER_QUOTE) {
        memcpy(out, s->report_data, 64);
    }
}

bool
assay_server_wants_collateral(const struct assay_server *s)
{
    return s->state == ASSAY_SERVER_QUOTE && s->ask.want_collateral;
}

enum assay_code
assay_server_give_quote(struct assay_server *s,
                        const struct assay_quote_reply *given,
                        struct assay_error *err)
{
    struct assay_quote_reply reply = *given;
    struct assay_buf response;

    assay_error_clear(err);
    if (s->state != ASSAY_SERVER_QUOTE) {
        return assay_server_refuse(err, s, "give a quote");
    }
    if (!s->ask.want_collateral) {
        reply.collateral = ASSAY_EMPTY;
    }
    if (!s->mutual) {
        reply.client_nonce = NULL;
    } else if (assay_server_check_nonce(s, &reply, err) != ASSAY_OK) {
        return err->code;
    }
    assay_buf_init(&response, RESPONSE_MAX_BYTES);
    if (assay_reply_write(&reply, s->report_data, &response, err) != ASSAY_OK) {
        assay_buf_free(&response);
        return err->code; /* the caller may still refuse the quote */
    }
    assay_server_answer(s, 200, &response, err);
    if (err->code == ASSAY_OK) {
        s->proven = true;
        assay_server_issue_nonce(s, &reply);
        assay_server_end_request(s, true);
    }
    return assay_server_resume(s, err);
}

void
assay_server_refuse_quote(struct assay_server *s,
                          const struct assay_refusal *why)
{
    struct assay_error err;

    if (s->state == ASSAY_SERVER_QUOTE) {
        assay_error_clear(&err);
        assay_server_answer_error(s, why, s->keep_alive, &err);
        (void)!assay_server_resume(s, &err);
    }
}
