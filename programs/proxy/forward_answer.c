/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_answer.c - what a client gets of the provider's server.
 */
#include "base/bytes.h"
#include "forward_state.h"
#include "io/moment.h"

#define LOCATION_MAX_BYTES (2u * ASSAY_HTTP1_TARGET_MAX_BYTES)

static void
note_proof(struct forward *f)
{
    const struct proof *p = call_proof(f->call);

    if (p != NULL) {
        f->proof = *p;
    }
}

/* Where a client would go that follows it; false: it must not be told. */
static bool
relocate(const struct forward *f, const struct assay_http1_head *h,
         struct assay_buf *to)
{
    return f->translation == NULL && assay_http1_count(h, "Location") == 1 &&
           forward_relocate(&f->client.admission->route,
                            assay_http1_get(h, "Location"), to);
}

void
forward_begin(struct forward *f, const struct assay_buf *head, unsigned status)
{
    f->begun = true;
    f->status = status;
    f->first_ms = uv_now(f->client.all->loop) - f->started_ms;
    forward_write_buf(f, head);
}

static void
pass_head(struct forward *f, const struct assay_http1_head *h,
          const struct forward_response_head *r)
{
    struct assay_error err;
    struct assay_buf head;

    assay_error_clear(&err);
    assay_buf_init(&head, 2 * ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_reserve(&head, HEAD_USUAL_BYTES);
    if (forward_put_response(&head, r, &err) != ASSAY_OK) {
        forward_refuse_saying(f, REFUSED_RESPONSE, err.msg, NULL);
    } else if (h->status >= 200) {
        forward_begin(f, &head, h->status);
    } else if (h->status == 101) {
        forward_begin(f, &head, h->status);
        forward_flush(f);
        forward_switch(f);
    } else if (f->client.head->minor >= 1) { /* 1.0 knows no interim ones */
        f->encouraged = true;
        forward_write_buf(f, &head);
    }
    assay_buf_free(&head);
}

static void
move_head(struct forward *f)
{
    const struct assay_http1_head *h = call_head(f->call);
    struct response_plan plan = f->plan;
    struct assay_buf location;

    assay_buf_init(&location, LOCATION_MAX_BYTES);
    note_proof(f);
    if (h->status >= 200) {
        plan = heads_plan(h, f->client.head,
                          !f->client.all->draining &&
                              f->client.head->keep_alive && forward_is_read(f));
    }
    if (forward_is_redirect(h) && !relocate(f, h, &location)) {
        forward_refuse(f, REFUSED_REDIRECT);
    } else if (f->translation != NULL) {
        if (h->status >= 200) {
            forward_translate_head(f, h, &plan);
        }
    } else {
        f->plan = plan;
        pass_head(f, h,
                  &(struct forward_response_head){
                      .head = h,
                      .request = f->client.head,
                      .plan = &f->plan,
                      .origin = f->client.admission->origin,
                      .location = assay_buf_slice(&location),
                      .proof = f->proof.evidence[0] != '\0' ? &f->proof : NULL,
                      .now_ms = assay_now().mono_ms,
                  });
    }
    assay_buf_free(&location);
    if (f->state == FORWARD_GOING) {
        call_head_taken(f->call);
    }
}

static bool
move_payload(struct forward *f)
{
    struct assay_slice piece = call_read(f->call);
    size_t room = forward_room(f);

    piece.len = piece.len < room ? piece.len : room;
    if (piece.len == 0) {
        return false;
    }
    if (f->translation != NULL) {
        forward_translate_payload(f, piece);
    } else {
        forward_write_payload(f, piece);
    }
    call_taken(f->call, piece.len);
    return true;
}

static void
finish(struct forward *f)
{
    if (f->translation != NULL) {
        forward_translate_end(f, NULL);
    } else {
        forward_write_end(f, call_trailers(f->call));
    }
    if (f->state == FORWARD_GOING) {
        f->state = FORWARD_DONE;
    }
}

static void
give_up(struct forward *f)
{
    const struct failure *why = call_failure(f->call);

    note_proof(f);
    if (f->translation != NULL) {
        forward_translate_end(f, why);
    } else {
        forward_fail(f, why);
    }
}

bool
forward_move_response(struct forward *f)
{
    switch (call_state(f->call)) {
    case CALL_HEAD:
        if (forward_room(f) == 0) {
            return false;
        }
        move_head(f);
        return true;
    case CALL_BODY:
        return move_payload(f);
    case CALL_DONE:
        finish(f);
        return false;
    case CALL_FAILED:
        give_up(f);
        return false;
    case CALL_WAITING:
    case CALL_RAW:
        break;
    }
    return false;
}
