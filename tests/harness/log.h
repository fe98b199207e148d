/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * log.h - event logs for tests, written as the guest agent writes them.
 */
#pragma once

#include "assay/eventlog.h"
#include "harness/unit.h"

/* An entry of any kind; the digest is hex, "" for none. */
#define LOG_ENTRY(imr, type, name, payload, digest)                            \
    "{\"imr\":" #imr ",\"event_type\":" #type ",\"digest\":\"" digest          \
    "\",\"event\":\"" name "\",\"event_payload\":\"" payload "\"}"
/* A runtime event as a stripped log has it, and with its digest. */
#define LOG_RUNTIME(name, payload) LOG_ENTRY(3, 134217729, name, payload, "")
#define LOG_RUNTIME_D(name, payload, digest)                                   \
    LOG_ENTRY(3, 134217729, name, payload, digest)

static inline struct assay_eventlog *
log_read(const char *row, struct assay_slice text)
{
    struct assay_slice in = exact_copy(text);
    struct assay_eventlog *l = NULL;
    struct assay_error err;

    if (assay_eventlog_parse(in, &l, &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
    free((void *)in.ptr); /* a log owns its bytes */
    return l;
}
