/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_own.c - what a client gets of ourselves.
 *
 * Before an answer has begun, whatever goes wrong is told to the client by a
 * status; afterwards only by cutting it off.
 */
#include <stdio.h>

#include "forward_state.h"
#include "own.h"

void
forward_note(struct forward *f, const char *code)
{
    if (f->code[0] == '\0') {
        snprintf(f->code, sizeof(f->code), "%s", code);
    }
}

/* What has come of a body that nobody wants. */
static void
drop_body(struct forward *f)
{
    size_t n;

    while ((n = visit_body_read(f->client.body).len) > 0) {
        visit_body_taken(f->client.body, n);
    }
}

/* To whom an answer of our own goes. */
static struct own_to
answer(struct forward *f, unsigned status)
{
    drop_body(f);
    f->begun = true;
    f->status = status;
    f->first_ms = uv_now(f->client.all->loop) - f->started_ms;
    f->plan.keep = f->client.head->keep_alive && forward_is_read(f) &&
                   !f->client.all->draining;
    f->state = FORWARD_DONE;
    return (struct own_to){.request = f->client.head,
                           .origin = f->client.admission->origin,
                           .keep = f->plan.keep};
}

static void
finish(struct forward *f, struct assay_buf *whole)
{
    forward_write_buf(f, whole);
    forward_flush(f);
    assay_buf_free(whole);
}

void
forward_refuse_saying(struct forward *f, enum refusal r, const char *message,
                      const char *param)
{
    struct assay_buf whole;
    struct own_to to;

    forward_note(f, refusal_row(r)->code);
    if (f->begun) {
        f->state = FORWARD_CUT;
        return;
    }
    to = answer(f, refusal_row(r)->status);
    assay_buf_init(&whole, OWN_ANSWER_MAX_BYTES);
    own_put_refusal(&whole, &to, r, 0, message, param);
    finish(f, &whole);
}

void
forward_refuse(struct forward *f, enum refusal r)
{
    forward_refuse_saying(f, r, NULL, NULL);
}

void
forward_fail(struct forward *f, const struct failure *why)
{
    struct assay_buf whole;
    struct own_to to;

    forward_note(f, why->code);
    if (f->begun) {
        f->state = FORWARD_CUT;
        return;
    }
    to = answer(f, failure_status(why->kind));
    assay_buf_init(&whole, OWN_ANSWER_MAX_BYTES);
    own_put_failure(&whole, &to, why);
    finish(f, &whole);
}

void
forward_page(struct forward *f)
{
    const struct visits *all = f->client.all;
    enum own_page page = f->client.admission->route.page;
    struct assay_buf whole;
    struct assay_buf body;
    struct own_to to;
    unsigned status;

    assay_buf_init(&body, OWN_ANSWER_MAX_BYTES);
    assay_buf_init(&whole, 2 * OWN_ANSWER_MAX_BYTES);
    status = all->page(all->user, page, &body);
    if (body.failed) {
        forward_refuse(f, REFUSED_BUSY);
    } else {
        to = answer(f, status);
        f->answer_len = body.len;
        own_put_page(&whole, &to, page, status, assay_buf_slice(&body));
        finish(f, &whole);
    }
    assay_buf_free(&body);
    assay_buf_free(&whole);
}

void
forward_preflight(struct forward *f)
{
    struct own_to to = answer(f, 204);
    struct assay_buf whole;

    assay_buf_init(&whole, OWN_ANSWER_MAX_BYTES);
    own_put_preflight(&whole, &to);
    finish(f, &whole);
}
