/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * session_json.h - the verdict document of a session: that of `assay verify`,
 * and what was established about the connection.
 */
#pragma once

#include "io/attested.h"

#define SESSION_JSON_MAX_BYTES (64u * 1024u * 1024u)

/* Appends one JSON object; a may be NULL (nothing was tried), why says how it
 * ended or has code ASSAY_OK. Errors of assay_verdict_to_json(). */
ASSAY_MUST_CHECK enum assay_code session_json(struct assay_attested *a,
                                              const char *server_name,
                                              const struct assay_error *why,
                                              struct assay_buf *out,
                                              struct assay_error *err);
