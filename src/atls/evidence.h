/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence.h - a quote and what goes with it, in JSON as both ends of a session
 * send it: {"quote": {"quote": hex, "event_log": text | array | null,
 * "vm_config": text}, "tcb_info": {"app_compose": text}}.
 */
#pragma once

#include "assay/session.h"
#include "base/json.h"
#include "base/json_out.h"

/* Depth and size of the JSON that evidence comes in. */
extern const struct assay_json_limits assay_evidence_limits;

/* Nothing of it is authentic. The last three only a server's reply has. */
struct assay_reply_evidence {
    struct assay_quote *quote;
    struct assay_eventlog *event_log; /* NULL if there is none */
    struct assay_buf app_compose;     /* text; empty if there is none */
    struct assay_buf vm_config;       /* likewise */
    struct assay_buf collateral;      /* a bundle's JSON; likewise */
    bool has_client_nonce;            /* the server asks for our evidence */
    uint8_t client_nonce[ASSAY_CLIENT_NONCE_BYTES];
};

void assay_reply_evidence_init(struct assay_reply_evidence *e);
void assay_reply_evidence_free(struct assay_reply_evidence *e);

/* --- reading ------------------------------------------------------------ */

/* Does the document have a quote at its place? */
bool assay_evidence_is_there(const struct assay_json *doc);
/* Its members `quote` and `tcb_info`; `what` begins the messages. ASSAY_REPLY
 * (no quote that could be read), and what the parsers of the parts say. */
ASSAY_MUST_CHECK enum assay_code
assay_evidence_read(const struct assay_json *doc, const char *what,
                    struct assay_reply_evidence *out, struct assay_error *err);
/* A client's evidence, whole. *out is all empty unless ASSAY_OK. Errors as
 * above. */
ASSAY_MUST_CHECK enum assay_code
assay_client_evidence_parse(struct assay_slice json,
                            struct assay_reply_evidence *out,
                            struct assay_error *err);

/* --- writing ------------------------------------------------------------ */

/* ASSAY_INVALID (a text that is no JSON, no quote), ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_evidence_check(const struct assay_quote_reply *e,
                     struct assay_error *err);
/* About what it takes, in octets. */
size_t assay_evidence_guess(const struct assay_quote_reply *e);
/* The members `quote` and, if there is one, `tcb_info` of an object that is
 * open. report_data is that of the quote. */
void assay_evidence_put(struct assay_json_out *o, struct assay_buf *to,
                        const struct assay_quote_reply *e,
                        const uint8_t report_data[64]);
/* A member that is JSON already, behind others; left out if empty. */
void assay_evidence_put_json(struct assay_buf *to, const char *name,
                             struct assay_slice text);
/* A client's evidence, the whole object, appended. Errors of
 * assay_evidence_check(); ASSAY_TOO_LARGE. */
ASSAY_MUST_CHECK enum assay_code
assay_client_evidence_write(const struct assay_quote_reply *e,
                            const uint8_t report_data[64],
                            struct assay_buf *body, struct assay_error *err);
