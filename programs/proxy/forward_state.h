/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_state.h - one request, from inside. Used by forward*.c only.
 */
#pragma once

#include "call.h"
#include "forward.h"
#include "forward_heads.h"
#include "translate.h"

/* What is gathered for one writing: all that may wait, in a frame. */
#define GATHER_MAX_BYTES (FORWARD_QUEUE_MAX_BYTES + 4096u)
#define HEAD_USUAL_BYTES 1024u /* more is for the few */

/* A request whose body is rewritten, and its response. */
struct forward_translation {
    struct translation *with; /* NULL until the body is whole */
    struct assay_buf body;    /* the client's, then what is sent for it */
    size_t sent;
    bool begun; /* the server's response has; then: */
    unsigned status;
    struct response_plan plan;
    struct assay_buf head; /* for the client, before the first that is told */
    struct assay_buf told; /* for it, and not written yet */
};

struct forward {
    struct forward_client client;
    void (*changed)(void *user);
    void *user;
    struct call *call; /* NULL where none is needed (any more, or yet) */
    struct forward_translation *translation; /* NULL: all passes as it is */
    enum forward_state state;
    bool raw;        /* protocols were switched */
    bool body_sent;  /* in raw: the client has closed its side */
    bool answered;   /* in raw: the server has closed its side */
    bool encouraged; /* an interim answer was passed on */
    bool begun;      /* the answer has */
    bool cut_told;   /* and told of its own early end */
    struct response_plan plan;
    struct assay_buf out; /* of the answer, for one writing */
    /* for the report */
    unsigned status;
    char code[FAILURE_CODE_MAX_BYTES];
    struct proof proof; /* evidence is "" if there was none */
    uint64_t started_ms;
    uint64_t first_ms;
    uint64_t answer_len; /* payload */
};

/* Has the request been read to its end? What follows can be told from it only
 * then. */
bool forward_is_read(const struct forward *f);
size_t forward_room(const struct forward *f);
/* Asks the provider's server. */
void forward_call(struct forward *f, uint64_t translated_length);

/* forward_write.c: */
/* At once, behind what was gathered. */
void forward_send(struct forward *f, struct assay_slice octets);
void forward_write(struct forward *f, struct assay_slice octets);
/* The same of a buffer, which may have failed. */
void forward_write_buf(struct forward *f, const struct assay_buf *what);
/* Payload, framed as planned. */
void forward_write_payload(struct forward *f, struct assay_slice payload);
/* The end of it. trailers: of the server; lines. */
void forward_write_end(struct forward *f, struct assay_slice trailers);
/* Hands what was gathered to the stream. */
void forward_flush(struct forward *f);

/* forward_own.c: */
/* Our own answer, or a cut if there is another one already. */
void forward_refuse(struct forward *f, enum refusal r);
void forward_refuse_saying(struct forward *f, enum refusal r,
                           const char *message, const char *param);
void forward_fail(struct forward *f, const struct failure *why);
/* What was asked of ourselves. */
void forward_page(struct forward *f);
void forward_preflight(struct forward *f);
void forward_note(struct forward *f, const char *code);

/* forward_answer.c: */
/* One step towards the client; false when there is nothing to do for now. */
bool forward_move_response(struct forward *f);
/* The head of a final response, or of a switch, as it is written. */
void forward_begin(struct forward *f, const struct assay_buf *head,
                   unsigned status);

/* forward_translate.c: */
/* For a client that speaks Responses. */
void forward_translate(struct forward *f);
void forward_translate_free(struct forward *f);
/* Gathers the client's body, and sends what it becomes. */
void forward_move_translated(struct forward *f);
/* A final head has come. */
void forward_translate_head(struct forward *f, const struct assay_http1_head *h,
                            const struct response_plan *plan);
void forward_translate_payload(struct forward *f, struct assay_slice payload);
/* why: NULL if it is complete. */
void forward_translate_end(struct forward *f, const struct failure *why);

/* forward_weight.c: */
/* Holds what it weighs, and so much more soon. False: there is not so much, and
 * that was answered. */
bool forward_hold(struct forward *f, size_t soon);

/* forward_raw.c: */
/* Behind a 101 that was passed on. */
void forward_switch(struct forward *f);
void forward_move_raw(struct forward *f);
