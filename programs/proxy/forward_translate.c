/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_translate.c - a client that speaks Responses and a server that speaks
 * Chat Completions: the request is gathered, the response is not.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/text.h"
#include "forward_state.h"
#include "http1/chars.h"
#include "io/moment.h"

#define ID_BYTES        12u
#define PARAM_MAX_BYTES 64u

/* Text of a whole response at the most, with what is said anew of it. */
#define TOLD_MAX_BYTES (2u * TRANSLATE_BODY_MAX_BYTES)

void
forward_translate_free(struct forward *f)
{
    struct forward_translation *t = f->translation;

    if (t != NULL) {
        translation_free(t->with);
        assay_buf_free(&t->body);
        assay_buf_free(&t->head);
        assay_buf_free(&t->told);
        free(t);
    }
}

/* --- towards the server --------------------------------------------------- */

/* Nobody else tells the client to go on: its body does not. */
static void
encourage(struct forward *f)
{
    if (f->client.head->expect_continue && f->client.head->minor >= 1) {
        f->encouraged = true;
        forward_write(f, assay_slice_of("HTTP/1.1 100 Continue\r\n\r\n"));
    }
}

static bool
is_identity(struct assay_slice coding)
{
    return coding.len == 0 || assay_slice_is_nocase(coding, "identity");
}

void
forward_translate(struct forward *f)
{
    struct forward_translation *t;

    if (!is_identity(assay_http1_get(f->client.head, "Content-Encoding"))) {
        forward_refuse(f, REFUSED_CODING);
        return;
    }
    t = calloc(1, sizeof(*t));
    f->translation = t;
    if (t == NULL) {
        forward_refuse(f, REFUSED_BUSY);
        return;
    }
    assay_buf_init(&t->body, TRANSLATE_BODY_MAX_BYTES);
    assay_buf_init(&t->head, 2 * ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_init(&t->told, TOLD_MAX_BYTES);
    encourage(f);
}

/* "input[3].type: ..." names what is wrong with it: "input[3].type". */
static const char *
param_of(const struct assay_error *err, char out[PARAM_MAX_BYTES])
{
    size_t n = 0;

    while (n < PARAM_MAX_BYTES - 1 && err->msg[n] != '\0' &&
           (assay_is_letter((uint8_t)err->msg[n]) ||
            assay_is_digit((uint8_t)err->msg[n]) ||
            strchr("_.[]", err->msg[n]) != NULL)) {
        out[n] = err->msg[n];
        n++;
    }
    out[n] = '\0';
    return n > 0 && err->msg[n] == ':' ? out : NULL;
}

static void
refuse(struct forward *f, const struct assay_error *err)
{
    char param[PARAM_MAX_BYTES];

    if (err->code == ASSAY_NO_MEMORY) {
        forward_refuse(f, REFUSED_BUSY);
    } else if (err->code == ASSAY_TOO_LARGE) {
        forward_refuse_saying(f, REFUSED_LARGE, err->msg, NULL);
    } else {
        forward_refuse_saying(f, REFUSED_TRANSLATION, err->msg,
                              param_of(err, param));
    }
}

/* The body is whole: it becomes what is sent. */
static void
turn(struct forward *f)
{
    struct forward_translation *t = f->translation;
    uint8_t random[ID_BYTES];
    char id[2 * ID_BYTES + 1];
    struct assay_error err;
    struct assay_buf chat;

    if (!forward_hold(f, 2 * t->body.len)) {
        return; /* a buffer for as much, which has grown */
    }
    assay_error_clear(&err);
    assay_buf_init(&chat, 2 * TRANSLATE_BODY_MAX_BYTES);
    assay_random_bytes(random, sizeof(random));
    assay_hex_to(id, ASSAY_SLICE(random));
    if (translation_new(assay_buf_slice(&t->body), id, (int64_t)time(NULL),
                        &chat, &t->with, &err) != ASSAY_OK) {
        refuse(f, &err);
        assay_buf_free(&chat);
        return;
    }
    assay_buf_free(&t->body);
    t->body = chat;
    if (forward_hold(f, 0)) {
        forward_call(f, chat.len);
    }
}

static void
gather(struct forward *f)
{
    struct forward_translation *t = f->translation;
    struct assay_slice piece;

    while ((piece = visit_body_read(f->client.body)).len > 0) {
        assay_buf_add(&t->body, piece);
        visit_body_taken(f->client.body, piece.len);
    }
    if (t->body.failed) {
        forward_refuse(f, t->body.no_memory ? REFUSED_BUSY : REFUSED_LARGE);
    } else if (forward_hold(f, 0) && f->client.body->error.code == ASSAY_OK &&
               forward_is_read(f)) {
        turn(f);
    }
}

void
forward_move_translated(struct forward *f)
{
    struct forward_translation *t = f->translation;

    if (t->with == NULL) {
        gather(f);
    }
    while (f->call != NULL && f->state == FORWARD_GOING && !f->body_sent) {
        struct assay_slice left = {t->body.ptr + t->sent,
                                   t->body.len - t->sent};
        size_t room = call_room(f->call);

        left.len = left.len < room ? left.len : room;
        if (left.len == 0) {
            return;
        }
        call_send(f->call, left);
        t->sent += left.len;
        if (t->sent == t->body.len) {
            call_send_end(f->call, ASSAY_EMPTY);
            f->body_sent = true;
            assay_buf_free(&t->body);
        }
    }
}

/* --- towards the client --------------------------------------------------- */

/* As it is framed whatever its own framing was. */
static struct response_plan
plan_for(const struct forward *f, struct response_plan plan)
{
    bool chunked = f->client.head->minor >= 1;

    plan.framing = chunked ? ASSAY_HTTP1_CHUNKED : ASSAY_HTTP1_UNTIL_CLOSE;
    plan.keep = plan.keep && chunked;
    plan.trailers = false;
    return plan;
}

/* Its head waits for the first of what is told, so that what goes wrong before
 * can still be said by a status. */
void
forward_translate_head(struct forward *f, const struct assay_http1_head *h,
                       const struct response_plan *plan)
{
    struct forward_translation *t = f->translation;
    struct assay_error err;

    if (!is_identity(assay_http1_get(h, "Content-Encoding"))) {
        forward_refuse_saying(f, REFUSED_RESPONSE,
                              "the server's response is compressed, unasked",
                              NULL);
        return;
    }
    /* Clients read none of such a status (204, 304): what was told would be the
     * beginning of their next response. */
    if (plan->framing == ASSAY_HTTP1_NO_BODY) {
        forward_refuse_saying(f, REFUSED_RESPONSE,
                              "the server's response has no body", NULL);
        return;
    }
    assay_error_clear(&err);
    t->plan = plan_for(f, *plan);
    t->status = h->status;
    t->begun = true;
    if (forward_put_response(
            &t->head,
            &(struct forward_response_head){
                .head = h,
                .request = f->client.head,
                .plan = &t->plan,
                .origin = f->client.admission->origin,
                .proof = f->proof.evidence[0] != '\0' ? &f->proof : NULL,
                .now_ms = assay_now().mono_ms,
                .content_type = translation_begin(
                    t->with, h->status, assay_http1_get(h, "Content-Type")),
            },
            &err) != ASSAY_OK) {
        forward_refuse_saying(f, REFUSED_RESPONSE, err.msg, NULL);
    } else {
        forward_translate_payload(f, ASSAY_EMPTY); /* a stream begins */
    }
}

/* What was told so far, each piece at once. */
static void
tell(struct forward *f)
{
    struct forward_translation *t = f->translation;

    if (t->told.failed) {
        f->state = FORWARD_CUT;
    } else if (forward_hold(f, 0) && t->told.len > 0) {
        if (!f->begun) {
            f->plan = t->plan;
            forward_begin(f, &t->head, t->status);
        }
        forward_write_payload(f, assay_buf_slice(&t->told));
        assay_buf_free(&t->told);
    }
}

/* False: it cannot be said, and must not look whole. */
static bool
end(struct forward *f)
{
    tell(f);
    if (f->state == FORWARD_GOING) {
        forward_write_end(f, ASSAY_EMPTY);
        f->state = f->state == FORWARD_GOING ? FORWARD_DONE : f->state;
    }
    return f->state == FORWARD_DONE;
}

/* A response that ends too early: by a status, or by what was told of it, or
 * else by being cut. */
static void
break_off(struct forward *f, const struct failure *why,
          const struct assay_error *err)
{
    if (f->begun && translation_streams(f->translation->with)) {
        forward_note(f, why != NULL ? why->code
                                    : refusal_row(REFUSED_RESPONSE)->code);
        f->cut_told = end(f);
    } else if (why != NULL) {
        forward_fail(f, why);
    } else {
        forward_refuse_saying(f, REFUSED_RESPONSE, err->msg, NULL);
    }
}

void
forward_translate_payload(struct forward *f, struct assay_slice payload)
{
    struct forward_translation *t = f->translation;
    struct assay_error err;

    assay_error_clear(&err);
    if (translation_feed(t->with, payload, &t->told, &err) == ASSAY_OK) {
        tell(f);
    } else {
        break_off(f, NULL, &err);
    }
}

void
forward_translate_end(struct forward *f, const struct failure *why)
{
    struct forward_translation *t = f->translation;
    struct assay_error err;

    assay_error_clear(&err);
    if (t->begun &&
        translation_end(t->with, why != NULL, &t->told, &err) == ASSAY_OK &&
        why == NULL) {
        (void)end(f);
    } else {
        break_off(f, why, &err);
    }
}
