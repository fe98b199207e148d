/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * utf8.h - well-formed UTF-8 (Unicode 15, table 3-7; RFC 3629).
 */
#pragma once

#include "base/bytes.h"

/* Length (1-4) of the well-formed character at the start of a non-empty
 * slice; 0 if none starts there; -1 if the slice ends within one. No overlong
 * forms, no surrogates, nothing above U+10FFFF. */
int assay_utf8_length(struct assay_slice s);

/* Writes a scalar value (not a surrogate, at most U+10FFFF); returns the
 * number of bytes, 1-4. */
size_t assay_utf8_encode(uint32_t c, uint8_t out[4]);

/* Well-formed to its end. */
bool assay_utf8_is_valid(struct assay_slice s);

/* A text that comes in pieces; all zero at first. */
struct assay_utf8_state {
    uint8_t left;     /* octets that the character begun still needs */
    uint8_t min, max; /* what the next of them may be */
};

/* Takes octets from the start of s as long as the text so far can be the start
 * of a well-formed one; returns how many. If all, the text is whole where
 * `left` is 0; if fewer, the next octet is wrong whatever follows, and the
 * state is of no use any more. */
size_t assay_utf8_take(struct assay_utf8_state *u, struct assay_slice s);
