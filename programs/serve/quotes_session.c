/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quotes_session.c - quotes for sessions.
 *
 * What is signed is the session's own report data: no byte of it is a
 * caller's to choose.
 */
#include "quotes.h"

#include <stdlib.h>

#include "io/moment.h"

struct quote_call {
    struct quotes *quotes;
    struct assay_server *session;
    struct quote_order *order;
    void (*answered)(void *user);
    void *user;
};

/* With a nonce for the client, which counts where it must attest, and with
 * collateral, where it asks for that and there is any. */
static enum assay_code
give(const struct quote_call *c, const struct assay_quote_reply *of_platform,
     struct assay_error *err)
{
    struct staple_text *staple = assay_server_wants_collateral(c->session)
                                     ? shelf_take(c->quotes->shelf)
                                     : NULL;
    struct assay_quote_reply reply = *of_platform;
    uint8_t nonce[ASSAY_CLIENT_NONCE_BYTES];

    assay_random_bytes(nonce, sizeof(nonce));
    reply.client_nonce = nonce;
    reply.mono_ms = assay_now().mono_ms;
    reply.collateral = staple_slice(staple);
    (void)!assay_server_give_quote(c->session, &reply, err);
    staple_release(staple);
    return err->code;
}

static void
on_done(void *user, const struct assay_quote_reply *reply,
        const struct assay_refusal *why)
{
    struct quote_call *c = user;
    void (*answered)(void *) = c->answered;
    void *whom = c->user;
    struct assay_refusal unfit;
    struct assay_error err;

    if (reply != NULL && give(c, reply, &err) != ASSAY_OK) {
        unfit = quotes_unfit(c->quotes, &err);
        why = &unfit; /* nothing to refuse if the session is over */
    }
    if (why != NULL) {
        assay_server_refuse_quote(c->session, why);
    }
    free(c);
    answered(whom);
}

struct quote_call *
quotes_ask(struct quotes *q, struct assay_server *session, const char *peer,
           void (*answered)(void *user), void *user)
{
    struct assay_refusal why = {.status = 503,
                                .code = "busy",
                                .message = "no memory is left for a quote",
                                .retry_after_s = 1};
    struct quote_call *c = calloc(1, sizeof(*c));
    uint8_t report_data[64];

    if (c != NULL) {
        *c = (struct quote_call){q, session, NULL, answered, user};
        assay_server_report_data(session, report_data);
        c->order = quotes_order(q, report_data, peer, on_done, c, &why);
        if (c->order != NULL) {
            return c;
        }
    }
    free(c);
    assay_server_refuse_quote(session, &why);
    return NULL;
}

void
quotes_cancel(struct quote_call *c)
{
    if (c != NULL) {
        quotes_withdraw(c->order);
        free(c);
    }
}
