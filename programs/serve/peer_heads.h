/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * peer_heads.h - X-Assay-Peer-*: what a client has proven of itself, for the
 * backend. Whatever a client says under these names itself is left out
 * (forwarded.h), in every mode.
 */
#pragma once

#include "assay/session.h"
#include "base/buf.h"

/* Lines, with CR LF; none unless the client's evidence is trusted. *to is
 * initialised here, and freed by the caller; it may have failed. */
void peer_heads(const struct assay_server *session, struct assay_buf *to);
/* The same of a verdict that is trusted. */
void peer_heads_put(const struct assay_verdict *v, int64_t age_s,
                    struct assay_buf *to);
