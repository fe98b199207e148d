/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * error.h - recording the first failure.
 *
 * Whoever starts a task clears its error once. A function that finds a failure
 * in *err on entry does nothing and returns that code, so that steps may be
 * written one after another and checked at the end.
 */
#pragma once

#include "assay/error.h"

/* Makes *err say "no failure yet". */
void assay_error_clear(struct assay_error *err);

/* Record a failure unless an earlier one is already there; returns the code
 * that *err then holds. Bytes outside printable ASCII become '?', so that a
 * message that quotes input is one safe line. */
enum assay_code assay_fail(struct assay_error *err, enum assay_code code,
                           size_t offset, const char *fmt, ...)
    ASSAY_PRINTF(4, 5);

/* Put "where: " before the message of a failure; no-op without one. */
void assay_error_prefix(struct assay_error *err, const char *fmt, ...)
    ASSAY_PRINTF(2, 3);
