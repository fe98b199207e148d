/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upgrade.h - switching protocols behind a request (RFC 9110, section 7.8):
 * which one, and whether it has happened.
 */
#pragma once

#include "http1/http1.h"

/* A list of protocols that may be passed on: "websocket,my-protocol/1", or
 * empty for none. ASSAY_INVALID: no list of tokens, or one of those that would
 * take HTTP itself out of sight (h2c, HTTP/..., TLS/...). */
ASSAY_MUST_CHECK enum assay_code upgrade_check(const char *allowed,
                                               struct assay_error *err);

/* The protocol that a request asks for, if it is allowed; else empty, and the
 * request goes on as one that asks for none. Empty too where anything is
 * unclear: several protocols, or a body, behind which nobody could tell whose
 * octets follow. */
struct assay_slice upgrade_asked(const struct assay_http1_head *request,
                                 const char *allowed);
/* Is this the switch to what was asked? */
bool upgrade_granted(const struct assay_http1_head *response,
                     struct assay_slice asked);
