/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * liar.c - see liar.h. Each call has a connection of its own, and the agent
 * closes it behind its answer.
 */
#include "liar.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "io/dial.h"
#include "io/listen.h"

#define ANSWER_MAX_BYTES (4u * 1024u * 1024u)
#define ASK_MAX_BYTES    (64u * 1024u)

struct call {
    struct liar *liar;
    struct call *next;
    struct assay_stream *front; /* who asks */
    struct assay_stream *back;  /* who knows */
    struct assay_dial *dial;
    struct assay_buf ask; /* while dialling */
    struct assay_buf answer;
};

struct liar {
    uv_loop_t *loop;
    struct assay_address agent;
    struct assay_listener *listener;
    liar_edit *edit;
    void *user;
    struct call *calls;
};

/* --- edits -------------------------------------------------------------- */

static void
overwrite(struct assay_slice in, size_t at, const char *with)
{
    memcpy((uint8_t *)(uintptr_t)in.ptr + at, with, strlen(with));
}

void
liar_replace_all(struct assay_slice in, const char *from, const char *to)
{
    size_t at = assay_slice_find(in, from);

    while (at != ASSAY_NO_OFFSET) {
        overwrite(in, at, to);
        in.ptr += at + strlen(from);
        in.len -= at + strlen(from);
        at = assay_slice_find(in, from);
    }
}

void
liar_replace_at(struct assay_slice in, const char *mark, const char *mark_to,
                const char *from, const char *to)
{
    size_t mark_at = assay_slice_find(in, mark);
    size_t n = strlen(from);

    for (size_t at = mark_at; mark_at != ASSAY_NO_OFFSET && at-- > 0;) {
        if (mark_at - at >= n && memcmp(in.ptr + at, from, n) == 0) {
            overwrite(in, at, to);
            overwrite(in, mark_at, mark_to);
            return;
        }
    }
}

/* --- a call ------------------------------------------------------------- */

static void
call_free(struct call *c)
{
    if (c->dial != NULL) {
        assay_dial_cancel(c->dial);
    }
    assay_stream_close(c->front);
    assay_stream_close(c->back);
    assay_buf_free(&c->ask);
    assay_buf_free(&c->answer);
    free(c);
}

static void
call_end(struct call *c)
{
    struct call **at = &c->liar->calls;

    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
    call_free(c);
}

static void
on_end(void *user)
{
    call_end(user);
}

static void
on_failed(void *user, const struct assay_error *err)
{
    (void)err;
    call_end(user);
}

static void
on_answer(void *user, struct assay_slice data)
{
    struct call *c = user;

    assay_buf_add(&c->answer, data);
}

/* All of the answer is there. */
static void
on_answered(void *user)
{
    struct call *c = user;
    struct assay_slice answer = assay_buf_slice(&c->answer);

    c->liar->edit(c->liar->user, answer);
    assay_stream_write(c->front, answer);
    assay_stream_shutdown(c->front);
}

static void
on_reached(void *user, struct assay_stream *stream,
           const struct assay_error *err)
{
    static const struct assay_stream_events events = {
        .data = on_answer, .eof = on_answered, .failed = on_failed};
    struct call *c = user;

    (void)err;
    c->dial = NULL;
    c->back = stream;
    if (stream == NULL) {
        call_end(c);
        return;
    }
    assay_stream_tell(stream, &events, c);
    assay_stream_read(stream, true);
    assay_stream_write(stream, assay_buf_slice(&c->ask));
}

static void
on_ask(void *user, struct assay_slice data)
{
    struct call *c = user;

    if (c->back != NULL) {
        assay_stream_write(c->back, data);
    } else {
        assay_buf_add(&c->ask, data);
    }
}

static void
on_accepted(void *user, struct assay_stream *stream)
{
    static const struct assay_stream_events events = {
        .data = on_ask, .eof = on_end, .failed = on_failed};
    struct liar *l = user;
    const struct assay_dial_options agent = {.to = l->agent};
    struct call *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        assay_stream_close(stream);
        return;
    }
    c->liar = l;
    c->next = l->calls;
    l->calls = c;
    c->front = stream;
    assay_buf_init(&c->ask, ASK_MAX_BYTES);
    assay_buf_init(&c->answer, ANSWER_MAX_BYTES);
    assay_stream_tell(stream, &events, c);
    assay_stream_read(stream, true);
    c->dial = assay_dial_start(l->loop, &agent, on_reached, c);
}

/* --- the agent ---------------------------------------------------------- */

enum assay_code
liar_new(uv_loop_t *loop, const struct assay_address *at,
         const struct assay_address *agent, liar_edit *edit, void *user,
         struct liar **out, struct assay_error *err)
{
    struct liar *l = calloc(1, sizeof(*l));

    *out = NULL;
    assay_error_clear(err);
    if (l == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "out of memory");
    }
    l->loop = loop;
    l->agent = *agent;
    l->edit = edit;
    l->user = user;
    if (assay_listen(loop, at, 0600, on_accepted, l, &l->listener, err) !=
        ASSAY_OK) {
        free(l);
        return err->code;
    }
    *out = l;
    return ASSAY_OK;
}

void
liar_free(struct liar *l)
{
    if (l != NULL) {
        while (l->calls != NULL) {
            struct call *c = l->calls;

            l->calls = c->next;
            call_free(c);
        }
        assay_listener_close(l->listener);
        free(l);
    }
}
