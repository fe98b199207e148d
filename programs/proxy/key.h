/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * key.h - an upstream's API key: a secret that clients need not have.
 */
#pragma once

#include "base/buf.h"

#define KEY_MAX_BYTES 8192u

/* One line, as Authorization: "Bearer KEY". *out is initialised here, empty
 * unless ASSAY_OK, and wiped when it is freed. No message has any of it.
 * From a file that is its owner's alone: errors of assay_file_read_secret();
 * ASSAY_INVALID. */
ASSAY_MUST_CHECK enum assay_code
key_read_file(const char *path, struct assay_buf *out, struct assay_error *err);
/* From a variable of the environment. ASSAY_MISSING (it is not set, or empty),
 * ASSAY_INVALID, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code key_read_env(const char *variable,
                                              struct assay_buf *out,
                                              struct assay_error *err);
