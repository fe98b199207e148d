/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * middleman.c - see middleman.h. One client at a time: the last one that came.
 */
#include "middleman.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"
#include "io/http_call.h"
#include "io/listen.h"

#define REQUEST_MAX_BYTES (64u * 1024u)
#define ANSWER_MAX_BYTES  (1024u * 1024u)

struct middleman {
    uv_loop_t *loop;
    struct middleman_options o;
    struct assay_listener *listener;
    /* the visit */
    struct tls_end *front; /* the client */
    struct tls_end *back;  /* the server */
    struct assay_dial *dial;
    struct assay_http_call *call;
    struct assay_buf request;
    struct assay_buf recording;
    bool proven; /* evidence was given */
};

static void
end_visit(struct middleman *m)
{
    assay_http_call_cancel(m->call);
    m->call = NULL;
    if (m->dial != NULL) {
        assay_dial_cancel(m->dial);
        m->dial = NULL;
    }
    tls_end_close(m->front);
    tls_end_close(m->back);
    m->front = NULL;
    m->back = NULL;
    m->request.len = 0;
    m->proven = false;
}

static void
on_closed(void *user)
{
    end_visit(user);
}

/* --- relay -------------------------------------------------------------- */

static void
on_server_data(void *user, struct assay_slice plain)
{
    struct middleman *m = user;

    assay_buf_add(&m->recording, plain);
    tls_end_write(m->front, plain);
}

static void
on_server_reached(void *user, struct assay_stream *stream,
                  const struct assay_error *err)
{
    static const struct tls_role client = {.certificate = NULL};
    static const struct tls_events events = {on_server_data, on_closed};
    struct middleman *m = user;

    (void)err;
    m->dial = NULL;
    m->back = stream != NULL ? tls_end_new(stream, &client, &events, m) : NULL;
    if (m->back == NULL) {
        end_visit(m);
        return;
    }
    tls_end_write(m->back, assay_buf_slice(&m->request));
    m->request.len = 0;
}

static void
relay(struct middleman *m, struct assay_slice plain)
{
    if (m->back != NULL) {
        tls_end_write(m->back, plain);
    } else {
        assay_buf_add(&m->request, plain);
    }
}

/* --- oracle ------------------------------------------------------------- */

/* The agent's answer is what stands in a genuine reply. */
static void
on_signed(void *user, const struct assay_http1_head *head,
          struct assay_slice body, const struct assay_error *err)
{
    struct middleman *m = user;
    struct assay_buf reply;

    m->call = NULL;
    if (err->code != ASSAY_OK || head->status != 200) {
        end_visit(m);
        return;
    }
    assay_buf_init(&reply, ANSWER_MAX_BYTES);
    assay_buf_printf(&reply,
                     "HTTP/1.1 200 OK\r\n"
                     "Content-Type: application/json\r\n"
                     "Content-Length: %zu\r\n"
                     "\r\n"
                     "{\"quote\":",
                     body.len + sizeof("{\"quote\":}") - 1);
    assay_buf_add(&reply, body);
    assay_buf_add_text(&reply, "}");
    tls_end_write(m->front, assay_buf_slice(&reply));
    assay_buf_free(&reply);
}

static bool
find_nonce(struct assay_slice request, uint8_t nonce[TLS_NONCE_BYTES])
{
    static const char before[] = "\"nonce_hex\":\"";
    size_t at = assay_slice_find(request, before);
    struct assay_error err;

    assay_error_clear(&err);
    if (at == ASSAY_NO_OFFSET ||
        request.len - at < sizeof(before) + (size_t)2 * TLS_NONCE_BYTES) {
        return false;
    }
    return assay_hex_decode(
               (struct assay_slice){request.ptr + at + sizeof(before) - 1,
                                    (size_t)2 * TLS_NONCE_BYTES},
               nonce, TLS_NONCE_BYTES, "nonce", &err) == ASSAY_OK;
}

/* Asks for a quote over what binds to the attacker's session. */
static void
ask_oracle(struct middleman *m)
{
    uint8_t nonce[TLS_NONCE_BYTES];
    uint8_t binding[TLS_SHA512_BYTES];
    char hex[2 * TLS_SHA512_BYTES + 1];
    char body[sizeof(hex) + 32];

    if (!find_nonce(assay_buf_slice(&m->request), nonce) ||
        !tls_end_binding(m->front, nonce, binding)) {
        end_visit(m);
        return;
    }
    assay_hex_to(hex, ASSAY_SLICE(binding));
    (void)snprintf(body, sizeof(body), "{\"report_data\":\"%s\"}", hex);
    m->call = assay_http_call_start(m->loop,
                                    &(struct assay_http_call_options){
                                        .to = m->o.agent,
                                        .method = "POST",
                                        .target = "/GetQuote",
                                        .host = "localhost",
                                        .body = assay_slice_of(body),
                                        .answer_max = ANSWER_MAX_BYTES,
                                    },
                                    on_signed, m);
}

/* --- the client --------------------------------------------------------- */

/* One that has been taken in: its request is answered too. */
static void
answer_victim(struct middleman *m)
{
    tls_end_write(m->front, assay_slice_of("HTTP/1.1 200 OK\r\n"
                                           "Content-Length: 28\r\n"
                                           "\r\n"
                                           "hello from the man between.\n"));
}

static bool
is_whole(struct assay_slice request)
{
    bool post = request.len > 4 && memcmp(request.ptr, "POST", 4) == 0;

    return assay_slice_find(request, "\r\n\r\n") != ASSAY_NO_OFFSET &&
           (!post || request.ptr[request.len - 1] == '}');
}

static void
on_client_data(void *user, struct assay_slice plain)
{
    struct middleman *m = user;

    if (m->o.trick == MIDDLEMAN_RELAY) {
        relay(m, plain);
        return;
    }
    assay_buf_add(&m->request, plain);
    if (!is_whole(assay_buf_slice(&m->request))) {
        return;
    }
    if (m->proven) {
        answer_victim(m);
    } else if (m->o.trick == MIDDLEMAN_REPLAY) {
        tls_end_write(m->front, m->o.recording);
    } else {
        ask_oracle(m);
    }
    m->proven = true;
    m->request.len = 0;
}

static void
on_accepted(void *user, struct assay_stream *stream)
{
    static const struct tls_events events = {on_client_data, on_closed};
    struct middleman *m = user;
    const struct assay_dial_options server = {.to = m->o.server};

    end_visit(m);
    m->front = tls_end_new(stream, &m->o.role, &events, m);
    if (m->front != NULL && m->o.trick == MIDDLEMAN_RELAY) {
        m->recording.len = 0;
        m->dial = assay_dial_start(m->loop, &server, on_server_reached, m);
    }
}

enum assay_code
middleman_new(uv_loop_t *loop, const struct middleman_options *options,
              struct middleman **out, struct assay_error *err)
{
    static const struct assay_address any = {.host = "127.0.0.1", .port = "0"};
    struct middleman *m = calloc(1, sizeof(*m));

    *out = NULL;
    assay_error_clear(err);
    if (m == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "out of memory");
    }
    m->loop = loop;
    m->o = *options;
    assay_buf_init(&m->request, REQUEST_MAX_BYTES);
    assay_buf_init(&m->recording, MIDDLEMAN_RECORDING_MAX_BYTES);
    if (assay_listen(loop, &any, 0, on_accepted, m, &m->listener, err) !=
        ASSAY_OK) {
        middleman_free(m);
        return err->code;
    }
    *out = m;
    return ASSAY_OK;
}

void
middleman_free(struct middleman *m)
{
    if (m != NULL) {
        assay_listener_close(m->listener);
        end_visit(m);
        assay_buf_free(&m->request);
        assay_buf_free(&m->recording);
        free(m);
    }
}

const char *
middleman_address(const struct middleman *m)
{
    return assay_listener_address(m->listener);
}

struct assay_slice
middleman_recording(const struct middleman *m)
{
    return assay_buf_slice(&m->recording);
}
