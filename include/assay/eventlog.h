/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * eventlog.h - what a TD measured into its RTMRs, as dstack's guest agent
 * tells it.
 *
 * Parsed here; a log says nothing until assay_verify() has replayed it to the
 * registers of a genuine quote and bound every runtime event to its digest.
 */
#pragma once

#include "assay/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_EVENTLOG_MAX_BYTES  (4u * 1024u * 1024u) /* JSON text */
#define ASSAY_EVENTLOG_MAX_EVENTS 4096u

#define ASSAY_EVENT_RUNTIME 0x08000001u /* event_type of runtime events */

/* One entry, as given. Slices live as long as the log. */
struct assay_event {
    uint32_t imr;                /* 0 to 3 for RTMR0 to RTMR3; others occur in
                                    forged logs and are refused by the verdict */
    uint32_t type;               /* event_type */
    uint32_t version;            /* 1, or as the member `version` says */
    struct assay_slice name;     /* UTF-8 */
    struct assay_slice payload;  /* octets */
    struct assay_slice digest;   /* octets; empty where the log was stripped */
    bool has_preimage;           /* version 2 */
    struct assay_slice preimage; /* octets */
};

struct assay_eventlog; /* opaque, immutable; owns a copy of its bytes */

/* Parse a log: a JSON array of objects {imr, event_type, digest, event,
 * event_payload} and perhaps {version, preimage}; hex in either case; unknown
 * members are ignored. *out is NULL unless ASSAY_OK; freed with
 * assay_eventlog_free(). ASSAY_TRUNCATED, ASSAY_MALFORMED (the message names
 * the entry), ASSAY_TOO_LARGE, ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_eventlog_parse(struct assay_slice json, struct assay_eventlog **out,
                     struct assay_error *err);
ASSAY_API void assay_eventlog_free(struct assay_eventlog *l); /* or NULL */
/* The same log as JSON, appended: what is empty is left out, and nothing is
 * longer than the text that was parsed. ASSAY_TOO_LARGE, ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_eventlog_to_json(const struct assay_eventlog *l, struct assay_buf *out,
                       struct assay_error *err);

ASSAY_API size_t assay_eventlog_count(const struct assay_eventlog *l);
/* i below the count. */
ASSAY_API const struct assay_event *
assay_eventlog_event(const struct assay_eventlog *l, size_t i);

#ifdef __cplusplus
}
#endif
