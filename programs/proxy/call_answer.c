/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * call_answer.c - one exchange with an upstream: what it answers.
 */
#include <string.h>

#include "base/bytes.h"
#include "call_state.h"
#include "daemon/upgrade.h"
#include "upstream_state.h"

/* --- failing ------------------------------------------------------------ */

/* For good; the first failure counts. What is said on the connection now
 * concerns nobody. */
void
call_fail(struct call *c, const struct failure *why)
{
    if (c->state == CALL_DONE || c->state == CALL_FAILED) {
        return;
    }
    c->state = CALL_FAILED;
    c->failure = *why;
    list_leave(&c->waiting);
    call_drop_link(c);
    upstream_soon(c->up, c);
}

void
call_fail_by(struct call *c, enum failure_kind kind, const char *code,
             const struct assay_error *why)
{
    struct failure f;

    failure_set(&f, kind, code, "%s: %s", upstream_provider(c->up)->name,
                why->msg);
    call_fail(c, &f);
}

void
call_fail_no_memory(struct call *c)
{
    struct failure f;

    failure_set(&f, FAILURE_OUTAGE, "out_of_memory", "%s: out of memory",
                upstream_provider(c->up)->name);
    call_fail(c, &f);
}

static void
fail_reply(struct call *c, const struct assay_error *why)
{
    call_fail_by(c, FAILURE_REPLY,
                 why->code == ASSAY_NETWORK || why->code == ASSAY_TRUNCATED
                     ? "upstream_truncated"
                     : "upstream_response_invalid",
                 why);
}

/* --- heads -------------------------------------------------------------- */

/* The connection has ended before a head. It may have been closed before the
 * request came: that is tried once more. */
static void
end_without_head(struct call *c)
{
    struct assay_error err = c->broken;

    if (c->repeatable && !c->repeated && c->heard == 0) {
        call_repeat(c);
        return;
    }
    assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
               "the server closed the connection without a response");
    call_fail_by(c, FAILURE_OUTAGE, "upstream_closed", &err);
}

/* The head that is there counts too, if it is not the final one. */
static bool
is_too_much(const struct call *c)
{
    return c->head.status < 200 && c->head.status != 101 &&
           c->interim + c->head_len > CALL_INTERIM_MAX_BYTES;
}

/* WAITING to HEAD, if it is there. */
static void
look_for_head(struct call *c)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_http1_response(assay_queue_slice(&c->in),
                             c->is_head ? "HEAD" : "GET", &c->scanned, &c->head,
                             &c->head_len, &err) == ASSAY_OK &&
        c->head_len == 0) {
        if (c->eof) {
            end_without_head(c);
        }
        return;
    }
    if (err.code == ASSAY_OK && c->head.status == 101 &&
        !upgrade_granted(&c->head, c->upgrade)) {
        assay_fail(&err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "the server switched protocols, unasked");
    } else if (err.code == ASSAY_OK && is_too_much(c)) {
        assay_fail(&err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "more than %u bytes of interim responses",
                   CALL_INTERIM_MAX_BYTES);
    }
    if (err.code == ASSAY_OK) {
        c->state = CALL_HEAD;
        if (c->link != NULL && c->head.status >= 200) {
            link_learn(c->link, &c->head);
        }
    } else {
        fail_reply(c, &err);
    }
}

void
call_switch(struct call *c)
{
    struct assay_error err;

    c->raw = true;
    assay_error_clear(&err);
    if (c->link != NULL &&
        assay_client_switch(link_session(c->link), &err) != ASSAY_OK) {
        fail_reply(c, &err);
    }
}

/* --- bodies ------------------------------------------------------------- */

/* Payload that is there is moved together, to the front, and what framed it is
 * behind it: so the many small pieces of a stream go on as one. What is wrong
 * behind it shows when it was taken. */
static void
join(struct call *c)
{
    struct assay_slice in = assay_queue_slice(&c->in);
    uint8_t *to = c->in.buf.ptr + c->in.at;
    struct assay_slice data;
    struct assay_error err;
    size_t used;

    assay_error_clear(&err);
    do {
        data = ASSAY_EMPTY;
        used = 0;
        if (assay_http1_body_feed(&c->body, in, &used, &data, &err) !=
            ASSAY_OK) {
            c->broken = err;
            c->eof = true;
            break;
        }
        if (data.len > 0) {
            memmove(to + c->payload, data.ptr, data.len); /* they overlap */
        }
        c->payload += data.len;
        c->frame += used - data.len;
        in.ptr += used;
        in.len -= used;
    } while (used > 0 && !c->body.done);
    if (c->payload == 0) {
        assay_queue_take(&c->in, c->frame);
        c->frame = 0;
    }
}

/* On until there is payload to be taken, or the end, or no more input. */
static void
decode(struct call *c)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (!c->body.done && c->payload == 0 && assay_queue_len(&c->in) > 0) {
        join(c);
    }
    if (c->payload == 0 && !c->body.done && c->eof) {
        err = c->broken;
        (void)!assay_http1_body_eof(&c->body, &err);
        c->body.done = err.code == ASSAY_OK;
    }
    if (err.code != ASSAY_OK) {
        fail_reply(c, &err);
    } else if (c->body.done && c->payload == 0) {
        c->state = CALL_DONE;
    }
}

/* Its end comes behind its last octet. */
static void
look_for_end(struct call *c)
{
    if (!c->eof || assay_queue_len(&c->in) > 0) {
        return;
    }
    if (c->broken.code != ASSAY_OK) {
        fail_reply(c, &c->broken);
    } else {
        c->state = CALL_DONE;
    }
}

/* One reading waits at the most: clients that read slowly are many. A head that
 * waits to be taken must not move. */
bool
call_wants_more(const struct call *c)
{
    bool decoded = c->state == CALL_BODY && c->payload == 0;

    return !c->eof && c->state != CALL_HEAD && c->state != CALL_FAILED &&
           (c->state == CALL_WAITING || decoded ||
            assay_queue_len(&c->in) == 0);
}

void
call_advance(struct call *c)
{
    if (c->state == CALL_WAITING && (c->link != NULL || c->eof)) {
        look_for_head(c);
    } else if (c->state == CALL_BODY) {
        decode(c);
    } else if (c->state == CALL_RAW) {
        look_for_end(c);
    }
}

const struct assay_http1_head *
call_head(const struct call *c)
{
    return &c->head;
}

struct assay_slice
call_trailers(const struct call *c)
{
    return c->state == CALL_DONE ? assay_buf_slice(&c->trailers) : ASSAY_EMPTY;
}
