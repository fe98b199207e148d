/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quote_text.h - what a person hands over as a quote: raw bytes or text.
 */
#pragma once

#include "assay/bytes.h"
#include "assay/quote.h"

/* Room for the longest quote as hex with a line break every few digits. */
#define ASSAY_QUOTE_TEXT_MAX_BYTES (4u * ASSAY_QUOTE_MAX_BYTES)

enum assay_quote_form {
    ASSAY_QUOTE_RAW,
    ASSAY_QUOTE_HEX,    /* optional 0x, white space anywhere */
    ASSAY_QUOTE_BASE64, /* RFC 4648 section 4 or 5, white space anywhere,
                              padding optional in section 5's alphabet */
};

/* Which form it is, by content: raw if any byte is no printable ASCII; else
 * hex if nothing but hex digits is there; else base64. */
enum assay_quote_form assay_quote_text_sniff(struct assay_slice in);

/* The quote's bytes, whatever the form. *out is initialised here, empty unless
 * ASSAY_OK, freed by the caller. ASSAY_TRUNCATED (nothing there),
 * ASSAY_MALFORMED (neither form), ASSAY_INVALID, ASSAY_TOO_LARGE,
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_quote_text_decode(struct assay_slice in, struct assay_buf *out,
                        struct assay_error *err);
