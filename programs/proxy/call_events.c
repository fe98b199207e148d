/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * call_events.c - one exchange with an upstream: what its connection tells.
 */
#include "base/bytes.h"
#include "call_state.h"
#include "upstream_state.h"

/* From the session to here, as far as it is wanted: what is not waits there,
 * and then holds the server back. True: there was something. */
static bool
pull(struct call *c)
{
    struct assay_client *session;
    struct assay_slice more;
    struct assay_error err;

    if (c->link == NULL || !call_wants_more(c)) {
        return false;
    }
    session = link_session(c->link);
    more = assay_client_read(session);
    c->heard += more.len;
    c->received += more.len;
    assay_buf_add(assay_queue_writer(&c->in), more);
    assay_error_clear(&err);
    if (assay_buf_check(assay_queue_writer(&c->in), "upstream", &err) !=
        ASSAY_OK) {
        call_fail_no_memory(c);
        return false;
    }
    assay_client_taken(session, more.len);
    c->eof = c->ended;
    return more.len > 0;
}

void
call_look_soon(struct call *c)
{
    if (c->link != NULL && call_wants_more(c) &&
        (c->ended || assay_client_read(link_session(c->link)).len > 0)) {
        upstream_soon(c->up, c);
    }
}

/* Its owner is told at once, or else by who set `inside`. */
static void
tell(struct call *c)
{
    if (c->inside) {
        upstream_soon(c->up, c);
    } else {
        c->changed(c->user);
    }
}

void
call_on_data(struct call *c)
{
    (void)pull(c);
    call_advance(c);
    tell(c);
}

void
call_on_end(struct call *c)
{
    c->ended = true;
    if (assay_client_state(link_session(c->link)) == ASSAY_CLIENT_CLOSED &&
        assay_client_truncated(link_session(c->link))) {
        assay_fail(&c->broken, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                   "the connection was cut");
    }
    call_on_data(c);
}

/* An upstream that has answered may well not want the rest of the request: what
 * it said before counts. */
void
call_on_broken(struct call *c, const struct assay_error *why)
{
    if (c->broken.code == ASSAY_OK) {
        c->broken = *why;
    }
    c->ended = true;
    c->eof = true;
    call_drop_link(c);
    call_advance(c);
    tell(c);
}

void
call_on_drained(struct call *c)
{
    tell(c);
}

/* What waited in the session, or below it; and a head that nothing came with.
 */
void
call_look(struct call *c)
{
    call_put_head(c);
    c->inside = true;
    if (pull(c)) {
        assay_attested_resume(c->link->attested);
    }
    c->inside = false;
    call_advance(c);
    list_leave(&c->soon);
    call_look_soon(c);
    c->changed(c->user);
}
