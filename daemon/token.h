/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * token.h - a secret that clients have to show.
 */
#pragma once

#include "assay/bytes.h"

#define TOKEN_MAX_BYTES 512u

/* From a file that only its owner may read: one line, whose break is not of it.
 * As RFC 9110, section 5.6.2, has tokens, for pages send it as the name of a
 * subprotocol. *token is initialised here, ends with NUL, and is wiped when it
 * is freed. Errors of assay_file_read_secret(), ASSAY_INVALID; the message has
 * the path. */
ASSAY_MUST_CHECK enum assay_code
token_read(const char *path, struct assay_buf *token, struct assay_error *err);
