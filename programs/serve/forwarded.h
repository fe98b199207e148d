/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forwarded.h - X-Forwarded-*: what the backend is told of a client, in the
 * place of what that client says of itself.
 */
#pragma once

#include "http1/http1.h"

/* Does a backend believe a field of this name, which clients must not say? Also
 * with '_' in place of '-', which CGI and its heirs do not tell apart. */
bool forwarded_is_reserved(struct assay_slice name);

/* Appends For, Proto, Host and Port. peer: as streams name it. trusted: the
 * peer is a proxy whose own fields hold: For is appended to, the others are
 * kept where they are there once. */
void forwarded_put(struct assay_buf *to, const struct assay_http1_head *h,
                   const char *peer, bool trusted, struct assay_error *err);
