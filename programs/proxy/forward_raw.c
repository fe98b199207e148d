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
    f->raw = true;
    f->body_sent = false;
    f->plan.keep = false;
    visit_body_switch(f->client.body);
}

static void
move_up(struct forward *f)
{
    while (!f->body_sent) {
        struct assay_slice octets = visit_body_read(f->client.body);
        size_t room = call_room(f->call);

        if (octets.len == 0 && visit_body_is_done(f->client.body)) {
            call_send_end(f->call, ASSAY_EMPTY);
            f->body_sent = true;
        }
        octets.len = octets.len < room ? octets.len : room;
        if (octets.len == 0) {
            return;
        }
        call_send(f->call, octets);
        visit_body_taken(f->client.body, octets.len);
    }
}

static void
move_down(struct forward *f)
{
    while (call_state(f->call) == CALL_RAW) {
        struct assay_slice octets = call_read(f->call);
        size_t room = forward_room(f);

        octets.len = octets.len < room ? octets.len : room;
        if (octets.len == 0) {
            return;
        }
        forward_send(f, octets);
        f->answer_len += octets.len;
        call_taken(f->call, octets.len);
    }
    if (call_state(f->call) == CALL_FAILED) {
        forward_note(f, call_failure(f->call)->code);
        f->state = FORWARD_CUT;
    } else if (!f->answered) {
        f->answered = true;
        assay_stream_shutdown(f->client.stream);
    }
}

/* Each direction ends for itself; nothing is over before the server has been
 * handed all that the client sent. */
void
forward_move_raw(struct forward *f)
{
    move_up(f);
    move_down(f);
    if (f->state == FORWARD_GOING && f->answered) {
        move_up(f);
        f->state = f->body_sent && call_is_flushed(f->call) ? FORWARD_DONE
                                                            : FORWARD_GOING;
    }
}
