/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reply.h - a server's answer to a request for evidence: read by the client,
 * written by the server.
 */
#pragma once

#include "atls/evidence.h"
#include "base/queue.h"
#include "http1/http1.h"

/* --- reading ------------------------------------------------------------ */

/* The JSON of all wires: {"quote": {"quote": hex, "event_log": text | array |
 * null, "vm_config": text}, "tcb_info": {"app_compose": text}, "collateral":
 * object, "client_nonce_hex": hex}, in which unknown members are passed by.
 * Collateral that is no object is none; what is in it is not looked at.
 * *out is all empty unless ASSAY_OK. ASSAY_REPLY (no quote in there, or the
 * server's own words of failure), and what the parsers of the parts say. */
ASSAY_MUST_CHECK enum assay_code
assay_reply_parse(struct assay_slice json, struct assay_reply_evidence *out,
                  struct assay_error *err);

/* Collects an HTTP response from plaintext: one message with status 200, in one
 * framing with a known end. Another status is told once its body is whole. */
struct assay_reply_reader {
    const char *what; /* for messages: "quote reply"; static */
    bool have_head;
    unsigned status;
    unsigned retry_after_s; /* 0: not said */
    size_t scanned;
    struct assay_http1_body body;
    struct assay_buf content;
};
void assay_reply_reader_init(struct assay_reply_reader *r, const char *what,
                             size_t max /* octets of the body */);
void assay_reply_reader_free(struct assay_reply_reader *r);
/* Takes from the queue as far as the message goes. *done: it is complete.
 * ASSAY_REPLY, ASSAY_UNAVAILABLE (the server cannot answer for now, and says so
 * in a whole message), ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_reply_reader_take(struct assay_reply_reader *r, struct assay_queue *from,
                        bool *done, struct assay_error *err);

/* --- writing ------------------------------------------------------------ */

/* Appends the body of the response (wire v2), with what of collateral and
 * client nonce is given. report_data is that of the quote. ASSAY_INVALID (a
 * text that is no JSON), ASSAY_TOO_LARGE, ASSAY_NO_MEMORY; then what was
 * appended is of no use. */
ASSAY_MUST_CHECK enum assay_code
assay_reply_write_body(const struct assay_quote_reply *reply,
                       const uint8_t report_data[64], struct assay_buf *out,
                       struct assay_error *err);
/* The same for the whole response. */
ASSAY_MUST_CHECK enum assay_code
assay_reply_write(const struct assay_quote_reply *reply,
                  const uint8_t report_data[64], struct assay_buf *out,
                  struct assay_error *err);
/* Appends a response with {"error":{"code","message","hint"}}; 405 names POST,
 * the method of all our endpoints. */
void assay_reply_write_error(const struct assay_refusal *why, bool keep_alive,
                             struct assay_buf *out);
/* Appends the response to a client whose evidence was accepted. */
void assay_reply_write_success(struct assay_buf *out);
