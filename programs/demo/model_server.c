/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * model_server.c - see model_server.h. A client's next request is read when the
 * answer before it has been said.
 */
#include "model_server.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "http1/http1.h"
#include "io/listen.h"
#include "model.h"
#include "model_send.h"

enum route { NOWHERE, CHAT, MODELS };

struct guest {
    struct model_server *server;
    struct guest *next;
    struct assay_stream *stream;
    uv_timer_t timer;
    struct assay_buf in; /* what came and was not read yet, from `at` on */
    size_t at;
    size_t scanned;
    bool has_head;
    enum route route;
    bool right_method;
    bool keep_alive;
    struct assay_http1_body reader;
    struct assay_buf body;
    /* the answer that is said word by word */
    bool talks;
    struct model_ask ask;
    struct model_answer answer;
    struct assay_buf text;
    size_t said; /* octets of the text */
};

struct model_server {
    uv_loop_t *loop;
    struct assay_listener *listener;
    struct guest *guests;
    unsigned count;
    uint64_t asked;
};

/* --- the end ------------------------------------------------------------ */

static void
on_timer_closed(uv_handle_t *timer)
{
    struct guest *g = timer->data;

    assay_buf_free(&g->in);
    assay_buf_free(&g->body);
    assay_buf_free(&g->text);
    model_ask_free(&g->ask);
    free(g);
}

static void
guest_leave(struct guest *g)
{
    struct guest **at = &g->server->guests;

    while (*at != g) {
        at = &(*at)->next;
    }
    *at = g->next;
    g->server->count--;
    assay_stream_close(g->stream);
    uv_close((uv_handle_t *)&g->timer, on_timer_closed);
}

/* --- answers ------------------------------------------------------------ */

/* The answer is with the system, or soon will be. */
static void
end_answer(struct guest *g)
{
    g->talks = false;
    g->has_head = false;
    g->body.len = 0;
    g->text.len = 0;
    model_ask_free(&g->ask);
    if (!g->keep_alive) {
        assay_stream_shutdown(g->stream); /* and the peer closes */
    }
}

static void
say_next_word(struct guest *g)
{
    struct assay_slice rest = {g->text.ptr + g->said, g->text.len - g->said};
    struct assay_slice word = model_next_word(&rest);
    struct assay_buf event;

    g->said += word.len;
    assay_buf_init(&event, MODEL_ANSWER_MAX_BYTES);
    if (word.len > 0) {
        model_put_event(&event, &g->answer, word);
    } else {
        model_put_last_events(&event, &g->answer, &g->ask,
                              assay_buf_slice(&g->text));
        g->talks = false;
    }
    model_send_chunk(g->stream, assay_buf_slice(&event), !g->talks);
    assay_buf_free(&event);
}

/* --- requests ----------------------------------------------------------- */

static void
chat(struct guest *g)
{
    struct model_refusal why;
    struct assay_buf body;

    if (!model_read(assay_buf_slice(&g->body), &g->ask, &why)) {
        model_send_error(g->stream, why.status, why.code, why.message,
                         g->keep_alive);
        return;
    }
    g->answer.number = ++g->server->asked;
    g->answer.created_s = (int64_t)time(NULL);
    g->said = 0;
    model_say(&g->ask, &g->text);
    if (g->ask.stream) {
        g->talks = true;
        model_send_head(g->stream, 200, "text/event-stream", NULL,
                        g->keep_alive);
        say_next_word(g);
        return;
    }
    assay_buf_init(&body, MODEL_ANSWER_MAX_BYTES);
    model_put_completion(&body, &g->answer, &g->ask, assay_buf_slice(&g->text));
    model_send_document(g->stream, 200, &body, g->keep_alive);
    assay_buf_free(&body);
}

static void
answer(struct guest *g)
{
    struct assay_buf body;

    if (g->route == NOWHERE) {
        model_send_error(g->stream, 404, "not_found",
                         "there are /v1/chat/completions and /v1/models",
                         g->keep_alive);
    } else if (!g->right_method) {
        model_send_error(g->stream, 405, "method_not_allowed",
                         "POST /v1/chat/completions, GET /v1/models",
                         g->keep_alive);
    } else if (g->route == CHAT) {
        chat(g);
    } else {
        assay_buf_init(&body, MODEL_ANSWER_MAX_BYTES);
        model_put_list(&body);
        model_send_document(g->stream, 200, &body, g->keep_alive);
        assay_buf_free(&body);
    }
}

static void
route(struct guest *g, const struct assay_http1_head *head)
{
    bool chat_it = assay_slice_is(head->target, "/v1/chat/completions");
    bool list_it = assay_slice_is(head->target, "/v1/models");

    g->route = chat_it ? CHAT : list_it ? MODELS : NOWHERE;
    g->right_method = assay_slice_is(head->method, chat_it ? "POST" : "GET");
    g->keep_alive = head->keep_alive;
    if (head->expect_continue) {
        assay_stream_write(g->stream,
                           assay_slice_of("HTTP/1.1 100 Continue\r\n\r\n"));
    }
}

static struct assay_slice
unread(const struct guest *g)
{
    return (struct assay_slice){g->in.ptr + g->at, g->in.len - g->at};
}

/* False: there is no head yet. */
static bool
read_head(struct guest *g, struct assay_error *err)
{
    ASSAY_HTTP1_UNSET struct assay_http1_head head;
    size_t used = 0;

    if (assay_http1_request(unread(g), &g->scanned, &head, &used, err) !=
            ASSAY_OK ||
        used == 0) {
        return false;
    }
    g->at += used;
    g->has_head = true;
    route(g, &head);
    assay_http1_body_init(&g->reader, &head, MODEL_ASK_MAX_BYTES);
    return true;
}

/* False: it is not whole yet. */
static bool
read_body(struct guest *g, struct assay_error *err)
{
    size_t used = 0;
    struct assay_slice data;

    do {
        if (assay_http1_body_feed(&g->reader, unread(g), &used, &data, err) !=
            ASSAY_OK) {
            return false;
        }
        assay_buf_add(&g->body, data);
        g->at += used;
    } while (used > 0 && !g->reader.done);
    return g->reader.done;
}

/* What is not understood ends the connection. */
static void
refuse(struct guest *g, const struct assay_error *err)
{
    unsigned status = err->code == ASSAY_TOO_LARGE && g->has_head
                          ? 413
                          : assay_http1_refusal(unread(g), err);

    g->keep_alive = false;
    model_send_error(g->stream, status, "invalid_request_error", err->msg,
                     false);
    assay_stream_read(g->stream, false);
    assay_stream_shutdown(g->stream);
}

static void
forget_read(struct guest *g)
{
    memmove(g->in.ptr, g->in.ptr + g->at, g->in.len - g->at);
    g->in.len -= g->at;
    g->at = 0;
}

static void on_timer(uv_timer_t *timer);

static void
read_on(struct guest *g)
{
    struct assay_error err;

    assay_error_clear(&err);
    while (!g->talks && g->in.len > g->at &&
           (g->has_head || read_head(g, &err)) && read_body(g, &err)) {
        answer(g);
        if (!g->talks) {
            end_answer(g);
        }
    }
    if (err.code != ASSAY_OK) {
        refuse(g, &err);
        return;
    }
    if (g->at > 0) {
        forget_read(g);
    }
    assay_stream_read(g->stream, !g->talks);
    uv_timer_start(&g->timer, on_timer,
                   g->talks ? MODEL_PACE_MS : MODEL_IDLE_MS, 0);
}

/* --- events ------------------------------------------------------------- */

static void
on_timer(uv_timer_t *timer)
{
    struct guest *g = timer->data;

    if (!g->talks) {
        guest_leave(g);
        return;
    }
    say_next_word(g);
    if (g->talks) {
        uv_timer_start(timer, on_timer, MODEL_PACE_MS, 0);
    } else {
        end_answer(g);
        read_on(g);
    }
}

static void
on_data(void *user, struct assay_slice data)
{
    struct guest *g = user;

    assay_buf_add(&g->in, data);
    if (g->in.failed) {
        guest_leave(g);
    } else {
        read_on(g);
    }
}

static void
on_eof(void *user)
{
    guest_leave(user);
}

static void
on_failed(void *user, const struct assay_error *err)
{
    (void)err;
    guest_leave(user);
}

static void
on_accepted(void *user, struct assay_stream *stream)
{
    static const struct assay_stream_events events = {
        .data = on_data, .eof = on_eof, .failed = on_failed};
    struct model_server *m = user;
    struct guest *g =
        m->count < MODEL_CLIENTS_MAX ? calloc(1, sizeof(*g)) : NULL;

    if (g == NULL) {
        assay_stream_close(stream);
        return;
    }
    g->server = m;
    g->stream = stream;
    g->next = m->guests;
    m->guests = g;
    m->count++;
    (void)uv_timer_init(m->loop, &g->timer);
    g->timer.data = g;
    assay_buf_init(&g->in, ASSAY_HTTP1_HEAD_MAX_BYTES + MODEL_ASK_MAX_BYTES +
                               ASSAY_STREAM_READ_BYTES);
    assay_buf_init(&g->body, MODEL_ASK_MAX_BYTES);
    assay_buf_init(&g->text, MODEL_ANSWER_MAX_BYTES);
    assay_buf_init(&g->ask.said, MODEL_ASK_MAX_BYTES);
    assay_stream_tell(stream, &events, g);
    read_on(g);
}

enum assay_code
model_server_new(uv_loop_t *loop, struct model_server **out,
                 struct assay_error *err)
{
    static const struct assay_address any = {.host = "127.0.0.1", .port = "0"};
    struct model_server *m = calloc(1, sizeof(*m));

    *out = NULL;
    assay_error_clear(err);
    if (m == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "out of memory");
    }
    m->loop = loop;
    if (assay_listen(loop, &any, 0, on_accepted, m, &m->listener, err) !=
        ASSAY_OK) {
        free(m);
        return err->code;
    }
    *out = m;
    return ASSAY_OK;
}

void
model_server_free(struct model_server *m)
{
    if (m != NULL) {
        while (m->guests != NULL) {
            guest_leave(m->guests);
        }
        assay_listener_close(m->listener);
        free(m);
    }
}

const char *
model_server_address(const struct model_server *m)
{
    return assay_listener_address(m->listener);
}

uint64_t
model_server_asked(const struct model_server *m)
{
    return m->asked;
}
