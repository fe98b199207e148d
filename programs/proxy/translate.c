/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate.c - an answer on its way through: a stream or one object, or an
 * error, from the server; a stream or one object to the client.
 */
#include "translate.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "translate_answer.h"

void
translation_free(struct translation *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < t->item_count; i++) {
        assay_buf_free(&t->items[i].text);
        assay_buf_free(&t->items[i].name);
        assay_buf_free(&t->items[i].call_id);
    }
    free(t->items);
    free(t->tools);
    assay_buf_free(&t->model);
    assay_buf_free(&t->echo);
    assay_buf_free(&t->names);
    assay_buf_free(&t->body);
    assay_buf_free(&t->failure_text);
    translate_sse_free(&t->sse);
    free(t);
}

bool
translation_streams(const struct translation *t)
{
    return t->streams;
}

/* The end of a stream says each text once more when it is over, with its part
 * and its item, and in the response. */
#define REPEATED 4u

size_t
translation_weight(const struct translation *t)
{
    size_t n = 0;

    if (t == NULL) {
        return 0;
    }
    n = sizeof(*t) + t->tool_count * sizeof(t->tools[0]) +
        t->item_count * sizeof(t->items[0]) + t->model.cap + t->echo.cap +
        t->names.cap + t->body.cap + t->failure_text.cap + t->sse.line.cap +
        t->sse.data.cap;
    for (size_t i = 0; i < t->item_count; i++) {
        n += t->items[i].text.cap + t->items[i].name.cap +
             t->items[i].call_id.cap;
    }
    return n + (t->streams && !t->told ? REPEATED * t->text_bytes : 0);
}

/* Without what follows a semicolon. */
static bool
is_type(struct assay_slice type, const char *wanted)
{
    const uint8_t *end = type.len > 0 ? memchr(type.ptr, ';', type.len) : NULL;

    if (end != NULL) {
        type.len = (size_t)(end - type.ptr);
    }
    while (type.len > 0 &&
           (type.ptr[type.len - 1] == ' ' || type.ptr[type.len - 1] == '\t')) {
        type.len--;
    }
    return assay_slice_is_nocase(type, wanted);
}

const char *
translation_begin(struct translation *t, unsigned status,
                  struct assay_slice content_type)
{
    t->status = status;
    t->source = is_type(content_type, "text/event-stream") ||
                        (content_type.len == 0 && t->streams)
                    ? TRANSLATE_FROM_STREAM
                    : TRANSLATE_FROM_OBJECT;
    if (status < 200 || status > 299) {
        t->source = TRANSLATE_FROM_ERROR;
        return "application/json";
    }
    return t->streams ? "text/event-stream" : "application/json";
}

/* --- the body ------------------------------------------------------------ */

/* The answer is complete, or has failed: what the client is told of it. */
static void
conclude(struct translation *t)
{
    struct assay_json_out o;

    if (t->failure.code == ASSAY_OK && t->finish == TRANSLATE_UNFINISHED) {
        translate_fail(t, ASSAY_REPLY,
                       "the server's answer ends without a finish_reason");
    }
    translate_close_items(t);
    translate_tell_end(t);
    if (!t->streams && t->failure.code == ASSAY_OK) {
        t->told = true;
        assay_json_out_init(&o, t->to, true);
        translate_write_object(t, &o, NULL);
    }
}

static void
read_event(struct translation *t, struct assay_slice data)
{
    if (assay_slice_is(data, "[DONE]")) {
        t->finished = true;
    } else if (data.len > 0) {
        translate_chunk(t, data, false);
    }
}

static void
feed_stream(struct translation *t, struct assay_slice piece)
{
    struct assay_slice data;
    struct assay_error err;

    translate_tell_created(t);
    while (piece.len > 0 && t->failure.code == ASSAY_OK && !t->finished) {
        assay_error_clear(&err);
        switch (translate_sse_take(&t->sse, &piece, &data, &err)) {
        case TRANSLATE_SSE_MORE:
            break;
        case TRANSLATE_SSE_EVENT:
            read_event(t, data);
            break;
        case TRANSLATE_SSE_COMMENT:
            translate_tell_alive(t);
            break;
        case TRANSLATE_SSE_FAILED:
            translate_fail_as(t, &err);
            break;
        }
    }
    if (t->failure.code != ASSAY_OK || t->finished) {
        conclude(t);
    }
}

/* Of a server's error, too much is only not repeated. */
static void
feed_body(struct translation *t, struct assay_slice piece)
{
    struct assay_error err;

    if (t->body_is_too_large) {
        return;
    }
    assay_buf_add(&t->body, piece);
    assay_error_clear(&err);
    if (assay_buf_check(&t->body, "answer", &err) == ASSAY_OK) {
        return;
    }
    if (t->source == TRANSLATE_FROM_ERROR && err.code == ASSAY_TOO_LARGE) {
        t->body_is_too_large = true;
        return;
    }
    translate_fail_as(t, &err);
    if (t->source != TRANSLATE_FROM_ERROR) { /* its body is no stream */
        conclude(t);
    }
}

static void
end_stream(struct translation *t, bool truncated)
{
    struct assay_slice data;
    struct assay_error err;

    assay_error_clear(&err);
    if (truncated) {
        translate_fail(t, ASSAY_REPLY, "the server's answer was cut");
    } else if (translate_sse_end(&t->sse, &data, &err) == TRANSLATE_SSE_EVENT) {
        read_event(t, data);
    } else if (err.code != ASSAY_OK) {
        translate_fail_as(t, &err);
    }
    conclude(t);
}

static void
end_object(struct translation *t, bool truncated)
{
    if (truncated) {
        translate_fail(t, ASSAY_REPLY, "the server's answer was cut");
    } else {
        translate_chunk(t, assay_buf_slice(&t->body), true);
    }
    conclude(t);
}

/* How it went, where the output has its own say. */
static enum assay_code
result(struct translation *t, struct assay_error *err)
{
    struct assay_error full;

    assay_error_clear(&full);
    if (assay_buf_check(t->to, "translation", &full) != ASSAY_OK) {
        translate_fail_as(t, &full);
    }
    t->to = NULL;
    *err = t->failure;
    return err->code;
}

enum assay_code
translation_feed(struct translation *t, struct assay_slice piece,
                 struct assay_buf *to, struct assay_error *err)
{
    t->to = to;
    if (t->failure.code != ASSAY_OK || t->finished) {
        /* the answer is over; what follows is nobody's */
    } else if (t->source == TRANSLATE_FROM_STREAM) {
        feed_stream(t, piece);
    } else {
        feed_body(t, piece);
    }
    return result(t, err);
}

enum assay_code
translation_end(struct translation *t, bool truncated, struct assay_buf *to,
                struct assay_error *err)
{
    t->to = to;
    if (t->failure.code != ASSAY_OK || t->finished) {
        /* said already */
    } else if (t->source == TRANSLATE_FROM_STREAM) {
        end_stream(t, truncated);
    } else if (t->source == TRANSLATE_FROM_OBJECT) {
        end_object(t, truncated);
    } else {
        translate_write_error(t, truncated);
    }
    return result(t, err);
}
