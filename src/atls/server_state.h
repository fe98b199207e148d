/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * server_state.h - the server of an attested session from inside. Used by
 * server*.c only.
 */
#pragma once

#include "atls/appraisal.h"
#include "atls/reply.h"
#include "atls/tls.h"
#include "atls/wire.h"

struct assay_server {
    const struct assay_ctx *ctx;
    struct assay_tls *tls;
    enum assay_server_state state;
    struct assay_error error;
    struct assay_queue plain;
    uint8_t exporter[ASSAY_EXPORTER_BYTES];
    bool eof;      /* the client's side of the connection is closed */
    bool said_bye; /* RAW: nothing more is written */
    /* of the request that is being read or handled */
    bool have_head;
    bool head_only; /* HEAD: an answer has no body */
    size_t scanned;
    size_t head_max;
    struct assay_buf head; /* octets, with the empty line */
    struct assay_http1_body body;
    struct assay_error body_error;
    struct assay_buf trailers; /* of the body, as lines */
    bool of_client;            /* it brings the client's evidence */
    struct assay_buf content;  /* payload of a request that is ours */
    size_t payload;            /* decoded, at the front of `plain` */
    size_t frame;              /* octets behind it that go with it */
    bool keep_alive;
    struct assay_wire_ask ask;
    uint8_t report_data[64];
    struct assay_server_answered answered;
    char method[ASSAY_ANSWERED_METHOD_MAX_BYTES]; /* of this request */
    char path[ASSAY_ANSWERED_PATH_MAX_BYTES];
    bool proven; /* a reply with evidence has gone out */
    bool pipe;   /* there is one behind this server */
    bool piping; /* the request that is being handled asks for it */
    /* of clients: server_client.c */
    bool mutual; /* clients must attest */
    struct assay_requirement of_clients;
    bool asked;       /* the nonce has not been answered yet */
    bool has_nonce;   /* there was one */
    bool trusted;     /* by the evidence of attested_ms */
    int64_t nonce_ms; /* when it was made */
    struct assay_appraisal client;
    struct assay_session_facts facts; /* of the client's evidence */
};

/* For good. Returns the code of the first failure. */
enum assay_code assay_server_fail(struct assay_server *s,
                                  const struct assay_error *why);
/* A call that this state does not allow. */
enum assay_code assay_server_refuse(struct assay_error *err,
                                    const struct assay_server *s,
                                    const char *what);
/* On to what the client has sent meanwhile; fails the session if *err says
 * so. */
enum assay_code assay_server_resume(struct assay_server *s,
                                    struct assay_error *err);

/* --- requests: server_request.c ----------------------------------------- */

/* The next head, if it is whole: what is asked, or our refusal. */
void assay_server_take_head(struct assay_server *s, struct assay_error *err);
/* Decodes on until there is payload to be taken, or no more input. */
void assay_server_decode_body(struct assay_server *s, struct assay_error *err);
void assay_server_take_payload(struct assay_server *s, size_t n);
/* Sends a response of our own, and frees it. */
void assay_server_answer(struct assay_server *s, unsigned status,
                         struct assay_buf *response, struct assay_error *err);
/* Our own refusal of the request, and its end. */
void assay_server_answer_error(struct assay_server *s,
                               const struct assay_refusal *why, bool keep,
                               struct assay_error *err);
/* The end of one request; the connection's too unless it may be kept. */
void assay_server_end_request(struct assay_server *s, bool keep);

/* --- after a switch of protocols: server_raw.c --------------------------- */

void assay_server_raw_taken(struct assay_server *s, size_t n);
void assay_server_raw_end(struct assay_server *s);
void assay_server_raw_eof(struct assay_server *s);

/* Collects the body of a request that is ours. True: it is whole, or *sub says
 * what is wrong with it. */
bool assay_server_collect(struct assay_server *s, struct assay_error *sub,
                          struct assay_error *err);

/* --- evidence: server_quote.c ------------------------------------------- */

/* The body of a request for evidence, then what it asks. */
void assay_server_take_quote_request(struct assay_server *s,
                                     struct assay_error *err);

/* --- evidence of clients: server_client.c ------------------------------- */

/* May this client send evidence now? NULL, or the refusal. */
const struct assay_refusal *
assay_server_client_refusal(const struct assay_server *s);
/* The body of a client's evidence, then the need for its collateral. */
void assay_server_take_client_evidence(struct assay_server *s,
                                       struct assay_error *err);
/* Is this nonce, which the client has sent, one of ours? */
bool assay_server_is_reflection(const struct assay_server *s,
                                const uint8_t nonce[ASSAY_CLIENT_NONCE_BYTES]);
/* Remembers the nonce of a reply that is about to be sent. ASSAY_INVALID. */
ASSAY_MUST_CHECK enum assay_code
assay_server_check_nonce(const struct assay_server *s,
                         const struct assay_quote_reply *reply,
                         struct assay_error *err);
void assay_server_issue_nonce(struct assay_server *s,
                              const struct assay_quote_reply *reply);
