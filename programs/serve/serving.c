/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * serving.c - what a client's session asks for: a quote, a judgement, an answer
 * of the backend.
 */
#include "client.h"
#include "io/moment.h"
#include "site.h"

static void
on_changed(void *user)
{
    connection_turn(user);
}

static void
on_answered(void *user)
{
    struct connection *c = user;

    c->quote = NULL;
    connection_turn(c);
}

static void
on_judged(void *user)
{
    struct connection *c = user;

    c->judgement = NULL;
    connection_turn(c);
}

/* What clients have to prove was read anew since it came: it was let in, or has
 * proven itself, under a policy that does not hold any more. */
static bool
is_outdated(const struct connection *c)
{
    return c->site != c->all->site && (c->site->trust.policy != NULL ||
                                       c->all->site->trust.policy != NULL);
}

/* The next answer is the last on this connection. */
static bool
is_last(const struct connection *c)
{
    return c->all->draining || is_outdated(c) ||
           c->requests + 1 >= c->site->options.max_requests;
}

/* Ends a request as its forwarding has ended. */
static void
end_forward(struct connection *c, enum forward_state how)
{
    bool keep = forward_keep(c->forward) && !is_last(c);

    forward_free(c->forward);
    c->forward = NULL;
    c->requests++;
    if (how == FORWARD_CUT) {
        c->cut = true;
    } else {
        assay_server_respond_end(c->session, keep);
    }
}

static bool
move_forward(struct connection *c)
{
    size_t before = assay_server_request_body(c->session).len;
    uint64_t progress;
    enum forward_state state;

    if (c->forward == NULL && is_outdated(c)) {
        assay_server_close(c->session); /* it may come again */
        return true;
    }
    if (c->forward == NULL) {
        const struct forward_client client = {
            .peer = assay_stream_peer(c->stream),
            .local = c->local,
            .trusted = c->trusted,
        };

        c->forward =
            forward_new(&c->all->forward, c->session, &client, on_changed, c);
        if (c->forward == NULL) {
            c->cut = true;
            return false;
        }
    }
    progress = forward_progress(c->forward);
    state = forward_move(c->forward, connection_room(c), is_last(c));
    if (state != FORWARD_GOING) {
        end_forward(c, state);
        return true;
    }
    return forward_progress(c->forward) != progress ||
           assay_server_request_body(c->session).len != before;
}

/* One that was under way is of no use any more. */
static void
drop_request(struct connection *c)
{
    forward_free(c->forward);
    c->forward = NULL;
    quotes_cancel(c->quote);
    c->quote = NULL;
    clients_cancel(c->judgement);
    c->judgement = NULL;
}

bool
serving_move(struct connection *c)
{
    enum assay_server_state s = assay_server_state(c->session);

    if (c->cut) {
        return false; /* its request must not be asked for once more */
    }
    c->greeted =
        c->greeted || (s != ASSAY_SERVER_HANDSHAKE && s != ASSAY_SERVER_FAILED);
    switch (s) {
    case ASSAY_SERVER_QUOTE:
        /* Whoever does not read its answers gets no more of them made. */
        if (c->quote == NULL && connection_room(c) > 0) {
            c->quote = quotes_ask(&c->all->quotes, c->session,
                                  assay_stream_peer(c->stream), on_answered, c);
            return c->quote == NULL; /* it was refused */
        }
        return false;
    case ASSAY_SERVER_REQUEST:
    case ASSAY_SERVER_RAW:
        return move_forward(c);
    case ASSAY_SERVER_IDLE:
        if (c->all->draining || is_outdated(c) ||
            c->requests >= c->site->options.max_requests) {
            assay_server_close(c->session);
        }
        return false;
    case ASSAY_SERVER_HANDSHAKE:
        c->cut = c->all->draining;
        return false;
    case ASSAY_SERVER_NEED_COLLATERAL:
    case ASSAY_SERVER_APPRAISE:
        if (c->judgement == NULL) {
            c->judgement =
                clients_judge(c->clients, c->session,
                              assay_stream_peer(c->stream), on_judged, c);
            return c->judgement == NULL; /* it is answered */
        }
        return false;
    case ASSAY_SERVER_ADMIT:
        assay_server_admit(c->session, assay_now());
        return true;
    case ASSAY_SERVER_CLOSED:
        if (c->forward != NULL && forward_lingers(c->forward)) {
            return false;
        }
        drop_request(c);
        return false;
    case ASSAY_SERVER_FAILED:
        drop_request(c);
        return false;
    }
    return false;
}
