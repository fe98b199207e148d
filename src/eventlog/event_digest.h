/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * event_digest.h - what a runtime event is, and what its digest is computed
 * over.
 */
#pragma once

#include "assay/eventlog.h"
#include "base/buf.h"

#define ASSAY_RUNTIME_IMR 3u /* the only register that they extend */

static inline bool
assay_event_is_runtime(const struct assay_event *e)
{
    return e->imr == ASSAY_RUNTIME_IMR && e->type == ASSAY_EVENT_RUNTIME;
}

/* Appends the pre-image of a runtime event, version 1 or 2. */
void assay_event_preimage(struct assay_buf *to, uint32_t version,
                          struct assay_slice name, struct assay_slice payload);
/* More bytes than any pre-image of an event has. */
size_t assay_event_preimage_max(struct assay_slice name,
                                struct assay_slice payload);
