/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * token.h - a secret that clients have to show.
 */
#pragma once

#include "http1/http1.h"

#define TOKEN_MAX_BYTES 512u

/* From a file that only its owner may read: one line, whose break is not of it.
 * As RFC 9110, section 5.6.2, has tokens, for pages send it as the name of a
 * subprotocol. *token is initialised here, ends with NUL, and is wiped when it
 * is freed. Errors of assay_file_read_secret(), ASSAY_INVALID; the message has
 * the path. */
ASSAY_MUST_CHECK enum assay_code
token_read(const char *path, struct assay_buf *token, struct assay_error *err);

/* Is this it? How long the answer takes says how long the right one is, and
 * nothing else. */
bool token_is(struct assay_slice given, const char *token);
/* "Authorization: Bearer TOKEN" (RFC 6750, section 2.1), once. */
bool token_is_bearer(const struct assay_http1_head *head, const char *token);
