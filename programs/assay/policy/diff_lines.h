/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * diff_lines.h - two texts, line by line.
 */
#pragma once

#include "assay/bytes.h"

#define DIFF_ALIGN_MAX 1500u /* lines that differ, of each text */
#define DIFF_CONTEXT   2u    /* equal lines around those that differ */

/* Appends a line of text for each that stands in one of them only ("-LINE",
 * "+LINE"), with some around them (" LINE") and "..." where others are left
 * out. Nothing for equal texts. What is too long to be aligned is all that
 * differs: first the old lines, then the new ones. ASSAY_NO_MEMORY, errors of
 * the buffer. */
ASSAY_MUST_CHECK enum assay_code diff_lines(struct assay_slice old,
                                            struct assay_slice new,
                                            struct assay_buf *out,
                                            struct assay_error *err);
