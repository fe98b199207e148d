/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reply.h - a server's answer to a request for evidence: read by the client,
 * written by the server.
 */
#pragma once

#include "assay/session.h"
#include "base/queue.h"
#include "http1/http1.h"

/* --- reading ------------------------------------------------------------ */

/* What the body holds. Nothing of it is authentic. */
struct assay_reply_evidence {
    struct assay_quote *quote;
    struct assay_eventlog *event_log; /* NULL if the reply has none */
    struct assay_buf app_compose;     /* text; empty if the reply has none */
    struct assay_buf vm_config;       /* likewise */
    struct assay_buf collateral;      /* a bundle's JSON; likewise */
};

void assay_reply_evidence_free(struct assay_reply_evidence *e);

/* The JSON of all wires: {"quote": {"quote": hex, "event_log": text | array |
 * null, "vm_config": text}, "tcb_info": {"app_compose": text}, "collateral":
 * object}, in which unknown members are passed by. Collateral that is no object
 * is none; what is in it is not looked at.
 * *out is all empty unless ASSAY_OK. ASSAY_REPLY (no quote in there, or the
 * server's own words of failure), and what the parsers of the parts say. */
ASSAY_MUST_CHECK enum assay_code
assay_reply_parse(struct assay_slice json, struct assay_reply_evidence *out,
                  struct assay_error *err);

/* Collects the HTTP response from plaintext: one message with status 200, in
 * one framing with a known end. */
struct assay_reply_reader {
    bool have_head;
    unsigned status;
    size_t scanned;
    struct assay_http1_body body;
    struct assay_buf content;
};
void assay_reply_reader_init(struct assay_reply_reader *r);
void assay_reply_reader_free(struct assay_reply_reader *r);
/* Takes from the queue as far as the message goes. *done: it is complete.
 * ASSAY_REPLY, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_reply_reader_take(struct assay_reply_reader *r, struct assay_queue *from,
                        bool *done, struct assay_error *err);

/* --- writing ------------------------------------------------------------ */

/* Appends the whole response (wire v2). report_data is that of the quote.
 * ASSAY_INVALID (a text that is no JSON), ASSAY_TOO_LARGE, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_reply_write(const struct assay_quote_reply *reply,
                  const uint8_t report_data[64], struct assay_buf *out,
                  struct assay_error *err);
/* Appends a response with {"error":{"code","message","hint"}}; 405 names POST,
 * the method of all our endpoints. */
void assay_reply_write_error(const struct assay_refusal *why, bool keep_alive,
                             struct assay_buf *out);
