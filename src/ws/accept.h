/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * accept.h - what both ends of a handshake know.
 */
#pragma once

#include "crypto/crypto.h"

#define ASSAY_WS_ACCEPT_CHARS 28u /* base64 of a SHA-1 */

/* The value of Sec-WebSocket-Accept for a key as it was sent (RFC 6455, section
 * 4.2.2, step 5.4), not NUL-terminated. ASSAY_CRYPTO, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_ws_accept(const struct assay_ctx *ctx, struct assay_slice key,
                char out[ASSAY_WS_ACCEPT_CHARS], struct assay_error *err);
