/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * event_digest.h - what the digest of a runtime event is computed over.
 */
#pragma once

#include "assay/eventlog.h"
#include "base/buf.h"

/* Appends the pre-image of a runtime event, version 1 or 2. */
void assay_event_preimage(struct assay_buf *to, uint32_t version,
                          struct assay_slice name, struct assay_slice payload);
/* More bytes than any pre-image of an event has. */
size_t assay_event_preimage_max(struct assay_slice name,
                                struct assay_slice payload);
