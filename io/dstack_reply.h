/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dstack_reply.h - what dstack's guest agent is asked, and its answers read
 * strictly. Members that are not named here are skipped.
 */
#pragma once

#include "assay/bytes.h"

#define ASSAY_DSTACK_REPLY_MAX_BYTES (4u * 1024u * 1024u)
#define ASSAY_DSTACK_REPLY_MAX_NODES 65536u
#define ASSAY_DSTACK_REPLY_MAX_DEPTH 16u

#define ASSAY_DSTACK_EVENT_TLS "New TLS Certificate"

/* Bodies of requests, appended; what fails sticks in the buffer. */
void assay_dstack_ask_quote(struct assay_buf *to,
                            const uint8_t report_data[64]);
/* EmitEvent; the payload is the hex of the digest's lower-case hex text. */
void assay_dstack_ask_announce(struct assay_buf *to,
                               const uint8_t certificate_sha256[32]);

struct assay_dstack_quote {
    struct assay_buf quote;     /* octets */
    struct assay_buf event_log; /* text of a JSON array */
    struct assay_buf vm_config; /* text of a JSON object; may be empty */
};

/* The answer to GetQuote: "quote" in hex, "event_log" as an array or a string
 * that holds one, "vm_config" likewise an object (or empty, null, not there).
 *
 * *out  initialised here; empty unless ASSAY_OK; freed by the caller.
 *
 * ASSAY_REPLY with the name of the member, ASSAY_TOO_LARGE, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_dstack_read_quote(struct assay_slice body, struct assay_dstack_quote *out,
                        struct assay_error *err);
void assay_dstack_quote_free(struct assay_dstack_quote *q);

/* The member "tcb_info" of the answer to Info, an object or a string that
 * holds one, as text; *out and errors as above. */
ASSAY_MUST_CHECK enum assay_code
assay_dstack_read_tcb_info(struct assay_slice body, struct assay_buf *out,
                           struct assay_error *err);

/* Is it a success, with this status and body? Else ASSAY_NOT_FOUND (the agent
 * has no such method: 404, 405, 501, or it says so in words), ASSAY_NETWORK
 * (any other refusal, with its words if it has some). */
ASSAY_MUST_CHECK enum assay_code
assay_dstack_check_status(unsigned status, struct assay_slice body,
                          struct assay_error *err);
