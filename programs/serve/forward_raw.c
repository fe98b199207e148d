/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_raw.c - a request behind which protocols were switched: octets, both
 * ways.
 */
#include "base/bytes.h"
#include "forward_state.h"

void
forward_switch(struct forward *f)
{
    f->begun = true;
    f->status = 101;
    forward_log(f, "switched"); /* what was asked is gone afterwards */
    f->raw = true;
    f->body_sent = false;
    assay_server_switch(f->session);
}

static void
move_raw_up(struct forward *f)
{
    while (!f->body_sent) {
        struct assay_slice octets = assay_server_request_body(f->session);
        size_t room = exchange_room(f->exchange);

        if (octets.len == 0) {
            /* Closed: both have said goodbye, and all was taken. */
            if (assay_server_body_done(f->session) ||
                assay_server_state(f->session) == ASSAY_SERVER_CLOSED) {
                exchange_send_end(f->exchange, ASSAY_EMPTY);
                f->body_sent = true;
            }
            return;
        }
        octets.len = octets.len < room ? octets.len : room;
        if (octets.len == 0) {
            return;
        }
        exchange_send(f->exchange, octets);
        assay_server_body_taken(f->session, octets.len);
    }
}

static void
move_raw_down(struct forward *f, size_t room)
{
    struct assay_slice octets;
    struct assay_error err;

    while (exchange_state(f->exchange) == EXCHANGE_RAW) {
        octets = exchange_read(f->exchange);
        octets.len = octets.len < room ? octets.len : room;
        if (octets.len == 0) {
            return;
        }
        if (assay_server_respond(f->session, octets, &err) != ASSAY_OK) {
            f->state = FORWARD_CUT;
            return;
        }
        room -= octets.len;
        f->answer_len += octets.len;
        exchange_taken(f->exchange, octets.len);
    }
    if (exchange_state(f->exchange) == EXCHANGE_FAILED) {
        f->state = FORWARD_CUT;
    } else if (!f->answered) {
        f->answered = true;
        assay_server_respond_end(f->session, false);
    }
}

/* Each direction ends for itself; nothing is over before the backend has been
 * handed all that the client sent. */
void
forward_move_raw(struct forward *f, size_t room)
{
    move_raw_up(f);
    move_raw_down(f, room);
    if (f->state == FORWARD_GOING && f->answered) {
        move_raw_up(f);
        f->state = f->body_sent && exchange_is_flushed(f->exchange)
                       ? FORWARD_DONE
                       : FORWARD_GOING;
    }
}

bool
forward_lingers(struct forward *f)
{
    if (f->raw && f->answered && f->state == FORWARD_GOING) {
        forward_move_raw(f, 0);
        return f->state == FORWARD_GOING;
    }
    return false;
}
