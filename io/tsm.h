/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tsm.h - one quote from configfs-tsm, the kernel's folder of report entries
 * (Linux 6.7 and newer: Documentation/ABI/testing/configfs-tsm). Blocks.
 */
#pragma once

#include <stdatomic.h>

#include "assay/bytes.h"

#define ASSAY_TSM_PROVIDER   "tdx_guest"
#define ASSAY_TSM_DATA_BYTES 64u /* what the provider tdx_guest takes */
/* Each one writes, reads and compares the entry's generation. Between them
 * passes a time that doubles from 10 ms on: 1.3 s in all. */
#define ASSAY_TSM_ATTEMPTS 8u

/* Makes an entry below this folder, writes report_data, reads the quote and
 * removes the entry again, also on failure. The quote is not looked into.
 *
 * stop  read between attempts; true: no further one is made.
 * *out  initialised here, at most ASSAY_QUOTE_MAX_BYTES; empty unless ASSAY_OK;
 *       freed by the caller.
 *
 * Messages say path, system's words and what to do.
 * ASSAY_NOT_FOUND: this system has no configfs-tsm, or no provider in it.
 * ASSAY_UNSUPPORTED: the provider is not tdx_guest. ASSAY_REPLY: the files say
 * what the ABI does not allow, or the quote is empty. ASSAY_IO, also if the
 * entry was busy or changed by others at every attempt. ASSAY_TIMEOUT: the
 * kernel got no answer from the host, or `stop`. ASSAY_TOO_LARGE,
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code assay_tsm_quote(
    const char *folder, const uint8_t report_data[ASSAY_TSM_DATA_BYTES],
    const atomic_bool *stop, struct assay_buf *out, struct assay_error *err);
