/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_fetch.h - a question is asked at its sources, one after the other.
 */
#pragma once

#include "io/fetch.h"
#include "relay_reply.h"

struct relay_sources {
    /* "https://pccs.example, intel": base URLs, of which "intel" names Intel's
     * PCS; asked in this order. */
    const char *list;
    const char *ca_file; /* TLS roots (PEM) in place of the system's; or NULL */
    uint32_t timeout_ms; /* for each source; 0: ASSAY_FETCH_TIMEOUT_MS */
};

/* ASSAY_INVALID (a URL; none; more than ASSAY_SOURCES_MAX). */
ASSAY_MUST_CHECK enum assay_code relay_sources_check(const char *list,
                                                     struct assay_error *err);

/* Waits for the network. The first answer that is one, or a reply that says why
 * there is none, and *err says more, for a log alone: 404 if no source has it,
 * 504 if none answered in time, else 502. at_ms of a reply is uv_hrtime(), in
 * milliseconds. NULL: cancelled, or out of memory. */
struct relay_reply *relay_fetch(const struct relay_question *q,
                                const struct relay_sources *from,
                                const atomic_bool *cancel,
                                struct assay_error *err);
