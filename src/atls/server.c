/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * server.c - the server of an attested session: its flow.
 *
 * The flow is in assay_server_feed() and step(): plaintext becomes heads, and
 * the head says whose the request is.
 */
#include "atls/server_state.h"

/* --- ending ------------------------------------------------------------- */

enum assay_code
assay_server_fail(struct assay_server *s, const struct assay_error *why)
{
    if (s->state != ASSAY_SERVER_FAILED) {
        s->state = ASSAY_SERVER_FAILED;
        s->error = *why;
        assay_queue_free(&s->plain);
    }
    return s->error.code;
}

enum assay_code
assay_server_refuse(struct assay_error *err, const struct assay_server *s,
                    const char *what)
{
    return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                      "session: cannot %s in state %s", what,
                      assay_server_state_name(s->state));
}

void
assay_server_close(struct assay_server *s)
{
    if (s->state != ASSAY_SERVER_FAILED) {
        assay_tls_close(s->tls);
        s->state = ASSAY_SERVER_CLOSED;
        assay_queue_free(&s->plain);
    }
}

/* --- stepping ----------------------------------------------------------- */

/* As far as the plaintext leads. */
static void
step(struct assay_server *s, struct assay_error *err)
{
    if (s->state == ASSAY_SERVER_HANDSHAKE && assay_tls_ready(s->tls) &&
        assay_tls_exporter(s->tls, s->exporter, err) == ASSAY_OK) {
        s->state = ASSAY_SERVER_IDLE;
    }
    while (s->state == ASSAY_SERVER_IDLE && err->code == ASSAY_OK &&
           assay_queue_len(&s->plain) > 0) {
        size_t before = assay_queue_len(&s->plain);

        if (!s->have_head) {
            assay_server_take_head(s, err);
        } else if (s->of_client) {
            assay_server_take_client_evidence(s, err);
        } else {
            assay_server_take_quote_request(s, err);
        }
        if (assay_queue_len(&s->plain) == before) {
            break; /* needs more */
        }
    }
    if (s->state == ASSAY_SERVER_REQUEST && err->code == ASSAY_OK) {
        assay_server_decode_body(s, err);
    }
}

enum assay_code
assay_server_resume(struct assay_server *s, struct assay_error *err)
{
    if (err->code == ASSAY_OK) {
        step(s, err);
    }
    return err->code == ASSAY_OK ? ASSAY_OK : assay_server_fail(s, err);
}

static size_t
room(const struct assay_server *s)
{
    size_t waiting = assay_queue_len(&s->plain);

    return waiting < ASSAY_SESSION_PLAIN_MAX_BYTES
               ? ASSAY_SESSION_PLAIN_MAX_BYTES - waiting
               : 0;
}

enum assay_code
assay_server_feed(struct assay_server *s, struct assay_slice in, size_t *used,
                  struct assay_error *err)
{
    *used = 0;
    assay_error_clear(err);
    if (s->state == ASSAY_SERVER_FAILED) {
        *err = s->error;
        return err->code;
    }
    if (s->state == ASSAY_SERVER_CLOSED) {
        *used = in.len;
        return ASSAY_OK;
    }
    while (err->code == ASSAY_OK && *used < in.len && room(s) > 0 &&
           s->state != ASSAY_SERVER_CLOSED) {
        struct assay_slice rest = {in.ptr + *used, in.len - *used};
        size_t n = 0;

        if (assay_tls_feed(s->tls, rest, &n, &s->plain, room(s), err) ==
            ASSAY_OK) {
            step(s, err);
        }
        *used += n;
        if (n == 0 || assay_tls_goodbye(s->tls)) {
            break;
        }
    }
    if (err->code != ASSAY_OK) {
        return assay_server_fail(s, err);
    }
    if (assay_tls_goodbye(s->tls)) {
        assay_server_eof(s);
        *err = s->error;
    }
    return err->code;
}

/* Has the client said all that its request has to say, and a goodbye behind it?
 * One that is just gone (killed, interrupted) waits for nothing. */
static bool
awaits_answer(const struct assay_server *s)
{
    if (!assay_tls_goodbye(s->tls)) {
        return false;
    }
    switch (s->state) {
    case ASSAY_SERVER_QUOTE:
    case ASSAY_SERVER_NEED_COLLATERAL:
    case ASSAY_SERVER_APPRAISE:
        return true;
    case ASSAY_SERVER_ADMIT: /* its body is not decoded yet */
        return s->body.done || assay_queue_len(&s->plain) > 0;
    case ASSAY_SERVER_REQUEST: /* all of it may not be yet */
        return s->body.done || s->payload > 0;
    case ASSAY_SERVER_HANDSHAKE:
    case ASSAY_SERVER_IDLE:
    case ASSAY_SERVER_RAW:
    case ASSAY_SERVER_CLOSED:
    case ASSAY_SERVER_FAILED:
        break;
    }
    return false;
}

void
assay_server_eof(struct assay_server *s)
{
    struct assay_error why;

    s->eof = true;
    if (s->state == ASSAY_SERVER_RAW) {
        assay_server_raw_eof(s);
        return;
    }
    /* A client that has asked may say goodbye and wait for the answer. */
    if (awaits_answer(s)) {
        s->keep_alive = false;
        return;
    }
    if (s->state == ASSAY_SERVER_IDLE && !s->have_head &&
        assay_queue_len(&s->plain) == 0) {
        assay_server_close(s);
        return;
    }
    if (s->state == ASSAY_SERVER_CLOSED) {
        return;
    }
    assay_error_clear(&why);
    assay_fail(&why, ASSAY_NETWORK, ASSAY_NO_OFFSET,
               "the client closed the connection in state %s",
               assay_server_state_name(s->state));
    (void)assay_server_fail(s, &why);
}

/* --- asking ------------------------------------------------------------- */

const char *
assay_server_state_name(enum assay_server_state s)
{
    switch (s) {
    case ASSAY_SERVER_HANDSHAKE:
        return "handshake";
    case ASSAY_SERVER_IDLE:
        return "idle";
    case ASSAY_SERVER_QUOTE:
        return "quote";
    case ASSAY_SERVER_NEED_COLLATERAL:
        return "need_collateral";
    case ASSAY_SERVER_APPRAISE:
        return "appraise";
    case ASSAY_SERVER_ADMIT:
        return "admit";
    case ASSAY_SERVER_REQUEST:
        return "request";
    case ASSAY_SERVER_RAW:
        return "raw";
    case ASSAY_SERVER_CLOSED:
        return "closed";
    case ASSAY_SERVER_FAILED:
        return "failed";
    }
    return "unknown";
}

enum assay_server_state
assay_server_state(const struct assay_server *s)
{
    return s->state;
}

const struct assay_error *
assay_server_error(const struct assay_server *s)
{
    return &s->error;
}

struct assay_slice
assay_server_output(const struct assay_server *s)
{
    return assay_queue_slice(assay_tls_output(s->tls));
}

void
assay_server_sent(struct assay_server *s, size_t n)
{
    struct assay_queue *out = assay_tls_output(s->tls);

    assay_queue_take(out, n);
    /* Between requests a session holds no room for the last answer. */
    if (s->state == ASSAY_SERVER_IDLE && assay_queue_len(out) == 0) {
        assay_queue_free(out);
    }
}
