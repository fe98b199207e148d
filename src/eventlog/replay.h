/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * replay.h - from a log to the values that the RTMRs must have, and the digests
 * of runtime events.
 */
#pragma once

#include "assay/eventlog.h"
#include "crypto/crypto.h"

struct assay_replay {
    uint8_t rtmr[4][ASSAY_SHA384_BYTES];
    /* Why an event is not bound to its digest or may not be in a log, in one
     * sentence that names the event; "" if all are well. The registers are not
     * set then. */
    char fault[160];
};

/* Replays the whole log. Every entry must have imr 0 to 3. Runtime events of
 * RTMR3 get the digest of their name and payload (V1, or V2 if version is 2)
 * computed here; a digest or pre-image that is given must agree. Every other
 * entry must bring a digest of 48 octets.
 * ASSAY_CRYPTO, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_eventlog_replay(const struct assay_ctx *ctx,
                      const struct assay_eventlog *l, struct assay_replay *out,
                      struct assay_error *err);

/* Digest of a runtime event: SHA-384 over LE32(0x08000001) ":" name ":"
 * payload (version 1), or over canonical JSON (version 2). */
ASSAY_MUST_CHECK enum assay_code
assay_event_digest(const struct assay_ctx *ctx, uint32_t version,
                   struct assay_slice name, struct assay_slice payload,
                   uint8_t out[ASSAY_SHA384_BYTES], struct assay_error *err);
/* Appends the canonical JSON of a version 2 event (RFC 8785). */
void assay_event_preimage_v2(struct assay_buf *to, struct assay_slice name,
                             struct assay_slice payload);
