/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * request_path.h - which path of the bridge a request is for.
 */
#pragma once

#include "assay/bytes.h"

/* target: of a request. Clients of a proxy send a whole URI, which a server has
 * to take (RFC 9112, section 3.2.2); its authority is the one of Host
 * (http1.h). *query is behind the '?'; its ptr is NULL where there is none. */
struct assay_slice request_path(struct assay_slice target,
                                struct assay_slice *query);
