/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fault.h - one sentence on why evidence is not believed, for a verdict.
 */
#pragma once

#include "assay/eventlog.h"
#include "base/bytes.h"

#define ASSAY_FAULT_BYTES 160

/* Writes the sentence unless an earlier one stands there. Bytes outside of
 * printable ASCII become '?', what does not fit is left out. */
void assay_fault(char fault[ASSAY_FAULT_BYTES], const char *fmt, ...)
    ASSAY_PRINTF(2, 3);

/* The same, about one entry of a log. */
void assay_fault_entry(char fault[ASSAY_FAULT_BYTES], size_t index,
                       const struct assay_event *e, const char *why);

/* "%.*s" of at most n bytes. */
#define ASSAY_FAULT_TEXT(s, n)                                                 \
    (int)((s).len < (n) ? (s).len : (n)), (const char *)(s).ptr
